"""What became of all that was sent, as the page of outcomes shows it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from urllib.parse import urlencode

from toolboxai.monitor.models import ACCEPTED, OutcomeSteps
from toolboxai.monitor.queries.windows import DEFAULT_RANGE, Window
from toolboxai.monitor.queries.windows import RANGES as ALL_RANGES
from toolboxai.monitor.store.periods import Resolution
from toolboxai.monitor.web.charts import Bar, bars_of, rounded_up
from toolboxai.monitor.web.performance_view import RANGE_NAMES

# Outcomes are counted by the hour.
RANGES = {
    name: RANGE_NAMES[name] for name, each in ALL_RANGES.items() if each.step >= Resolution.HOUR
}
# What isn't here was lost.
_HARMLESS = frozenset({ACCEPTED, "repeated", "overflow"})
WORDS: Mapping[str, str] = MappingProxyType(
    {
        ACCEPTED: "stored",
        "invalid": "could not be read",
        "rejected": "refused",
        "repeated": "came again, counted once",
        "overflow": "gathered in one issue",
        "discarded by client": "given up by the sender",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the page was asked for."""

    range: str = DEFAULT_RANGE
    project_id: int | None = None
    category: str = ""

    def address(self, **changes: str) -> str:
        """Return the address of the page about the same, but for ``changes``."""
        asked = {
            "range": "" if self.range == DEFAULT_RANGE else self.range,
            "project": str(self.project_id or ""),
            "category": self.category,
            **changes,
        }
        kept = {key: each for key, each in asked.items() if each}
        return f"/outcomes/?{urlencode(kept)}" if kept else "/outcomes/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the range."""

    at: datetime
    stored: int
    lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the table; ``last_from`` is when the last step began in which there was any."""

    outcome: OutcomeSteps
    words: str
    is_lost: bool
    last_from: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """The table, and a chart with a bar for all of a step and one before it for what was lost of it."""

    rows: list[Row]
    steps: list[Step]
    all_bars: list[Bar]
    lost_bars: list[Bar]
    top: float

    @property
    def lost(self) -> int:
        """How much was lost."""
        return sum(step.lost for step in self.steps)

    @property
    def stored(self) -> int:
        """How much was stored."""
        return sum(step.stored for step in self.steps)


def outcomes_of(found: Sequence[OutcomeSteps], window: Window) -> Outcomes:
    """Return how ``found`` is shown."""
    steps = [
        Step(
            at=_moment(start),
            stored=sum(one.steps[place] for one in found if one.outcome == ACCEPTED),
            lost=sum(one.steps[place] for one in found if is_lost(one)),
        )
        for place, start in enumerate(window.starts)
    ]
    top = rounded_up(max((step.stored + step.lost for step in steps), default=0))
    return Outcomes(
        # What was lost is what somebody looks for here.
        rows=sorted((_row(one, window) for one in found), key=lambda row: not row.is_lost),
        steps=steps,
        all_bars=bars_of([step.stored + step.lost for step in steps], top),
        lost_bars=bars_of([step.lost for step in steps], top),
        top=top,
    )


def is_lost(one: OutcomeSteps) -> bool:
    """Say whether it is missing now."""
    return one.outcome not in _HARMLESS


def _row(one: OutcomeSteps, window: Window) -> Row:
    last = max(place for place, quantity in enumerate(one.steps) if quantity)
    return Row(
        outcome=one,
        words=WORDS.get(one.outcome, one.outcome),
        is_lost=is_lost(one),
        last_from=_moment(window.starts[last]),
    )


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1_000, UTC)
