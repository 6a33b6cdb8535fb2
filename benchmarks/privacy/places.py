"""Where in a payload a thing can turn up: PRIVACY's list, each place as a function that puts it there."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from benchmarks.privacy.skeletons import LOG_ITEMS, Payload

Path = tuple[str | int, ...]
EVENTS = frozenset({"error", "message", "transaction", "feedback", "replay_event"})
CRUMBS = frozenset({"error", "message", "feedback"})


class Form(Enum):
    """What a place takes."""

    TEXT = auto()  # a text, wrapped in any way
    KEYED = auto()  # a value under its own key, or a wrapped text under one that says nothing
    BARE = auto()  # a value with nothing beside it but the sentence it belongs to
    CODE = auto()  # a line of source: only secrets that give themselves away
    NAME = auto()  # a mapping's key: only what gives itself away


@dataclass(frozen=True, slots=True)
class Planting:
    """What is put somewhere: ``text`` is the value as it is dressed there."""

    key: str
    value: str
    sentence: str
    text: str | float


Put = Callable[[Payload, Planting], Path]


# The last record of a container: its text and its parameter belong together.
_LINE_OF_PARAMETER = LOG_ITEMS - 1


@dataclass(frozen=True, slots=True)
class Place:
    """A spot in payloads of some types. ``is_kept``: policy lets harmless values stay there."""

    name: str
    types: frozenset[str]
    form: Form
    put: Put
    is_kept: bool = True
    slot: str = ""
    """Places with the same slot would overwrite each other."""
    wrapping: str = ""
    """The only wrapping that is natural there."""
    straws: frozenset[str] = frozenset()
    """The categories of harmless texts that are natural there; none: all."""


def at(payload: Payload, path: Path) -> object:
    """Return what lies at ``path``. Raises ``LookupError`` when nothing does."""
    here: object = payload
    for step in path:
        entries = dict(enumerate(here)) if isinstance(here, list) else here
        if not isinstance(entries, dict):
            raise KeyError(step)
        here = entries[len(entries) - 1 if step == -1 else step]
    return here


def _mapping(payload: Payload, path: Path) -> Payload:
    """Return the mapping at ``path``, made when it is missing."""
    if not path:
        return payload
    try:
        found = at(payload, path)
    except LookupError:
        found = _mapping(payload, path[:-1])[str(path[-1])] = {}
    assert isinstance(found, dict)
    return found


def _replace(payload: Payload, path: Path, value: object) -> Path:
    around, last = at(payload, path[:-1]), path[-1]
    if isinstance(around, list) and isinstance(last, int):
        around[last] = value
    else:
        assert isinstance(around, dict)
        around[last] = value
    return path


def _into(*path: str | int) -> Put:
    """Return a function that replaces what lies at ``path`` by the text."""
    return lambda payload, planting: _replace(payload, path, planting.text)


def _under(*path: str | int) -> Put:
    """Return a function that adds the text under the planting's key, in a mapping that may be new."""

    def put(payload: Payload, planting: Planting) -> Path:
        _mapping(payload, path)[planting.key] = planting.text
        return (*path, planting.key)

    return put


def _pairs(*path: str | int) -> Put:
    """Return a function that replaces headers by a list of pairs."""

    def put(payload: Payload, planting: Planting) -> Path:
        pairs = [["host", "school.example"], [planting.key.lower(), planting.text]]
        return (*_replace(payload, path, pairs), 1, 1)

    return put


def _raw_pairs(*path: str | int) -> Put:
    """Return a function that puts a scope's headers, pairs of reprs of bytes, among the variables."""

    def put(payload: Payload, planting: Planting) -> Path:
        name = repr(planting.key.lower().encode())
        pairs = [["b'host'", "b'school.example'"], [name, repr(str(planting.text).encode())]]
        _mapping(payload, path)["scope"] = {"type": "http", "headers": pairs}
        return (*path, "scope", "headers", 1, 1)

    return put


def _parameters(payload: Payload, planting: Planting) -> Path:
    payload["logentry"] = {
        "message": planting.sentence.replace("{}", "%s"),
        "formatted": planting.sentence.replace("{}", planting.value),
        "params": [planting.value, 3],
    }
    return ("logentry", "params", 0)


