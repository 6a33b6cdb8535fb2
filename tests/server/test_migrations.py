"""An older database becomes the one that the models describe, and keeps its rows."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from tests.server.conftest import ON_SQLITE, Start
from toolboxai.server.config import Settings
from toolboxai.server.database import Database, DatabaseUnreachableError
from toolboxai.server.migrations import FOLDER
from toolboxai.server.models import Base

pytestmark = pytest.mark.anyio
# As version 0.1 made it.
RELEASED = """
    CREATE TABLE lesson (
        id {uuid} NOT NULL, subject VARCHAR(64) NOT NULL, objective VARCHAR(64) NOT NULL,
        grade INTEGER NOT NULL, seed BIGINT NOT NULL, content TEXT NOT NULL,
        created_at {moment} NOT NULL,
        PRIMARY KEY (id), CONSTRAINT lesson_grade CHECK (grade BETWEEN 1 AND 12)
    )
"""
LESSON = """
    INSERT INTO lesson VALUES (
        '01932f5e8c417a3b9d526f0e1b7c2a90', 'mathematics', 'place-value', 4, 7, '{}',
        '2026-11-23 10:00:00.000000'
    )
"""


@pytest.fixture
def address(settings: Callable[..., Settings], database_url: str) -> str:
    return settings(database_url=database_url).database_address


async def _made_by_version_0_1(database: Database) -> None:
    is_sqlite = database.engine.dialect.name == "sqlite"
    types = ("CHAR(32)", "DATETIME") if is_sqlite else ("UUID", "TIMESTAMP WITH TIME ZONE")
    async with database.engine.begin() as connection:
        await connection.execute(text(RELEASED.format(uuid=types[0], moment=types[1])))
        await connection.exec_driver_sql(LESSON)


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, Base.metadata))


@pytest.mark.parametrize("is_old", [False, True], ids=["new", "of version 0.1"])
async def test_a_migrated_database_is_the_one_that_the_models_describe(
    address: str, *, is_old: bool
) -> None:
    database = Database(address)
    if is_old:
        await _made_by_version_0_1(database)

    await database.start()

    async with database.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await database.stop()


async def test_a_database_of_version_0_1_keeps_its_lessons(address: str) -> None:
    database = Database(address)
    await _made_by_version_0_1(database)

    await database.start()
    await database.stop()
    await database.start()

    async with database.engine.connect() as connection:
        rows = await connection.execute(text("SELECT objective, kind, school_id FROM lesson"))
        assert rows.all() == [("place-value", "lesson", None)]
    await database.stop()


async def test_a_migration_that_fails_changes_nothing(address: str) -> None:
    database = Database(address)
    await _made_by_version_0_1(database)
    async with database.engine.begin() as connection:
        # In the way of the last step's last table.
        await connection.execute(text("CREATE TABLE plugin_message (x INTEGER)"))

    with pytest.raises(DatabaseUnreachableError, match="plugin_message"):
        await database.start()

    async with database.engine.begin() as connection:
        rows = await connection.execute(text("SELECT * FROM lesson"))
        assert len(rows.keys()) == 7
        await connection.execute(text("DROP TABLE plugin_message"))
    await database.start()
    await database.stop()


async def test_a_database_of_a_newer_version_is_left_alone(address: str) -> None:
    database = Database(address)
    await database.start()
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(DatabaseUnreachableError, match="a newer version of ToolboxAI"):
        await database.start()


@ON_SQLITE
def test_a_file_of_version_0_1_is_migrated_when_the_server_starts(
    start: Start, tmp_path: Path
) -> None:
    file = tmp_path / "old.db"
    with sqlite3.connect(file) as old:
        old.execute(RELEASED.format(uuid="CHAR(32)", moment="DATETIME"))
        old.execute(LESSON)
    old.close()

    client = start(database_url=f"sqlite:///{file}")

    assert client.get("/health/ready").status_code == 200


def test_the_steps_have_numbers_without_a_gap() -> None:
    names = sorted(path.name for path in (FOLDER / "versions").glob("v*.py"))

    assert [name[:5] for name in names] == [f"v{number:04}" for number in range(1, len(names) + 1)]
