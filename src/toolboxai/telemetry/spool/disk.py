"""The few file operations that the spool's promise rests on, in one place so that tests can break each."""

import os
from pathlib import Path
from typing import Protocol


class Appender(Protocol):
    """A file that only grows."""

    def write(self, body: bytes) -> None:
        """Add ``body`` at the end, all of it or raise ``OSError``."""

    def sync(self) -> None:
        """Return once what was written survives a power cut."""

    def close(self) -> None:
        """Give the file back."""


class Disk(Protocol):
    """Files in one folder."""

    def names(self, folder: Path) -> list[str]:
        """Return the names in ``folder``, sorted."""

    def create(self, path: Path) -> Appender:
        """Return a new, empty file."""

    def append(self, path: Path) -> Appender:
        """Return the end of a file, made if missing."""

    def size(self, path: Path) -> int:
        """Return the length in bytes; 0 if it is gone."""

    def modified_ns(self, path: Path) -> int:
        """Return when a file was last written to, in nanoseconds since the epoch; 0 if nobody knows."""

    def read(self, path: Path) -> bytes:
        """Return the whole file."""

    def read_part(self, path: Path, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes from ``offset``."""

    def remove(self, path: Path) -> None:
        """Delete a file; it may be gone already."""

    def sync_folder(self, folder: Path) -> None:
        """Return once new names in ``folder`` survive a power cut."""


_sync = getattr(os, "fdatasync", os.fsync)  # macOS has only the slower one


class _RealAppender:
    def __init__(self, path: Path, flags: int) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | flags, 0o600)

    def write(self, body: bytes) -> None:
        view = memoryview(body)
        while view:
            view = view[os.write(self._fd, view) :]

    def sync(self) -> None:
        _sync(self._fd)

    def close(self) -> None:
        os.close(self._fd)


class RealDisk:
    """The machine's own disk. Folders are 0700, files 0600."""

    def names(self, folder: Path) -> list[str]:
        """Return the names in ``folder``, sorted."""
        return sorted(os.listdir(folder))  # noqa: PTH208 - names, not paths

    def create(self, path: Path) -> Appender:
        """Return a new, empty file."""
        return _RealAppender(path, os.O_CREAT | os.O_EXCL)

    def append(self, path: Path) -> Appender:
        """Return the end of a file, made if missing."""
        return _RealAppender(path, os.O_CREAT)

    def size(self, path: Path) -> int:
        """Return the length in bytes; 0 if it is gone."""
        return path.stat().st_size if path.exists() else 0

    def modified_ns(self, path: Path) -> int:
        """Return when a file was last written to, in nanoseconds since the epoch."""
        return path.stat().st_mtime_ns

    def read(self, path: Path) -> bytes:
        """Return the whole file."""
        return path.read_bytes()

    def read_part(self, path: Path, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes from ``offset``."""
        fd = os.open(
            path, os.O_RDONLY | os.O_CLOEXEC
        )  # each envelope is read alone: a file object costs thrice
        try:
            return os.pread(fd, length, offset)
        finally:
            os.close(fd)

    def remove(self, path: Path) -> None:
        """Delete a file; it may be gone already."""
        path.unlink(missing_ok=True)

    def sync_folder(self, folder: Path) -> None:
        """Return once new names in ``folder`` survive a power cut."""
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