def _listed(*path: str | int) -> Put:
    """Return a function that puts the bare value into a list of two."""

    def put(payload: Payload, planting: Planting) -> Path:
        return (*_replace(payload, path, [planting.value, 3]), 0)

    return put


def _as_key(payload: Payload, planting: Planting) -> Path:
    payload["extra"]["attempts"] = {planting.value: 3}
    return ("extra", "attempts", planting.value)


def _source_line(payload: Payload, planting: Planting) -> Path:
    line = f'    client = connect("{planting.value}", timeout=5)'
    return _replace(payload, (*_LAST, "context_line"), line)


def _attribute(number: int) -> Put:
    def put(payload: Payload, planting: Planting) -> Path:
        value = planting.text
        kind = {bool: "boolean", int: "integer", float: "double"}.get(type(value), "string")
        payload["items"][number]["attributes"][planting.key] = {"value": value, "type": kind}
        return ("items", number, "attributes", planting.key, "value")

    return put


def _log_parameter(payload: Payload, planting: Planting) -> Path:
    item = payload["items"][_LINE_OF_PARAMETER]
    item["body"] = planting.sentence.replace("{}", planting.value)
    for name, text in (
        ("template", planting.sentence.replace("{}", "%s")),
        ("parameter.0", planting.value),
    ):
        item["attributes"][f"sentry.message.{name}"] = {"value": text, "type": "string"}
    return ("items", _LINE_OF_PARAMETER, "attributes", "sentry.message.parameter.0", "value")


_VALUES: Path = ("exception", "values")
_FIRST: Path = (*_VALUES, 0, "stacktrace", "frames", -1)
_LAST: Path = (*_VALUES, 1, "stacktrace", "frames", -1)
_ERROR = frozenset({"error"})
_MESSAGE = frozenset({"message"})
_TRANSACTION = frozenset({"transaction"})
_FEEDBACK = frozenset({"feedback"})
_REPLAY = frozenset({"replay_event"})
_LOG = frozenset({"log"})
_LINES = range(LOG_ITEMS - 1)
_SQL = frozenset({"sql template"})
_CALLS = frozenset({"route", "http", "localhost"})
_WORK = frozenset({"module", "class name", "route", "model", "roblox api"})
_FEEDBACK_CONTEXT: Path = ("contexts", "feedback")

