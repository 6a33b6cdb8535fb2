"""Where everything lies in the data folder, and who may use it. Knows names, not contents."""

import os
import sqlite3
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from pathlib import Path

from toolboxai.monitor.models import MonitorError


class StoreError(MonitorError):
    """The data folder can't be used; the message says why and what to do."""


class FolderInUseError(StoreError):
    """Another monitor writes to this data folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder} is in use by another monitor; stop that one or choose another data folder"
        )
        self.folder = folder


class DamagedError(StoreError):
    """SQLite can't use one of its files."""

    def __init__(self, path: Path, reason: sqlite3.Error) -> None:
        super().__init__(
            f"can't use {path}: {reason}; check its disk and its owner. If it is damaged, stop the "
            "monitor, then put back a copy of the whole data folder, or move the folder away to "
            "begin with an empty one"
        )


class WriteFailedError(StoreError):
    """A batch was not stored. ``is_damage`` says that its own content was the reason."""

    def __init__(self, reason: Exception, *, is_damage: bool) -> None:
        super().__init__(f"can't write: {reason}; check the disk of the data folder")
        self.is_damage = is_damage


class Kind(StrEnum):
    """What may be kept for a different time, and so lies in a file of its own a day."""

    ERRORS = "errors"
    TRACES = "traces"
    LOGS = "logs"
    OTHER = "other"


class DataFolder:
    """The names of the files in one data folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.meta = path / "meta.db"
        self.days = path / "days"
        self.dsn = path / "dsn"
        self.control = path / "control.key"

    def prepare(self) -> None:
        """Create the folder, for its owner alone."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.path.chmod(0o700)
            self.days.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            msg = f"can't use {self.path} as data folder: {error.strerror}; choose another one"
            raise StoreError(msg) from error

    def day_file(self, day: date, kind: Kind) -> Path:
        """Return where what arrived on ``day`` (UTC) lies."""
        return self.days / f"{day.isoformat()}-{kind}.db"

    @staticmethod
    def day_of(path: Path) -> date:
        """Return the day in the name of a day file."""
        return date.fromisoformat(path.name[:10])

    def day_files(self, kind: Kind) -> Iterator[Path]:
        """Yield the files of one kind, newest day first."""
        yield from sorted(self.days.glob(f"????-??-??-{kind}.db"), reverse=True)

    @staticmethod
    def with_companions(path: Path) -> tuple[Path, Path, Path]:
        """Return a SQLite file and what SQLite keeps beside it."""
        return path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")

    def size_of(self, path: Path) -> int:
        """Return how many bytes a day's file takes with what belongs to it."""
        return sum(each.stat().st_size for each in self.with_companions(path) if each.exists())

    def remove(self, path: Path) -> None:
        """Delete a day's file for good, the data first: what is left by a crash then is nothing."""
        for each in self.with_companions(path):
            each.unlink(missing_ok=True)
        self.sync_days()

    def remove_leftovers(self) -> None:
        """Delete what a crash left of files that were being removed."""
        for each in self.days.glob("????-??-??-*.db-*"):
            if not each.with_name(each.name.rpartition("-")[0]).exists():
                each.unlink(missing_ok=True)

    def sync_days(self) -> None:
        """Make the names of the day files survive a power cut."""
        descriptor = os.open(self.days, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def write_private(self, path: Path, text: str) -> None:
        """Make ``path`` hold ``text``, readable by its owner alone; all or nothing."""
        partial = path.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)


class FolderLock:
    """Held as long as this process may write. The system lets go of it when the process dies."""

    def __init__(self, folder: DataFolder) -> None:
        # SQLite's own file lock: works wherever SQLite does.
        path = folder.path / "lock.db"
        self._db = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        path.chmod(0o600)
        try:
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            self._db.close()
            raise FolderInUseError(folder.path) from error
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise DamagedError(path, error) from error

    def release(self) -> None:
        """Let another process write."""
        self._db.close()
