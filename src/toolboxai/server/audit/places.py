"""Where canaries are planted: by who asks, by the program, and in every type of item that can leave. Plain values."""

# By who asks, in any route.
PATH = "path"
QUERY = "query"
HEADER = "header"
USER_AGENT = "header User-Agent"
REFERER = "header Referer"
COOKIE = "cookie"
JSON_BODY = "body, JSON"
FORM_BODY = "body, form"
BY_READERS = (PATH, QUERY, HEADER, USER_AGENT, REFERER, COOKIE)
BY_ASKERS = (*BY_READERS, JSON_BODY, FORM_BODY)

# By a program that is careless with what it has.
USER_ID = "signed-in id"
USER_FACTS = "signed-in name, e-mail, IP"
TAG = "tag"
CONTEXT = "context"
EXTRA = "extra"
BREADCRUMB = "breadcrumb"
SPAN = "span"
LOG_LINE = "log line"
LOG_ARGUMENT = "log argument"
LOG_ATTRIBUTE = "log attribute"
LOGGED_ERROR = "logged error"
SDK_LOG = "Sentry log"
METRIC = "metric attribute"
MESSAGE = "message"
EXCEPTION = "exception text"
CAUSE = "text of its cause"
NOTE = "note on it"
VARIABLE = "local variable"
JOB = "background job"
ATTACHMENT = "attachment"
BY_PROGRAM = (
    *(USER_ID, USER_FACTS, TAG, CONTEXT, EXTRA, BREADCRUMB, SPAN, LOG_LINE, LOG_ARGUMENT),
    *(LOG_ATTRIBUTE, LOGGED_ERROR, SDK_LOG, METRIC, MESSAGE, EXCEPTION, CAUSE, NOTE, VARIABLE),
    *(JOB, ATTACHMENT),
)

# By an SDK of today or tomorrow, as an item of an envelope.
ITEM_TYPES = (
    *("event", "transaction", "feedback", "replay_event", "replay_recording", "log", "span"),
    *("trace_metric", "check_in", "client_report", "session", "sessions", "attachment", "profile"),
    *("profile_chunk", "user_report", "statsd", "raw_security", "not_invented_yet"),
)
BY_ITEM = tuple(f"item {item_type}" for item_type in ITEM_TYPES)

PLACES = (*BY_ASKERS, *BY_PROGRAM, *BY_ITEM)


def tag_of(place: str) -> str:
    """Return a harmless word by which what arrives of a place is recognised."""
    first, second = divmod(PLACES.index(place), 26)
    return f"spot{chr(97 + first)}{chr(97 + second)}"
