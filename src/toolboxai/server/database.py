"""Connections and sessions. Knows the database's manners, not what the tables mean."""

import asyncio
import fcntl
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext, suppress
from pathlib import Path
from time import perf_counter
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.pool import ConnectionPoolEntry

from toolboxai.server.migrations import NewerDatabaseError, migrate
from toolboxai.server.parts import Part, PartStatus

LOCK_TIMEOUT_SECONDS = 5
POOL_TIMEOUT_SECONDS = 5
CONNECT_TIMEOUT_SECONDS = 3
# Of one statement. A database that hangs is noticed by this, and by nothing else.
COMMAND_TIMEOUT_SECONDS = 5
# To change tables takes as long as it takes, and other workers wait for it.
MIGRATION_TIMEOUT_SECONDS = 600
PROBE_TIMEOUT_SECONDS = 2
# Any number will do, as long as every process that migrates this database uses the same.
MIGRATION_LOCK = 8_008_001
# asyncpg lets the operating system's own errors through when it can't connect.
FAILURES = (DBAPIError, PoolTimeoutError, OSError)
BUGS = (DataError, IntegrityError, ProgrammingError)


class DatabaseUnreachableError(Exception):
    """The database can't be used, so the server can't start."""

    def __init__(self, address: str, reason: str) -> None:
        shown = make_url(address).render_as_string(hide_password=True)
        super().__init__(f"cannot use the database {shown}: {reason}. Check DATABASE_URL.")


class Database:
    """One engine and its sessions, from `start` to `stop`."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.engine = _engine_for(address)
        self.session = async_sessionmaker(self.engine, expire_on_commit=False)
        self._turn = asyncio.Lock() if self.engine.dialect.name == "sqlite" else nullcontext()

    async def start(self) -> None:
        """Bring the tables up to date."""
        try:
            _create_file_of(self.address)
            async with _one_at_a_time(self.address), self._patient() as connection:
                await _lock(connection)
                await connection.run_sync(migrate)
        except NewerDatabaseError as error:
            await self.stop()
            reason = "a newer version of ToolboxAI has changed it, and there is no way back"
            raise DatabaseUnreachableError(self.address, reason) from error
        except FAILURES as error:
            await self.stop()
            raise DatabaseUnreachableError(self.address, _first_line(error)) from error

    @asynccontextmanager
    async def _patient(self) -> AsyncGenerator[AsyncConnection]:
        """Give a connection whose statements may take their time, in one transaction."""
        if self.engine.dialect.name == "sqlite":  # has no limit for statements
            async with self.engine.begin() as connection:
                yield connection
            return
        engine = _engine_for(self.address, command_timeout_seconds=MIGRATION_TIMEOUT_SECONDS)
        try:
            async with engine.begin() as connection:
                yield connection
        finally:
            await engine.dispose()

    async def stop(self) -> None:
        """Close every connection."""
        await self.engine.dispose()

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[AsyncSession]:
        """Give a session whose work is committed at the end, or not at all.

        SQLite has one writer at a time and lets the others poll, without any order. So this
        process's writers queue here, and nobody is overtaken until the lock times out.
        """
        async with self._turn, self.session.begin() as session:
            yield session

    async def probe(self) -> bool:
        """Say whether the database answers within two seconds."""
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_SECONDS), self.session() as session:
                await session.execute(text("SELECT 1"))
        except FAILURES:
            return False
        return True

    async def health(self) -> Part:
        """Say whether it answers, and how soon."""
        began = perf_counter()
        if not await self.probe():
            return Part(status=PartStatus.DOWN, says="does not answer; see DATABASE_URL")
        milliseconds = round((perf_counter() - began) * 1_000, 1)
        name = self.engine.dialect.name
        return Part(status=PartStatus.OK, says=name, figures={"milliseconds": milliseconds})


def is_timeout(error: BaseException) -> bool:
    """Say whether the database was too slow, rather than away."""
    return isinstance(error, (PoolTimeoutError, TimeoutError)) or "locked" in str(error)


def _engine_for(
    address: str, *, command_timeout_seconds: float = COMMAND_TIMEOUT_SECONDS
) -> AsyncEngine:
    url = make_url(address)
    backend = url.get_backend_name()
    # SQLite's timeout is for a lock, PostgreSQL's for a connection and for one statement.
    limits = {
        "sqlite": {"timeout": LOCK_TIMEOUT_SECONDS},
        "postgresql": {
            "timeout": CONNECT_TIMEOUT_SECONDS,
            "command_timeout": command_timeout_seconds,
        },
    }
    try:
        engine = create_async_engine(
            url,
            connect_args=limits[backend],
            # A pupil's data must not appear in an exception's text.
            hide_parameters=True,
            pool_pre_ping=backend != "sqlite",
            pool_timeout=POOL_TIMEOUT_SECONDS,
        )
    except ModuleNotFoundError as error:
        reason = f"the package {error.name} is missing (pip install 'toolboxai[postgres]')"
        raise DatabaseUnreachableError(address, reason) from error
    if backend == "sqlite":
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def create_private_folder(folder: Path) -> None:
    """Create ``folder`` for its owner alone; one that exists keeps its mode.

    Where that can't be done, whoever needs the folder fails and says why.
    """
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _create_file_of(address: str) -> None:
    url = make_url(address)
    if url.get_backend_name() != "sqlite" or not url.database or url.database.startswith("file:"):
        return
    file = Path(url.database)
    create_private_folder(file.parent)
    # SQLite would create it for everybody to read; its log and index get the mode that it has.
    file.touch(mode=0o600)


@asynccontextmanager
async def _one_at_a_time(address: str) -> AsyncGenerator[None]:
    """Let one worker after the other make a new SQLite file ready.

    Two that switch it to WAL at the same moment lock each other out. The lock is a file of its own:
    closing the database's own file would give up SQLite's locks on it.
    """
    url = make_url(address)
    if url.get_backend_name() != "sqlite" or not url.database or url.database.startswith("file:"):
        yield
        return
    lock = os.open(f"{url.database}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


async def _lock(connection: AsyncConnection) -> None:
    """Begin a transaction in which this process alone changes tables, until all of them are changed or none."""
    if connection.dialect.name == "postgresql":
        await connection.execute(
            text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK}
        )
    else:
        # Python's driver begins a transaction before rows are written, and not before tables are.
        await connection.exec_driver_sql("BEGIN IMMEDIATE")


def _first_line(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).partition("\n")[0] or type(cause).__name__


async def database_of(request: Request) -> Database:
    """Return the database that the application was started with.

    Like others that only look something up it is a coroutine: FastAPI sends plain functions to a thread, and
    two such ways were a ninth of what `GET /auth/me` costs.
    """
    database: Database = request.app.state.database
    return database


async def open_session(
    database: Annotated[Database, Depends(database_of)],
) -> AsyncGenerator[AsyncSession]:
    """Give the request its own session; what was not committed is rolled back."""
    async with database.session() as session:
        yield session


DatabaseDep = Annotated[Database, Depends(database_of)]
SessionDep = Annotated[AsyncSession, Depends(open_session)]