PLACES: tuple[Place, ...] = (
    Place("exception value", _ERROR, Form.TEXT, _into(*_VALUES, 1, "value")),
    Place("cause's value", _ERROR, Form.TEXT, _into(*_VALUES, 0, "value")),
    Place("frame variable", _ERROR, Form.KEYED, _under(*_LAST, "vars")),
    Place("nested variable", _ERROR, Form.KEYED, _under(*_LAST, "vars", "payload", "profile")),
    Place("scope headers", _ERROR, Form.KEYED, _raw_pairs(*_FIRST, "vars"), is_kept=False),
    Place("variable's repr", _ERROR, Form.TEXT, _into(*_FIRST, "vars", "model"), is_kept=False),
    Place("source line", _ERROR, Form.CODE, _source_line),
    Place("message", _MESSAGE, Form.TEXT, _into("logentry", "formatted")),
    Place("message parameters", _ERROR, Form.BARE, _parameters, is_kept=False),
    Place("breadcrumb message", CRUMBS, Form.TEXT, _into("breadcrumbs", "values", 0, "message")),
    Place("breadcrumb data", CRUMBS, Form.KEYED, _under("breadcrumbs", "values", 0, "data")),
    Place(
        "query breadcrumb",
        CRUMBS,
        Form.TEXT,
        _into("breadcrumbs", "values", 2, "message"),
        wrapping="sql",
        straws=_SQL,
    ),
    Place(
        "breadcrumb url",
        CRUMBS,
        Form.TEXT,
        _into("breadcrumbs", "values", 1, "data", "url"),
        is_kept=False,
        wrapping="url",
    ),
    Place("tag", EVENTS, Form.KEYED, _under("tags")),
    Place("extra", EVENTS, Form.KEYED, _under("extra")),
    Place("extra text", EVENTS, Form.TEXT, _into("extra", "detail")),
    Place("nested extra", EVENTS, Form.KEYED, _under("extra", "job", "arguments")),
    Place("mapping key", EVENTS, Form.NAME, _as_key, is_kept=False),
    Place("own context", EVENTS, Form.KEYED, _under("contexts", "state")),
    Place("context text", EVENTS, Form.TEXT, _into("contexts", "plugin", "last_message")),
    Place("request url", EVENTS, Form.TEXT, _into("request", "url"), is_kept=False, wrapping="url"),
    Place(
        "query string",
        EVENTS,
        Form.TEXT,
        _into("request", "query_string"),
        is_kept=False,
        wrapping="form",
    ),
    Place(
        "header", EVENTS, Form.KEYED, _under("request", "headers"), is_kept=False, slot="headers"
    ),
    Place(
        "header pairs",
        EVENTS,
        Form.KEYED,
        _pairs("request", "headers"),
        is_kept=False,
        slot="headers",
    ),
    Place("cookie", EVENTS, Form.KEYED, _under("request", "cookies"), is_kept=False),
    Place("body", EVENTS, Form.KEYED, _under("request", "data"), is_kept=False),
    Place("environment", EVENTS, Form.KEYED, _under("request", "env"), is_kept=False),
    Place("user", EVENTS, Form.KEYED, _under("user"), is_kept=False),
    Place("user data", EVENTS, Form.KEYED, _under("user", "data"), is_kept=False),
    Place(
        "query span",
        _TRANSACTION,
        Form.TEXT,
        _into("spans", 0, "description"),
        wrapping="sql",
        straws=_SQL,
    ),
    Place("call span", _TRANSACTION, Form.TEXT, _into("spans", 1, "description"), straws=_CALLS),
    Place("work span", _TRANSACTION, Form.TEXT, _into("spans", 3, "description"), straws=_WORK),
    Place("span data", _TRANSACTION, Form.KEYED, _under("spans", 3, "data")),
    Place("span text", _TRANSACTION, Form.TEXT, _into("spans", 3, "data", "detail")),
    Place(
        "span url",
        _TRANSACTION,
        Form.TEXT,
        _into("spans", 1, "data", "url.full"),
        is_kept=False,
        wrapping="url",
    ),
    Place(
        "query parameters",
        _TRANSACTION,
        Form.BARE,
        _listed("spans", 0, "data", "db.params"),
        is_kept=False,
        slot="parameters",
    ),
    Place(
        "named query parameters",
        _TRANSACTION,
        Form.KEYED,
        _under("spans", 0, "data", "db.params"),
        is_kept=False,
        slot="parameters",
    ),
    Place(
        "prompt",
        _TRANSACTION,
        Form.TEXT,
        _into("spans", 2, "data", "gen_ai.input.messages"),
        is_kept=False,
        wrapping="json",
    ),
    Place("feedback message", _FEEDBACK, Form.TEXT, _into(*_FEEDBACK_CONTEXT, "message")),
    Place(
        "feedback contact",
        _FEEDBACK,
        Form.TEXT,
        _into(*_FEEDBACK_CONTEXT, "contact_email"),
        is_kept=False,
    ),
    Place("feedback name", _FEEDBACK, Form.BARE, _into(*_FEEDBACK_CONTEXT, "name"), is_kept=False),
    Place(
        "feedback url",
        _FEEDBACK,
        Form.TEXT,
        _into(*_FEEDBACK_CONTEXT, "url"),
        is_kept=False,
        wrapping="url",
    ),
    Place(
        "replay url",
        _REPLAY,
        Form.TEXT,
        _into("urls", 1),
        slot="url 1",
        is_kept=False,
        wrapping="url",
    ),
    Place("replay url", _REPLAY, Form.TEXT, _into("urls", 0), is_kept=False, wrapping="url"),
    *(
        Place("log body", _LOG, Form.TEXT, _into("items", n, "body"), slot=f"body {n}")
        for n in _LINES
    ),
    *(Place("log attribute", _LOG, Form.KEYED, _attribute(n), slot=f"key {n}") for n in _LINES),
    Place("log parameter", _LOG, Form.BARE, _log_parameter, is_kept=False),
)
