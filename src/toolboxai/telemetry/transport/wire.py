"""Envelopes as bytes: items in, one durable record out; `sent_at` written when it really leaves."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

# Sentry's data category for an item type, where it isn't the type's own name.
_CATEGORIES = {
    "event": "error",
    "log": "log_item",
    "check_in": "monitor",
    "replay_event": "replay",
    "replay_recording": "replay",
    "replay_video": "replay",
    "client_report": "internal",
    "session": "session",
    "sessions": "session",
    "statsd": "metric_bucket",
}
# Categories that a sink knows; what isn't here it would refuse to count.
REPORTABLE = frozenset(
    {
        "attachment",
        "default",
        "error",
        "feedback",
        "internal",
        "log_item",
        "metric_bucket",
        "monitor",
        "profile",
        "profile_chunk",
        "replay",
        "security",
        "session",
        "span",
        "trace_metric",
        "transaction",
    }
)
_CONTENT_TYPES = {
    "log": "application/vnd.sentry.items.log+json",
    "span": "application/vnd.sentry.items.span.v2+json",
    "trace_metric": "application/vnd.sentry.items.trace-metric+json",
}
# The SDK also puts the transaction there, under the name it had when the trace began: a raw path.
_TRACE_NAMES = frozenset(
    {
        "environment",
        "org_id",
        "public_key",
        "release",
        "replay_id",
        "sample_rand",
        "sample_rate",
        "sampled",
        "trace_id",
    }
)
_OPTIONS = (
    orjson.OPT_NON_STR_KEYS
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_SUBCLASS
    | orjson.OPT_UTC_Z
)


class OutgoingItem(NamedTuple):
    """One item before the gate: its type, its headers beside type and length, its JSON, an attachment's bytes."""

    type: str
    payload: Any
    headers: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One envelope before the gate."""

    items: Sequence[OutgoingItem]
    event_id: str | None = None
    trace: Mapping[str, Any] = field(default_factory=dict)


def category_of(item_type: str) -> str:
    """Return Sentry's data category for an item type."""
    return _CATEGORIES.get(item_type, item_type)


def container(item_type: str, items: Sequence[Mapping[str, Any]]) -> OutgoingItem:
    """Return one item that carries many: logs, spans, metrics."""
    headers = {"item_count": len(items), "content_type": _CONTENT_TYPES[item_type]}
    return OutgoingItem(item_type, {"items": list(items)}, headers)


def trace_header(trace: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the envelope's trace header may hold: ids and rates, no name and no user."""
    return {name: value for name, value in trace.items() if name in _TRACE_NAMES}


def record(
    items: Sequence[OutgoingItem],
    *,
    envelope_id: str,
    event_id: str | None = None,
    trace: Mapping[str, Any] | None = None,
) -> bytes:
    """Return the envelope as it is kept: complete but for ``sent_at``."""
    header: dict[str, Any] = {"envelope_id": envelope_id}
    if event_id:
        header["event_id"] = event_id
    if trace:
        header["trace"] = trace
    lines = [to_json(header)]
    for item in items:
        body = item.payload if item.type == "attachment" else to_json(item.payload)
        lines += [to_json({"type": item.type, **item.headers, "length": len(body)}), body]
    return b"\n".join(lines) + b"\n"


def stamped(kept: bytes, *, now: float) -> bytes:
    """Return a kept envelope with ``sent_at`` put into its header: ``now``, in seconds since 1970.

    By the same clock as the items' own times, right or wrong: a sink takes what it differs from its own as
    the error of both.
    """
    header, _, items = kept.partition(b"\n")
    at = datetime.fromtimestamp(now, UTC)
    sent_at = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return to_json(orjson.loads(header) | {"sent_at": sent_at}) + b"\n" + items


def items_in(kept: bytes) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Yield header and payload of each item of a kept envelope."""
    position = kept.find(b"\n") + 1
    while position < len(kept):
        end = kept.index(b"\n", position)
        header = orjson.loads(kept[position:end])
        start, end = end + 1, end + 1 + header["length"]
        yield header, kept[start:end]
        position = end + 1


def contents(kept: bytes) -> Iterator[tuple[str, int]]:
    """Yield category and quantity of each item of a kept envelope."""
    for header, _ in items_in(kept):
        yield category_of(header["type"]), int(header.get("item_count", 1))


def categories_of(kept: bytes) -> frozenset[str]:
    """Return the categories of all items of a kept envelope; none when it isn't an envelope."""
    try:
        return frozenset(category for category, _ in contents(kept))
    except (KeyError, TypeError, ValueError):
        return frozenset()


def to_json(value: object) -> bytes:
    """Return compact JSON for anything; what JSON can't say becomes the name of its type."""
    try:
        return orjson.dumps(value, default=_type_name, option=_OPTIONS)
    except orjson.JSONEncodeError:
        # Lone surrogates and integers over 64 bits: rare, and no reason to lose the rest.
        return orjson.dumps(_sayable(value), default=_type_name, option=_OPTIONS)


def _type_name(value: object) -> str:
    return f"<{type(value).__name__}>"


def _sayable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_sayable(key): _sayable(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_sayable(member) for member in value]
    if isinstance(value, int) and abs(value) >= 2**63:
        return f"{value:e}" if abs(value) < 10**300 else "<int>"
    return value
