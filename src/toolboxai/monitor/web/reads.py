"""What the pages want to know of the monitor; ``toolboxai.monitor.queries.Queries`` answers it."""

from typing import Protocol

from toolboxai.monitor.models import (
    EventRef,
    Issue,
    LogLine,
    OutcomeSteps,
    Project,
    SlowEvent,
    Span,
    StoredEvent,
    TimedSeries,
    Timing,
)
from toolboxai.monitor.queries.windows import Window


class FigureReads(Protocol):
    """The questions about how long things take; ``toolboxai.monitor.queries.figures.Figures``."""

    def environments(self) -> list[str]:
        """Return the environments that transactions named."""
        ...

    def transactions(
        self,
        window: Window,
        *,
        project_id: int | None = None,
        environment: str | None = None,
        order: str = "total",
        limit: int = 100,
    ) -> tuple[list[TimedSeries], int]:
        """Return the first transactions in an order, and how many there are."""
        ...

    def transaction(self, series_id: int, window: Window) -> TimedSeries | None:
        """Return one transaction over all of ``window``."""
        ...

    def steps(self, series_id: int, window: Window) -> list[Timing]:
        """Return one transaction in each step of ``window``."""
        ...

    def spans(self, series_id: int, window: Window, *, limit: int = 50) -> list[TimedSeries]:
        """Return the kinds of spans within a transaction, the most time first."""
        ...

    def slowest(self, series_id: int, window: Window) -> list[SlowEvent]:
        """Return slow events of a transaction, the slowest first."""
        ...


class Reads(Protocol):
    """The questions that pages ask. They may block: pages ask them from worker threads."""

    @property
    def figures(self) -> FigureReads:
        """Whoever knows how long things take."""
        ...

    def outcomes_over(self, window: Window, *, project_id: int | None = None) -> list[OutcomeSteps]:
        """Return what became of all that was sent, in each step of ``window``, whose steps are hours at least."""
        ...

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
