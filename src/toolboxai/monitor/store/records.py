"""What the store is asked to keep. Plain values, already repaired, grouped and compressed."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import orjson

# The fingerprint of the issue that gathers what is one new issue too many.
OVERFLOW = "overflow"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """An error, or, without ``issue``, a transaction with its spans. ``payload`` is zstd."""

    event_id: str
    trace_id: str | None
    payload: bytes
    issue: IssueFacts | None = None


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

    def to_bytes(self) -> bytes:
        """Return what ``from_bytes`` reads."""
        parts = [self.issues, self.totals, self.outcomes, self.envelopes]
        return orjson.dumps([*parts, self.aliases, self.created, self.regressions])

    @classmethod
    def from_bytes(cls, body: bytes) -> "Delta":
        """Return the delta that ``to_bytes`` wrote."""
        parts: list[list[Any]] = orjson.loads(body)
        return cls(*parts)
