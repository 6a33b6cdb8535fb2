"""What the store is asked to keep. Plain values, already repaired, grouped and compressed."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

# The fingerprint of the issue that gathers what is one new issue too many.
OVERFLOW = "overflow"
# The name of what gathers what is one name too many.
OTHER = "<other>"
MAX_SLOWEST = 3


@dataclass(frozen=True, slots=True)
class Dictionary:
    """What zstd payloads of one kind have in common. Each frame names it by ``id``, which isn't 0."""

    id: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueFacts:
    """What an error says about the issue that it belongs to. ``seen_at`` is in ms, UTC."""

    fingerprint: str
    title: str
    culprit: str
    level: str
    platform: str
    handled: bool
    seen_at: int
    release: str = ""
    # What older rules made of it, where the store has issues of theirs.
    older_fingerprints: tuple[str, ...] = ()


# A timed step of a transaction: operation and description, by which steps are counted together,
# duration (ms), and whether it failed. A plain tuple, because there are so many.
SpanFacts = tuple[str, str, float, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionFacts:
    """What a transaction's figures are made of. ``seen_at`` (ms, UTC) is when it ended.

    It stands for ``weight`` transactions: one over the rate at which they are sent.
    """

    name: str
    op: str
    environment: str
    seen_at: int
    duration_ms: float
    failed: bool
    weight: float = 1.0
    spans: tuple[SpanFacts, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """An error, or, without ``issue``, a transaction with its spans. ``payload`` is zstd."""

    event_id: str
    trace_id: str | None
    payload: bytes
    issue: IssueFacts | None = None
    timing: TransactionFacts | None = None


class SeriesKey(NamedTuple):
    """What figures are kept of: a transaction's name, or, with its id as ``parent``, a kind of span."""

    project_id: int
    parent: int
    name: str
    op: str
    environment: str


class Timed(NamedTuple):
    """A transaction that is new in a batch."""

    project_id: int
    event_id: str
    trace_id: str
    facts: TransactionFacts


class Slow(NamedTuple):
    """One of the slowest of its series."""

    duration_ms: float
    event_id: str
    trace_id: str
    seen_at: int


class Measure(NamedTuple):
    """What a batch adds to one series in one period (its start in ms).

    ``times`` is how many arrived; ``weighted``, ``failed`` and ``total_ms`` are weighted; ``units`` are bucket, units, bucket, ….
    """

    is_span: bool
    series_id: int
    period: int
    times: int
    weighted: float
    failed: float
    total_ms: float
    units: list[int]
    slowest: list[Slow]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRecord:
    """The log lines of one item. ``payload`` is zstd of a JSON list."""

    quantity: int
    trace_ids: frozenset[str]
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRecord:
    """An item kept as received, with ``payload`` as zstd."""

    category: str
    type: str
    event_id: str | None
    headers: str
    payload: bytes
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of an item that wasn't simply accepted."""

    category: str
    outcome: str
    reason: str


@dataclass(slots=True, kw_only=True)
class Digested:
    """One envelope, ready to be stored. ``received_at`` is in ms, UTC."""

    project_id: int
    received_at: int
    envelope_id: str | None = None
    events: list[EventRecord] = field(default_factory=list)
    logs: list[LogRecord] = field(default_factory=list)
    items: list[ItemRecord] = field(default_factory=list)
    fates: Counter[Fate] = field(default_factory=Counter)


@dataclass(slots=True)
class Delta:
    """What one batch changes in meta.db: adding it once brings meta.db up to the day files."""

    issues: list[tuple[int, int, str, str, str, str, str, bool, int, int, int, str]] = field(
        default_factory=list
    )
    totals: list[tuple[int, str, int]] = field(default_factory=list)
    outcomes: list[tuple[int, int, str, str, str, int]] = field(default_factory=list)
    envelopes: list[tuple[int, str, int]] = field(default_factory=list)
    # Those above were all that the first version had: what is new comes last.
    aliases: list[tuple[int, str, int]] = field(default_factory=list)
    created: list[tuple[int, int, int]] = field(default_factory=list)
    regressions: list[tuple[int, int]] = field(default_factory=list)
    # Each with its id in front.
    series: list[tuple[int, int, int, str, str, str]] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)

    def to_bytes(self) -> bytes:
        """Return what ``from_bytes`` reads."""
        parts = [self.issues, self.totals, self.outcomes, self.envelopes]
        later = [self.aliases, self.created, self.regressions, self.series, self.measures]
        return orjson.dumps([*parts, *later], default=tuple)

    @classmethod
    def from_bytes(cls, body: bytes) -> "Delta":
        """Return the delta that ``to_bytes`` wrote."""
        parts: list[list[Any]] = orjson.loads(body)
        return cls(*parts)
