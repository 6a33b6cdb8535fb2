"""A copy of the data folder as it was at one moment, made while others go on writing to it."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from toolboxai.monitor.store.connection import open_reading
from toolboxai.monitor.store.folder import DamagedError, DataFolder, Kind, StoreError


class CopyError(StoreError):
    """A copy can't be made or put back; the message says why and what to do."""

    @classmethod
    def from_os(cls, target: Path, error: OSError) -> "CopyError":
        """Return what to say when the system refuses."""
        return cls(f"can't copy to {target}: {error.strerror}; check the disk and its owner")


class Snapshot:
    """All files as they were when it was made: until it is closed, none of them changes for it.

    To be made between two batches, in the thread that writes them; whoever copies may take its time. The
    files' logs of changes grow meanwhile.
    """

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder
        self._open: dict[Path, sqlite3.Connection] = {}
        try:
            for path in _files(folder):
                db = self._open[path] = open_reading(path)
                db.execute("BEGIN")
                # A transaction sees nothing before it has looked.
                db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let the files go on."""
        while self._open:
            self._open.popitem()[1].close()

    def copy_to(self, target: Path) -> None:
        """Make the folder ``target``, whole or not at all; what can't be written is an ``OSError``."""
        if target.exists():
            msg = f"{target} exists; name a folder that doesn't"
            raise CopyError(msg)
        partial = target.with_name(f"{target.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        copy = DataFolder(partial)
        copy.prepare()
        try:
            for path, db in self._open.items():
                _copy(db, partial / path.relative_to(self._folder.path))
        except sqlite3.Error as error:
            shutil.rmtree(partial, ignore_errors=True)
            msg = f"can't copy to {target}: {error}; check the disk that it is on"
            raise CopyError(msg) from error
        copy.sync_days()
        partial.rename(target)


def put_back(backup: Path, folder: DataFolder) -> None:
    """Make ``folder`` what ``backup`` is, after a look at every page of it.

    meta.db comes last: a folder without it was never used, and this can be done again.
    """
    source = DataFolder(backup)
    if not source.meta.is_file():
        msg = f"{backup} is no copy of a monitor's data: it has no {source.meta.name}"
        raise CopyError(msg)
    if folder.meta.exists():
        msg = f"{folder.path} has data already; name an empty folder, or move it away first"
        raise CopyError(msg)
    for path in _files(source):
        _check(path)
    folder.prepare()
    *days, meta = _files(source)
    for path in (*days, meta):
        place = folder.path / path.relative_to(backup)
        partial = place.with_name(f"{place.name}.partial")
        shutil.copyfile(path, partial)
        partial.chmod(0o600)
        _sync(partial)
        partial.replace(place)
    folder.sync_days()
    _sync(folder.path)


def _files(folder: DataFolder) -> Iterator[Path]:
    """Yield all files that matter, meta.db last."""
    for kind in Kind:
        yield from folder.day_files(kind)
    yield folder.meta


def _copy(db: sqlite3.Connection, place: Path) -> None:
    with closing(sqlite3.connect(place, isolation_level=None)) as copy:
        db.backup(copy)
        # Without files beside it, so that it can be moved as it is.
        copy.execute("PRAGMA journal_mode=DELETE")
    place.chmod(0o600)
    _sync(place)


def _check(path: Path) -> None:
    try:
        with closing(open_reading(path)) as db:
            (told,) = db.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        raise DamagedError(path, error) from error
    if told != "ok":
        raise DamagedError(path, sqlite3.DatabaseError(told))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
