"""What never arrived, told to the sink as client reports: each loss once, now and then, in numbers only."""

from collections.abc import Callable, Mapping
from time import monotonic, time
from typing import Any

from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.transport.losses import UNKNOWN
from toolboxai.telemetry.transport.wire import REPORTABLE, OutgoingItem, category_of

REPORT_EVERY_SECONDS = 60.0
MAX_REPORT_ENTRIES = 100
_PREFIX = "dropped."
# A report that gets lost is not worth another one.
_OWN_CATEGORY = category_of("client_report")

Losses = Mapping[tuple[str, str], int]


class Reports:
    """Says what has been counted as dropped since it was made, or since it last said so.

    One that follows another to the same ``sink`` goes on where that ended.
    """

    def __init__(
        self,
        sink: str,
        *,
        now: Callable[[], float] = time,
        elapsed: Callable[[], float] = monotonic,
    ) -> None:
        self._sink = sink
        self._now = now
        self._elapsed = elapsed
        last_sink, told = counters.told
        self._told = dict(told if last_sink == sink else losses_in(counters.snapshot()))
        self._due_at = elapsed() + REPORT_EVERY_SECONDS

    def due(self, *, at_once: bool = False) -> OutgoingItem | None:
        """Return a report if it is time for one, or somebody wants it at once, and there is something to say."""
        if not at_once and self._elapsed() < self._due_at:
            return None
        losses = losses_in(counters.snapshot())
        news = {
            what: quantity - self._told.get(what, 0)
            for what, quantity in losses.items()
            if quantity > self._told.get(what, 0)
        }
        if not news:
            return None
        told = dict(sorted(news.items())[:MAX_REPORT_ENTRIES])
        self._told |= {what: losses[what] for what in told}
        self._due_at = self._elapsed() + REPORT_EVERY_SECONDS
        return OutgoingItem("client_report", self._saying(told))

    def close(self) -> None:
        """Leave what is still to be told, and what is lost from now on, to the next one."""
        counters.told = self._sink, self._told

    def _saying(self, losses: Losses) -> dict[str, Any]:
        entries = [
            {"reason": reason, "category": category, "quantity": quantity}
            for (reason, category), quantity in losses.items()
        ]
        return {"timestamp": self._now(), "discarded_events": entries}


def losses_in(counts: Mapping[str, int]) -> Losses:
    """Return what ``counts`` say was dropped, by reason and Sentry's category."""
    losses: dict[tuple[str, str], int] = {}
    for name, quantity in counts.items():
        if not name.startswith(_PREFIX):
            continue
        reason, _, category = name.removeprefix(_PREFIX).partition(".")
        if category not in {_OWN_CATEGORY, UNKNOWN}:
            what = (reason, category if category in REPORTABLE else "default")
            losses[what] = losses.get(what, 0) + quantity
    return losses
