"""What waits in the folders of all workers, seen from outside: nothing is locked, moved or sent."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from toolboxai.telemetry.spool import records
from toolboxai.telemetry.spool.disk import RealDisk
from toolboxai.telemetry.spool.records import Record, found_in, record_at
from toolboxai.telemetry.spool.segment import (
    CategoriesOf,
    Segment,
    acknowledged_beside,
    number_of,
)
from toolboxai.telemetry.spool.slots import claim, label_of


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker's folder: for which sink (host and project), and whether a process has it now."""

    sink: str
    folder: Path
    is_running: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record that is on disk and not acknowledged."""

    record: Record
    size_bytes: int


def workers_in(root: Path) -> list[Worker]:
    """Return the folders of all workers below the spool's folder, in the order of their names."""
    return [
        Worker(label_of(folder.parent), folder, _is_claimed(folder))
        for folder in sorted(root.glob("*/worker-*"))
        if folder.is_dir()
    ]


def _is_claimed(folder: Path) -> bool:
    """Say whether a process has the folder. The lock is tried for a moment, shared.

    A worker that starts in this moment takes the next folder, and soon adopts what it finds here.
    """
    try:
        lock = os.open(folder / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lock)
    return False


def waiting_in(folder: Path, categories_of: CategoriesOf) -> Iterator[Waiting]:
    """Yield what waits in a worker's folder, errors and the rest each oldest first.

    A segment at a time is in memory, and of the two kinds of segments the one that was begun first comes first.
    """
    disk = RealDisk()
    for path in sorted(folder.glob("*.segment")):
        with suppress(FileNotFoundError):  # delivered meanwhile
            body = disk.read(path)
            acknowledged = acknowledged_beside(path, disk)
            for index, (start, end) in enumerate(found_in(body)):
                record = record_at(body, start)
                if record is not None and not acknowledged.has(index, start):
                    yield Waiting(_known(record, path, categories_of), end - start)


def damaged_in(folder: Path) -> Iterator[frozenset[str]]:
    """Yield the categories of what is in a worker's folder, can't be read any more and isn't counted yet."""
    disk = RealDisk()
    for path in sorted(folder.glob("*.segment")):
        with suppress(FileNotFoundError):
            body = disk.read(path)
            acknowledged = acknowledged_beside(path, disk)
            for start, categories in records.damaged_in(body, found_in(body)):
                if not acknowledged.has(None, start):
                    yield categories


def _known(record: Record, path: Path, categories_of: CategoriesOf) -> Record:
    """Return a record of the first version with what the others carry."""
    if record.written_ns:
        return record
    return record._replace(categories=categories_of(record.body), written_ns=number_of(path.name))


def discard(folder: Path, categories_of: CategoriesOf, *, before_ns: int) -> list[Record] | None:
    """Take away what was written before a time (epoch nanoseconds); return it, bodies left out.

    ``None`` when a process has the folder: what it is about to send isn't touched.
    """
    slot = claim(folder)
    if slot is None:
        return None
    gone: list[Record] = []
    try:
        for path in sorted(folder.glob("*.segment")):
            gone += _discard_from(path, categories_of, before_ns)
    finally:
        slot.release()
    return gone


def _discard_from(path: Path, categories_of: CategoriesOf, before_ns: int) -> list[Record]:
    segment = Segment.recover(path, RealDisk(), categories_of)
    gone = []
    for index in segment.free():
        record = segment.read(index)
        if record is None:
            continue
        known = _known(record, path, categories_of)
        if known.written_ns < before_ns:
            segment.acknowledge(index)
            gone.append(known._replace(body=b""))
    segment.close()
    if not segment.waiting and not segment.damaged:  # which is still to be counted
        segment.remove()
    return gone
