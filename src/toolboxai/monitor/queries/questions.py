"""What one can ask. Finds the files; what is in them is decoded elsewhere."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from toolboxai.monitor import auth
from toolboxai.monitor.models import (
    ACCEPTED,
    EventRef,
    Issue,
    LogLine,
    Outcome,
    OutcomeSteps,
    Project,
    Span,
    StoredEvent,
)
from toolboxai.monitor.queries.figures import Figures
from toolboxai.monitor.queries.issues import list_issues, moment, one_issue
from toolboxai.monitor.queries.payloads import (
    dictionary_id,
    event_of,
    inflated,
    log_lines_in,
    spans_in,
)
from toolboxai.monitor.queries.pool import Pool
from toolboxai.monitor.queries.windows import Window
from toolboxai.monitor.settings import Limits
from toolboxai.monitor.store.folder import DataFolder, Kind
from toolboxai.monitor.store.meta import PASSWORD, SESSION_KEY

MAX_TRACE_TRANSACTIONS = 100
MAX_TRACE_LOG_ITEMS = 1_000
MAX_IDS_PER_PAGE = 10_000
_ID_PAGE = "SELECT id, lower(hex(event_id)) FROM event WHERE id > ? ORDER BY id LIMIT ?"
ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


class Queries:
    """Answers questions about the data folder ``data``."""

    def __init__(self, data: Path, limits: Limits | None = None) -> None:
        self._folder = DataFolder(data)
        self._limits = limits or Limits()
        self._pool = Pool(timeout_seconds=self._limits.read_timeout_seconds)
        self._figures = Figures(self._pool, self._folder)

    def close(self) -> None:
        """Close the connections that wait for the next question."""
        self._pool.close()

    @property
    def figures(self) -> Figures:
        """Who knows how long things take."""
        return self._figures

    def projects(self) -> list[Project]:
        """Return all projects."""
        rows = self._meta("SELECT id, slug, name, public_key FROM project ORDER BY id")
        return [Project(id=row[0], slug=row[1], name=row[2], public_key=row[3]) for row in rows]

    def issues(
        self,
        *,
        project_id: int | None = None,
        limit: int = 50,
        before: str | None = None,
        query: str = "",
        status: str | None = None,
    ) -> list[Issue]:
        """Return issues, last seen first. A ``before`` that is no cursor is a ``ValueError``."""
        with self._pool.reading(self._folder.meta) as db:
            return list_issues(
                db, project_id=project_id, limit=limit, before=before, query=query, status=status
            )

    def issue(self, issue_id: int) -> Issue | None:
        """Return one issue."""
        with self._pool.reading(self._folder.meta) as db:
            return one_issue(db, issue_id)

    def latest_event(self, issue_id: int) -> StoredEvent | None:
        """Return the newest event of an issue: after an outage that isn't the one that arrived last."""
        condition = "issue_id = ? ORDER BY seen_at DESC, id DESC LIMIT 1"
        return self._first_event(Kind.ERRORS, condition, (issue_id,))

    def event(self, project_id: int, event_id: str) -> StoredEvent | None:
        """Return one error or transaction (whose ``issue_id`` is 0)."""
        if not ID.fullmatch(event_id):
            return None
        values = (bytes.fromhex(event_id), project_id)
        condition = "event_id = ? AND project_id = ?"
        return self._first_event(Kind.ERRORS, condition, values) or self._first_event(
            Kind.TRACES, condition, values
        )

    def events_of(self, issue_id: int, *, limit: int = 100) -> list[EventRef]:
        """Return where the events of an issue are, the newest of each day of arrival first."""
        found: list[EventRef] = []
        for path in self._folder.day_files(Kind.ERRORS):
            rows = self._ask(
                path,
                """
                SELECT event_id, project_id, issue_id, received_at FROM event
                WHERE issue_id = ? ORDER BY seen_at DESC, id DESC LIMIT ?
                """,
                (issue_id, limit - len(found)),
            )
            found += [_reference(row) for row in rows]
            if len(found) >= limit:
                break
        return found

    def spans_of_trace(self, trace_id: str) -> list[Span]:
        """Return a trace's transactions and their spans by start."""
        if not ID.fullmatch(trace_id):
            return []
        rows = self._newest(
            Kind.TRACES,
            "SELECT project_id, payload FROM event WHERE trace_id = ? ORDER BY id DESC LIMIT ?",
            bytes.fromhex(trace_id),
            MAX_TRACE_TRANSACTIONS,
        )
        spans = [span for row in rows for span in spans_in(orjson.loads(row[1]), row[0])]
        return sorted(spans, key=lambda span: (span.start, not span.is_segment))

    def logs_of_trace(self, trace_id: str) -> list[LogLine]:
        """Return a trace's log lines by time."""
        if not ID.fullmatch(trace_id):
            return []
        rows = self._newest(
            Kind.LOGS,
            """
            SELECT payload FROM log JOIN log_of_trace ON log_id = id
            WHERE trace_id = ? ORDER BY id DESC LIMIT ?
            """,
            bytes.fromhex(trace_id),
            MAX_TRACE_LOG_ITEMS,
        )
        lines = [line for row in rows for line in log_lines_in(orjson.loads(row[0]), trace_id)]
        return sorted(lines, key=lambda line: line.timestamp)

    def counts(self) -> dict[str, int]:
        """Return how many items of each category are stored: error, transaction, log …."""
        rows = self._meta("SELECT category, sum(quantity) FROM total GROUP BY category")
        return {"error": 0, "transaction": 0, "log": 0, **dict(rows)}

    def event_ids(self) -> Iterator[str]:
        """Yield the ids of all stored errors and transactions."""
        for kind in (Kind.ERRORS, Kind.TRACES):
            for path in self._folder.day_files(kind):
                yield from self._ids_in(path)

    def outcomes(self, *, limit: int = 200) -> list[Outcome]:
        """Return what became of items that were not simply accepted, most frequent first."""
        rows = self._meta(
            """
            SELECT category, outcome, reason, sum(quantity) AS quantity FROM outcome
            WHERE outcome != ? GROUP BY category, outcome, reason ORDER BY quantity DESC, category, reason LIMIT ?
            """,
            (ACCEPTED, limit),
        )
        return [
            Outcome(category=row[0], outcome=row[1], reason=row[2], quantity=row[3]) for row in rows
        ]

    def outcomes_over(self, window: Window, *, project_id: int | None = None) -> list[OutcomeSteps]:
        """Return what became of everything in each step of ``window``, whose steps are hours at least; most first.

        Of one project, or of all and of strangers, who have none.
        """
        rows = self._meta(
            """
            SELECT category, outcome, reason, (hour - ?1) / ?2, sum(quantity) FROM outcome
            WHERE hour >= ?1 AND hour < ?3 AND (?4 IS NULL OR project_id = ?4) GROUP BY 1, 2, 3, 4
            """,
            (window.since, window.asked.step, window.until, project_id),
        )
        found: dict[tuple[str, str, str], list[int]] = {}
        for category, outcome, reason, step, quantity in rows:
            steps = found.setdefault((category, outcome, reason), [0] * window.asked.steps)
            steps[step] += quantity
        said = [
            OutcomeSteps(
                category=category,
                outcome=outcome,
                reason=reason,
                quantity=sum(steps),
                steps=tuple(steps),
            )
            for (category, outcome, reason), steps in found.items()
        ]
        return sorted(said, key=lambda one: (-one.quantity, one.category, one.outcome, one.reason))

    def token_is_known(self, token: str) -> bool:
        """Say whether an API token was given out by this monitor."""
        # Looked up by its hash, so the time tells nothing about the token.
        return bool(self._meta("SELECT 1 FROM token WHERE hash = ?", (auth.token_hash(token),)))

    def password_matches(self, password: str) -> bool:
        """Say whether this is the password of the user ``admin`` (slow on purpose)."""
        return auth.password_matches(password, self._secret(PASSWORD))

    def session_key(self) -> bytes:
        """Return the secret that signs the pages' session cookies; a new password changes it."""
        return self._secret(SESSION_KEY)

    def _ids_in(self, path: Path) -> Iterator[str]:
        """Yield in pages: nobody may be kept waiting, nor all ids be held at once."""
        last = 0
        while rows := self._ask(path, _ID_PAGE, (last, MAX_IDS_PER_PAGE)):
            yield from (row[1] for row in rows)
            last = rows[-1][0]

    def _secret(self, name: str) -> bytes:
        ((value,),) = self._meta("SELECT value FROM secret WHERE name = ?", (name,))
        return bytes(value)

    def _first_event(
        self, kind: Kind, condition: str, values: tuple[object, ...]
    ) -> StoredEvent | None:
        question = (
            "SELECT event_id, project_id, issue_id, received_at, payload FROM event "  # noqa: S608 - our own conditions
            f"WHERE {condition}"
        )
        for path in self._folder.day_files(kind):
            for row in self._ask(path, question, values):
                event_id, received_at = row[0].hex(), row[3]
                body = self._inflated(path, row[4])
                return StoredEvent(
                    event_id=event_id,
                    project_id=row[1],
                    issue_id=row[2],
                    received_at=moment(received_at),
                    payload=event_of(
                        body, event_id=event_id, received_at=received_at, limits=self._limits
                    ),
                )
        return None

    def _newest(
        self, kind: Kind, question: str, value: object, limit: int
    ) -> list[tuple[Any, ...]]:
        """Return rows of the newest files; what each ends with is a payload, inflated."""
        found: list[tuple[Any, ...]] = []
        for path in self._folder.day_files(kind):
            rows = self._ask(path, question, (value, limit - len(found)))
            found += [(*row[:-1], self._inflated(path, row[-1])) for row in rows]
            if len(found) >= limit:
                break
        return found

    def _inflated(self, path: Path, payload: bytes) -> bytes:
        number = dictionary_id(payload)
        if not number:
            return inflated(payload)
        rows = self._ask(path, "SELECT body FROM dictionary WHERE id = ?", (number,))
        return inflated(payload, *rows[0])

    def _meta(self, question: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        return self._ask(self._folder.meta, question, values)

    def _ask(
        self, path: Path, question: str, values: tuple[object, ...] = ()
    ) -> list[tuple[Any, ...]]:
        try:
            with self._pool.reading(path) as db:
                return db.execute(question, values).fetchall()
        except sqlite3.OperationalError:
            # A day that is forgotten between finding its file and opening it.
            if path == self._folder.meta or path.exists():
                raise
            return []


def _reference(row: tuple[Any, ...]) -> EventRef:
    return EventRef(
        event_id=row[0].hex(), project_id=row[1], issue_id=row[2], received_at=moment(row[3])
    )
