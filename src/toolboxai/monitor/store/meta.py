"""meta.db: projects, issues, totals, outcomes, secrets. What a batch changes here comes as a delta."""

import sqlite3
from collections import Counter
from collections.abc import Iterable
from datetime import date

import orjson

from toolboxai.monitor.models import Project
from toolboxai.monitor.store import measured
from toolboxai.monitor.store.connection import open_writing, writing
from toolboxai.monitor.store.folder import DataFolder
from toolboxai.monitor.store.records import OVERFLOW, Delta, SeriesKey
from toolboxai.monitor.store.regressions import Resolution
from toolboxai.monitor.store.schema import META

MAX_FORGOTTEN_PER_BATCH = 1_000

# The names of the secrets.
PASSWORD = "password"  # noqa: S105
SESSION_KEY = "session key"


_FORGET_ISSUES = (
    "DELETE FROM issue_alias WHERE issue_id IN (SELECT value FROM json_each(?))",
    "DELETE FROM issue WHERE id IN (SELECT value FROM json_each(?))",
)


class MetaFile:
    """The one connection that writes meta.db."""

    def __init__(self, folder: DataFolder) -> None:
        self._db = open_writing(folder.meta, META)
        measured.prepare(self._db)

    def close(self) -> None:
        """Close the file; SQLite writes its WAL back."""
        self._db.close()

    def progress(self) -> tuple[int, date]:
        """Return the number of the last whole batch, and its day."""
        sequence, day = self._db.execute("SELECT sequence, day FROM progress").fetchone()
        return sequence, date.fromisoformat(day)

    def next_issue_id(self) -> int:
        """Return the first issue id that was never used."""
        (last,) = self._db.execute("SELECT coalesce(max(id), 0) FROM issue").fetchone()
        return int(last) + 1

    def issue_ids(self, keys: Iterable[tuple[int, str]]) -> dict[tuple[int, str], int]:
        """Return the ids of those (project, fingerprint) that have one."""
        found = {
            key: self._db.execute(
                """
                SELECT id FROM issue WHERE project_id = :project AND fingerprint = :fingerprint
                UNION ALL
                SELECT issue_id FROM issue_alias
                WHERE project_id = :project AND fingerprint = :fingerprint
                """,
                {"project": key[0], "fingerprint": key[1]},
            ).fetchone()
            for key in keys
        }
        return {key: row[0] for key, row in found.items() if row}

    def has_issues_before(self, grouping_version: int) -> bool:
        """Say whether there are issues that were made by older rules."""
        row = self._db.execute(
            "SELECT 1 FROM issue WHERE grouping < ? LIMIT 1", (grouping_version,)
        ).fetchone()
        return row is not None

    def issues_created_since(self, moment: int) -> Counter[int]:
        """Return how many issues each project got since ``moment`` (ms)."""
        rows = self._db.execute(
            """
            SELECT project_id, count(*) FROM issue
            WHERE created_at >= ? AND fingerprint <> ? GROUP BY project_id
            """,
            (moment, OVERFLOW),
        )
        return Counter(dict(rows))

    def resolutions(self, issue_ids: Iterable[int]) -> dict[int, Resolution]:
        """Return those of the issues that are resolved."""
        rows = self._db.execute(
            """
            SELECT id, resolved_at, resolved_in FROM issue
            WHERE id IN (SELECT value FROM json_each(?)) AND status = 'resolved'
            """,
            (orjson.dumps(list(issue_ids)).decode(),),
        )
        return {row[0]: Resolution(row[1] or 0, row[2]) for row in rows}

    def resolve(self, issue_id: int, *, at: int, in_release: str | None) -> bool:
        """Mark an issue as resolved; say whether there is such an issue."""
        with writing(self._db) as db:
            changed = db.execute(
                """
                UPDATE issue SET
                    status = 'resolved', resolved_at = ?, resolved_in = ?, regressed_at = NULL
                WHERE id = ?
                """,
                (at, in_release, issue_id),
            )
        return changed.rowcount > 0

    def reopen(self, issue_id: int) -> bool:
        """Mark an issue as unresolved; say whether there is such an issue."""
        with writing(self._db) as db:
            changed = db.execute(
                """
                UPDATE issue SET status = 'unresolved', resolved_at = NULL, resolved_in = NULL
                WHERE id = ?
                """,
                (issue_id,),
            )
        return changed.rowcount > 0

    def next_series_id(self) -> int:
        """Return the first id of a series that was never used."""
        return measured.next_series_id(self._db)

    def series_id(self, key: SeriesKey) -> int | None:
        """Return the id of a series that there is already."""
        return measured.series_id(self._db, key)

    def series_sizes(self) -> list[tuple[int, int, int]]:
        """Return how many series there are of each (project, parent)."""
        return measured.series_sizes(self._db)

    def forget_measures(self, now: int, *, also_series: bool) -> None:
        """Remove figures that are older than they are kept, and series of which none is left."""
        with writing(self._db) as db:
            measured.forget(db, now)
            if also_series:
                measured.forget_series(db)

    def is_known_envelope(self, project_id: int, envelope_id: str) -> bool:
        """Say whether this envelope was stored within the hours that ids are remembered."""
        row = self._db.execute(
            "SELECT 1 FROM envelope WHERE envelope_id = ? AND project_id = ?",
            (envelope_id, project_id),
        ).fetchone()
        return row is not None

    def advance(self, delta: Delta, sequence: int, day: date, *, forget_before: int) -> None:
        """Add ``delta`` and remember that batch ``sequence`` is whole, both or neither."""
        with writing(self._db) as db:
            _add(db, delta)
            measured.add(db, delta)
            db.execute("UPDATE progress SET sequence = ?, day = ?", (sequence, day.isoformat()))
            # The oldest first, so each batch forgets about as much as it adds.
            db.execute(
                """
                DELETE FROM envelope
                WHERE id IN (SELECT id FROM envelope ORDER BY id LIMIT ?) AND seen_at < ?
                """,
                (MAX_FORGOTTEN_PER_BATCH, forget_before),
            )

    def forget(self, before: int) -> int:
        """Delete issues last seen ``before`` (ms) and the outcomes of then; return how many issues.

        Only so many at once that a batch needn't wait for long.
        """
        with writing(self._db) as db:
            forgotten = [
                row[0]
                for row in db.execute(
                    "SELECT id FROM issue WHERE last_seen < ? ORDER BY last_seen LIMIT ?",
                    (before, MAX_FORGOTTEN_PER_BATCH),
                )
            ]
            ids = orjson.dumps(forgotten).decode()
            for statement in _FORGET_ISSUES:
                db.execute(statement, (ids,))
            db.execute("DELETE FROM outcome WHERE hour < ?", (before,))
        return len(forgotten)

    def projects(self) -> list[Project]:
        """Return all projects."""
        rows = self._db.execute("SELECT id, slug, name, public_key FROM project ORDER BY id")
        return [Project(id=row[0], slug=row[1], name=row[2], public_key=row[3]) for row in rows]

    def add_project(self, project: Project) -> None:
        """Add a project."""
        with writing(self._db) as db:
            db.execute(
                "INSERT INTO project VALUES (?, ?, ?, ?)",
                (project.id, project.slug, project.name, project.public_key),
            )

    def has_secret(self, name: str) -> bool:
        """Say whether a secret of this name exists."""
        row = self._db.execute("SELECT 1 FROM secret WHERE name = ?", (name,)).fetchone()
        return row is not None

    def set_secrets(self, secrets: dict[str, bytes]) -> None:
        """Keep secrets, in place of those of the same names."""
        with writing(self._db) as db:
            db.executemany(
                "INSERT OR REPLACE INTO secret (name, value) VALUES (?, ?)", secrets.items()
            )

    def add_token(self, token_hash: bytes, *, created_at: int) -> None:
        """Keep the hash of an API token."""
        with writing(self._db) as db:
            db.execute(
                "INSERT INTO token (hash, created_at) VALUES (?, ?)", (token_hash, created_at)
            )


