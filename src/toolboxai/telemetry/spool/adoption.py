"""What workers left that are no more, taken over by one that lives: it may be long until the next one starts."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic

from toolboxai.telemetry.spool.disk import RealDisk
from toolboxai.telemetry.spool.segment import ACKNOWLEDGED, number_of
from toolboxai.telemetry.spool.slots import FIGURES_NAME, Slot, claim, forget_figures

ADOPT_EVERY_SECONDS = 30.0


class Heir:
    """Looks now and then for segments of the same sink in folders that nobody holds, and moves them into ours.

    Only what there is room for: ``max_bytes`` is what our folder may hold, and what is too much for it
    waits where it is. A folder that a process holds isn't touched, whether or not the process does anything.
    """

    def __init__(
        self, mine: Slot, *, max_bytes: int, elapsed: Callable[[], float] = monotonic
    ) -> None:
        self._mine = mine
        self._max_bytes = max_bytes
        self._elapsed = elapsed
        self._due_at = elapsed()

    def look(self) -> list[str]:
        """Return the names of the segments that are ours since now; none while it isn't time to look again."""
        if self._elapsed() < self._due_at:
            return []
        self._due_at = self._elapsed() + ADOPT_EVERY_SECONDS
        moved: list[str] = []
        with suppress(OSError):  # what can't be had now is there for the next look
            self._adopt_into(moved)
        return moved

    def _adopt_into(self, moved: list[str]) -> None:
        mine = self._mine.folder
        left_bytes = self._max_bytes - sum(map(_size, mine.glob("*.segment")))
        for folder in sorted(mine.parent.glob("worker-*")):
            has_remains = any((*folder.glob("*.segment"), *folder.glob(FIGURES_NAME)))
            if folder == mine or not has_remains:
                continue
            if orphan := claim(folder):
                try:
                    forget_figures(folder)
                    left_bytes = _move_what_fits(folder, mine, left_bytes, moved)
                finally:
                    orphan.release()


def _move_what_fits(source: Path, target: Path, left_bytes: int, moved: list[str]) -> int:
    """Move segments, the oldest first, and note their names; return how many bytes are left then."""
    for segment in sorted(source.glob("*.segment")):
        size_bytes = _size(segment)
        if size_bytes > left_bytes:
            break
        moved.append(_move(segment, target))
        left_bytes -= size_bytes
    for folder in (target, source):
        RealDisk().sync_folder(folder)
    return left_bytes


def _size(segment: Path) -> int:
    return RealDisk().size(segment)


def _move(segment: Path, folder: Path) -> str:
    """Move a segment and what is known of it; return its name there. Names are times, so order holds."""
    to = _free(folder / segment.name)
    acknowledged = segment.with_suffix(ACKNOWLEDGED)
    # Acknowledgements first: without them a segment would only be delivered twice.
    if acknowledged.exists():
        acknowledged.rename(to.with_suffix(ACKNOWLEDGED))
    segment.rename(to)
    return to.name


def _free(path: Path) -> Path:
    """Return ``path``, or the next one when two workers wrote at the same nanosecond."""
    while path.exists():
        path = path.with_name(f"{number_of(path.name) + 1:020d}.segment")
    return path
