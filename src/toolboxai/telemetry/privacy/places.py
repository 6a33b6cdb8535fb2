"""Where in a payload something stands, and what that says: structure, source code, or a part that the policy decides on."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from toolboxai.telemetry.privacy.later import later

# Names that programs, not people, give, by the name that leads to them: the payload itself, an exception's values,
# a stack's frames. Only credentials and mail addresses are looked for there, and only if it looks like such a name.
STRUCTURE = {
    "": frozenset(
        {
            "check_in_id", "chunk_id", "dist", "environment", "event_id", "level", "logger", "monitor_slug", "platform",
            "profile_id", "profiler_id", "release", "replay_id", "replay_type", "segment_id", "server_name", "sid", "status",
            "type", "version", "trace_id", "span_id",
        }
    ),
    "spans": frozenset(
        {"op", "origin", "parent_span_id", "same_process_as_parent", "segment_id", "span_id", "status", "trace_id", "hash"}
    ),
    "trace": frozenset({"op", "origin", "parent_span_id", "span_id", "status", "trace_id", "dynamic_sampling_context"}),
    "values": frozenset({"category", "level", "module", "type"}),
    "exception": frozenset({"module", "type"}),
    "breadcrumbs": frozenset({"category", "level", "type"}),
    "mechanism": frozenset({"source", "type"}),
    "frames": frozenset({"abs_path", "filename", "function", "lang", "module", "package", "platform", "raw_function"}),
    "items": frozenset(
        {"level", "op", "parent_span_id", "span_id", "status", "trace_id", "type", "unit"}
    ),
    "sdk": frozenset({"name", "version"}),
    "packages": frozenset({"name", "version"}),
    "images": frozenset({"code_file", "code_id", "debug_file", "debug_id", "type"}),
    "trace_ids": frozenset({""}),
    "error_ids": frozenset({""}),
    "fingerprint": frozenset(),
    "transaction_info": frozenset({"source"}),
    "measurements": frozenset({"unit"}),
}  # fmt: skip
# Names of programs as a whole: modules and their versions, integrations.
PROGRAMS = frozenset({"modules", "integrations", "features", "settings_names"})
LOOKS_LIKE_STRUCTURE = later(r"[\w./<>:\\@+$()\[\]{},*~ -]{1,512}")
SOURCE = frozenset({"context_line", "post_context", "pre_context"})
RELEASE = later(r"[A-Za-z][\w./-]{0,80}@v?\d[\w.+-]{0,60}|v?\d+(?:\.\d+)+[\w.+-]{0,60}")

# What files of programs end in.
FILES = "py|js|mjs|ts|tsx|jsx|lua|luau|rs|go|rb|java|kt|php|html?|css|json|ya?ml|toml|sql|so|c|h|cpp|txt|log|csv|md"
VARIABLES = "vars"
# Where a user stands.
USERS = frozenset({"user", "usr"})
REQUEST = "request"
QUERY = frozenset({"query_string", "http.query", "url.query", "query_params", "query"})
URLS = frozenset(
    {
        "url",
        "http.url",
        "url.full",
        "http.target",
        "referer",
        "referrer",
        "url.path",
        "to",
        "from",
        "href",
        "urls",
    }
)
BODIES = frozenset({"data", "body", "form", "json"})
SQL_PARAMETERS = later(
    r"db\.(?:sql\.)?(?:params|parameters)|db\.(?:query|statement)\.parameters?(?:\..*)?|sql[._]params|bound[._]parameters"
)
PROMPTS = later(
    r"(?:gen_ai|ai)\.(?:prompt|prompts|request\.messages|input\.messages|output\.messages|input_messages|responses|response\.text|response\.object"
    r"|response\.tool_calls|system_instructions|system_message|tool\.(?:call\.arguments|call\.result|input|output|message)|embeddings\.input|completion|texts)"
)
HARMLESS_HEADERS = frozenset(
    {
        "accept", "accept-encoding", "accept-language", "baggage", "cache-control", "connection", "content-encoding",
        "content-length", "content-type", "dnt", "expect", "host", "if-modified-since", "if-none-match", "origin", "pragma",
        "range", "sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform", "sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site",
        "sec-fetch-user", "sentry-trace", "te", "traceparent", "tracestate", "transfer-encoding", "upgrade",
        "upgrade-insecure-requests", "user-agent", "vary", "x-correlation-id", "x-forwarded-host", "x-forwarded-port",
        "x-forwarded-proto", "x-request-id", "x-requested-with", "referer", "x-trace-id", "retry-after", "server", "date", "etag", "allow", "age", "location", "priority",
    }
)  # fmt: skip
# Of what a request sends, these say how much and of what kind, never who.
TECHNICAL = frozenset(
    {
        "action", "api_version", "asc", "attempt", "category", "count", "cursor", "desc", "difficulty", "dry_run", "duration",
        "enabled", "fields", "format", "grade", "grade_band", "grade_level", "include", "kind", "lang", "language", "length",
        "level", "limit", "locale", "max", "max_tokens", "min", "mode", "model", "number_of_questions", "objective", "objectives", "learning_objective",
        "learning_objectives", "offset", "op", "operation", "order", "order_by", "page", "page_size", "per_page", "plugin_version", "priority", "provider",
        "question_count", "questions", "quantity", "retries", "size", "sort", "source", "standard", "state", "status", "step", "strict", "subject",
        "temperature", "timeout", "timezone", "total", "type", "unit", "unit_count", "v", "verbose", "version", "widget",
    }
)  # fmt: skip
HARMLESS_VALUE = later(
    r"(?i)true|false|null|none|yes|no|on|off|asc|desc|-?\d{1,4}(?:\.\d{1,3})?|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[a-z]{2}(?:-[A-Z]{2})?|\d{4}-\d\d-\d\dT[\d:.]+Z?"
)


class Place(Enum):
    """What is more than a value under its name: what somebody sent or asked for, and what only a payload itself has."""

    META = auto()
    TRANSACTION = auto()
    SQL_PARAMETERS = auto()
    PROMPTS = auto()
    VARIABLES = auto()
    URL = auto()
    QUERY = auto()
    COOKIES = auto()
    BODY = auto()
    HEADERS = auto()


# By which part of the policy it goes.
DECIDED_BY = {
    Place.SQL_PARAMETERS: "sql_parameters",
    Place.PROMPTS: "prompts",
    Place.VARIABLES: "local_variables",
    Place.URL: "query",
    Place.QUERY: "query",
    Place.COOKIES: "cookies",
    Place.BODY: "bodies",
    Place.HEADERS: "headers",
}


def place_of(name: str, parent: str) -> Place | None:
    """Return which place it is that the policy has a say in, if what stands under ``name`` below ``parent`` is one."""
    if SQL_PARAMETERS.fullmatch(name) or (name == "params" and parent == "data"):
        return Place.SQL_PARAMETERS
    if PROMPTS.fullmatch(name):
        return Place.PROMPTS
    if name in _BY_NAME:
        return _BY_NAME[name]
    return _OF_REQUEST.get(name) if parent == REQUEST else None


_BY_NAME = {
    VARIABLES: Place.VARIABLES,
    **dict.fromkeys(URLS, Place.URL),
    **dict.fromkeys(QUERY - {"query"}, Place.QUERY),
}
_OF_REQUEST = {
    "query": Place.QUERY,
    "cookies": Place.COOKIES,
    "headers": Place.HEADERS,
    **dict.fromkeys(BODIES, Place.BODY),
}


_RAW_PATH = later(r"\d{4}|%[0-9A-Fa-f]{2}|\?")
_ASKED = later(r"[A-Z]{3,9} /\S*|[\w.]+ [\w./{}-]+")


def is_route(name: str, payload: Mapping[Any, Any]) -> bool:
    """Say whether a transaction's name is a program's, rather than what somebody asked for or wrote."""
    info = payload.get("transaction_info")
    source = info.get("source") if isinstance(info, dict) else None
    is_raw = source in {"url", "unknown"} or _RAW_PATH.search(name) is not None
    is_said = " " in name and _ASKED.fullmatch(name) is None
    return not is_raw and not is_said and LOOKS_LIKE_STRUCTURE.fullmatch(name) is not None
