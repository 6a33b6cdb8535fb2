"""Wakes polls when something has come for their Studio. A poll that waits holds no connection.

What this process stores rings at once. For what other processes store, one look a second asks
after all who wait here together, so a thousand of them cost as much as one.
"""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from toolboxai.server.database import FAILURES

LOOK_EVERY_SECONDS = 1.0
MAX_LISTENERS = 5_000


class Look(Protocol):
    """Ask for the number of the newest message of each of ``sessions``; those that are over are missing."""

    async def __call__(self, sessions: Collection[UUID], /) -> Mapping[UUID, int]: ...


@dataclass(slots=True, eq=False)
class Bell:
    """What one poll waits for. It has seen all messages up to ``newest``."""

    newest: int = 0
    is_given_up: bool = False
    rung: asyncio.Event = field(default_factory=asyncio.Event)

    def ring(self) -> None:
        """Let the poll look again."""
        self.rung.set()

    def give_up(self) -> None:
        """Let the poll end: a later one has taken its place."""
        self.is_given_up = True
        self.rung.set()

    async def wait(self, until: float) -> bool:
        """Wait for the bell to ring, and say whether it did before the loop's clock says ``until``."""
        try:
            async with asyncio.timeout_at(until):
                await self.rung.wait()
        except TimeoutError:
            return False
        self.rung.clear()
        return not self.is_given_up


class Bells:
    """The bells of all polls that wait in this process, one a session."""

    def __init__(self, look: Look, *, look_every_seconds: float = LOOK_EVERY_SECONDS) -> None:
        self._look = look
        self._look_every_seconds = look_every_seconds
        self._bells: dict[UUID, Bell] = {}
        self._watch: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """Return how many polls wait."""
        return len(self._bells)

    def __contains__(self, session_id: UUID) -> bool:
        """Say whether a poll of this session waits."""
        return session_id in self._bells

    @contextmanager
    def listening(self, session_id: UUID) -> Iterator[Bell]:
        """Give a bell for the block; a poll that still waits for the same session ends.

        Where there are too many already, the bell has been given up from the start.
        """
        bell = Bell()
        if session_id not in self._bells and len(self._bells) >= MAX_LISTENERS:
            bell.give_up()
            yield bell
            return
        if earlier := self._bells.get(session_id):
            earlier.give_up()
        self._bells[session_id] = bell
        if self._watch is None:
            # In a context of its own: it looks for everybody, not for the request that came first.
            looking = self._look_again_and_again()
            self._watch = asyncio.create_task(looking, context=Context())
        try:
            yield bell
        finally:
            if self._bells.get(session_id) is bell:
                del self._bells[session_id]
            if not self._bells and self._watch is not None:
                self._watch.cancel()
                self._watch = None

    def ring(self, session_id: UUID) -> None:
        """Wake the poll of a session, if one waits here."""
        if bell := self._bells.get(session_id):
            bell.ring()

    async def _look_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(self._look_every_seconds)
            try:
                newest = await self._look(self._bells.keys())
            except FAILURES:
                continue  # the next request of each will say so
            for session_id, bell in self._bells.items():
                if newest.get(session_id) != bell.newest:
                    bell.ring()
