"""The spool: append → durable, take → deliver → acknowledge. Bounded in bytes; the oldest goes first."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from time import time_ns

from toolboxai.telemetry.spool.disk import Disk, RealDisk
from toolboxai.telemetry.spool.records import MAX_RECORD_BYTES
from toolboxai.telemetry.spool.segment import Segment

SEGMENT_BYTES = 4 * 1024 * 1024
_SEGMENTS_IN_CAP = 16


@dataclass(frozen=True, slots=True)
class Entry:
    """A body on its way out."""

    body: bytes
    segment: Segment
    index: int


class Spool:
    """A queue on disk, for one writing and one delivering thread.

    After ``append`` returns, the bodies survive a kill and a power cut. ``lost`` is called with each
    body that had to make room. ``recover`` brings back what an earlier process left; until it has run,
    only what is new is taken.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int,
        lost: Callable[[bytes], None],
        disk: Disk | None = None,
        now_ns: Callable[[], int] = time_ns,
    ) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._segment_bytes = min(SEGMENT_BYTES, max_bytes // _SEGMENTS_IN_CAP)
        self._largest_bytes = min(MAX_RECORD_BYTES, max_bytes // 2)
        self._deferred: deque[tuple[Segment, int]] = deque()
        self._lost = lost
        self._disk = disk or RealDisk()
        self._now_ns = now_ns
        self._segments: list[Segment] = []
        self._lock = Lock()
        self._last_name = 0
        # Looked up now: a later look would take this process's own new files for somebody's remains.
        names = self._disk.names(folder)
        self._left_behind = [name for name in names if name.endswith(".segment")]

    @property
    def waiting(self) -> int:
        """How many bodies are not acknowledged."""
        with self._lock:
            return sum(segment.waiting for segment in self._segments)

    @property
    def size_bytes(self) -> int:
        """How much disk the segments take."""
        with self._lock:
            return self._size_bytes()

    def _size_bytes(self) -> int:
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
            return Segment.recover(self._folder / name, self._disk)
        except OSError:  # unreadable now; it stays where it is, for somebody to look at
            return None

    def append(self, bodies: list[bytes]) -> None:
        """Return once ``bodies`` are on disk, and take them out of the list as they get there.

        Raises ``OSError`` when the disk takes no more; what is still in the list isn't kept. A body
        that is larger than the whole spool, or than a record can be, is lost at once.
        """
        for body in [body for body in bodies if len(body) > self._largest_bytes]:
            bodies.remove(body)
            self._lost(body)
        for batch in list(self._batches(bodies)):
            self._append(batch)
            del bodies[: len(batch)]

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

    def _append(self, bodies: list[bytes]) -> None:
        self._make_room(sum(map(len, bodies)))
        segment = self._open_segment()
        try:
            # Only this thread writes, so the slow part needs no lock; readers see the new records
            # when the index grows, after the sync.
            segment.append(bodies)
        except OSError:
            # What half arrived stays behind as damage; what comes next starts in a file of its own.
            self._seal(segment)
            raise
        if segment.size_bytes >= self._segment_bytes:
            self._seal(segment)

    def _open_segment(self) -> Segment:
        newest = self._segments[-1] if self._segments else None
        if newest is not None and newest.is_open:
            return newest
        # Names are times, and never go back even when the clock does.
        self._last_name = max(self._now_ns(), self._last_name + 1)
        path = self._folder / f"{self._last_name:020d}.segment"
        segment = Segment.create(path, self._disk)
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
            with self._lock:
                oldest = self._segments.pop(0)
                bodies = oldest.remaining()
                oldest.remove()
            for body in bodies:
                self._lost(body)

    def take(self) -> Entry | None:
        """Return the oldest body that nobody has taken, or ``None``."""
        with self._lock:
            for segment in list(self._segments):
                index = segment.take()
                if index is None:
                    continue
                try:
                    return Entry(segment.read(index), segment, index)
                except OSError:  # somebody deleted the file: what was in it is beyond help
                    self._segments.remove(segment)
            return self._again()

    def _again(self) -> Entry | None:
        """Return the body that was deferred longest and has not had to make room."""
        while self._deferred:
            segment, index = self._deferred.popleft()
            with suppress(OSError):
                if segment in self._segments:
                    return Entry(segment.read(index), segment, index)
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
            self._deferred.append((entry.segment, entry.index))

    def close(self) -> None:
        """Close all files; what waits stays on disk."""
        with self._lock:
            for segment in list(self._segments):
                segment.close()
                self._drop_if_done(segment)
