"""When one error comes in masses: the first few in full, the rest counted, the count told at the end. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import RLock
from time import monotonic
from types import TracebackType
from typing import Any

MAX_KINDS = 1_000
MAX_USERS = 10_000
MAX_FRAMES = 20


@dataclass(slots=True)
class Storm:
    """One kind of error within one window."""

    began: float
    admitted: int = 0
    held_back: int = 0
    users: set[str] = field(default_factory=set)
    example: Mapping[str, Any] | None = None


class Storms:
    """Admits ``limit`` errors of a kind within ``window_seconds``. Safe for threads."""

    def __init__(
        self, *, limit: int, window_seconds: float, now: Callable[[], float] = monotonic
    ) -> None:
        self._limit = limit
        self._window_seconds = window_seconds
        self._now = now
        self._storms: dict[str, Storm] = {}
        self._ended: list[Storm] = []
        self._lock = RLock()

    def admits(self, kind: str, user: str | None = None) -> bool:
        """Say whether one more of ``kind`` is sent in full; if not it is counted.

        Of more kinds at once than there is room for, the surplus is admitted: too much is better
        than too little.
        """
        with self._lock:
            storm = self._current(kind)
            if storm is None:
                return True
            if storm.admitted < self._limit:
                storm.admitted += 1
                return True
            storm.held_back += 1
            if user is not None and len(storm.users) < MAX_USERS:
                storm.users.add(user)
            return False

    def _current(self, kind: str) -> Storm | None:
        storm = self._storms.get(kind)
        if storm is not None and storm.began <= self._now() - self._window_seconds:
            self._ended.append(self._storms.pop(kind))
            storm = None
        if storm is None and len(self._storms) < MAX_KINDS:
            storm = self._storms[kind] = Storm(self._now())
        return storm

    def remember(self, kind: str, example: Callable[[], Mapping[str, Any]]) -> None:
        """Keep an example of the last event that is sent in full, to tell the storm with, should it be one."""
        with self._lock:
            storm = self._storms.get(kind)
            if storm is not None and storm.admitted == self._limit and storm.example is None:
                storm.example = example()

    def over(self, *, all_of_them: bool = False) -> list[Storm]:
        """Return, and forget, the storms whose window is over."""
        with self._lock:
            edge = self._now() - self._window_seconds
            for kind, storm in list(self._storms.items()):
                if all_of_them or storm.began <= edge:
                    self._ended.append(self._storms.pop(kind))
            ended, self._ended = self._ended, []
        return [storm for storm in ended if storm.held_back]


def kind_of(
    error: BaseException,
    traceback: TracebackType | None,
    *,
    is_in_app: Callable[[TracebackType], bool],
) -> str:
    """Return what makes two errors the same for this: their type and the frames of our own."""
    own, innermost = [], None
    while traceback is not None:
        innermost = traceback
        if is_in_app(traceback):
            own.append(_place(traceback))
        traceback = traceback.tb_next
    if not own:
        own = ["nowhere" if innermost is None else _place(innermost)]
    return f"{type(error).__module__}.{type(error).__qualname__} at {' > '.join(own[-MAX_FRAMES:])}"


def _place(step: TracebackType) -> str:
    return f"{step.tb_frame.f_code.co_filename}:{step.tb_lineno}"
