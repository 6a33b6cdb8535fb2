"""Read-only connections, kept for the next question. One thread uses one at a time."""

import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from toolboxai.monitor.store.connection import open_reading, time_limit
from toolboxai.monitor.store.folder import DamagedError

MAX_IDLE_CONNECTIONS = 16


class Pool:
    """Lends connections to SQLite files."""

    def __init__(self, *, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._idle: list[tuple[Path, sqlite3.Connection]] = []

    @contextmanager
    def reading(self, path: Path) -> Generator[sqlite3.Connection]:
        """Lend a connection to ``path``; what takes too long is interrupted."""
        db = self._take(path) or open_reading(path)
        try:
            with time_limit(db, self._timeout_seconds):
                yield db
        except sqlite3.OperationalError:
            db.close()
            raise
        except sqlite3.DatabaseError as error:
            db.close()
            raise DamagedError(path, error) from error
        except BaseException:
            db.close()
            raise
        self._give_back(path, db)

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, db in idle:
            db.close()

    def _take(self, path: Path) -> sqlite3.Connection | None:
        with self._lock:
            for position in range(len(self._idle) - 1, -1, -1):
                if self._idle[position][0] == path:
                    return self._idle.pop(position)[1]
        return None

    def _give_back(self, path: Path, db: sqlite3.Connection) -> None:
        with self._lock:
            idle = [*self._idle, (path, db)]
            # A file that was forgotten takes room on the disk as long as it is open.
            self._idle = [each for each in idle if each[0].exists()][-MAX_IDLE_CONNECTIONS:]
            surplus = [each for each in idle if each not in self._idle]
        for _, unused in surplus:
            unused.close()
