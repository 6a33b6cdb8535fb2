"""When something harmless alone happens so often that somebody should look. Pure."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic

MAX_KINDS = 1_000
MAX_USERS = 1_000


@dataclass(slots=True)
class _Kind:
    times: deque[float]
    users: set[str] = field(default_factory=set)
    quiet_until: float = 0.0


@dataclass(frozen=True, slots=True)
class Burst:
    """``count`` of one kind within ``seconds``, by so many users as were known."""

    kind: str
    count: int
    seconds: float
    users: int


class Bursts:
    """Says so when ``threshold`` of one kind come within ``window_seconds``, once a window. Safe for threads."""

    def __init__(
        self, *, threshold: int, window_seconds: float, now: Callable[[], float] = monotonic
    ) -> None:
        self._threshold = threshold
        self._window_seconds = window_seconds
        self._now = now
        self._kinds: dict[str, _Kind] = {}
        self._lock = Lock()

    def add(self, kind: str, user: str | None = None) -> Burst | None:
        """Count one more; return the burst that it completes, if it does.

        Of more kinds than there is room for, the one that began first is forgotten.
        """
        with self._lock:
            now, known = self._now(), self._kind(kind)
            if not known.times or known.times[-1] <= now - self._window_seconds:
                known.users.clear()
            known.times.append(now)
            if user is not None and len(known.users) < MAX_USERS:
                known.users.add(user)
            seconds = now - known.times[0]
            is_burst = len(known.times) == self._threshold and seconds < self._window_seconds
            if not is_burst or now < known.quiet_until:
                return None
            known.quiet_until = now + self._window_seconds
            return Burst(kind, self._threshold, seconds, len(known.users))

    def _kind(self, kind: str) -> _Kind:
        if kind not in self._kinds and len(self._kinds) >= MAX_KINDS:
            del self._kinds[next(iter(self._kinds))]
        return self._kinds.setdefault(kind, _Kind(deque(maxlen=self._threshold)))
