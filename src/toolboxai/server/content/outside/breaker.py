"""A circuit breaker: who fails again and again is left alone for a while, then tried once.

    closed ── MAX_FAILURES in a row ──► open ── its rest is over ──► trying ── one success ──► closed
                                         ▲                             │
                                         └─────── one failure ─────────┘   (and the rest is twice as long)

For one process and one event loop. Time is passed in.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import Enum
from time import monotonic
from typing import Final

MAX_FAILURES: Final = 5
REST_SECONDS: Final = 30.0
MAX_REST_SECONDS: Final = 300.0


class State(Enum):
    """Whether calls go through."""

    CLOSED = "closed"
    OPEN = "open"
    TRYING = "trying"


class RestingError(Exception):
    """The call was not made, because the ones before failed."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"not tried again for {seconds:.0f} seconds, after failures in a row")
        self.seconds = seconds


class Breaker:
    """Watches calls, and refuses them while there is no hope."""

    def __init__(
        self,
        *,
        told: Callable[[State], None] = lambda _: None,
        now: Callable[[], float] = monotonic,
        max_failures: int = MAX_FAILURES,
    ) -> None:
        self._told = told
        self._now = now
        self._max_failures = max_failures
        self._state = State.CLOSED
        self._failures = 0
        self._rest = REST_SECONDS
        self._until = 0.0
        self._is_one_trying = False

    @property
    def state(self) -> State:
        """How it is now."""
        if self._state is State.OPEN and self._now() >= self._until:
            self._become(State.TRYING)
        return self._state

    @contextmanager
    def watch(self) -> Generator[None]:
        """Make the call in the block, or raise `RestingError`. Its error is the service's failure.

        A call that is cancelled says nothing about the service.
        """
        tries = self._admit()
        try:
            yield
        except Exception:
            self._fail(tries=tries)
            raise
        else:
            self._succeed(tries=tries)
        finally:
            if tries:
                self._is_one_trying = False

    def _admit(self) -> bool:
        """Let a call through, or raise; say whether it is the one that tries."""
        state = self.state
        if state is State.CLOSED:
            return False
        if state is State.OPEN or self._is_one_trying:
            raise RestingError(max(self._until - self._now(), 0.0))
        self._is_one_trying = True
        return True

    def _succeed(self, *, tries: bool) -> None:
        if tries:
            self._rest = REST_SECONDS
            self._become(State.CLOSED)
        # One that began before the circuit opened proves nothing about now.
        if self._state is State.CLOSED:
            self._failures = 0

    def _fail(self, *, tries: bool) -> None:
        if tries:
            self._rest = min(2 * self._rest, MAX_REST_SECONDS)
            self._open()
        elif self._state is State.CLOSED:
            self._failures += 1
            if self._failures >= self._max_failures:
                self._open()

    def _open(self) -> None:
        self._failures = 0
        self._until = self._now() + self._rest
        self._become(State.OPEN)

    def _become(self, state: State) -> None:
        self._state = state
        self._told(state)
