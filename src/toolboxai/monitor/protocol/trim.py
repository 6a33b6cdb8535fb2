"""Makes a JSON object fit into a number of bytes, giving up the least useful first."""

from typing import Any

import orjson

from toolboxai.monitor.protocol.lenient import Flags, NotRepairableError
from toolboxai.monitor.protocol.walking import Walk

LONG_CHARS = (16_384, 4_096, 1_024, 256)
MAX_LIST_ITEMS = 1_000
TOO_LONG = "value_too_long"
TOO_LARGE = "event_too_large"


def trim(event: dict[str, Any], flags: Flags, *, max_bytes: int) -> dict[str, Any]:
    """Return the event in at most ``max_bytes`` of JSON; what had to go is flagged."""
    for max_chars in LONG_CHARS:
        _shorten(event, flags, max_chars)
        if _fits(event, max_bytes):
            return event
    for drop in (_drop_locals, _drop_extra, _drop_breadcrumbs, _drop_spans, _drop_source):
        drop(event)
        flags.add((), TOO_LARGE)
        if _fits(event, max_bytes):
            return event
    kept = {key: event[key] for key in _ESSENTIAL if key in event}
    if _fits(kept, max_bytes):
        return kept
    reason = "too large"
    raise NotRepairableError(reason)


_ESSENTIAL = (
    "event_id",
    "timestamp",
    "start_timestamp",
    "type",
    "platform",
    "level",
    "transaction",
    "release",
    "environment",
    "server_name",
    "logentry",
    "exception",
)


def _fits(event: dict[str, Any], max_bytes: int) -> bool:
    # Room for ``_meta``, which is written last.
    return len(orjson.dumps(event)) + 16_384 <= max_bytes


def _shorten(root: dict[str, Any], flags: Flags, max_chars: int) -> None:
    walk = Walk(root)
    for parent, key, value in walk:
        if isinstance(value, str) and len(value) > max_chars:
            parent[key] = f"{value[: max_chars - 1]}…"
            flags.add(walk.path, TOO_LONG)
        elif isinstance(value, list) and len(value) > MAX_LIST_ITEMS:
            del value[MAX_LIST_ITEMS:]
            flags.add(walk.path, TOO_LONG)


def _drop_locals(event: dict[str, Any]) -> None:
    _drop_from_frames(event, ("vars",))


def _drop_source(event: dict[str, Any]) -> None:
    _drop_from_frames(event, ("vars", "pre_context", "post_context"))


def _drop_from_frames(event: dict[str, Any], names: tuple[str, ...]) -> None:
    for holder in ("exception", "threads"):
        for value in (event.get(holder) or {}).get("values", ()):
            for frame in (value.get("stacktrace") or {}).get("frames", ()):
                for name in names:
                    frame.pop(name, None)


def _drop_extra(event: dict[str, Any]) -> None:
    for name in ("extra", "modules", "request", "contexts", "debug_meta"):
        event.pop(name, None)


def _drop_breadcrumbs(event: dict[str, Any]) -> None:
    event.pop("breadcrumbs", None)


def _drop_spans(event: dict[str, Any]) -> None:
    event.pop("spans", None)
