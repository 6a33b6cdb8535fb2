"""Figures as the pages of performance show them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from toolboxai.monitor.models import TimedSeries, Timing
from toolboxai.monitor.queries.windows import DEFAULT_RANGE, Window
from toolboxai.monitor.web.charts import Bar, bars_of, line_of, rounded_up

RANGE_NAMES = {"1h": "1 hour", "24h": "24 hours", "7d": "7 days", "30d": "30 days"}
DEFAULT_ORDER = "total"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a page of performance was asked for."""

    range: str = DEFAULT_RANGE
    order: str = DEFAULT_ORDER
    project_id: int | None = None
    environment: str | None = None

    def address(self, path: str = "/performance/", **changes: str) -> str:
        """Return the address of a page about the same, but for ``changes``."""
        asked = {
            "range": self.range,
            "sort": self.order,
            "project": str(self.project_id or ""),
            "environment": self.environment or "",
            **changes,
        }
        usual = {"range": DEFAULT_RANGE, "sort": DEFAULT_ORDER}
        kept = {key: each for key, each in asked.items() if each and each != usual.get(key)}
        return f"{path}?{urlencode(kept)}" if kept else path


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of a table: a series, how often a minute, and its part of the most time (0 … 1000)."""

    series: TimedSeries
    per_minute: float
    share: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a range."""

    at: datetime
    timing: Timing
    per_minute: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Percentiles as lines and throughput as bars, with the numbers at the top of their axes."""

    steps: list[Step]
    p50: str
    p95: str
    p99: str
    top_ms: float
    bars: list[Bar]
    top_per_minute: float


def rows_of(found: Sequence[TimedSeries], minutes: float) -> list[Row]:
    """Return the lines of a table about so many minutes."""
    most = max((each.timing.total_ms for each in found), default=0.0) or 1.0
    return [
        Row(
            series=each,
            per_minute=each.timing.extrapolated / minutes,
            share=round(each.timing.total_ms / most * 1_000),
        )
        for each in found
    ]


def chart_of(timings: Sequence[Timing], window: Window, now: datetime) -> Chart:
    """Return the figures of each step, and how they are drawn."""
    steps = [
        Step(
            at=datetime.fromtimestamp(start / 1_000, UTC),
            timing=timing,
            per_minute=timing.extrapolated / _minutes(start, window, now),
        )
        for start, timing in zip(window.starts, timings, strict=True)
    ]
    top_ms = rounded_up(max((each.p99_ms for each in timings), default=0.0))
    top_per_minute = rounded_up(max((each.per_minute for each in steps), default=0.0))
    return Chart(
        steps=steps,
        p50=line_of([each.p50_ms if each.count else None for each in timings], top_ms),
        p95=line_of([each.p95_ms if each.count else None for each in timings], top_ms),
        p99=line_of([each.p99_ms if each.count else None for each in timings], top_ms),
        top_ms=top_ms,
        bars=bars_of([each.per_minute for each in steps], top_per_minute),
        top_per_minute=top_per_minute,
    )


def _minutes(start: int, window: Window, now: datetime) -> float:
    """Return how many minutes of a step have passed: the last one is going on."""
    passed = min(now.timestamp() * 1_000, start + window.asked.step) - start
    return max(passed / 60_000, 1.0)
