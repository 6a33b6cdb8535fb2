"""How long a stretch of time a figure is about, and how long it is kept. Pure; all times in ms, UTC."""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


class Resolution(IntEnum):
    """The lengths that figures are kept in."""

    MINUTE = MINUTE_MS
    HOUR = HOUR_MS
    # Between hour and day, so that a day that doesn't begin at midnight is few of them.
    QUARTER = 6 * HOUR_MS
    DAY = DAY_MS

    def start_of(self, moment: int) -> int:
        """Return the start of the period that ``moment`` is in."""
        return moment - moment % self


# Each at least as long as the longest question that is answered from it.
KEPT_MS = {
    Resolution.MINUTE: 2 * HOUR_MS,
    Resolution.HOUR: 2 * DAY_MS,
    Resolution.QUARTER: 9 * DAY_MS,
    Resolution.DAY: 95 * DAY_MS,
}

# There are many more kinds of spans than transactions.
SPAN_RESOLUTIONS = (Resolution.HOUR, Resolution.DAY)


class Stretch(NamedTuple):
    """Periods of one length from ``since`` (inclusive) to ``until`` (exclusive)."""

    resolution: Resolution
    since: int
    until: int


def covering(since: int, until: int, lengths: Sequence[Resolution]) -> Iterator[Stretch]:
    """Yield the longest periods that together are the time from ``since`` to ``until``.

    ``lengths`` are those to choose from, the shortest first; both times are starts of its periods.
    """
    *shorter, length = lengths
    first, last = -(-since // length) * length, length.start_of(until)
    if first < last:
        if since < first:
            yield from covering(since, first, shorter)
        yield Stretch(length, first, last)
        since = last
    if since < until:
        yield from covering(since, until, shorter)
