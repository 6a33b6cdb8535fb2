"""An event's fields, made to have the types and sizes of Sentry's schema. What doesn't is flagged."""

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from toolboxai.monitor.protocol.lenient import Flags, NotRepairableError
from toolboxai.monitor.settings import Limits

DAY_SECONDS = 86_400
MAX_TEXT_CHARS = 500
MAX_TAGS = 200
MAX_TAG_CHARS = 200
MAX_EXCEPTIONS = 50
MAX_BREADCRUMBS = 200
MAX_FRAMES = 250
LEVELS = frozenset({"fatal", "error", "warning", "info", "debug"})
# Names that loggers use.
LEVEL_ALIASES = {"critical": "fatal", "warn": "warning", "log": "info"}
TEXTS = (
    "culprit",
    "dist",
    "environment",
    "logger",
    "platform",
    "release",
    "server_name",
    "transaction",
)
OBJECTS = ("contexts", "extra", "modules", "request", "sdk", "user")
ID = re.compile(r"[0-9a-f]{32}", re.ASCII)

WRONG_TYPE = "invalid_data"
TOO_MANY = "too_many"
TOO_LONG = "value_too_long"
WRONG_CLOCK = "clock_drift"


def event_id_of(value: object) -> str | None:
    """Return an id as 32 hexadecimal digits, in whatever way a client wrote it."""
    if not isinstance(value, str):
        return None
    plain = value.strip().replace("-", "").lower()
    return plain if ID.fullmatch(plain) else None


def id_for(body: bytes) -> str:
    """Return an id for an event that came without: the same for the same bytes."""
    return uuid.uuid5(uuid.NAMESPACE_OID, body.hex()).hex


def repair_event(
    event: object, flags: Flags, *, received_at: int, limits: Limits
) -> dict[str, Any]:
    """Return the event with its fields repaired; what can't be is dropped and flagged."""
    if not isinstance(event, dict):
        reason = "not an object"
        raise NotRepairableError(reason)
    for name in TEXTS:
        _keep(event, name, _text, flags)
    for name in OBJECTS:
        _keep(event, name, _object, flags)
    _keep(event, "level", _level, flags)
    _keep(event, "tags", _tags, flags)
    _keep(event, "fingerprint", _fingerprint, flags)
    _keep(event, "exception", _exceptions, flags)
    _keep(event, "threads", _threads, flags)
    _keep(event, "stacktrace", _stacktrace, flags)
    _keep(event, "breadcrumbs", _breadcrumbs, flags)
    _repair_message(event, flags)
    _repair_clock(event, flags, received_at / 1_000, limits)
    return event


