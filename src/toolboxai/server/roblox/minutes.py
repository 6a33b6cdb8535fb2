"""How often something happened within a minute. Pure, bounded, and for this process alone."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
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

    def _current(self, key: Hashable) -> _Minute | None:
        minute = self._minutes.get(key)
        if minute is not None and minute.began <= self._now() - WINDOW_SECONDS:
            del self._minutes[key]
            return None
        return minute
