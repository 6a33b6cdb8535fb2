"""The spool: append → durable, take → deliver → acknowledge. Bounded in bytes; the oldest goes first."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from time import monotonic_ns, time_ns

from toolboxai.telemetry.spool.disk import Disk, RealDisk
from toolboxai.telemetry.spool.records import MAX_BODY_BYTES, Record, framed
from toolboxai.telemetry.spool.segment import Categories, CategoriesOf, Segment

SEGMENT_BYTES = 4 * 1024 * 1024
URGENT = "error"
_SEGMENTS_IN_CAP = 16
_SECOND_NS = 1_000_000_000

Lost = Callable[[str, bytes], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """A body on its way out: what it holds, when it was written (epoch seconds), under which rules."""

    body: bytes
    categories: Categories
    written_at: float
    rules: int
    segment: Segment
    index: int


def _anything(_: Categories) -> bool:
    return True


def _nothing_known(_: bytes) -> Categories:
    return frozenset()


class Spool:
    """A queue on disk, for one writing and one delivering thread.

    After ``append`` returns, the bodies survive a kill and a power cut. ``lost`` is called with
    ``"cache_overflow"`` and each body that had to make room. ``recover`` brings back what an earlier
    process left; until it has run, only what is new is taken. ``categories_of`` says what a body
    holds, and ``rules`` which version of the caller's rules it went through: both are written beside it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int,
        lost: Lost,
        categories_of: CategoriesOf = _nothing_known,
        rules: int = 0,
        disk: Disk | None = None,
        now_ns: Callable[[], int] = time_ns,
        elapsed_ns: Callable[[], int] = monotonic_ns,
    ) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._segment_bytes = min(SEGMENT_BYTES, max_bytes // _SEGMENTS_IN_CAP)
        self._largest_bytes = min(MAX_BODY_BYTES, max_bytes // 2)
        self._lost = lost
        self._categories_of = categories_of
        self._rules = rules
        self._disk = disk or RealDisk()
        self._elapsed_ns = elapsed_ns
        self._began_ns = now_ns() - elapsed_ns()
        self._segments: list[Segment] = []
        self._lock = Lock()
        # Looked up now: a later look would take this process's own new files for somebody's remains.
        names = self._disk.names(folder)
        self._left_behind = [name for name in names if name.endswith(".segment")]
        self._last_name = max(map(_number, self._left_behind), default=0)

    def _now_ns(self) -> int:
        """Return the time by a clock that nobody sets while this process runs."""
        return self._began_ns + self._elapsed_ns()

    @property
    def waiting(self) -> int:
        """How many bodies are not acknowledged."""
        with self._lock:
            return sum(segment.waiting for segment in self._segments)

    @property
    def size_bytes(self) -> int:
        """How much disk the segments take."""
        with self._lock:
            return sum(segment.size_bytes for segment in self._segments)

    def recover(self) -> int:
        """Take in the segments of an earlier process; return how many bodies they still hold."""
        left, self._left_behind = self._left_behind, []
        found = list(filter(None, map(self._recovered, left)))
        for segment in found:
            if not segment.waiting:
                segment.remove()
        kept = [segment for segment in found if segment.waiting]
        with self._lock:
            self._segments = sorted([*kept, *self._segments], key=lambda each: each.path.name)
        return sum(segment.waiting for segment in kept)

    def _recovered(self, name: str) -> Segment | None:
        try:
            segment = Segment.recover(self._folder / name, self._disk, self._categories_of)
        except OSError:  # unreadable now; it stays where it is, for somebody to look at
            return None
        segment.written_ns = segment.written_ns or _number(name)
        return segment

    def append(self, bodies: list[bytes]) -> None:
        """Return once ``bodies`` are on disk, and take them out of the list as they get there.

        Raises ``OSError`` when the disk takes no more; what is still in the list isn't kept. A body
        that is larger than the whole spool, or than a record can be, is lost at once.
        """
        for body in [body for body in bodies if len(body) > self._largest_bytes]:
            bodies.remove(body)
            self._lost("cache_overflow", body)
        for batch in list(self._batches(bodies)):
            self._append(list(map(self._record, batch)))
            del bodies[: len(batch)]

    def _record(self, body: bytes) -> Record:
        return Record(body, self._categories_of(body), self._now_ns(), self._rules)

    def _batches(self, bodies: list[bytes]) -> Iterator[list[bytes]]:
        """Yield ``bodies`` in parts of which each fits into the spool."""
        batch: list[bytes] = []
        for body in bodies:
            if batch and sum(map(len, batch)) + len(body) > self._largest_bytes:
                yield batch
                batch = []
            batch.append(body)
        if batch:
            yield batch

    def _append(self, records: list[Record]) -> None:
        parts = [framed(record) for record in records]
        self._make_room(sum(map(len, parts)))
        segment = self._open_segment()
        try:
            # Only this thread writes, so the slow part needs no lock; readers see the new records
            # when the index grows, after the sync.
            segment.write(parts)
        except OSError:
            # What half arrived stays behind as damage; what comes next starts in a file of its own.
            self._seal(segment)
            raise
        with self._lock:
            segment.add(records, parts)
        if segment.size_bytes >= self._segment_bytes:
            self._seal(segment)

    def _open_segment(self) -> Segment:
        newest = self._segments[-1] if self._segments else None
        if newest is not None and newest.is_open:
            return newest
        # Names are times, and never go back even when the clock does.
        self._last_name = max(self._now_ns(), self._last_name + 1)
        path = self._folder / f"{self._last_name:020d}.segment"
        segment = Segment.create(path, self._disk, self._now_ns())
        try:
            self._disk.sync_folder(self._folder)
        except OSError:
            segment.remove()
            raise
        with self._lock:
            self._segments.append(segment)
        return segment

    def _seal(self, segment: Segment) -> None:
        with self._lock:
            segment.close()
            self._drop_if_done(segment)

    def _drop_if_done(self, segment: Segment) -> None:
        if not segment.is_open and not segment.waiting and segment in self._segments:
            segment.remove()
            self._segments.remove(segment)

    def _make_room(self, incoming_bytes: int) -> None:
        while self._segments and self.size_bytes + incoming_bytes > self._max_bytes:
            self._drop(self._segments[0], "cache_overflow")

    def _drop(self, segment: Segment, reason: str) -> None:
        with self._lock:
            self._segments.remove(segment)
            bodies = segment.remaining()
            segment.remove()
        for body in bodies:
            self._lost(reason, body)

    def take(self, accept: Callable[[Categories], bool] | None = None) -> Entry | None:
        """Return the next body that nobody has taken, or ``None``: errors newest first, then the rest oldest first.

        Those whose categories ``accept`` refuses are left where they are. What was deferred comes when
        nothing else is left.
        """
        wanted = accept or _anything
        with self._lock:
            if found := self._next(wanted):
                return found
            for segment in self._segments:
                segment.begin_round()
            return self._next(wanted)

    def _next(self, wanted: Callable[[Categories], bool]) -> Entry | None:
        urgent = ((each, each.newest) for each in reversed(self._segments))
        others = ((each, each.oldest) for each in self._segments)
        is_urgent = lambda categories: URGENT in categories and wanted(categories)  # noqa: E731
        return self._first_of(urgent, is_urgent) or self._first_of(others, wanted)

    def _first_of(
        self,
        places: Iterable[tuple[Segment, Callable[[Callable[[Categories], bool]], int | None]]],
        wanted: Callable[[Categories], bool],
    ) -> Entry | None:
        for segment, find in list(places):
            while (index := find(wanted)) is not None:
                try:
                    record = segment.take(index)
                except OSError:  # somebody deleted the file: what was in it is beyond help
                    self._segments.remove(segment)
                    break
                if record is None:
                    segment.acknowledge(index)
                    continue
                written_at = record.written_ns / _SECOND_NS
                return Entry(
                    record.body, record.categories, written_at, record.rules, segment, index
                )
        return None

    def acknowledge(self, entry: Entry) -> None:
        """Forget a body: it has arrived, or never will."""
        with self._lock:
            if entry.segment in self._segments:
                entry.segment.acknowledge(entry.index)
                self._drop_if_done(entry.segment)

    def give_back(self, entry: Entry) -> None:
        """Keep a body for another try."""
        with self._lock:
            entry.segment.give_back(entry.index)

    def defer(self, entry: Entry) -> None:
        """Keep a body for another try after all others: it may be the one that the sink can't take."""
        with self._lock:
            entry.segment.defer(entry.index)

    def close(self) -> None:
        """Close all files; what waits stays on disk."""
        with self._lock:
            for segment in list(self._segments):
                segment.close()
                self._drop_if_done(segment)


def _number(name: str) -> int:
    """Return the time in a segment's name; 0 when somebody else named it."""
    stem = Path(name).stem
    return int(stem) if stem.isascii() and stem.isdigit() else 0
