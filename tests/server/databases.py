"""Databases for servers of tests, with all tables and no rows.

Of SQLite a copy: to migrate a new file takes 80 ms. Of PostgreSQL one for all servers of a test run, emptied
before each test: to delete all rows takes 2 ms, to make a database 70 and to drop it 90 (PostgreSQL 15, fsync
on); TRUNCATE takes 200, because it makes new files.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from sqlalchemy import delete

from toolboxai.server.database import Database
from toolboxai.server.models import Base

CONNECT_TIMEOUT_SECONDS = 5
COMMAND_TIMEOUT_SECONDS = 30
# Whoever a test left behind must not lock what the next one empties.
END_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# What a test wrote need not survive the machine.
WAIT_FOR_NO_DISK = """
    DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$
"""
DELETE_ROWS = ";".join(str(delete(table)) for table in reversed(Base.metadata.sorted_tables))
BEGIN_ANEW = f"DROP SCHEMA public CASCADE; CREATE SCHEMA public; {WAIT_FOR_NO_DISK}"


@dataclass(frozen=True, slots=True)
class SharedPostgres:
    """A database that all tests of this process use, one after the other."""

    url: str

    def emptied(self) -> str:
        """Return its address, once there are no rows in it, and no table that a test has harmed."""
        with ThreadPoolExecutor(max_workers=1) as thread:
            thread.submit(asyncio.run, self._empty()).result()
        return self.url

    async def _empty(self) -> None:
        connection = await asyncpg.connect(
            self.url, timeout=CONNECT_TIMEOUT_SECONDS, command_timeout=COMMAND_TIMEOUT_SECONDS
        )
        try:
            await connection.execute(END_OTHERS)
            await connection.execute(DELETE_ROWS)
        except asyncpg.UndefinedTableError:
            await connection.execute(BEGIN_ANEW)
        finally:
            await connection.close()


def migrated_file(file: Path) -> bytes:
    """Return what a server that has just made its SQLite database leaves in ``file``."""

    async def make() -> None:
        database = Database(f"sqlite+aiosqlite:///{file}")
        await database.start()
        await database.stop()

    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, make()).result()
    return file.read_bytes()
