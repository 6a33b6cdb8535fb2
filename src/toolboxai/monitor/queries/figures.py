"""How long transactions and their spans took, out of meta.db."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from toolboxai.monitor.models import SlowEvent, TimedSeries, Timing
from toolboxai.monitor.queries.issues import moment
from toolboxai.monitor.queries.pool import Pool
from toolboxai.monitor.queries.windows import Window
from toolboxai.monitor.sketches import Sketch
from toolboxai.monitor.store.folder import DataFolder
from toolboxai.monitor.store.periods import Stretch

MAX_SLOWEST = 10

_ALL = """
    SELECT series_id, count, weighted, failed, total_ms, sketch FROM measure
    WHERE is_span = 0 AND resolution = ? AND period >= ? AND period < ?
"""
# The periods are named one by one, because between them lie all other series.
_ONE = """
    SELECT period, count, weighted, failed, total_ms, sketch FROM measure
    WHERE is_span = ? AND resolution = ? AND period IN (SELECT value FROM json_each(?)) AND series_id = ?
"""
_SLOWEST = """
    SELECT slowest FROM measure
    WHERE is_span = ? AND resolution = ? AND period IN (SELECT value FROM json_each(?)) AND series_id = ?
"""
_TRANSACTIONS = """
    SELECT id, project_id, name, op, environment FROM series
    WHERE parent = 0
    AND (:project IS NULL OR project_id = :project)
    AND (:environment IS NULL OR environment = :environment)
"""
_TRANSACTION = (
    "SELECT id, project_id, name, op, environment FROM series WHERE parent = 0 AND id = ?"
)
_SPANS = """
    SELECT id, project_id, name, op, environment FROM series
    WHERE parent = :parent AND project_id = (SELECT project_id FROM series WHERE id = :parent)
