"""What will not arrive is counted, by Sentry's reason and category."""

from collections.abc import Iterable

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.transport.wire import OutgoingItem, category_of, contents


def count_items(reason: str, items: Iterable[OutgoingItem]) -> None:
    """Count items that never became bytes."""
    for item in items:
        counters.dropped(reason, category_of(item.type), int(item.headers.get("item_count", 1)))


def count_body(reason: str, body: bytes) -> None:
    """Count what a kept envelope held."""
    with quietly:
        for category, quantity in contents(body):
            counters.dropped(reason, category, quantity)
