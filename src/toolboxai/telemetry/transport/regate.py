"""The gate for one item on its way out, and for what was kept under older rules of it."""

from collections.abc import Iterator
from typing import Any

import orjson

from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.privacy import RECORDINGS, Gate, Passed
from toolboxai.telemetry.transport import attachments
from toolboxai.telemetry.transport.trimming import within
from toolboxai.telemetry.transport.wire import (
    OutgoingItem,
    category_of,
    record,
    trace_header,
)


def through_gate(gate: Gate, item: OutgoingItem) -> OutgoingItem | None:
    """Return what may leave of an item, counted; ``None`` when nothing may."""
    if item.type == "attachment":
        return _attachment(gate, item)
    passed = gate.clean(item.type, item.payload)
    if passed is None:
        reason = "gate_recording" if item.type in RECORDINGS else "gate_unknown_type"
        counters.dropped(reason, category_of(item.type))
        return None
    _count(passed)
    fitting = within(passed.payload) if item.type == "event" else passed.payload
    if fitting is not passed.payload:
        counters.add("trimmed.event")
    return item._replace(payload=fitting)


def _attachment(gate: Gate, item: OutgoingItem) -> OutgoingItem | None:
    left = attachments.through_gate(gate, item)
    if isinstance(left, str):
        counters.dropped(left, "attachment")
        return None
    _count(left[1])
    return left[0]


def _count(passed: Passed) -> None:
    for rule, quantity in passed.redactions.items():
        counters.add(f"redacted.{rule}", quantity)


def regated(kept: bytes, gate: Gate) -> bytes:
    """Return a kept envelope as today's rules let it leave, with the same ids; empty when nothing of it may.

    Raises ``KeyError`` or ``ValueError`` for what isn't an envelope.
    """
    header: dict[str, Any] = orjson.loads(kept[: kept.index(b"\n")])
    items = [passed for item in items_of(kept) if (passed := through_gate(gate, item))]
    if not items:
        return b""
    trace = gate.clean("event", trace_header(header.get("trace") or {}))
    return record(
        items,
        envelope_id=header["envelope_id"],
        event_id=header.get("event_id"),
        trace=None if trace is None else trace.payload,
    )


def items_of(kept: bytes) -> Iterator[OutgoingItem]:
    """Yield the items of a kept envelope. Raises ``KeyError`` or ``ValueError`` for what isn't one."""
    position = kept.index(b"\n") + 1
    while position < len(kept):
        end = kept.index(b"\n", position)
        header = orjson.loads(kept[position:end])
        start, length = end + 1, int(header.pop("length"))
        content, kind = kept[start : start + length], header.pop("type")
        yield OutgoingItem(kind, content if kind == "attachment" else orjson.loads(content), header)
        position = start + length + 1
