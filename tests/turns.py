"""Whose turn it is: tests run beside each other; one that measures what others would disturb runs alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_SH, LOCK_UN, flock
from pathlib import Path

# Both are only locked, so nothing is left behind; all who test this clone meet here, whoever started them.
DOOR, ROOM = Path(__file__).parent, Path(__file__)


@contextmanager
def turn(*, alone: bool) -> Iterator[None]:
    """Run the block beside others who don't mind, or ``alone``."""
    with _opened(DOOR) as door, _opened(ROOM) as room:
        # Whoever waits to be alone stands in the door meanwhile, or the others would never leave a gap.
        flock(door, LOCK_EX)
        flock(room, LOCK_EX if alone else LOCK_SH)
        flock(door, LOCK_UN)
        yield


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        flock(descriptor, LOCK_UN)  # a child that was forked meanwhile still has it open
        os.close(descriptor)
