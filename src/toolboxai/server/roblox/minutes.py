"""How often something happened within a minute. Pure, bounded, and for this process alone."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from math import ceil
from time import monotonic

WINDOW_SECONDS = 60.0
MAX_KEYS = 20_000


@dataclass(slots=True)
class _Minute:
    began: float
    times: int = 0


class Minutes:
    """Counts by key. A minute begins with the first time; of too many keys the oldest are forgotten."""

    def __init__(self, *, now: Callable[[], float] = monotonic, max_keys: int = MAX_KEYS) -> None:
        self._now = now
        self._max_keys = max_keys
        self._minutes: OrderedDict[Hashable, _Minute] = OrderedDict()

    def add(self, key: Hashable) -> int:
        """Count one more; return how many that makes within the minute."""
        minute = self._current(key)
        if minute is None:
            minute = self._minutes[key] = _Minute(self._now())
            if len(self._minutes) > self._max_keys:
                self._minutes.popitem(last=False)
        minute.times += 1
        return minute.times

    def times(self, key: Hashable) -> int:
        """Return how often it happened within the minute."""
        minute = self._current(key)
        return minute.times if minute else 0

    def seconds_left(self, key: Hashable) -> int:
        """Return in how many seconds the minute is over; at least one."""
        minute = self._current(key)
        return max(1, ceil(minute.began + WINDOW_SECONDS - self._now())) if minute else 1

    def _current(self, key: Hashable) -> _Minute | None:
        minute = self._minutes.get(key)
        if minute is not None and minute.began <= self._now() - WINDOW_SECONDS:
            del self._minutes[key]
            return None
        return minute