"""

# By what the table can be in order; the first is how much one would win.
ORDERS: dict[str, Callable[[Timing], float]] = {
    "total": lambda timing: timing.total_ms,
    "count": lambda timing: timing.extrapolated,
    "p50": lambda timing: timing.p50_ms,
    "p95": lambda timing: timing.p95_ms,
    "p99": lambda timing: timing.p99_ms,
    "failure_rate": lambda timing: timing.failure_rate,
}
_OF_SKETCHES = frozenset({"p50", "p95", "p99"})


@dataclass(slots=True)
class _Sum:
    count: int = 0
    weighted: float = 0.0
    failed: float = 0.0
    total_ms: float = 0.0
    sketches: list[bytes] = field(default_factory=list)

    def add(self, values: Sequence[Any]) -> None:
        count, weighted, failed, total_ms, *sketches = values
        self.count += count
        self.weighted += weighted
        self.failed += failed
        self.total_ms += total_ms
        self.sketches += sketches

    def without_percentiles(self) -> Timing:
        return Timing(
            count=self.count,
            extrapolated=self.weighted,
            failed=self.failed,
            total_ms=self.total_ms,
        )

    def timing(self) -> Timing:
        merged = Sketch.merged(map(Sketch.from_bytes, self.sketches))
        p50, p95, p99 = merged.quantiles(0.5, 0.95, 0.99)
        return replace(self.without_percentiles(), p50_ms=p50, p95_ms=p95, p99_ms=p99)


class Figures:
    """Answers questions about durations."""

    def __init__(self, pool: Pool, folder: DataFolder) -> None:
        self._pool = pool
        self._path = folder.meta

    def environments(self) -> list[str]:
        """Return the environments that transactions named."""
        with self._pool.reading(self._path) as db:
            rows = db.execute("SELECT DISTINCT environment FROM series WHERE parent = 0 ORDER BY 1")
            return [environment for (environment,) in rows if environment]

    def transactions(
        self,
        window: Window,
        *,
        project_id: int | None = None,
        environment: str | None = None,
        order: str = "total",
        limit: int = 100,
    ) -> tuple[list[TimedSeries], int]:
        """Return the first transactions by ``order`` (one of ``ORDERS``), the most first, and how many there are."""
        with self._pool.reading(self._path) as db:
            rows = db.execute(_TRANSACTIONS, {"project": project_id, "environment": environment})
            series = {row[0]: row for row in rows}
            everybody = _sums_of_all(db, window.stretches())
        sums = {number: each for number, each in everybody.items() if number in series}
        if order in _OF_SKETCHES:
            timings = {number: each.timing() for number, each in sums.items()}
        else:
            timings = {number: each.without_percentiles() for number, each in sums.items()}
        value = ORDERS[order]
        first = sorted(timings, key=lambda number: (-value(timings[number]), number))[:limit]
        found = [_series(series[number], sums[number].timing()) for number in first]
        return found, len(timings)

    def transaction(self, series_id: int, window: Window) -> TimedSeries | None:
        """Return one transaction over all of ``window``."""
        with self._pool.reading(self._path) as db:
            row = db.execute(_TRANSACTION, (series_id,)).fetchone()
            if row is None:
                return None
            sums = _of_series(db, window.stretches(), series_id, is_span=False)
        return _series(row, _total(sums.values()).timing())

    def steps(self, series_id: int, window: Window) -> list[Timing]:
        """Return one transaction in each step of ``window``."""
        stretch = Stretch(window.asked.step, window.since, window.until)
        with self._pool.reading(self._path) as db:
            sums = _of_series(db, [stretch], series_id, is_span=False)
        return [sums[at].timing() if at in sums else Timing() for at in window.starts]

    def spans(self, series_id: int, window: Window, *, limit: int = 50) -> list[TimedSeries]:
        """Return the kinds of spans within a transaction, the most time first."""
        stretches = window.stretches_of_spans()
        with self._pool.reading(self._path) as db:
            rows = db.execute(_SPANS, {"parent": series_id}).fetchall()
            sums = {
                row[0]: _total(_of_series(db, stretches, row[0], is_span=True).values())
                for row in rows
            }
        ran = [row for row in rows if sums[row[0]].count]
        ran.sort(key=lambda row: (-sums[row[0]].total_ms, row[0]))
        return [_series(row, sums[row[0]].timing()) for row in ran[:limit]]

    def slowest(self, series_id: int, window: Window) -> list[SlowEvent]:
        """Return slow events of a transaction, the slowest first; none is slower than the first three."""
        found: list[tuple[float, str, str, int]] = []
        with self._pool.reading(self._path) as db:
            for stretch in window.stretches():
                for (slowest,) in db.execute(_SLOWEST, _key(stretch, series_id, is_span=False)):
                    found += map(tuple, orjson.loads(slowest))
        found.sort(reverse=True)
        return [
            SlowEvent(event_id=event_id, trace_id=trace_id, at=moment(at), duration_ms=duration_ms)
            for duration_ms, event_id, trace_id, at in found[:MAX_SLOWEST]
        ]


def _sums_of_all(db: sqlite3.Connection, stretches: Iterable[Stretch]) -> dict[int, _Sum]:
    """Return what all transactions come to."""
    sums: dict[int, _Sum] = defaultdict(_Sum)
    for resolution, since, until in stretches:
        rows = db.execute(_ALL, (resolution, since, until))
        for number, *values in rows:
            sums[number].add(values)
    return sums


def _of_series(
    db: sqlite3.Connection, stretches: Iterable[Stretch], series_id: int, *, is_span: bool
) -> dict[int, _Sum]:
    """Return what one series comes to in each period (by its start) in which it ran."""
    sums: dict[int, _Sum] = {}
    for stretch in stretches:
        key = _key(stretch, series_id, is_span=is_span)
        for period, *values in db.execute(_ONE, key):
            sums[period] = _Sum()
            sums[period].add(values)
    return sums


def _key(stretch: Stretch, series_id: int, *, is_span: bool) -> tuple[object, ...]:
    resolution, since, until = stretch
    return (
        is_span,
        resolution,
        orjson.dumps(list(range(since, until, resolution))).decode(),
        series_id,
    )


def _total(sums: Iterable[_Sum]) -> _Sum:
    total = _Sum()
    for each in sums:
        total.add((each.count, each.weighted, each.failed, each.total_ms, *each.sketches))
    return total


def _series(row: tuple[Any, ...], timing: Timing) -> TimedSeries:
    return TimedSeries(
        id=row[0], project_id=row[1], name=row[2], op=row[3], environment=row[4], timing=timing
    )
