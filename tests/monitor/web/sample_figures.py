"""Figures of a small school's day, for pages that show some."""

from dataclasses import dataclass, field, replace
from math import sin

from toolboxai.monitor.models import SlowEvent, TimedSeries, Timing
from toolboxai.monitor.queries.figures import ORDERS
from toolboxai.monitor.queries.windows import Window


def timing(count: int = 1_200, p50: float = 24.0, failed: float = 0.0) -> Timing:
    """Return how long something took ``count`` times, of which one in ten was sent."""
    return Timing(
        count=count,
        extrapolated=count * 10.0,
        failed=failed * 10,
        total_ms=count * 10 * p50 * 1.3,
        p50_ms=p50,
        p95_ms=p50 * 3.1,
        p99_ms=p50 * 7.4,
    )


def series(number: int, name: str, op: str, of: Timing) -> TimedSeries:
    return TimedSeries(
        id=number,
        project_id=1,
        name=name,
        op=op,
        environment="staging" if number == 4 else "production",
        timing=of,
    )


TRANSACTIONS = [
    series(1, "POST /generate_content", "http.server", timing(840, 412.0, 31)),
    series(2, "GET /lessons/{lesson_id}", "http.server", timing(12_940, 8.3)),
    series(3, "content.generation", "queue.task", timing(96, 5_210.0, 9)),
    series(4, "GET /api/v1/plugin/messages", "http.server", timing(3, 0.6)),
]
TIMED_SPANS = [
    series(11, "POST http://model/v1/chat/completions", "http.client", timing(840, 380.0, 31)),
    series(12, "SELECT * FROM objective WHERE grade = %s", "db", timing(2_520, 3.1)),
]


@dataclass
class FakeFigures:
    """Answers from lists."""

    all_series: list[TimedSeries] = field(default_factory=list)
    all_spans: list[TimedSeries] = field(default_factory=list)
    all_slowest: list[SlowEvent] = field(default_factory=list)

    def environments(self) -> list[str]:
        return sorted({each.environment for each in self.all_series})

    def transactions(
        self,
        window: Window,
        *,
        project_id: int | None = None,
        environment: str | None = None,
        order: str = "total",
        limit: int = 100,
    ) -> tuple[list[TimedSeries], int]:
        assert window.since < window.until
        found = [
            each
            for each in self.all_series
            if project_id in {None, each.project_id} and environment in {None, each.environment}
        ]
        found.sort(key=lambda each: -ORDERS[order](each.timing))
        return found[:limit], len(found)

    def transaction(self, series_id: int, window: Window) -> TimedSeries | None:
        return next((each for each in self.transactions(window)[0] if each.id == series_id), None)

    def steps(self, series_id: int, window: Window) -> list[Timing]:
        found = self.transaction(series_id, window)
        assert found is not None
        size = len(window.starts)
        return [
            Timing()
            if size // 3 <= place < size // 3 + 3
            else replace(
                timing(found.timing.count // size, found.timing.p50_ms * (1.3 + sin(place / 3))),
                failed=float(place % 3),
            )
            for place in range(size)
        ]

    def spans(self, series_id: int, _: Window, *, limit: int = 50) -> list[TimedSeries]:
        return self.all_spans[:limit] if series_id == 1 else []

    def slowest(self, series_id: int, _: Window) -> list[SlowEvent]:
        return self.all_slowest if series_id == 1 else []
