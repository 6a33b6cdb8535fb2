"""One file of records and, beside it, which of them have been delivered."""

from array import array
from contextlib import suppress
from pathlib import Path
from struct import iter_unpack, pack

from toolboxai.telemetry.spool.disk import Appender, Disk
from toolboxai.telemetry.spool.records import HEADER_BYTES, found_in, framed


class Segment:
    """Record bodies by index. Not safe for threads by itself: the spool holds its lock."""

    def __init__(self, path: Path, disk: Disk) -> None:
        self.path = path
        self.size_bytes = 0
        self.is_open = False
        self._disk = disk
        self._acknowledged_path = path.with_suffix(".acknowledged")
        self._file: Appender | None = None
        self._acknowledged_file: Appender | None = None
        self._spans = array("Q")  # offset and length of each body, flat
        self._acknowledged: set[int] = set()
        self._next = 0

    @classmethod
    def create(cls, path: Path, disk: Disk) -> "Segment":
        """Return a new segment to write to."""
        segment = cls(path, disk)
        segment._file = disk.create(path)
        segment.is_open = True
        return segment

    @classmethod
    def recover(cls, path: Path, disk: Disk) -> "Segment":
        """Return what is whole of a segment that an earlier process left."""
        segment = cls(path, disk)
        body = disk.read(path)
        segment.size_bytes = len(body)
        for offset, length in found_in(body):
            segment._spans.extend((offset, length))
        segment._acknowledged = segment._read_acknowledged()
        return segment

    def _read_acknowledged(self) -> set[int]:
        if not self._disk.size(self._acknowledged_path):
            return set()
        body = self._disk.read(self._acknowledged_path)
        whole = body[: len(body) - len(body) % 4]
        return {index for (index,) in iter_unpack("<I", whole) if index < self.count}

    @property
    def count(self) -> int:
        """How many records it holds."""
        return len(self._spans) // 2

    @property
    def waiting(self) -> int:
        """How many of them are not acknowledged."""
        return self.count - len(self._acknowledged)

    def append(self, bodies: list[bytes]) -> None:
        """Write and sync ``bodies``; only then are they part of the segment."""
        if self._file is None:
            msg = f"{self.path.name} is closed"
            raise OSError(msg)
        records = [framed(body) for body in bodies]
        self._file.write(b"".join(records))
        self._file.sync()
        for record, body in zip(records, bodies, strict=True):
            self._spans.extend((self.size_bytes + HEADER_BYTES, len(body)))
            self.size_bytes += len(record)

    def take(self) -> int | None:
        """Return the index of the oldest record that was neither acknowledged nor taken before."""
        while self._next < self.count:
            index = self._next
            self._next += 1
            if index not in self._acknowledged:
                return index
        return None

    def give_back(self, index: int) -> None:
        """Let ``index`` be taken again."""
        self._next = min(self._next, index)

    def read(self, index: int) -> bytes:
        """Return the body of a record."""
        offset, length = self._spans[2 * index], self._spans[2 * index + 1]
        return self._disk.read_part(self.path, offset, length)

    def acknowledge(self, index: int) -> None:
        """Note that a record has arrived.

        Not synced, and a full disk is no obstacle: at worst it is sent again after a restart, which
        the sink recognises.
        """
        self._acknowledged.add(index)
        with suppress(OSError):
            if self._acknowledged_file is None:
                self._acknowledged_file = self._disk.append(self._acknowledged_path)
            self._acknowledged_file.write(pack("<I", index))

    def remaining(self) -> list[bytes]:
        """Return the bodies that are not acknowledged."""
        return [self.read(index) for index in range(self.count) if index not in self._acknowledged]

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
        self._disk.remove(self.path)
        self._disk.remove(self._acknowledged_path)
