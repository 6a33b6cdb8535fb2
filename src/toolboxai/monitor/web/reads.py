"""What the pages want to know of the monitor; ``toolboxai.monitor.queries.Queries`` answers it."""

from typing import Protocol

from toolboxai.monitor.models import EventRef, Issue, LogLine, Project, Span, StoredEvent


class Reads(Protocol):
    """The questions that pages ask. They may block: pages ask them from worker threads."""

    def projects(self) -> list[Project]:
        """Return all projects."""
        ...

    def issues(
        self,
        *,
        project_id: int | None = None,
        limit: int = 50,
        before: str | None = None,
        query: str = "",
    ) -> list[Issue]:
        """Return issues, last seen first. A ``before`` that is no cursor is a ``ValueError``."""
        ...

    def issue(self, issue_id: int) -> Issue | None:
        """Return one issue."""
        ...

    def latest_event(self, issue_id: int) -> StoredEvent | None:
        """Return the event of an issue that arrived last."""
        ...

    def event(self, project_id: int, event_id: str) -> StoredEvent | None:
        """Return one event."""
        ...

    def events_of(self, issue_id: int, *, limit: int = 100) -> list[EventRef]:
        """Return where the events of an issue are, newest first."""
        ...

    def spans_of_trace(self, trace_id: str) -> list[Span]:
        """Return the spans of a trace."""
        ...

    def logs_of_trace(self, trace_id: str) -> list[LogLine]:
        """Return the log lines of a trace."""
        ...
