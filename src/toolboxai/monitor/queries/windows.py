"""The times that figures are asked for: ranges that end now, in steps. Pure; all times in ms, UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from toolboxai.monitor.store.periods import SPAN_RESOLUTIONS, Resolution, Stretch, covering


@dataclass(frozen=True, slots=True)
class Range:
    """How far back, in how many steps of which length."""

    name: str
    step: Resolution
    steps: int


RANGES = {
    each.name: each
    for each in (
        Range("1h", Resolution.MINUTE, 60),
        Range("24h", Resolution.HOUR, 24),
        Range("7d", Resolution.QUARTER, 28),
        Range("30d", Resolution.DAY, 30),
    )
}
DEFAULT_RANGE = "24h"


@dataclass(frozen=True, slots=True)
class Window:
    """A time that is asked for, in whole steps; the last one is going on."""

    asked: Range
    since: int
    until: int

    @classmethod
    def ending(cls, now: datetime, name: str) -> Self:
        """Return the range ``name`` (a ``KeyError`` if there is none) with the step that ``now`` is in."""
        chosen = RANGES[name]
        step = chosen.step
        until = step.start_of(round(now.timestamp() * 1_000)) + step
        return cls(chosen, until - step * chosen.steps, until)

    @property
    def starts(self) -> range:
        """When its steps start."""
        return range(self.since, self.until, self.asked.step)

    def minutes_until(self, now: datetime) -> float:
        """Return how many minutes of it have passed."""
        return max((now.timestamp() * 1_000 - self.since) / Resolution.MINUTE, 1.0)

    def start_of_spans(self) -> datetime:
        """Return since when spans count."""
        return datetime.fromtimestamp(self.stretches_of_spans()[0].since / 1_000, UTC)

    def stretches(self) -> list[Stretch]:
        """Return the fewest periods that are this time."""
        lengths = [each for each in Resolution if each >= self.asked.step]
        return list(covering(self.since, self.until, lengths))

    def stretches_of_spans(self) -> list[Stretch]:
        """Return those of spans, which are kept by hour and day: one that began before counts whole."""
        step = self.asked.step
        lengths = SPAN_RESOLUTIONS if step <= SPAN_RESOLUTIONS[0] else SPAN_RESOLUTIONS[-1:]
        shortest = lengths[0]
        until = -(-self.until // shortest) * shortest
        return list(covering(shortest.start_of(self.since), until, lengths))
