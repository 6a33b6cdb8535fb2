"""Plain values that the monitor's parts hand each other. They know neither SQLite nor HTTP."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


class MonitorError(Exception):
    """The monitor can't do what was asked; the message says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One stream of envelopes with its own key."""

    id: int
    slug: str
    name: str
    public_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """All events with one fingerprint: one problem."""

    id: int
    project_id: int
    title: str
    culprit: str
    level: str
    platform: str
    handled: bool
    count: int
    first_seen: datetime
    last_seen: datetime
    latest_event_id: str
    status: str = "unresolved"
    # When it was seen again although it had been resolved.
    regressed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRef:
    """Where an event can be found, without its payload."""

    event_id: str
    project_id: int
    issue_id: int
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """One error or message event. ``payload`` is in the shape of Sentry's event schema, repaired."""

    event_id: str
    project_id: int
    issue_id: int
    received_at: datetime
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A timed step of a trace; the transaction itself is the span whose ``is_segment`` is true."""

    trace_id: str
    span_id: str
    parent_span_id: str | None
    op: str
    description: str
    status: str
    start: datetime
    duration_ms: float
    is_segment: bool
    project_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One log record that a client sent as a log item."""

    timestamp: datetime
    level: str
    body: str
    trace_id: str | None
    attributes: dict[str, Any]


# The outcome of what is stored; all others have a reason.
ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How many items of a category met one fate for one reason."""

    category: str
    outcome: str
    reason: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeSteps(Outcome):
    """The same over time: how many in each step, and so in all."""

    steps: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How often something ran, how long it took and how often it failed; durations in ms.

    ``count`` is how many arrived. All else speaks of what they stand for: of those that
    sampling left out, too.
    """

    count: int = 0
    extrapolated: float = 0.0
    failed: float = 0.0
    total_ms: float = 0.0
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    p99_ms: float = 0.0

    @property
    def failure_rate(self) -> float:
        """The share that failed, 0 … 1."""
        return self.failed / self.extrapolated if self.extrapolated else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedSeries:
    """A transaction by its name, or a kind of span within one, over some time."""

    id: int
    project_id: int
    name: str
    op: str
    environment: str
    timing: Timing


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowEvent:
    """One of the slowest events of a transaction."""

    event_id: str
    trace_id: str
    at: datetime
    duration_ms: float
