"""One file of records and, beside it, which of them have been delivered."""

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from struct import iter_unpack, pack

from toolboxai.telemetry.spool.disk import Appender, Disk
from toolboxai.telemetry.spool.records import (
    Record,
    categories_in,
    damaged_in,
    found_in,
    label_of,
    record_at,
)

Categories = frozenset[str]
CategoriesOf = Callable[[bytes], Categories]

ACKNOWLEDGED = ".acknowledged"
# An acknowledgement is where a record starts, with this bit set: a place stays the same when a record before it is
# damaged. Without the bit it is which record it was, as the first version wrote it.
_IS_PLACE = 1 << 31

# A record's state is one byte, so that a quarter of a million of them are searched by `find`: its kind
# while it waits, with a bit set when it is deferred or taken. A kind is a place in the list of the
# sets of categories that occur in the segment; place 0 is for those beyond the last.
MAX_KINDS = 62
_KIND, _TAKEN, _DEFERRED, _DONE = 0x3F, 0x40, 0x80, 0xFF
_NEXT_ROUND = bytes(
    state & _KIND if state & _DEFERRED and state != _DONE else state for state in range(256)
)


class Segment:
    """Records by index, five bytes of memory each. Not safe for threads: the spool holds its lock."""

    def __init__(self, path: Path, disk: Disk) -> None:
        self.path = path
        self.disk = disk
        self.size_bytes = 0
        self.is_open = False
        self.is_urgent = False  # holds what is to be kept longer than the rest
        self.waiting = 0
        self.opened_ns = 0
        self.written_ns = 0  # when the last record came
        self.lost_for: str | None = None
        self.damaged: list[
            tuple[int, Categories]
        ] = []  # what could not be recovered: place, categories
        self._acknowledged_path = path.with_suffix(ACKNOWLEDGED)
        self._file: Appender | None = None
        self._acknowledged_file: Appender | None = None
        self._starts = array("I")
        self._states = bytearray()
        self._kinds: list[Categories] = [frozenset()]
        self._oldest = (-1, 0)  # index and time of the oldest that waits, as last looked up

    @classmethod
    def create(cls, path: Path, disk: Disk, now_ns: int) -> "Segment":
        """Return a new segment to write to."""
        segment = cls(path, disk)
        segment._file = disk.create(path)
        segment.is_open = True
        segment.opened_ns = segment.written_ns = now_ns
        return segment

    @classmethod
    def recover(cls, path: Path, disk: Disk, categories_of: CategoriesOf) -> "Segment":
        """Return what is whole of a segment that an earlier process left.

        ``categories_of`` a body is asked for records of the first version, which don't carry them.
        """
        segment = cls(path, disk)
        body = disk.read(path)
        segment.size_bytes = len(body)
        kinds: dict[bytes, int] = {}
        start = -1
        whole = list(found_in(body))
        for start, end in whole:
            label = label_of(body, start)
            if label is None:
                record = record_at(body[start:end])
                kind = segment._kind_of(categories_of(record.body if record else b""))
            elif (known := kinds.get(label)) is not None:
                kind = known
            else:
                kind = kinds[label] = segment._kind_of(categories_in(label))
            segment._starts.append(start)
            segment._states.append(kind)
        newest = record_at(body, start) if start >= 0 else None
        segment.written_ns = newest.written_ns if newest else 0
        segment.waiting = segment.count
        done = acknowledged_beside(path, disk)
        for index, start in enumerate(segment._starts if done else ()):
            if done.has(index, start):
                segment._finish(index)
        segment.damaged = [
            (start, categories)
            for start, categories in damaged_in(body, whole)
            if not done.has(None, start)
        ]
        return segment

    def _kind_of(self, categories: Categories) -> int:
        if categories in self._kinds:
            return self._kinds.index(categories)
        if len(self._kinds) > MAX_KINDS:
            return 0
        self._kinds.append(categories)
        return len(self._kinds) - 1

    @property
    def kinds(self) -> Sequence[Categories]:
        """The sets of categories that its records have or had."""
        return self._kinds

    @property
    def count(self) -> int:
        """How many records it holds."""
        return len(self._states)

    def write(self, parts: Sequence[bytes]) -> None:
        """Write and sync framed records; ``add`` then makes them part of the segment."""
        if self._file is None:
            msg = f"{self.path.name} is closed"
            raise OSError(msg)
        self._file.write(b"".join(parts))
        self._file.sync()

    def add(self, records: Sequence[Record], parts: Sequence[bytes]) -> None:
        """Let what was written be found."""
        for record, part in zip(records, parts, strict=True):
            self._starts.append(self.size_bytes)
            self._states.append(self._kind_of(record.categories))
            self.size_bytes += len(part)
            self.written_ns = record.written_ns
        self.waiting += len(records)

    def oldest(self, wanted: Mapping[Categories, bool]) -> int | None:
        """Return the index of the oldest record of a ``wanted`` kind that nobody has taken."""
        find = self._states.find
        found = [find(kind) for kind, each in enumerate(self._kinds) if wanted[each]]
        return min((index for index in found if index >= 0), default=None)

    def newest(self, wanted: Mapping[Categories, bool]) -> int | None:
        """Return the index of the newest record of a ``wanted`` kind that nobody has taken."""
        find = self._states.rfind
        index = max(
            [find(kind) for kind, each in enumerate(self._kinds) if wanted[each]], default=-1
        )
        return index if index >= 0 else None

    def take(self, index: int) -> Record | None:
        """Return a record that nobody else will be given; ``None`` if it has been damaged."""
        kind = self._states[index] & _KIND
        self._states[index] = kind | _TAKEN
        record = self.read(index)
        return record and record._replace(
            categories=record.categories or self._kinds[kind],
            written_ns=record.written_ns or number_of(self.path.name),
        )

    def read(self, index: int) -> Record | None:
        """Return a record; ``None`` if it has been damaged."""
        start = self._starts[index]
        end = self._starts[index + 1] if index + 1 < self.count else self.size_bytes
        return record_at(self.disk.read_part(self.path, start, end - start))

    @property
    def oldest_waiting_ns(self) -> int | None:
        """When the oldest record came that is not acknowledged, in nanoseconds since 1970."""
        index = self.count - len(self._states.lstrip(bytes([_DONE])))
        if index == self.count:
            return None
        if index != self._oldest[0]:
            record = self.read(index)
            self._oldest = (index, record.written_ns if record else 0)
        return self._oldest[1] or number_of(self.path.name)

    def give_back(self, index: int) -> None:
        """Let ``index`` be taken again."""
        if self._states[index] != _DONE:
            self._states[index] &= _KIND

    def defer(self, index: int) -> None:
        """Let ``index`` be taken again in the next round."""
        if self._states[index] != _DONE:
            self._states[index] = self._states[index] & _KIND | _DEFERRED

    def begin_round(self) -> None:
        """Let what was deferred be taken again."""
        self._states = self._states.translate(_NEXT_ROUND)

    def _finish(self, index: int) -> bool:
        if self._states[index] == _DONE:
            return False
        self._states[index] = _DONE
        self.waiting -= 1
        return True

    def acknowledge(self, index: int) -> None:
        """Note that a record has arrived.

        Not synced, and a full disk is no obstacle: at worst it is sent again after a restart, which
        the sink recognises.
        """
        if self._finish(index):
            self._note(self._starts[index])

    def acknowledge_damage(self) -> None:
        """Note that the damage was counted, so that the next start doesn't count it again."""
        for start, _ in self.damaged:
            self._note(start)
        self.damaged = []

    def _note(self, start: int) -> None:
        with suppress(OSError):
            if self._acknowledged_file is None:
                self._acknowledged_file = self.disk.append(self._acknowledged_path)
            self._acknowledged_file.write(pack("<I", start | _IS_PLACE))

    def free(self) -> list[int]:
        """Return the indices of what waits and nobody has taken."""
        return [index for index, state in enumerate(self._states) if state & _TAKEN == 0]

    def categories(self, index: int) -> Categories:
        """Return the categories of a record that is not acknowledged, whether or not it can be read."""
        return self._kinds[self._states[index] & _KIND]

    def remaining(self) -> Iterator[tuple[Categories, bytes | None]]:
        """Yield what waits and nobody has taken: its categories, and its body if that can be read."""
        for index in self.free():
            record = None
            with suppress(OSError):
                record = self.read(index)
            yield self.categories(index), record and record.body

    def close(self) -> None:
        """Stop writing to it."""
        self.is_open = False
        for file in (self._file, self._acknowledged_file):
            if file is not None:
                file.close()
        self._file = self._acknowledged_file = None

    def remove(self) -> None:
        """Delete it. The records go first: acknowledgements alone mean nothing."""
        self.close()
        self.disk.remove(self.path)
        self.disk.remove(self._acknowledged_path)


class Acknowledged(frozenset[int]):
    """What is written beside a segment."""

    def has(self, index: int | None, start: int) -> bool:
        """Say whether the record of that index and place has arrived, or is known to be beyond help."""
        return index in self or start | _IS_PLACE in self


def acknowledged_beside(path: Path, disk: Disk) -> Acknowledged:
    """Return which records of the segment at ``path`` have arrived."""
    path = path.with_suffix(ACKNOWLEDGED)
    if not disk.size(path):
        return Acknowledged()
    body = disk.read(path)
    whole = body[: len(body) - len(body) % 4]
    return Acknowledged(number for (number,) in iter_unpack("<I", whole))


def number_of(name: str) -> int:
    """Return the time in a segment's name; 0 when somebody else named it."""
    stem = name.partition(".")[0]
    return int(stem) if stem.isascii() and stem.isdigit() else 0
