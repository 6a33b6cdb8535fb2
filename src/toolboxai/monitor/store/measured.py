"""The figures in meta.db: what a batch adds to them, and which are old enough to go."""

import sqlite3
from collections.abc import Iterator

import orjson

from toolboxai.monitor.sketches import Sketch
from toolboxai.monitor.store.periods import KEPT_MS, SPAN_RESOLUTIONS, Resolution
from toolboxai.monitor.store.records import MAX_SLOWEST, Delta, Measure, SeriesKey

SCHEMA = (
    # A transaction has the parent 0, a kind of span the id of its transaction.
    """
    CREATE TABLE series (
        id INTEGER PRIMARY KEY,
        project_id INTEGER NOT NULL,
        parent INTEGER NOT NULL,
        name TEXT NOT NULL,
        op TEXT NOT NULL,
        environment TEXT NOT NULL,
        UNIQUE (project_id, parent, name, op, environment)
    ) STRICT
    """,
    # In the order of time, so that a table reads what lies together and forgetting is one range.
    """
    CREATE TABLE measure (
        is_span INTEGER NOT NULL,
        resolution INTEGER NOT NULL,
        period INTEGER NOT NULL,
        series_id INTEGER NOT NULL,
        count INTEGER NOT NULL,
        weighted REAL NOT NULL,
        failed REAL NOT NULL,
        total_ms REAL NOT NULL,
        sketch BLOB NOT NULL,
        slowest TEXT NOT NULL,
        PRIMARY KEY (is_span, resolution, period, series_id)
    ) STRICT, WITHOUT ROWID
    """,
)


def prepare(db: sqlite3.Connection) -> None:
    """Teach a connection how sketches and lists of the slowest are put together."""
    db.create_function("merged", 2, _merged, deterministic=True)
    db.create_function("slower", 2, _slower, deterministic=True)


def series_id(db: sqlite3.Connection, key: SeriesKey) -> int | None:
    """Return the id of a series that there is already."""
    row = db.execute(
        """
        SELECT id FROM series
        WHERE (project_id, parent, name, op, environment) = (?, ?, ?, ?, ?)
        """,
        key,
    ).fetchone()
    return int(row[0]) if row else None


def next_series_id(db: sqlite3.Connection) -> int:
    """Return an id above all that are used."""
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM series").fetchone()
    return int(last) + 1


def series_sizes(db: sqlite3.Connection) -> list[tuple[int, int, int]]:
    """Return how many series there are of each (project, parent)."""
    return db.execute(
        "SELECT project_id, parent, count(*) FROM series GROUP BY project_id, parent"
    ).fetchall()


def add(db: sqlite3.Connection, delta: Delta) -> None:
    """Add the figures of a batch, in every length of time that is kept."""
    db.executemany("INSERT INTO series VALUES (?, ?, ?, ?, ?, ?)", delta.series)
    db.executemany(
        """
        INSERT INTO measure VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET
            count = count + excluded.count,
            weighted = weighted + excluded.weighted,
            failed = failed + excluded.failed,
            total_ms = total_ms + excluded.total_ms,
            sketch = merged(sketch, excluded.sketch),
            slowest = slower(slowest, excluded.slowest)
        """,
        (row for each in delta.measures for row in _rows(each)),
    )


def forget(db: sqlite3.Connection, now: int) -> None:
    """Remove what is older than its length of time is kept."""
    db.executemany(
        "DELETE FROM measure WHERE is_span = ? AND resolution = ? AND period < ?",
        (
            (is_span, resolution, now - kept_ms)
            for is_span in (False, True)
            for resolution, kept_ms in KEPT_MS.items()
        ),
    )


def forget_series(db: sqlite3.Connection) -> None:
    """Remove the series of which no figure is left: their names are free for others."""
    # What has figures at all has some of whole days.
    db.execute(
        """
        DELETE FROM series WHERE id NOT IN (
            SELECT series_id FROM measure WHERE is_span IN (0, 1) AND resolution = ?
        )
        """,
        (Resolution.DAY,),
    )


def _rows(measure: Measure) -> Iterator[tuple[object, ...]]:
    # A tuple, or, when it was read from a day's file, a list.
    is_span, number, period, count, weighted, failed, total_ms, units, slowest = measure
    sketch = Sketch.of(dict(zip(units[::2], units[1::2], strict=True))).to_bytes()
    named = orjson.dumps(slowest, default=tuple).decode()
    for resolution in SPAN_RESOLUTIONS if is_span else Resolution:
        start = resolution.start_of(period)
        yield (
            *(is_span, resolution, start, number),
            *(count, weighted, failed, total_ms, sketch),
            named,
        )


def _merged(one: bytes, other: bytes) -> bytes:
    first, second = Sketch.from_bytes(one), Sketch.from_bytes(other)
    if first.first > second.first:
        first, second = second, first
    # As Sketch.merged does it for any number of them; neither of these is empty.
    return Sketch(first.first, first.packed + second.shifted_to(first.first)).to_bytes()


def _slower(one: str, other: str) -> str:
    if other == "[]":
        return one
    both = [*orjson.loads(one), *orjson.loads(other)]
    return orjson.dumps(sorted(both, reverse=True)[:MAX_SLOWEST]).decode()
