"""A place for segments: a folder on one disk, how much it may hold, and how large its segments become."""

from pathlib import Path

from toolboxai.telemetry.spool.disk import Disk
from toolboxai.telemetry.spool.records import MAX_BODY_BYTES
from toolboxai.telemetry.spool.segment import Segment

SEGMENT_BYTES = 4 * 1024 * 1024
_SEGMENTS_IN_CAP = 16


class Shelf:
    """Makes segments. ``overflow`` is the reason for which the oldest is lost when there is no room."""

    def __init__(self, folder: Path | None, disk: Disk, *, max_bytes: int, overflow: str) -> None:
        self.folder = folder
        self.disk = disk
        self.max_bytes = max_bytes
        self.overflow = overflow
        self.segment_bytes = min(SEGMENT_BYTES, max_bytes // _SEGMENTS_IN_CAP)
        self.largest_bytes = min(MAX_BODY_BYTES, max_bytes // 2)

    def holds(self, segment: Segment) -> bool:
        """Say whether ``segment`` is here."""
        return segment.disk is self.disk

    def left_behind(self) -> list[str]:
        """Return the names of the segments that are there, oldest first."""
        if self.folder is None:
            return []
        return [name for name in self.disk.names(self.folder) if name.endswith(".segment")]

    def new_segment(self, number: int, now_ns: int) -> Segment:
        """Return an empty segment whose name survives a power cut. Raises ``OSError``."""
        if self.folder is None:
            msg = "there is no folder to write to yet"
            raise OSError(msg)
        segment = Segment.create(self.folder / f"{number:020d}.segment", self.disk, now_ns)
        try:
            self.disk.sync_folder(self.folder)
        except OSError:
            segment.remove()
            raise
        return segment
