"""How the monitor's SQLite files are opened, and what a transaction is."""

import sqlite3
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from toolboxai.monitor.store.folder import DamagedError, StoreError

MAX_WAL_BYTES = 64 * 1024 * 1024
STEPS_BETWEEN_CLOCK_READS = 10_000


def open_writing(path: Path, migrations: Sequence[Sequence[str]]) -> sqlite3.Connection:
    """Open the one connection that writes, and therefore checkpoints, ``path``.

    SQLite before 3.51.3 can corrupt a WAL file that two connections checkpoint.
    """
    try:
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    except sqlite3.DatabaseError as error:
        raise DamagedError(path, error) from error
    try:
        path.chmod(0o600)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute(f"PRAGMA journal_size_limit={MAX_WAL_BYTES}")
        _migrate(db, path, migrations)
    except sqlite3.DatabaseError as error:
        db.close()
        raise DamagedError(path, error) from error
    except BaseException:
        db.close()
        raise
    return db


def open_reading(path: Path) -> sqlite3.Connection:
    """Open a connection that can't write."""
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=5,
    )
    db.execute("PRAGMA query_only=1")
    return db


@contextmanager
def time_limit(db: sqlite3.Connection, seconds: float) -> Generator[sqlite3.Connection]:
    """Interrupt whatever ``db`` does in the block after ``seconds``."""
    deadline = time.monotonic() + seconds
    db.set_progress_handler(lambda: time.monotonic() > deadline, STEPS_BETWEEN_CLOCK_READS)
    try:
        yield db
    finally:
        db.set_progress_handler(None, 0)


@contextmanager
def writing(db: sqlite3.Connection) -> Generator[sqlite3.Connection]:
    """Hold the write lock for the block; commit, durably, only if it succeeds."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        # A full disk makes SQLite roll back by itself.
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _migrate(db: sqlite3.Connection, path: Path, migrations: Sequence[Sequence[str]]) -> None:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > len(migrations):
        msg = (
            f"{path} has schema version {version}, this monitor knows up to {len(migrations)}; "
            "update toolboxai, or use another data folder"
        )
        raise StoreError(msg)
    for number, statements in enumerate(migrations[version:], start=version + 1):
        with writing(db):
            for statement in statements:
                db.execute(statement)
            db.execute(f"PRAGMA user_version={number}")
