"""The log lines of a trace, as their table shows them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from toolboxai.monitor.models import LogLine
from toolboxai.monitor.web.facts import Fact, facts_of
from toolboxai.monitor.web.lenient import text_of

MAX_LOG_LINES = 200
MAX_ATTRIBUTES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One line of the table."""

    at: datetime
    level: str
    body: str
    facts: tuple[Fact, ...]


def rows_of(lines: Sequence[LogLine]) -> list[LogRow]:
    """Return the last ``MAX_LOG_LINES`` lines in their order."""
    return [_row(line) for line in lines[-MAX_LOG_LINES:]]


def _row(line: LogLine) -> LogRow:
    telling = {
        name: part for name, part in line.attributes.items() if not name.startswith("sentry.")
    }
    return LogRow(
        at=line.timestamp,
        level=text_of(line.level, max_chars=20),
        body=text_of(line.body),
        facts=facts_of(telling, max_facts=MAX_ATTRIBUTES),
    )
