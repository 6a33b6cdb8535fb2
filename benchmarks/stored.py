"""What a monitor that has ended has in its files, read past its own questions, and whether its counts agree."""

import re
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from toolboxai.monitor.queries import Queries
from toolboxai.monitor.queries.payloads import dictionary_id, inflated

_NUMBER = re.compile(r"lesson-(\d+)")


@dataclass
class Stored:
    """How often each number is there, as an error and as a log record; and what the monitor says of itself."""

    errors: Counter[int] = field(default_factory=Counter)
    logs: Counter[int] = field(default_factory=Counter)
    in_issues: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    repeated: int = 0

    @property
    def contradictions(self) -> list[str]:
        """Where the monitor's counts differ from what it has, in words."""
        errors, logs = self.errors.total(), self.logs.total()
        said = [
            ("errors", self.counts.get("error", 0), errors),
            ("errors in issues", self.in_issues, errors),
            ("log records", self.counts.get("log", 0), logs),
        ]
        return [
            f"the monitor counts {counted} {what} and has {there}"
            for what, counted, there in said
            if counted != there
        ]


def stored_in(data: Path) -> Stored:
    """Return what is in the monitor's folder ``data``."""
    found = Stored()
    for path in (data / "days").glob("*-errors.db"):
        found.errors.update(map(_number_of_error, payloads(path, "event")))
    for path in (data / "days").glob("*-logs.db"):
        for lines in payloads(path, "log"):
            found.logs.update(_number_in(line["body"]) for line in lines)
    queries = Queries(data)
    found.counts = queries.counts()
    found.in_issues = sum(issue.count for issue in queries.issues(limit=1_000))
    found.repeated = sum(each.quantity for each in queries.outcomes() if each.outcome == "repeated")
    queries.close()
    return found


def payloads(path: Path, table: str) -> list[Any]:
    """Return the payloads in ``table`` of a day's file, in the order in which they arrived."""
    question = f"SELECT payload FROM {table} ORDER BY id"  # noqa: S608 - our own names
    with closing(sqlite3.connect(path)) as db:
        known = dict(db.execute("SELECT id, body FROM dictionary")) if table == "event" else {}
        return [
            orjson.loads(inflated(row[0], known.get(dictionary_id(row[0]))))
            for row in db.execute(question)
        ]


def _number_of_error(event: dict[str, Any]) -> int:
    return _number_in(event["exception"]["values"][-1]["value"])


def _number_in(text: str) -> int:
    found = _NUMBER.search(text)
    return int(found[1]) if found else -1
