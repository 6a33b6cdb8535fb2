"""Reads a request's body: inflated as it arrives, within limits of size, time and shared memory."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from starlette.types import Message, Receive

from toolboxai.monitor.digest import Budget
from toolboxai.monitor.protocol import (
    BusyError,
    DisconnectedError,
    Inflater,
    TooSlowError,
)
from toolboxai.monitor.settings import Limits

MAX_DISCARDED_BYTES = 64 * 1024 * 1024
DISCARD_TIMEOUT_SECONDS = 5.0


class BodyReader:
    """Reads one body. What it holds is taken from the budget until ``give_back``."""

    def __init__(self, receive: Receive, budget: Budget, limits: Limits) -> None:
        self._receive: Callable[[], Awaitable[Message]] = receive
        self._budget = budget
        self._limits = limits
        self._taken = 0
        self.is_complete = False

    @property
    def taken_bytes(self) -> int:
        """How much of the budget this body holds."""
        return self._taken

    async def read(
        self, inflater: Inflater, look: Callable[[Inflater], bool], *, is_known: bool
    ) -> bytes:
        """Return the inflated body. ``look`` sees it grow, may refuse it, and says who is known."""
        limits = self._limits
        start = asyncio.get_running_loop().time()
        seconds = limits.body_timeout_seconds if is_known else limits.stranger_timeout_seconds
        try:
            async with asyncio.timeout(seconds) as deadline:
                while not self.is_complete:
                    inflater.feed(await self._next_chunk())
                    self._take(len(inflater.inflated))
                    if look(inflater):
                        seconds = limits.body_timeout_seconds
                        deadline.reschedule(start + seconds)
        except TimeoutError as error:
            raise TooSlowError(seconds) from error
        body = inflater.finish()
        self._take(len(body))
        return body

    async def discard_rest(self) -> None:
        """Read what the client still sends, for a while: it may only then read the answer."""
        left = MAX_DISCARDED_BYTES
        with suppress(DisconnectedError, TimeoutError):
            async with asyncio.timeout(DISCARD_TIMEOUT_SECONDS):
                while not self.is_complete and left > 0:
                    left -= len(await self._next_chunk())

    def hand_over(self) -> Callable[[], None]:
        """Hold nothing any more; return what has to be called to give it back."""
        taken, self._taken = self._taken, 0
        return partial(self._budget.give_back, taken)

    def give_back(self) -> None:
        """Let others use the memory."""
        self._budget.give_back(self._taken)
        self._taken = 0

    async def _next_chunk(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.is_complete = True
            raise DisconnectedError
        self.is_complete = not message.get("more_body", False)
        chunk: bytes = message.get("body", b"")
        return chunk

    def _take(self, size: int) -> None:
        growth = size - self._taken
        if growth > 0:
            if not self._budget.take(growth):
                raise BusyError
            self._taken = size
