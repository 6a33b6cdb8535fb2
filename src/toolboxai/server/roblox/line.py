"""The plugins' way to the database: a few at a time, so that there is always room for others."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from toolboxai.server.database import Database

# Of the fifteen that a process has. When all Studios of a district come back at once they stand in line for
# these, and whoever asks for something else finds the others free.
MAX_CONNECTIONS = 5
MAX_LINE_SECONDS = 20


class Line:
    """The database, for a few at a time."""

    def __init__(self, database: Database, *, max_connections: int = MAX_CONNECTIONS) -> None:
        self._database = database
        self._turns = asyncio.Semaphore(max_connections)

    @asynccontextmanager
    async def session(self) -> AsyncGenerator[AsyncSession]:
        """Give a session when it is our turn; raise ``TimeoutError`` when that takes too long."""
        async with self._turn(), self._database.session() as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[AsyncSession]:
        """Give a session whose work is committed at the end, or not at all, when it is our turn."""
        async with self._turn(), self._database.writing() as session:
            yield session

    @asynccontextmanager
    async def _turn(self) -> AsyncGenerator[None]:
        async with asyncio.timeout(MAX_LINE_SECONDS):
            await self._turns.acquire()
        try:
            yield
        finally:
            self._turns.release()


Sessions = Database | Line
