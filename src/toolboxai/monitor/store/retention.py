"""Which day files have to go: for their age, or because there is more than there may be. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from toolboxai.monitor.settings import Limits
from toolboxai.monitor.store.folder import Kind


@dataclass(frozen=True, slots=True)
class Kept:
    """A day's file, and what it takes of the disk with all that belongs to it."""

    path: Path
    day: date
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Room:
    """How long files of a kind are kept, and how much all of them may take."""

    days: int
    max_bytes: int


def room_for(kind: Kind, limits: Limits) -> Room:
    """Return what the limits say about a kind."""
    return {
        Kind.ERRORS: Room(limits.keep_errors_days, limits.max_errors_bytes),
        Kind.TRACES: Room(limits.keep_traces_days, limits.max_traces_bytes),
        Kind.LOGS: Room(limits.keep_logs_days, limits.max_logs_bytes),
        Kind.OTHER: Room(limits.keep_other_days, limits.max_other_bytes),
    }[kind]


def surplus(files: Iterable[Kept], room: Room, *, today: date) -> Iterator[Path]:
    """Yield the files that have no room. Today's has it: what comes in is worth most.

    A file of ``room.days`` days ago is the oldest that stays. Of what is young enough the oldest go
    until the rest fits; once one doesn't, none before it stays, so that what is there has no holes.
    """
    oldest = today - timedelta(days=room.days)
    left = room.max_bytes
    for file in sorted(files, key=lambda each: each.day, reverse=True):
        left -= file.size_bytes
        if file.day < today and (file.day < oldest or left < 0):
            yield file.path