def _add(db: sqlite3.Connection, delta: Delta) -> None:
    db.executemany(
        """
        INSERT INTO issue (
            id, project_id, fingerprint, title, culprit, level, platform, handled,
            count, first_seen, last_seen, latest_event_id
        )
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET
            title = iif(excluded.last_seen >= last_seen, excluded.title, title),
            culprit = iif(excluded.last_seen >= last_seen, excluded.culprit, culprit),
            level = iif(excluded.last_seen >= last_seen, excluded.level, level),
            latest_event_id = iif(
                excluded.last_seen >= last_seen, excluded.latest_event_id, latest_event_id
            ),
            handled = min(handled, excluded.handled),
            count = count + excluded.count,
            first_seen = min(first_seen, excluded.first_seen),
            last_seen = max(last_seen, excluded.last_seen)
        """,
        delta.issues,
    )
    db.executemany("UPDATE issue SET created_at = ?2, grouping = ?3 WHERE id = ?1", delta.created)
    db.executemany("INSERT OR IGNORE INTO issue_alias VALUES (?, ?, ?)", delta.aliases)
    db.executemany(
        """
        UPDATE issue SET
            status = 'unresolved', regressed_at = ?2, resolved_at = NULL, resolved_in = NULL
        WHERE id = ?1
        """,
        delta.regressions,
    )
    db.executemany(
        """
        INSERT INTO total (project_id, category, quantity) VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET quantity = quantity + excluded.quantity
        """,
        delta.totals,
    )
    db.executemany(
        """
        INSERT INTO outcome (project_id, hour, category, outcome, reason, quantity)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET quantity = quantity + excluded.quantity
        """,
        delta.outcomes,
    )
    db.executemany(
        """
        INSERT INTO envelope (project_id, envelope_id, seen_at) VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET seen_at = excluded.seen_at
        """,
        delta.envelopes,
    )