def epoch_seconds(value: object) -> float | None:
    """Return a time as seconds since 1970; None when it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value)
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


class _WrongTypeError(Exception):
    """A field isn't what the schema says, and can't be made so."""


def _keep(
    event: dict[str, Any], name: str, repaired: Callable[[Any, Flags], Any], flags: Flags
) -> None:
    value = event.get(name)
    if value is None:
        event.pop(name, None)
        return
    try:
        event[name] = repaired(value, flags)
    except _WrongTypeError:
        flags.add((name,), WRONG_TYPE)
        del event[name]


def _text(value: object, _: Flags) -> str:
    if isinstance(value, str):
        return value[:MAX_TEXT_CHARS]
    if isinstance(value, (int, float)):
        return str(value)
    raise _WrongTypeError


def _object(value: object, _: Flags) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise _WrongTypeError


def _level(value: object, _: Flags) -> str:
    if not isinstance(value, str):
        raise _WrongTypeError
    name = LEVEL_ALIASES.get(value.lower(), value.lower())
    if name not in LEVELS:
        raise _WrongTypeError
    return name


def _tags(value: object, flags: Flags) -> dict[str, str]:
    pairs = list(value.items()) if isinstance(value, dict) else _pairs(value)
    if len(pairs) > MAX_TAGS:
        flags.add(("tags",), TOO_MANY)
    tags: dict[str, str] = {}
    for key, tag in pairs[:MAX_TAGS]:
        if isinstance(tag, (dict, list)) or not isinstance(key, str):
            flags.add(("tags", str(key)[:MAX_TAG_CHARS]), WRONG_TYPE)
        elif tag is not None:
            tags[key[:MAX_TAG_CHARS]] = _tag(tag)[:MAX_TAG_CHARS]
    return tags


def _tag(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _pairs(value: object) -> list[tuple[Any, Any]]:
    if not isinstance(value, list):
        raise _WrongTypeError
    return [(pair[0], pair[1]) for pair in value if isinstance(pair, list) and len(pair) == 2]


def _fingerprint(value: object, _: Flags) -> list[str]:
    if not isinstance(value, list):
        raise _WrongTypeError
    parts = [str(part)[:MAX_TEXT_CHARS] for part in value if isinstance(part, (str, int, float))]
    if not parts:
        raise _WrongTypeError
    return parts[:MAX_TAGS]


def _exceptions(value: object, flags: Flags) -> dict[str, Any]:
    # The first is the innermost, the last is what was raised in the end: keep that.
    values = _values(value, "exception", flags)[-MAX_EXCEPTIONS:]
    for number, exception in enumerate(values):
        _repair_stacktrace(exception, ("exception", "values", str(number)), flags)
    return {"values": values}


def _threads(value: object, flags: Flags) -> dict[str, Any]:
    values = _values(value, "threads", flags)[:MAX_EXCEPTIONS]
    for number, thread in enumerate(values):
        _repair_stacktrace(thread, ("threads", "values", str(number)), flags)
    return {"values": values}


def _stacktrace(value: object, flags: Flags) -> dict[str, Any]:
    holder = {"stacktrace": value}
    _repair_stacktrace(holder, (), flags)
    if not isinstance(holder.get("stacktrace"), dict):
        raise _WrongTypeError
    return _object(holder["stacktrace"], flags)


def _breadcrumbs(value: object, flags: Flags) -> dict[str, Any]:
    return {"values": _values(value, "breadcrumbs", flags)[-MAX_BREADCRUMBS:]}


def _values(value: object, name: str, flags: Flags) -> list[dict[str, Any]]:
    """Return the objects of a list that clients send bare, alone, or under ``values``."""
    if isinstance(value, dict):
        value = value.get("values", [value])
    if not isinstance(value, list):
        raise _WrongTypeError
    objects = [each for each in value if isinstance(each, dict)]
    if len(objects) < len(value):
        flags.add((name, "values"), WRONG_TYPE)
    return objects


def _repair_stacktrace(holder: dict[str, Any], path: tuple[str, ...], flags: Flags) -> None:
    trace = holder.get("stacktrace")
    if trace is None:
        return
    frames = trace.get("frames") if isinstance(trace, dict) else None
    if not isinstance(frames, list):
        flags.add((*path, "stacktrace"), WRONG_TYPE)
        holder["stacktrace"] = None
        return
    objects = [frame for frame in frames if isinstance(frame, dict)]
    if len(objects) < len(frames):
        flags.add((*path, "stacktrace", "frames"), WRONG_TYPE)
    if len(objects) > MAX_FRAMES:
        flags.add((*path, "stacktrace", "frames"), TOO_MANY)
        # Where it began and where it broke; between them is the recursion.
        objects = objects[: MAX_FRAMES // 2] + objects[-MAX_FRAMES // 2 :]
    trace["frames"] = objects


def _repair_message(event: dict[str, Any], flags: Flags) -> None:
    """Leave one form of the message: ``logentry`` with what it says under ``formatted``."""
    entry_sent, message_sent = event.pop("logentry", None), event.pop("message", None)
    sent = entry_sent or message_sent
    if sent is None:
        return
    entry: Mapping[str, Any] = sent if isinstance(sent, dict) else {"formatted": sent}
    texts = {
        key: text for key in ("message", "formatted") if isinstance(text := entry.get(key), str)
    }
    if not texts:
        flags.add(("logentry",), WRONG_TYPE)
        return
    params = entry.get("params")
    event["logentry"] = {"formatted": texts.get("message"), **texts, "params": params}


def _repair_clock(event: dict[str, Any], flags: Flags, received: float, limits: Limits) -> None:
    sent = event.get("timestamp")
    seconds = epoch_seconds(sent)
    oldest = received - limits.max_event_age_days * DAY_SECONDS
    if seconds is not None and oldest <= seconds <= received + limits.max_clock_ahead_seconds:
        event["timestamp"] = seconds
        return
    if sent is not None:
        flags.add(("timestamp",), WRONG_CLOCK)
        event["sent_timestamp"] = sent if isinstance(sent, (int, float)) else str(sent)[:100]
    event["timestamp"] = received
