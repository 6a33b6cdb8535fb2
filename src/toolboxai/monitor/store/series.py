"""The figures of a batch: which series each duration belongs to, and what it adds to it."""

from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from toolboxai.monitor.settings import Limits
from toolboxai.monitor.sketches import buckets_of, units_of
from toolboxai.monitor.store.meta import MetaFile
from toolboxai.monitor.store.periods import Resolution
from toolboxai.monitor.store.records import (
    MAX_SLOWEST,
    OTHER,
    Measure,
    SeriesKey,
    Slow,
    Timed,
)

MAX_REMEMBERED_SERIES = 20_000

_Row = tuple[int, int, int, str, str, str]


@dataclass(slots=True)
class _Sum:
    """What a batch adds to one series in one period: durations, by what each of them stands for."""

    durations_ms: dict[float, list[float]] = field(default_factory=dict)
    failed: float = 0.0
    slowest: list[Slow] = field(default_factory=list)

    def add(self, duration_ms: float, weight: float, *, failed: bool) -> None:
        known = self.durations_ms.get(weight)
        if known is None:
            self.durations_ms[weight] = [duration_ms]
        else:
            known.append(duration_ms)
        if failed:
            self.failed += weight

    def row(self, series_id: int, period: int, *, is_span: bool) -> Measure:
        units: Counter[int] = Counter()
        for weight, each in self.durations_ms.items():
            of_one = units_of(weight)
            for bucket, times in buckets_of(each).items():
                units[bucket] += times * of_one
        groups = self.durations_ms.items()
        return Measure(
            is_span=is_span,
            series_id=series_id,
            period=period,
            times=sum(len(each) for _, each in groups),
            weighted=sum(len(each) * weight for weight, each in groups),
            failed=self.failed,
            total_ms=sum(sum(each) * weight for weight, each in groups),
            units=[number for pair in units.items() for number in pair],
            slowest=sorted(self.slowest, reverse=True)[:MAX_SLOWEST],
        )


@dataclass(slots=True)
class _Sums:
    """What a batch adds, found again without asking for ids."""

    new: list[_Row] = field(default_factory=list)
    # By is it a span, whose series, in which period.
    rows: dict[tuple[bool, int, int], _Sum] = field(default_factory=dict)
    # By parent, hour, operation and description; names that are too many have one row together.
    spans: dict[tuple[int, int, str, str], _Sum] = field(default_factory=dict)


class Series:
    """Gives ids to series. A failed write makes it worthless: make a new one."""

    def __init__(self, meta: MetaFile, limits: Limits) -> None:
        self._meta = meta
        self._limits = limits
        self._ids: OrderedDict[SeriesKey, int] = OrderedDict()
        self._next_id = meta.next_series_id()
        # Of a project's transactions, of its spans, and of a transaction's spans.
        self._sizes: Counter[tuple[int, bool] | int] = Counter()
        for project_id, parent, size in meta.series_sizes():
            self._sizes[project_id, parent > 0] += size
            if parent:
                self._sizes[parent] = size

    def measured(self, batch: Iterable[Timed]) -> tuple[list[_Row], list[Measure]]:
        """Return the series that the batch begins, and what it adds to all of its series."""
        sums = _Sums()
        for timed in batch:
            self._add(timed, sums)
        while len(self._ids) > MAX_REMEMBERED_SERIES:
            self._ids.popitem(last=False)
        return sums.new, [
            each.row(number, period, is_span=is_span)
            for (is_span, number, period), each in sums.rows.items()
        ]

    def _add(self, timed: Timed, sums: _Sums) -> None:
        facts, weight = timed.facts, timed.facts.weight
        parent = self._id(
            SeriesKey(timed.project_id, 0, facts.name, facts.op, facts.environment), sums.new
        )
        minute = Resolution.MINUTE.start_of(facts.seen_at)
        own = sums.rows.setdefault((False, parent, minute), _Sum())
        own.add(facts.duration_ms, weight, failed=facts.failed)
        own.slowest.append(Slow(facts.duration_ms, timed.event_id, timed.trace_id, facts.seen_at))
        hour = Resolution.HOUR.start_of(facts.seen_at)
        spans = sums.spans
        for op, description, duration_ms, failed in facts.spans:
            each = spans.get((parent, hour, op, description))
            if each is None:
                key = SeriesKey(timed.project_id, parent, description, op, "")
                row = (True, self._id(key, sums.new), hour)
                each = sums.rows.setdefault(row, _Sum())
                spans[parent, hour, op, description] = each
            each.add(duration_ms, weight, failed=failed)

    def _id(self, key: SeriesKey, new: list[_Row]) -> int:
        known = self._ids.get(key)
        if known is not None:
            self._ids.move_to_end(key)
            return known
        number = self._meta.series_id(key)
        other = key._replace(name=OTHER, op="", environment="")
        if number is None and key != other and self._is_full(key):
            number = self._id(other, new)
        elif number is None:
            number = self._next_id
            self._next_id += 1
            self._sizes[key.project_id, key.parent > 0] += 1
            if key.parent:
                self._sizes[key.parent] += 1
            new.append((number, *key))
        self._ids[key] = number
        return number

    def _is_full(self, key: SeriesKey) -> bool:
        size, limits = self._sizes[key.project_id, key.parent > 0], self._limits
        if not key.parent:
            return size >= limits.max_transaction_names_per_project
        return (
            size >= limits.max_span_groups_per_project
            or self._sizes[key.parent] >= limits.max_span_groups_per_transaction
        )
