"""Files in memory: where records wait while the disk takes none."""

from pathlib import Path

from toolboxai.telemetry.spool.disk import Appender


class _MemoryAppender:
    def __init__(self, body: bytearray) -> None:
        self._body = body

    def write(self, body: bytes) -> None:
        self._body += body

    def sync(self) -> None:
        pass

    def close(self) -> None:
        pass


class MemoryDisk:
    """A disk whose files end with the process."""

    def __init__(self) -> None:
        self._files: dict[Path, bytearray] = {}

    def names(self, folder: Path) -> list[str]:
        """Return the names in ``folder``, sorted."""
        return sorted(path.name for path in self._files if path.parent == folder)

    def create(self, path: Path) -> Appender:
        """Return a new, empty file."""
        self._files[path] = bytearray()
        return _MemoryAppender(self._files[path])

    def append(self, path: Path) -> Appender:
        """Return the end of a file, made if missing."""
        return _MemoryAppender(self._files.setdefault(path, bytearray()))

    def size(self, path: Path) -> int:
        """Return the length in bytes; 0 if it is gone."""
        return len(self._files.get(path, b""))

    def modified_ns(self, path: Path) -> int:
        """Return 0: nobody asks how old memory is."""
        del path
        return 0

    def read(self, path: Path) -> bytes:
        """Return the whole file."""
        return bytes(self._files[path])

    def read_part(self, path: Path, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes from ``offset``."""
        return bytes(self._files[path][offset : offset + length])

    def remove(self, path: Path) -> None:
        """Delete a file; it may be gone already."""
        self._files.pop(path, None)

    def sync_folder(self, folder: Path) -> None:
        """Return at once: nothing here survives anything."""
