"""SQLite in trouble: locked by somebody else, read-only, full. It is said clearly, and when it is over all goes on."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.testclient import TestClient

from tests.server.conftest import ON_SQLITE, Start, application
from tests.server.people import FullSchool, full_school
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.server.database import Database

LESSON = {"grade": 3, "objective": "times-tables"}
Trouble = Callable[[TestClient, Path], AbstractContextManager[None]]


@contextmanager
def locked(_client: TestClient, file: Path) -> Iterator[None]:
    """Let another program write, and not come to an end."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def read_only(client: TestClient, _file: Path) -> Iterator[None]:
    """Let SQLite refuse to write, as it does with a file that isn't ours."""
    with on_each_connection(client, "PRAGMA query_only = ON", "PRAGMA query_only = OFF"):
        yield


@contextmanager
def full(client: TestClient, _file: Path) -> Iterator[None]:
    """Let the disk have no room for another page."""
    unbounded = "PRAGMA max_page_count = 1073741823"
    with on_each_connection(client, "PRAGMA max_page_count = 1", unbounded):
        yield


@contextmanager
def on_each_connection(client: TestClient, before: str, after: str) -> Iterator[None]:
    """Say something to SQLite whenever a connection is taken from the pool: ``before`` in the block, and ``after`` it."""
    engine: AsyncEngine = application(client).state.database.engine
    said = [before]

    @event.listens_for(engine.sync_engine.pool, "checkout")
    def say(connection: sqlite3.Connection, *_: object) -> None:
        cursor = connection.cursor()
        cursor.execute(said[0])
        cursor.close()

    yield
    said[0] = after


@ON_SQLITE
@pytest.mark.parametrize(
    ("trouble", "status", "way"),
    [(locked, 504, "timeout"), (read_only, 503, "unavailable"), (full, 503, "unavailable")],
)
def test_what_can_not_be_written_is_a_clear_answer_and_one_event_and_reading_goes_on(
    start: Start,
    sink: RecordingSink,
    monkeypatch: pytest.MonkeyPatch,
    *,
    trouble: Trouble,
    status: int,
    way: str,
) -> None:
    monkeypatch.setattr("toolboxai.server.database.LOCK_TIMEOUT_SECONDS", 0.1)
    client = start(sentry_dsn=sink.dsn, generation_workers=0)
    school: FullSchool = full_school(client, "Hill School")
    kept = school.teacher.post("/generate_content", json=LESSON).json()["id"]
    database: Database = application(client).state.database

    with trouble(client, Path(database.engine.url.database or "")):
        refused = school.teacher.post("/generate_content", json=LESSON | {"seed": 5})
        read = school.teacher.get(f"/lessons/{kept}")
    after = school.teacher.post("/generate_content", json=LESSON | {"seed": 6})

    telemetry.flush(5)
    (told,) = sink.items("event")
    assert (refused.status_code, read.status_code, after.status_code) == (status, 200, 201)
    assert refused.headers["content-type"] == "application/problem+json"
    assert int(refused.headers["retry-after"]) > 0
    assert refused.json()["event_id"] == told["event_id"]
    assert told["fingerprint"] == ["dependency", "database", way]
    assert told["exception"]["values"][-1]["mechanism"]["handled"] is True
