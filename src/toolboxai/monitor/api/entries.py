"""An event's entries (exceptions, threads, breadcrumbs …) in the shapes of Sentry's web API. Pure."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

MAX_LINE_NUMBER = 10**9
# What a frame has in Sentry's shape, of native code most of it, and never has here.
_NEVER_KNOWN = (
    "symbol", "instructionAddr", "symbolAddr", "trust", "errors", "lock", "sourceLink",
)  # fmt: skip


def entries(payload: Json) -> list[Json]:
    """Return the parts of an event that it has."""
    return [
        {"type": kind, "data": shape(payload[name])}
        for name, (kind, shape) in _SHAPES.items()
        if payload.get(name)
    ]


def mapping(value: object) -> Json:
    """Return ``value`` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def text(value: object) -> str | None:
    """Return a scalar as text."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) else None


def iso_of(value: object) -> str | None:
    """Return a time in seconds since 1970, or as a text, as a text in UTC."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        elif isinstance(value, (int, float)):
            moment = datetime.fromtimestamp(value, UTC)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return moment.isoformat().replace("+00:00", "Z")


def _exceptions(value: object) -> Json:
    found = [_exception(each) for each in _objects(value)]
    return {
        "values": found,
        "excOmitted": None,
        "hasSystemFrames": any(_has_system_frames(each["stacktrace"]) for each in found),
    }


def _exception(value: Json) -> Json:
    return {
        **_texts(value, type="type", value="value", module="module"),
        "threadId": value.get("thread_id"),
        "mechanism": _mechanism(value.get("mechanism")),
        "stacktrace": _stacktrace(value.get("stacktrace")),
        "rawStacktrace": None,
    }


def _mechanism(value: object) -> Json | None:
    if not isinstance(value, dict):
        return None
    return {**value, "type": text(value.get("type")), "handled": _flag(value.get("handled"))}


def _threads(value: object) -> Json:
    return {"values": [_thread(each) for each in _objects(value)]}


def _thread(value: Json) -> Json:
    return {
        **_texts(value, id="id", name="name", state="state"),
        "current": _flag(value.get("current")),
        "crashed": _flag(value.get("crashed")),
        "heldLocks": None,
        "stacktrace": _stacktrace(value.get("stacktrace")),
        "rawStacktrace": None,
    }


def _stacktrace(value: object) -> Json | None:
    if not isinstance(value, dict):
        return None
    sent = value.get("frames")
    frames = [_frame(each) for each in (sent if isinstance(sent, list) else ()) if mapping(each)]
    return {
        "frames": frames,
        "framesOmitted": None,
        "registers": None,
        "hasSystemFrames": any(not frame["inApp"] for frame in frames),
    }


def _has_system_frames(stacktrace: Json | None) -> bool:
    return bool(stacktrace and stacktrace["hasSystemFrames"])


def _frame(value: Json) -> Json:
    line = _line_number(value.get("lineno"))
    return {
        **_texts(
            value,
            filename="filename",
            absPath="abs_path",
            module="module",
            package="package",
            platform="platform",
            function="function",
            rawFunction="raw_function",
        ),
        **dict.fromkeys(_NEVER_KNOWN),
        "lineNo": line,
        "colNo": _line_number(value.get("colno")),
        "inApp": value.get("in_app") is True,
        "context": _source(value, line),
        "vars": mapping(value.get("vars")) or None,
    }


def _texts(value: Json, /, **sent_as: str) -> Json:
    """Return scalars as texts, each under its name here."""
    return {name: text(value.get(sent)) for name, sent in sent_as.items()}


def _source(value: Json, line: int | None) -> list[tuple[int, str]]:
    """Return the lines around the one that ran, each with its number."""
    ran = value.get("context_line")
    if line is None or not isinstance(ran, str):
        return []
    before, after = _lines(value.get("pre_context")), _lines(value.get("post_context"))
    lines = enumerate([*before, ran, *after], start=line - len(before))
    return [(number, source) for number, source in lines if number >= 0]


def _lines(value: object) -> list[str]:
    return [text(each) or "" for each in value] if isinstance(value, list) else []


def _line_number(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < MAX_LINE_NUMBER else None


def _breadcrumbs(value: object) -> Json:
    return {"values": [_breadcrumb(each) for each in _objects(value)]}


def _breadcrumb(value: Json) -> Json:
    return {
        "timestamp": iso_of(value.get("timestamp")),
        "type": text(value.get("type")) or "default",
        "level": text(value.get("level")) or "info",
        "data": mapping(value.get("data")) or None,
        **_texts(value, category="category", message="message", event_id="event_id"),
    }


def _message(value: object) -> Json:
    entry = mapping(value)
    params = entry.get("params")
    return {
        **_texts(entry, formatted="formatted", message="message"),
        "params": params if isinstance(params, list) else [],
    }


def _request(value: object) -> Json:
    sent = mapping(value)
    query = sent.get("query_string")
    return {
        **{key: sent.get(key) for key in ("data", "env", "fragment")},
        **_texts(sent, method="method", url="url"),
        "query": _pairs(query) if isinstance(query, (dict, list)) else text(query),
        "headers": _pairs(sent.get("headers")),
        "cookies": _pairs(sent.get("cookies")),
        "inferredContentType": None,
    }


def _pairs(value: object) -> list[list[Any]]:
    if isinstance(value, dict):
        return [[key, each] for key, each in value.items()]
    return [each for each in value if isinstance(each, list)] if isinstance(value, list) else []


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _objects(value: object) -> list[Json]:
    found = mapping(value).get("values")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _as_sent(value: object) -> object:
    return value


_SHAPES: dict[str, tuple[str, Callable[[object], object]]] = {
    "exception": ("exception", _exceptions),
    "threads": ("threads", _threads),
    "breadcrumbs": ("breadcrumbs", _breadcrumbs),
    "request": ("request", _request),
    "spans": ("spans", _as_sent),
    "logentry": ("message", _message),
}
