"""When one error comes in masses: the first few in full, the rest counted, the count told at the end. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import RLock
from time import monotonic
from types import TracebackType

MAX_KINDS = 1_000
MAX_USERS = 10_000


@dataclass(slots=True)
class Storm:
    """One kind of error within one window."""

    began: float
    admitted: int = 0
    held_back: int = 0
    users: set[str] = field(default_factory=set)


class Storms:
    """Admits ``limit`` errors of a kind within ``window_seconds``. Safe for threads."""

    def __init__(
        self, *, limit: int, window_seconds: float, now: Callable[[], float] = monotonic
    ) -> None:
        self._limit = limit
        self._window_seconds = window_seconds
        self._now = now
        self._storms: dict[str, Storm] = {}
        self._lock = RLock()

    def admits(self, kind: str, user: str | None = None) -> bool:
        """Say whether one more of ``kind`` is sent in full; if not it is counted.

        Of more kinds at once than there is room for, the surplus is admitted: too much is better
        than too little.
        """
        with self._lock:
            storm = self._storms.get(kind)
            if storm is None:
                if len(self._storms) >= MAX_KINDS:
                    return True
                storm = self._storms[kind] = Storm(self._now())
            if storm.admitted < self._limit:
                storm.admitted += 1
                return True
            storm.held_back += 1
            if user is not None and len(storm.users) < MAX_USERS:
                storm.users.add(user)
            return False

    def over(self, *, all_of_them: bool = False) -> dict[str, Storm]:
        """Return, and forget, the kinds whose window is over."""
        with self._lock:
            edge = self._now() - self._window_seconds
            ended = {
                kind: storm
                for kind, storm in self._storms.items()
                if all_of_them or storm.began <= edge
            }
            for kind in ended:
                del self._storms[kind]
        return ended


def kind_of(
    error: BaseException,
    traceback: TracebackType | None,
    *,
    is_in_app: Callable[[TracebackType], bool],
) -> str:
    """Return what makes two errors the same for this: their type and the innermost frame of our own."""
    innermost = own = traceback
    while traceback is not None:
        innermost = traceback
        own = traceback if is_in_app(traceback) else own
        traceback = traceback.tb_next
    place = own if own is not None and is_in_app(own) else innermost
    code = place.tb_frame.f_code if place is not None else None
    where = f"{code.co_filename}:{place.tb_lineno}" if code and place else "nowhere"
    return f"{type(error).__module__}.{type(error).__qualname__} at {where}"
