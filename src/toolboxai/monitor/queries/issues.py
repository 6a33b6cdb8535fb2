"""Issues out of meta.db."""

import sqlite3
from datetime import UTC, datetime
from typing import Any

from toolboxai.monitor.models import Issue

_COLUMNS = """
    SELECT
        id, project_id, title, culprit, level, platform, handled,
        count, first_seen, last_seen, latest_event_id, status, regressed_at
    FROM issue
"""


def moment(milliseconds: int) -> datetime:
    """Return the time that the files keep as ``milliseconds``."""
    return datetime.fromtimestamp(milliseconds / 1_000, UTC)


def cursor_of(issue: Issue) -> str:
    """Return what ``Queries.issues(before=…)`` takes to go on after ``issue``."""
    return f"{round(issue.last_seen.timestamp() * 1_000)}:{issue.id}"


def one_issue(db: sqlite3.Connection, issue_id: int) -> Issue | None:
    """Return one issue."""
    row = db.execute(f"{_COLUMNS} WHERE id = ?", (issue_id,)).fetchone()
    return row and _issue(row)


def list_issues(
    db: sqlite3.Connection,
    *,
    project_id: int | None,
    limit: int,
    before: str | None,
    query: str,
    status: str | None,
) -> list[Issue]:
    """Return issues, last seen first."""
    conditions = ["TRUE"]
    if project_id is not None:
        conditions.append("project_id = :project")
    if before is not None:
        conditions.append("(last_seen, id) < (:last_seen, :id)")
    if status is not None:
        conditions.append("status = :status")
    if query:
        conditions.append("(title LIKE :like ESCAPE '\\' OR culprit LIKE :like ESCAPE '\\')")
    last_seen, number = _position(before) if before is not None else (0, 0)
    rows = db.execute(
        f"{_COLUMNS} WHERE {' AND '.join(conditions)} ORDER BY last_seen DESC, id DESC LIMIT :limit",
        {
            "project": project_id,
            "status": status,
            "last_seen": last_seen,
            "id": number,
            "like": f"%{_escaped(query)}%",
            "limit": limit,
        },
    )
    return [_issue(row) for row in rows]


def _position(cursor: str) -> tuple[int, int]:
    last_seen, _, number = cursor.partition(":")
    # 15 digits fit into SQLite's integers and are beyond any date.
    if not (last_seen.isascii() and last_seen.isdigit() and number.isascii() and number.isdigit()):
        msg = f"{cursor[:50]!r} is not a cursor"
        raise ValueError(msg)
    if len(last_seen) > 15 or len(number) > 15:
        msg = f"{cursor[:50]!r} is not a cursor"
        raise ValueError(msg)
    return int(last_seen), int(number)


def _escaped(query: str) -> str:
    return query.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


def _issue(row: tuple[Any, ...]) -> Issue:
    return Issue(
        id=row[0],
        project_id=row[1],
        title=row[2],
        culprit=row[3],
        level=row[4],
        platform=row[5],
        handled=bool(row[6]),
        count=row[7],
        first_seen=moment(row[8]),
        last_seen=moment(row[9]),
        latest_event_id=row[10],
        status=row[11],
        regressed_at=None if row[12] is None else moment(row[12]),
    )
