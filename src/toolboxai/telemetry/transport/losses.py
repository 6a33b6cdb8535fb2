"""What will not arrive is counted, by Sentry's reason and category; and what has."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.transport.wire import (
    REPORTABLE,
    OutgoingItem,
    category_of,
    contents,
    items_in,
)

UNKNOWN = "unknown"  # the category of what nobody can say what it was


def count_items(reason: str, items: Iterable[OutgoingItem]) -> None:
    """Count items that never became bytes."""
    for item in items:
        _count(reason, item.type, item.headers, item.payload)


def count_body(reason: str, body: bytes) -> None:
    """Count what a kept envelope held."""
    with quietly:
        for header, payload in items_in(body):
            is_trace = header["type"] == "transaction"
            _count(reason, header["type"], header, orjson.loads(payload) if is_trace else None)


def count_damaged(categories: Iterable[str]) -> None:
    """Count what can't be read any more: one of each category, as nobody can say how many there were."""
    known = REPORTABLE.intersection(categories)
    for category in known or {UNKNOWN}:
        counters.dropped("spool_damaged", category)
    if "transaction" in known and "span" not in known:
        counters.dropped("spool_damaged", "span")  # it is one itself


def count_sent(body: bytes) -> str:
    """Count what an envelope held that has arrived; return it in words."""
    sent = Counter[str]()
    with quietly:
        for category, quantity in contents(body):
            sent[category] += quantity
            counters.add(f"sent.{category}", quantity)
    return ", ".join(f"{quantity} {category}" for category, quantity in sent.items())


def _count(reason: str, kind: str, headers: Mapping[str, Any], payload: Any) -> None:  # noqa: ANN401 - JSON
    counters.dropped(reason, category_of(kind), int(headers.get("item_count", 1)))
    if kind == "transaction":
        # By Sentry's rule its spans are lost too, and it is one itself.
        spans = payload.get("spans") if isinstance(payload, dict) else None
        counters.dropped(reason, "span", 1 + len(spans or ()))
