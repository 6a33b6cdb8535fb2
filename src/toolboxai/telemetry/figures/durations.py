"""How long requests took: per method, route and class of status, in buckets that can be added up. Pure."""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import ceil, log
from threading import Lock
from typing import Any, NamedTuple

MAX_ROUTES = 1_000
SURPLUS = "<other routes>"
MAX_PENDING = 64
# A bucket is a tenth wider than the one before, so its middle is within 4.8 % of whatever is in it.
GROWTH = 1.1
LEAST_SECONDS = 1e-6
MOST_SECONDS = 86_400.0

_PER_BUCKET = 1 / log(GROWTH)
_LAST = ceil(log(MOST_SECONDS / LEAST_SECONDS) * _PER_BUCKET)
_CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
# Anybody may send any word as a method; those that nobody serves share one name.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"})
OTHER_METHOD = "OTHER"


class Series(NamedTuple):
    """What is counted together."""

    method: str
    route: str
    status_class: str


@dataclass(slots=True)
class Sketch:
    """Durations as counts of logarithmic buckets; quantiles are within 5 % of the exact ones."""

    counts: dict[int, int] = field(default_factory=dict)
    nanoseconds: int = 0  # whole ones: sums must not depend on the order of adding

    def add(self, seconds: float) -> None:
        """Count one duration; what is out of range counts as the nearest that isn't."""
        if seconds < LEAST_SECONDS:
            seconds = LEAST_SECONDS
        elif seconds > MOST_SECONDS:
            seconds = MOST_SECONDS
        bucket = ceil(log(seconds / LEAST_SECONDS) * _PER_BUCKET)
        counts = self.counts
        counts[bucket] = counts.get(bucket, 0) + 1
        self.nanoseconds += int(seconds * 1e9)

    def merge(self, other: "Sketch") -> None:
        """Count what ``other`` counted, too."""
        for bucket, count in other.counts.items():
            self.counts[bucket] = self.counts.get(bucket, 0) + count
        self.nanoseconds += other.nanoseconds

    @property
    def count(self) -> int:
        """How many durations were added."""
        return sum(self.counts.values())

    def quantile(self, share: float) -> float:
        """Return the seconds within which ``share`` of all durations lie; 0 when there are none."""
        rank = max(1, ceil(share * self.count))
        for bucket in sorted(self.counts):
            rank -= self.counts[bucket]
            if rank <= 0:
                return _middle(bucket)
        return 0.0

    def within(self, limits_seconds: Sequence[float]) -> list[int]:
        """Return how many durations lie within each of the ascending limits."""
        between = [0] * (len(limits_seconds) + 1)
        for bucket, count in self.counts.items():
            between[bisect_left(limits_seconds, _middle(bucket))] += count
        return list(accumulate(between[:-1]))


def _middle(bucket: int) -> float:
    """Return what is equally far, in per cent, from both edges of ``bucket``."""
    return LEAST_SECONDS * GROWTH**bucket * 2 / (GROWTH + 1)


class Durations:
    """A sketch for each series, of at most ``MAX_ROUTES`` routes. Safe for threads."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._pending: deque[tuple[str, str, int, float]] = deque()
        self._sketches: dict[tuple[str, str, int], Sketch] = {}
        self._routes: set[str] = set()
        self._lock = Lock()
        # Whether this process answers requests at all; one that only forks others doesn't.
        self.serves = False

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request. ``status`` is HTTP's, ``route`` a template, never a path."""
        # Many at once cost a third of what each would in the middle of a request, with cold caches.
        self._pending.append((method, route, status, seconds))
        if len(self._pending) >= MAX_PENDING:
            with self._lock:
                self._settle()

    def _settle(self) -> None:
        """Put what is pending into the sketches. The lock is held: nobody else takes from the queue."""
        known = self._sketches
        while self._pending:
            method, route, status, seconds = self._pending.popleft()
            sketch = known.get((method, route, status // 100))
            (sketch or self._sketch(method, route, status // 100)).add(seconds)

    def merge(self, other: Mapping[Series, Sketch]) -> None:
        """Count what another process counted, too."""
        with self._lock:
            for (method, route, status_class), sketch in other.items():
                self._sketch(method, route, _CLASSES.index(status_class) + 1).merge(sketch)

    def _sketch(self, method: str, route: str, hundreds: int) -> Sketch:
        """Return the sketch to add to; what would be one name too many shares one."""
        if method not in _METHODS:
            method = OTHER_METHOD
        if not 1 <= hundreds <= len(_CLASSES):
            hundreds = len(_CLASSES)
        if route not in self._routes and len(self._routes) >= MAX_ROUTES:
            route = SURPLUS
        else:
            self._routes.add(route)
        return self._sketches.setdefault((method, route, hundreds), Sketch())

    def snapshot(self) -> dict[Series, Sketch]:
        """Return a copy of everything."""
        with self._lock:
            self._settle()
            sketches = list(self._sketches.items())
        return {
            Series(method, route, _CLASSES[hundreds - 1]): self._copy(sketch)
            for (method, route, hundreds), sketch in sketches
        }

    def _copy(self, sketch: Sketch) -> Sketch:
        # One at a time: a request that ends meanwhile must not wait for a thousand copies.
        with self._lock:
            return Sketch(dict(sketch.counts), sketch.nanoseconds)

    def after_fork(self) -> None:
        """Begin anew in a child: what the parent counted is the parent's, and the lock may be stuck."""
        self._begin()


def to_rows(sketches: Mapping[Series, Sketch]) -> list[list[Any]]:
    """Return a row a series, for JSON that takes numbers as keys."""
    return [[*series, sketch.nanoseconds, sketch.counts] for series, sketch in sketches.items()]


def from_rows(rows: object) -> dict[Series, Sketch]:
    """Return what ``to_rows`` was given. Raises ``ValueError`` for anything it wouldn't write."""
    if not isinstance(rows, list):
        msg = f"durations must be a list of rows, got {type(rows).__name__}"
        raise ValueError(msg)  # noqa: TRY004 - bad data, not a bug
    return dict(map(_from_row, rows))


def _from_row(row: object) -> tuple[Series, Sketch]:
    match row:
        case [str() as method, str() as route, str() as status_class, int() as total, dict() as of]:
            if status_class in _CLASSES and total >= 0:
                return Series(method, route, status_class), Sketch(dict(_counts(of)), total)
    msg = f"not a row of durations: {row!r:.200}"
    raise ValueError(msg)


def _counts(of: Mapping[str, object]) -> Iterator[tuple[int, int]]:
    for name, count in of.items():
        bucket = int(name)
        if not 0 <= bucket <= _LAST or not isinstance(count, int) or count < 1:
            msg = f"not a bucket and its count: {name!r:.20} {count!r:.200}"
            raise ValueError(msg)
        yield bucket, count


durations = Durations()
