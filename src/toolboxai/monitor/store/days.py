"""The files of one UTC day. Each remembers which batch it holds, so that a torn one can be undone."""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import orjson

from toolboxai.monitor.store.connection import open_reading, open_writing, writing
from toolboxai.monitor.store.folder import DataFolder, Kind
from toolboxai.monitor.store.records import Delta, Dictionary
from toolboxai.monitor.store.schema import DAY

MAX_IDS_PER_QUESTION = 500

# A kind's tables: where its rows go, and what else hangs on their ids.
INSERT = {
    Kind.ERRORS: "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    Kind.TRACES: "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    Kind.LOGS: "INSERT INTO log VALUES (?, ?, ?, ?)",
    Kind.OTHER: "INSERT INTO item VALUES (?, ?, ?, ?, ?, ?, ?)",
}
TABLE = {Kind.ERRORS: "event", Kind.TRACES: "event", Kind.LOGS: "log", Kind.OTHER: "item"}

Row = tuple[object, ...]


@dataclass(slots=True)
class Rows:
    """What one batch adds to one file. A row's id is put in front of it."""

    rows: list[Row] = field(default_factory=list)
    # Position in ``rows`` and trace id.
    traces: list[tuple[int, bytes]] = field(default_factory=list)
    # What the payloads were compressed with, if with anything.
    dictionary: Dictionary | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One file's part of a batch."""

    sequence: int
    files: tuple[str, ...]
    first_id: int
    delta: bytes


class DayFile:
    """The one connection that writes a day's file of one kind."""

    def __init__(self, path: Path, kind: Kind) -> None:
        self.path = path
        self.kind = kind
        self._db = open_writing(path, DAY[kind])
        self._next_id = self._first_free_id()

    def close(self) -> None:
        """Close the file; SQLite writes its WAL back."""
        self._db.close()

    def commit(self, added: Rows, *, sequence: int, files: Iterable[str], delta: bytes) -> None:
        """Add one batch's rows, durably, with what is needed to finish or to undo the batch."""
        first = self._next_id
        with writing(self._db) as db:
            db.executemany(
                INSERT[self.kind],
                ((number, *row) for number, row in enumerate(added.rows, start=first)),
            )
            if added.traces:
                db.executemany(
                    "INSERT OR IGNORE INTO log_of_trace VALUES (?, ?)",
                    ((trace_id, first + position) for position, trace_id in added.traces),
                )
            if added.dictionary:
                db.execute(
                    "INSERT OR IGNORE INTO dictionary VALUES (?, ?)",
                    (added.dictionary.id, added.dictionary.body),
                )
            # Those before it are whole, otherwise this one would not have been begun.
            db.execute("DELETE FROM batch")
            db.execute(
                "INSERT INTO batch VALUES (?, ?, ?, ?)",
                (sequence, orjson.dumps(list(files)).decode(), first, delta),
            )
        self._next_id = first + len(added.rows)

    def part_after(self, sequence: int) -> Part | None:
        """Return this file's part of a batch that meta.db doesn't know yet."""
        row = self._db.execute(
            "SELECT sequence, files, first_id, delta FROM batch WHERE sequence > ?", (sequence,)
        ).fetchone()
        return row and Part(row[0], tuple(orjson.loads(row[1])), row[2], row[3])

    def undo(self, part: Part) -> None:
        """Take the rows of a batch out again."""
        with writing(self._db) as db:
            db.execute(f"DELETE FROM {TABLE[self.kind]} WHERE id >= ?", (part.first_id,))  # noqa: S608 - our own table names
            if self.kind is Kind.LOGS:
                db.execute("DELETE FROM log_of_trace WHERE log_id >= ?", (part.first_id,))
            db.execute("DELETE FROM batch")
        self._next_id = self._first_free_id()

    def known_events(self, keys: Sequence[tuple[int, bytes]]) -> set[tuple[int, bytes]]:
        """Return which of these (project, event id) the file holds."""
        return known_events(self._db, keys)

    def _first_free_id(self) -> int:
        (last,) = self._db.execute(
            f"SELECT coalesce(max(id), 0) FROM {TABLE[self.kind]}"  # noqa: S608 - our own table names
        ).fetchone()
        return int(last) + 1


class PastDays:
    """The files of earlier days that may hold an event which is sent again. Only read."""

    def __init__(self) -> None:
        self._open: dict[Path, sqlite3.Connection] = {}

    def close(self) -> None:
        """Close all of them."""
        for db in self._open.values():
            db.close()
        self._open.clear()

    def known_events(
        self, paths: Iterable[Path], keys: Sequence[tuple[int, bytes]]
    ) -> set[tuple[int, bytes]]:
        """Return which of these (project, event id) the files at ``paths`` hold."""
        found: set[tuple[int, bytes]] = set()
        for path in paths:
            if path not in self._open:
                self._open[path] = open_reading(path)
            found |= known_events(self._open[path], keys)
        return found


def known_events(
    db: sqlite3.Connection, keys: Sequence[tuple[int, bytes]]
) -> set[tuple[int, bytes]]:
    """Return which of these (project, event id) are in this file of events."""
    found: set[tuple[int, bytes]] = set()
    for start in range(0, len(keys), MAX_IDS_PER_QUESTION):
        ids = [event_id for _, event_id in keys[start : start + MAX_IDS_PER_QUESTION]]
        marks = ",".join("?" * len(ids))
        rows = db.execute(
            f"SELECT project_id, event_id FROM event WHERE event_id IN ({marks})",  # noqa: S608 - only marks
            ids,
        )
        found.update(rows)
    return found


def newest_dictionary(paths: Iterable[Path]) -> Dictionary | None:
    """Return the dictionary that was made last, of the first of these files of events that has one."""
    for path in paths:
        with closing(open_reading(path)) as db:
            row = db.execute(
                "SELECT id, body FROM dictionary ORDER BY rowid DESC LIMIT 1"
            ).fetchone()
        if row:
            return Dictionary(*row)
    return None


def finish_or_undo(files: Sequence[DayFile], sequence: int) -> tuple[int, Delta, date] | None:
    """Return the whole batch after ``sequence`` that meta.db lacks; undo one that is torn.

    A batch is whole when all its files hold their part. Only the last one can be torn: the next
    isn't begun before meta.db has it.
    """
    parts = {file.path.name: (file, part) for file in files if (part := file.part_after(sequence))}
    if not parts:
        return None
    newest = next(part for _, part in parts.values())
    if set(newest.files) <= parts.keys():
        deltas = [part.delta for _, part in parts.values() if part.delta]
        day = max(DataFolder.day_of(file.path) for file, _ in parts.values())
        return newest.sequence, Delta.from_bytes(deltas[0]), day
    for file, part in parts.values():
        file.undo(part)
    return None


def bring_up_to_date(folder: DataFolder) -> None:
    """Give the files of an older version the columns that are asked for, whatever their day."""
    for kind in Kind:
        for path in folder.day_files(kind):
            with closing(open_reading(path)) as db:
                (version,) = db.execute("PRAGMA user_version").fetchone()
            if version < len(DAY[kind]):
                DayFile(path, kind).close()


def open_days(folder: DataFolder, first: date) -> list[DayFile]:
    """Open all files of ``first`` and later days."""
    return [
        DayFile(path, kind)
        for kind in Kind
        for path in folder.day_files(kind)
        if folder.day_of(path) >= first
    ]
