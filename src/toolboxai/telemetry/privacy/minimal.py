"""What is left of an event when the gate itself fails: ids, times, exception types and frames, no text at all."""

from collections.abc import Mapping
from re import compile as pattern
from typing import Any

_PLAIN = pattern(r"[\w./<>:\\@+-]{1,512}")
_SAFE_NAMES = ("event_id", "timestamp", "platform", "level", "type", "release", "environment")
_SAFE_FRAME_NAMES = ("filename", "function", "module", "lineno", "in_app")


def minimal(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return ids, times, exception types and frames of an event: what can't hold anybody's data."""
    kept = _scalars(payload, _SAFE_NAMES)
    exception = payload.get("exception")
    values = exception.get("values") if isinstance(exception, dict) else None
    if isinstance(values, list):
        described = [_minimal_exception(value) for value in values if isinstance(value, dict)]
        kept["exception"] = {"values": described}
    return kept


def _minimal_exception(value: Mapping[str, Any]) -> dict[str, Any]:
    trace = value.get("stacktrace")
    frames = trace.get("frames") if isinstance(trace, dict) else None
    known = (
        [frame for frame in frames if isinstance(frame, dict)] if isinstance(frames, list) else []
    )
    return {
        **_scalars(value, ("type",)),
        "stacktrace": {"frames": [_scalars(frame, _SAFE_FRAME_NAMES) for frame in known]},
    }


def _scalars(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: values[name] for name in names if _is_plain(values.get(name))}


def _is_plain(value: object) -> bool:
    return type(value) in {int, float, bool} or (
        type(value) is str and _PLAIN.fullmatch(value) is not None
    )
