"""The spool: append → durable, take → deliver → acknowledge. Bounded in bytes and age; the oldest goes first.

Errors have segments of their own, which go only when there is nothing else: in a night without a sink the logs
and traces of the morning would otherwise push out the errors of the evening.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from errno import EIO
from pathlib import Path
from threading import Lock
from time import monotonic_ns, time_ns

from toolboxai.telemetry.spool.aging import HOUR_NS, trusted_write_ns
from toolboxai.telemetry.spool.disk import Disk, RealDisk
from toolboxai.telemetry.spool.memory import MemoryDisk
from toolboxai.telemetry.spool.order import Accept, dearest_last, is_urgent, next_in
from toolboxai.telemetry.spool.records import Record, batches, framed
from toolboxai.telemetry.spool.segment import Categories, CategoriesOf, Segment, number_of
from toolboxai.telemetry.spool.shelf import Shelf

MAX_AGE_HOURS = 72.0
MAX_HELD_BYTES = 16 * 1024 * 1024
_SEGMENTS_IN_AGE = 64
_CENTURY_HOURS = 876_600
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


class Spool:
    """A queue on disk, for one writing and one delivering thread.

    After ``append`` returns, the bodies survive a kill and a power cut. ``lost`` is called with a reason
    and each body that had to go: ``cache_overflow`` for want of room, ``cache_expired`` for its age,
    ``spool_unwritable`` when memory had to do for a disk that took nothing, and didn't; ``damaged`` with the
    categories of each that can't be read any more, none if these can't either. ``recover`` brings
    back what an earlier process left; until it has run, only what is new is taken. ``categories_of`` says
    what a body holds, and ``rules`` which version of the caller's rules it went through: both are written
    beside it. Without a ``folder``, ``find_folder`` is asked for one whenever something is to be written.
    """

    def __init__(
        self,
        folder: Path | None,
        *,
        max_bytes: int,
        lost: Lost,
        damaged: Callable[[Categories], None] = lambda _: None,
        max_age_hours: float = MAX_AGE_HOURS,
        categories_of: CategoriesOf = lambda _: frozenset(),
        rules: int = 0,
        find_folder: Callable[[], Path] | None = None,
        disk: Disk | None = None,
        now_ns: Callable[[], int] = time_ns,
        elapsed_ns: Callable[[], int] = monotonic_ns,
    ) -> None:
        self._shelf = Shelf(
            folder, disk or RealDisk(), max_bytes=max_bytes, overflow="cache_overflow"
        )
        held_bytes = min(MAX_HELD_BYTES, max_bytes)
        self._memory = Shelf(
            Path("memory"), MemoryDisk(), max_bytes=held_bytes, overflow="spool_unwritable"
        )
        self._lost = lost
        self._damaged = damaged
        max_age_ns = int(min(max_age_hours, _CENTURY_HOURS) * HOUR_NS)
        self._segment_ns = max_age_ns // _SEGMENTS_IN_AGE
        # A segment is judged by its last record; its first may be older by all the time it was open.
        self._keep_ns = max_age_ns - self._segment_ns
        self._categories_of = categories_of
        self._rules = rules
        self._find_folder = find_folder
        self._elapsed_ns = elapsed_ns
        self._began_ns = now_ns() - elapsed_ns()
        self._segments: list[Segment] = []
        self._lock = Lock()
        self._last_number = 0
        self._left_behind: list[str] = []
        # A later look would take our own new files for an earlier process's.
        self.take_in(self._shelf.left_behind())

    def take_in(self, names: list[str]) -> None:
        """Let ``recover`` find segments of another process that are in our folder. For the writing thread."""
        self._last_number = max([self._last_number, *map(number_of, names)])
        with self._lock:
            self._left_behind += names

    def _now_ns(self) -> int:
        """Return the time by a clock that nobody sets while this process runs."""
        return self._began_ns + self._elapsed_ns()

    @property
    def waiting(self) -> int:
        """How many bodies are not acknowledged."""
        with self._lock:
            return sum(segment.waiting for segment in self._segments)

    @property
    def oldest_waiting_at(self) -> float | None:
        """When the body came that waits longest, in seconds since 1970; ``None`` too if it can't be read."""
        with self._lock, suppress(OSError):
            # Errors and the rest are each in the order of their times.
            first = [self._first_waiting_ns(urgent=urgent) for urgent in (True, False)]
            return min((ns / _SECOND_NS for ns in first if ns is not None), default=None)
        return None

    def _first_waiting_ns(self, *, urgent: bool) -> int | None:
        for segment in self._segments:
            if segment.is_urgent is urgent and (since_ns := segment.oldest_waiting_ns) is not None:
                return since_ns
        return None

    @property
    def held(self) -> int:
        """How many bodies are in memory only, and not on their way out."""
        with self._lock:
            return sum(len(each.free()) for each in self._segments if self._memory.holds(each))

    @property
    def in_memory(self) -> int:
        """How many bodies are neither on disk nor acknowledged."""
        with self._lock:
            return sum(each.waiting for each in self._segments if self._memory.holds(each))

    @property
    def size_bytes(self) -> int:
        """How much disk the segments take."""
        return self._bytes_on(self._shelf)

    def _bytes_on(self, shelf: Shelf) -> int:
        return sum(each.size_bytes for each in self._on(shelf))

    def _on(self, shelf: Shelf) -> list[Segment]:
        with self._lock:
            return [each for each in self._segments if shelf.holds(each)]

    def recover(self) -> int:
        """Read the segments of another process that are new here; return how many bodies they still hold."""
        with self._lock:
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
        disk, folder = self._shelf.disk, self._shelf.folder
        if folder is None:
            return None
        try:
            segment = Segment.recover(folder / name, disk, self._categories_of)
            file_ns = disk.modified_ns(folder / name)
        except OSError:  # unreadable now; it stays where it is, for somebody to look at
            return None
        for _, categories in segment.damaged:
            self._damaged(categories)
        segment.acknowledge_damage()
        segment.is_urgent = any(map(is_urgent, segment.kinds))
        segment.written_ns = trusted_write_ns(
            record_ns=segment.written_ns or number_of(name),
            file_ns=file_ns,
            now_ns=self._now_ns(),
            keep_ns=self._keep_ns,
        )
        return segment

    def append(self, bodies: list[bytes]) -> None:
        """Return once ``bodies`` are on disk, and take them out of the list as they get there.

        Raises ``OSError`` when the disk takes no more; what is still in the list isn't kept. A body
        that is larger than the whole spool, or than a record can be, is lost at once.
        """
        self._put(bodies, self._shelf)

    def hold(self, bodies: list[bytes]) -> None:
        """Keep in memory what the disk refused: it can be taken, but won't survive the process."""
        self._put(bodies, self._memory)

    def settle(self) -> None:
        """Move what is held in memory to disk. Raises ``OSError`` while the disk refuses."""
        for segment in self._on(self._memory):
            self._seal(segment)
            with self._lock:
                free = segment.free()
                records = [record for index in free if (record := segment.take(index))]
            if not records:
                continue
            try:
                self._append(records, self._shelf, urgent=segment.is_urgent)
            except OSError:
                with self._lock:
                    for index in free:
                        segment.give_back(index)
                raise
            with self._lock:
                for index in free:
                    segment.acknowledge(index)
                self._drop_if_done(segment)

    def _put(self, bodies: list[bytes], shelf: Shelf) -> None:
        for body in [body for body in bodies if len(body) > shelf.largest_bytes]:
            bodies.remove(body)
            self._lost(shelf.overflow, body)
        for batch in list(batches(bodies, max_bytes=shelf.largest_bytes)):
            records = list(map(self._record, batch))
            for urgent in (True, False):
                kept = [each for each in records if is_urgent(each.categories) is urgent]
                self._append(kept, shelf, urgent=urgent)
                for each in kept:
                    bodies.remove(each.body)

    def _record(self, body: bytes) -> Record:
        return Record(body, self._categories_of(body), self._now_ns(), self._rules)

    def _append(self, records: list[Record], shelf: Shelf, *, urgent: bool) -> None:
        if not records:
            return
        parts = [framed(record) for record in records]
        self._make_room(sum(map(len, parts)), shelf)
        segment = self._open_segment(shelf, urgent=urgent)
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
        if segment.size_bytes >= shelf.segment_bytes:
            self._seal(segment)

    def _open_segment(self, shelf: Shelf, *, urgent: bool) -> Segment:
        there = self._on(shelf)
        for segment in [each for each in there if each.is_open and each.is_urgent is urgent]:
            if self._now_ns() - segment.opened_ns < self._segment_ns:
                return segment
            self._seal(segment)
        if shelf.folder is None and self._find_folder is not None:
            shelf.folder = self._find_folder()
            self.take_in(shelf.left_behind())
            self.recover()
        # Names are times, and never go back even when the clock does.
        self._last_number = max(self._now_ns(), self._last_number + 1)
        segment = shelf.new_segment(self._last_number, self._now_ns())
        segment.is_urgent = urgent
        with self._lock:
            self._segments.append(segment)
        return segment

    def _seal(self, segment: Segment) -> None:
        with self._lock:
            segment.close()
            self._drop_if_done(segment)

    def _drop_if_done(self, segment: Segment) -> None:
        if not segment.is_open and not segment.waiting and segment in self._segments:
            self._segments.remove(segment)
            with suppress(
                OSError
            ):  # a disk that has become read-only: the next start finds it again
                segment.remove()

    def _make_room(self, incoming_bytes: int, shelf: Shelf) -> None:
        while self._bytes_on(shelf) + incoming_bytes > shelf.max_bytes:
            if not (there := self._on(shelf)):
                return
            self._drop(dearest_last(there)[0], shelf.overflow)

    def expire(self) -> None:
        """Lose what is too old, a segment at a time. For the writing thread."""
        eldest_ns = self._now_ns() - self._keep_ns
        for segment in self._on(self._shelf) + self._on(self._memory):
            if segment.written_ns < eldest_ns:
                self._drop(segment, "cache_expired")

    def _drop(self, segment: Segment, reason: str) -> None:
        with self._lock:
            if segment not in self._segments:  # its last record was acknowledged just now
                return
            self._segments.remove(segment)
            segment.lost_for = reason
            remaining = list(segment.remaining())
            with suppress(OSError):
                segment.remove()
        for categories, body in remaining:
            if body is None:
                self._damaged(categories)
            else:
                self._lost(reason, body)

    def take(self, accept: Accept | None = None) -> Entry | None:
        """Return the next body that nobody has taken: errors newest first, then the rest oldest first.

        Those whose categories ``accept`` refuses are left where they are. What was deferred comes when
        nothing else is left. ``None`` when there is none.
        """
        wanted = accept or (lambda _: True)
        with self._lock:
            if entry := self._next(wanted):
                return entry
            for segment in self._segments:
                segment.begin_round()
            return self._next(wanted)

    def _next(self, accept: Accept) -> Entry | None:
        while found := next_in(self._segments, accept):
            segment, index = found
            try:
                record = segment.take(index)
            except FileNotFoundError:  # somebody deleted it: what was in it is beyond help
                segment.give_back(index)
                self._give_up(segment)
                continue
            except OSError as error:  # too many open files, or a disk that is away: later, then
                if error.errno == EIO:  # only here, perhaps: the others go on
                    segment.defer(index)
                    continue
                segment.give_back(index)
                return None
            if record is None:
                self._damaged(segment.categories(index))
                segment.acknowledge(index)
                continue
            body, categories, written_ns, rules = record
            return Entry(body, categories, written_ns / _SECOND_NS, rules, segment, index)
        return None

    def _give_up(self, segment: Segment) -> None:
        self._segments.remove(segment)
        segment.lost_for = "spool_damaged"
        for index in segment.free():
            self._damaged(segment.categories(index))

    def age_seconds(self, entry: Entry) -> float:
        """Return for how long a body has waited, whatever was done to the clock meanwhile."""
        return self._now_ns() / _SECOND_NS - entry.written_at

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
        self._lose_if_homeless(entry)

    def defer(self, entry: Entry) -> None:
        """Keep a body for another try after all others: it may be the one that the sink can't take."""
        with self._lock:
            entry.segment.defer(entry.index)
        self._lose_if_homeless(entry)

    def _lose_if_homeless(self, entry: Entry) -> None:
        """Count what was on its way out when its segment had to go, and has come back."""
        if entry.segment.lost_for is not None:
            self._lost(entry.segment.lost_for, entry.body)

    def close(self) -> None:
        """Close all files; what waits on disk stays there, what no disk took is lost."""
        with suppress(OSError):
            self.settle()
        for segment in self._on(self._memory):
            self._drop(segment, self._memory.overflow)
        for segment in self._on(self._shelf):
            self._seal(segment)
