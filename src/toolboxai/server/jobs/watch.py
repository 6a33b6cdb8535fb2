"""What becomes of orders, for all who follow one. Many followers cost no more questions than one.

Changes made in this process are told at once. Those that other processes make are found by one
question a second for all orders that anybody here follows.
"""

import asyncio
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from toolboxai.server.database import Database
from toolboxai.server.error_handling import DependencyError, database_operation
from toolboxai.server.models import Generation

LOOK_SECONDS = 1.0
MAX_READERS = 4_000
MAX_READERS_PER_SCHOOL = 1_000
# SQLite takes many more parameters, but nobody has to plan a statement with thousands.
MAX_IDS_ASKED_AT_ONCE = 500


class TooManyReadersError(DependencyError):
    """So many follow orders already that one more would be one too many."""

    def __init__(self) -> None:
        super().__init__(service="the stream of events", operation="follow an order")


@dataclass(slots=True)
class Followed:
    """The newest that is known of an order. Who reads slowly misses what was in between."""

    order: Generation
    readers: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def show(self, order: Generation) -> None:
        """Wake everybody who waits, if ``order`` is newer."""
        if order.version > self.order.version:
            self.order = order
            self._changed.set()
            self._changed = asyncio.Event()

    async def after(self, version: int, *, within_seconds: float) -> Generation | None:
        """Return the order once it is newer than ``version``, or `None` when it isn't in time."""
        if self.order.version <= version:
            with suppress(TimeoutError):
                async with asyncio.timeout(within_seconds):
                    await self._changed.wait()
        return self.order if self.order.version > version else None


class Watch:
    """The orders that somebody follows through this process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._followed: dict[UUID, Followed] = {}
        self._readers: Counter[UUID] = Counter()
        self._looking: asyncio.Task[None] | None = None

    def tell(self, order: Generation) -> None:
        """Take note of what this process itself has changed."""
        followed = self._followed.get(order.id)
        if followed is not None:
            followed.show(order)

    @contextmanager
    def follow(self, order: Generation) -> Generator[Followed]:
        """Give what becomes of ``order``, for the block."""
        school = order.school_id
        if self._readers.total() >= MAX_READERS or self._readers[school] >= MAX_READERS_PER_SCHOOL:
            raise TooManyReadersError
        followed = self._followed.setdefault(order.id, Followed(order))
        followed.show(order)
        followed.readers += 1
        self._readers[school] += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            yield followed
        finally:
            followed.readers -= 1
            self._readers[school] -= 1
            if not followed.readers:
                del self._followed[order.id]
            if not self._readers[school]:
                del self._readers[school]

    async def stop(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})

    async def _look(self) -> None:
        while self._followed:
            await asyncio.sleep(LOOK_SECONDS)
            # What is wrong with the database is told by those who need it for their own work.
            with suppress(DependencyError, SQLAlchemyError):
                await self._look_once()

    async def _look_once(self) -> None:
        ids = list(self._followed)
        for start in range(0, len(ids), MAX_IDS_ASKED_AT_ONCE):
            for order in await self._changed(ids[start : start + MAX_IDS_ASKED_AT_ONCE]):
                self.tell(order)

    async def _changed(self, ids: Sequence[UUID]) -> Sequence[Generation]:
        versions = select(Generation.id, Generation.version).where(Generation.id.in_(ids))
        with database_operation("look what became of orders"):
            async with self._database.session() as session:
                newer = [
                    order_id
                    for order_id, version in await session.execute(versions)
                    if self._is_news(order_id, version)
                ]
                changed = select(Generation).where(Generation.id.in_(newer))
                return (await session.scalars(changed)).all() if newer else ()

    def _is_news(self, order_id: UUID, version: int) -> bool:
        followed = self._followed.get(order_id)
        return followed is not None and version > followed.order.version
