"""The database's manners, on SQLite and, where it is there, on PostgreSQL."""

import asyncio
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient

from tests.server.conftest import ON_SQLITE, Start, application
from tests.server.people import full_school
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.server.config import Settings
from toolboxai.server.content.examples import LESSON
from toolboxai.server.content.schemas import Lesson
from toolboxai.server.content.service import keep
from toolboxai.server.database import Database, DatabaseUnreachableError
from toolboxai.server.models import School, StoredLesson

pytestmark = pytest.mark.anyio
Build = Callable[..., Settings]


@pytest.fixture
def address(settings: Build, database_url: str) -> str:
    return settings(database_url=database_url).database_address


async def test_several_workers_may_start_at_once(address: str) -> None:
    workers = [Database(address) for _ in range(4)]

    await asyncio.gather(*(worker.start() for worker in workers))

    assert all([await worker.probe() for worker in workers])
    for worker in workers:
        await worker.stop()


def a_lesson() -> Lesson:
    """Return the lesson of the documentation, with an id of its own."""
    (shown,) = LESSON["content"].values()
    return Lesson.model_validate({**shown["example"], "id": uuid4()})


async def a_school(database: Database) -> UUID:
    """Store a school, and return its id."""
    school = School(name="Hill School")
    async with database.writing() as session:
        session.add(school)
    return school.id


async def test_the_same_lesson_stored_twice_at_once_is_new_only_once(address: str) -> None:
    database = Database(address)
    await database.start()
    school_id, lesson = await a_school(database), a_lesson()

    stored = await asyncio.gather(*(keep(database, lesson, school_id) for _ in range(4)))

    assert sorted(stored) == [False, False, False, True]
    await database.stop()


async def test_on_sqlite_nobody_is_overtaken_while_waiting_to_write(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    await database.start()
    school_id = await a_school(database)
    done: list[int] = []

    async def store(number: int) -> None:
        await keep(database, a_lesson(), school_id)
        done.append(number)

    await asyncio.gather(*(store(number) for number in range(30)))

    assert done == list(range(30))
    await database.stop()


async def test_what_fails_halfway_is_not_written(address: str) -> None:
    database = Database(address)
    await database.start()
    school_id, lesson = await a_school(database), a_lesson()
    row = {"subject": "mathematics", "objective": "x", "grade": 3, "seed": 1, "content": "{}"}

    with pytest.raises(ZeroDivisionError):
        async with database.writing() as session:
            await session.execute(insert(StoredLesson).values(id=lesson.id, **row))
            raise ZeroDivisionError

    assert await keep(database, lesson, school_id)
    await database.stop()


@pytest.mark.postgres
@pytest.mark.parametrize("server_database", ["postgres"], indirect=True)
def test_connections_that_the_database_closed_are_replaced_unnoticed(
    client: TestClient, server_database: str
) -> None:
    teacher = full_school(client, "Hill School").teacher
    lesson = {"grade": 3, "objective": "times-tables"}
    teacher.post("/generate_content", json=lesson)

    asyncio.run(_close_connections_to(server_database))

    assert teacher.post("/generate_content", json=lesson).status_code == 201


async def _close_connections_to(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await connection.close()


async def test_a_row_that_breaks_a_rule_is_refused_and_its_values_are_not_quoted(
    address: str,
) -> None:
    database = Database(address)
    await database.start()
    row = {"id": uuid4(), "subject": "s3cret", "objective": "x", "grade": 13, "seed": 1}

    with pytest.raises(IntegrityError) as refused:
        async with database.session() as session:
            await session.execute(insert(StoredLesson).values(**row, content="s3cret"))

    assert "SQL parameters hidden" in str(refused.value)
    await database.stop()


async def test_sqlite_keeps_a_log_and_foreign_keys_and_waits_for_locks(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'new' / 'test.db'}")
    await database.start()

    async with database.session() as session:
        pragmas = {
            name: await session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        }

    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 5000}
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    await database.stop()


async def test_sqlite_s_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    await database.start()

    async with database.writing() as session:
        await session.execute(text("CREATE TABLE more (x INTEGER)"))
        modes = _modes_in(tmp_path)

    names = ["test.db", "test.db-wal", "test.db-shm", "test.db.lock"]
    assert modes == dict.fromkeys(names, 0o600)
    await database.stop()


async def test_a_database_named_as_a_uri_is_left_to_sqlite(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///file:{tmp_path / 'test.db'}?uri=true")

    await database.start()

    assert set(_modes_in(tmp_path)) == {"test.db", "test.db-wal", "test.db-shm"}
    await database.stop()


def _modes_in(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


@pytest.mark.parametrize(
    "address",
    [
        "postgresql+asyncpg://teacher:s3cret@127.0.0.1:1/lessons",
        "sqlite+aiosqlite:////proc/nowhere/test.db",
    ],
)
async def test_a_database_that_can_not_be_used_is_named_without_its_password(address: str) -> None:
    with pytest.raises(DatabaseUnreachableError, match="Check DATABASE_URL") as refused:
        await Database(address).start()

    assert "s3cret" not in str(refused.value)


async def test_a_missing_driver_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)

    with pytest.raises(DatabaseUnreachableError, match=r"pip install 'toolboxai\[postgres\]'"):
        Database("postgresql+asyncpg://u@127.0.0.1/d")


def _break(client: TestClient, statement: str) -> None:
    """Harm the running server's database from inside."""
    database: Database = application(client).state.database

    async def execute() -> None:
        async with database.engine.begin() as connection:
            await connection.execute(text(statement))

    assert client.portal is not None
    client.portal.call(execute)


@ON_SQLITE  # PostgreSQL calls it a mistake of the statement
def test_a_database_that_breaks_is_a_503_reported_once_as_handled(
    start: Start, sink: RecordingSink
) -> None:
    client = start(sentry_dsn=sink.dsn)
    teacher = full_school(client, "Hill School").teacher
    _break(client, "ALTER TABLE lesson RENAME TO gone")

    answer = teacher.post("/generate_content", json={"grade": 3, "objective": "times-tables"})

    telemetry.flush(5)
    (event,) = sink.items("event")
    error = event["exception"]["values"][-1]
    assert answer.status_code == 503
    assert answer.json()["event_id"] == event["event_id"]
    assert "database" in answer.json()["detail"]
    assert error["type"] == "DependencyError"
    assert error["value"] == "database failed at store a lesson: unavailable"
    assert error["mechanism"]["handled"] is True
    assert "no such table" not in answer.text


async def test_a_failing_probe_says_no(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}")

    assert await database.probe() is False
    await database.stop()
    await _drivers_threads_end()


async def _drivers_threads_end() -> None:
    """After a failed connection aiosqlite's thread has a last word, and needs the loop for it."""
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join, 10)
