"""SQLAlchemy on real SQLite and PostgreSQL, synchronous and asynchronous."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, bindparam, create_engine, text
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from tests.telemetry.conftest import Start
from tests.telemetry.instruments.conftest import Bench
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.telemetry import instruments

SECRET = "hunter22-planted"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A synchronous engine with one table."""
    made = create_engine(f"sqlite:///{tmp_path / 'school.db'}", poolclass=NullPool)
    with made.begin() as connection:
        connection.execute(text("CREATE TABLE pupil (id INTEGER PRIMARY KEY, name TEXT)"))
        connection.execute(text("INSERT INTO pupil (name) VALUES ('Ada'), ('Alan')"))
    yield made
    made.dispose()


def async_engine(tmp_path: Path) -> AsyncEngine:
    return create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'school.db'}", poolclass=NullPool)


def test_a_query_becomes_a_span_without_its_parameters(bench: Bench, engine: Engine) -> None:
    def work() -> None:
        with engine.connect() as connection:
            query = text("SELECT id FROM pupil\nWHERE name IN (:a, :b) AND id > 7")
            connection.execute(query, {"a": SECRET, "b": "x"}).all()

    transaction = bench.trace(work)

    (span,) = transaction["spans"]
    assert (span["op"], span["origin"]) == ("db", "auto.db.toolboxai")
    assert span["description"] == "SELECT id FROM pupil WHERE name IN (?) AND id > ?"
    assert span["data"].items() >= {"db.system": "sqlite", "db.operation": "SELECT"}.items()
    assert span["parent_span_id"] == transaction["contexts"]["trace"]["span_id"]
    assert span["start_timestamp"] <= span["timestamp"]
    assert not bench.has_seen(SECRET)


def test_a_query_hangs_below_the_step_that_makes_it(bench: Bench, engine: Engine) -> None:
    def work() -> None:
        with telemetry.span("content.plan", "plan"), engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    spans = {span["op"]: span for span in bench.spans(work)}

    assert spans["db"]["parent_span_id"] == spans["content.plan"]["span_id"]


def test_many_rows_are_one_span_with_their_count(bench: Bench, engine: Engine) -> None:
    def work() -> None:
        with engine.begin() as connection:
            rows = [{"name": SECRET}, {"name": SECRET}, {"name": SECRET}]
            connection.execute(text("INSERT INTO pupil (name) VALUES (:name)"), rows)

    (span,) = bench.spans(work)

    assert span["description"] == "INSERT INTO pupil (name) VALUES (?)"
    assert span["data"]["db.rows"] == 3
    assert not bench.has_seen(SECRET)


def test_a_failed_query_says_so(bench: Bench, engine: Engine) -> None:
    def work() -> None:
        with engine.connect() as connection, pytest.raises(OperationalError):
            connection.execute(text("SELECT nothing FROM nowhere"))

    (span,) = bench.spans(work)

    assert (span["status"], span["data"]["error.type"]) == ("internal_error", "OperationalError")


def test_an_asynchronous_query_is_one_span(bench: Bench, engine: Engine, tmp_path: Path) -> None:
    del engine

    async def work() -> None:
        async_one = async_engine(tmp_path)
        async with async_one.connect() as connection:
            await connection.execute(text("SELECT name FROM pupil"))
            await connection.exec_driver_sql("SELECT 2")
        await async_one.dispose()

    names = [span["description"] for span in bench.spans(work)]

    assert names == ["SELECT name FROM pupil", "SELECT ?"]


def test_queries_below_the_limit_do_not_say_where(bench: Bench, engine: Engine) -> None:
    def work() -> None:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    (span,) = bench.spans(work)

    assert not any(name.startswith("code.") for name in span["data"])


def test_a_slow_query_says_where_it_was_made(bench: Bench, engine: Engine) -> None:
    instruments.install(slow_query_seconds=0)

    def ask_slowly() -> None:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    (span,) = bench.spans(ask_slowly)

    assert span["data"]["code.function"] == "ask_slowly"
    assert span["data"]["code.filepath"] == "tests/telemetry/instruments/test_sqlalchemy.py"
    assert span["data"]["code.lineno"] > 0


def test_a_slow_asynchronous_query_says_where_it_was_made(bench: Bench, tmp_path: Path) -> None:
    instruments.install(slow_query_seconds=0)

    async def ask_slowly() -> None:
        async_one = async_engine(tmp_path)
        async with async_one.connect() as connection:
            await connection.execute(text("SELECT 1"))
        await async_one.dispose()

    (span,) = bench.spans(ask_slowly)

    assert span["data"]["code.function"] == "ask_slowly"


def ask_for_each(engine: Engine, count: int) -> None:
    with engine.connect() as connection:
        for number in range(count):
            connection.execute(text("SELECT name FROM pupil WHERE id = :id"), {"id": number})


def test_five_equal_queries_are_n_plus_one(bench: Bench, engine: Engine) -> None:
    def work() -> None:
        ask_for_each(engine, 6)
        with engine.connect() as connection:
            connection.execute(text("SELECT count(*) FROM pupil"))

    transaction = bench.trace(work)

    marks = [span["data"].get("n_plus_one") for span in transaction["spans"]]
    assert marks == [True] * 6 + [None]
    assert transaction["tags"]["n_plus_one"] == "true"


def test_four_equal_queries_are_not(bench: Bench, engine: Engine) -> None:
    def work() -> None:
        ask_for_each(engine, 4)

    transaction = bench.trace(work)

    assert not any("n_plus_one" in span["data"] for span in transaction["spans"])
    assert "n_plus_one" not in transaction.get("tags", {})


def test_equal_queries_of_several_steps_are_not(bench: Bench, engine: Engine) -> None:
    def work() -> None:
        for _ in range(3):
            with telemetry.span("step", "step"):
                ask_for_each(engine, 3)

    assert "n_plus_one" not in bench.trace(work).get("tags", {})


def test_n_plus_one_is_named_once_among_the_breadcrumbs(bench: Bench, engine: Engine) -> None:
    async def work() -> None:
        ask_for_each(engine, 7)

    crumbs = bench.crumbs(work)

    query = "SELECT name FROM pupil WHERE id = ?"
    assert crumbs.count(("query", "info", query)) == 7
    assert crumbs.count(("query", "warning", f"N+1: {query}")) == 1


def test_an_unsampled_request_has_breadcrumbs_and_no_spans(
    unsampled_bench: Bench, engine: Engine
) -> None:
    async def work() -> None:
        with engine.connect() as connection:
            connection.execute(text("SELECT id FROM pupil WHERE name = :n"), {"n": SECRET})
            with pytest.raises(OperationalError):
                connection.execute(text("SELECT 1 FROM nowhere"))

    crumbs = unsampled_bench.crumbs(work)

    assert crumbs == [
        ("query", "info", "SELECT id FROM pupil WHERE name = ?"),
        ("query", "error", "SELECT ? FROM nowhere"),
    ]
    assert unsampled_bench.sink.items("transaction") == []
    assert not unsampled_bench.has_seen(SECRET)


def test_nothing_is_left_outside_of_requests(bench: Bench, engine: Engine) -> None:
    ask_for_each(engine, 1)

    assert bench.spans(lambda: None) == []


class EchoingDialect(SQLiteDialect_pysqlite):
    """A dialect of somebody else's that overrides a method and calls its base."""

    supports_statement_cache = True

    def do_execute(self, cursor: Any, statement: Any, parameters: Any, context: Any = None) -> None:  # noqa: ANN401
        super().do_execute(cursor, statement, parameters, context)  # type: ignore[no-untyped-call]


def test_a_dialect_that_overrides_and_calls_its_base_counts_once(
    bench: Bench, tmp_path: Path
) -> None:
    class LaterDialect(EchoingDialect):
        supports_statement_cache = True

        def do_execute(
            self,
            cursor: Any,  # noqa: ANN401
            statement: Any,  # noqa: ANN401
            parameters: Any,  # noqa: ANN401
            context: Any = None,  # noqa: ANN401
        ) -> None:
            cursor.execute(statement, parameters)
            del context

    url = f"sqlite:///{tmp_path / 'school.db'}"
    engines = [create_engine(url, poolclass=NullPool) for _ in range(2)]
    engines[0].dialect = EchoingDialect(dbapi=engines[0].dialect.dbapi)
    engines[1].dialect = LaterDialect(dbapi=engines[1].dialect.dbapi)

    def work() -> None:
        for engine in engines:
            with engine.connect() as connection:
                connection.execute(text("SELECT 1"))

    descriptions = [span["description"] for span in bench.spans(work)]

    assert descriptions.count("SELECT ?") == 2


class DirectDialect(SQLiteDialect_pysqlite):
    """A dialect that overrides a method and goes its own way."""

    supports_statement_cache = True

    def do_execute(self, cursor: Any, statement: Any, parameters: Any, context: Any = None) -> None:  # noqa: ANN401
        cursor.execute(statement, parameters)
        del context


def test_an_engine_that_was_there_first_is_observed(bench: Bench, tmp_path: Path) -> None:
    instruments.remove()
    engine = create_engine(f"sqlite:///{tmp_path / 'school.db'}", poolclass=NullPool)
    engine.dialect = DirectDialect(dbapi=engine.dialect.dbapi)
    instruments.install()

    def work() -> None:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    assert "SELECT ?" in [span["description"] for span in bench.spans(work)]


@pytest.mark.postgres
def test_asyncpg_below_sqlalchemy_does_not_double(bench: Bench, postgres_url: str) -> None:
    url = postgres_url.replace("postgresql://", "postgresql+asyncpg://")

    async def work() -> None:
        engine = create_async_engine(url, poolclass=NullPool)
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE pupil (id INT, name TEXT)"))
            rows = [{"i": 1, "n": SECRET}, {"i": 2, "n": SECRET}]
            await connection.execute(text("INSERT INTO pupil VALUES (:i, :n)"), rows)
            query = text("SELECT id FROM pupil WHERE name IN :names")
            query = query.bindparams(bindparam("names", expanding=True))
            await connection.execute(query, {"names": [SECRET, "x", "y"]})
        await engine.dispose()

    spans = bench.spans(work)

    own = [span for span in spans if "pupil" in span["description"]]
    assert [span["description"] for span in own] == [
        "CREATE TABLE pupil (id INT, name TEXT)",
        "INSERT INTO pupil VALUES (?)",
        "SELECT id FROM pupil WHERE name IN (?)",
    ]
    assert len({span["description"] for span in spans}) == len(spans)
    assert own[2]["data"].items() >= {"db.system": "postgresql", "db.rows": 2}.items()
    assert not bench.has_seen(SECRET)


def test_fifty_requests_at_once_keep_their_queries_apart(
    start: Start, sink: RecordingSink, tmp_path: Path
) -> None:
    import httpx2
    from fastapi import FastAPI

    start()
    instruments.install()
    engine = async_engine(tmp_path)
    app = FastAPI()

    @app.get("/work/{number}")
    async def work(number: int) -> None:
        async def ask() -> None:
            async with engine.connect() as connection:
                await connection.execute(text(f"SELECT 1 AS column_{number}x"))

        await asyncio.gather(ask(), ask(), ask())

    telemetry.instrument(app)

    async def load() -> None:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://school") as client:
            await asyncio.gather(*(client.get(f"/work/{number}") for number in range(50)))
        await engine.dispose()

    asyncio.run(load())

    assert telemetry.flush(10)
    instruments.remove()
    transactions = sink.items("transaction")
    assert len(transactions) == 50
    seen = set()
    for transaction in transactions:
        root = transaction["contexts"]["trace"]
        spans = transaction["spans"]
        assert {span["trace_id"] for span in spans} == {root["trace_id"]}
        assert {span["parent_span_id"] for span in spans} == {root["span_id"]}
        assert len(spans) == 3
        (name,) = {span["description"] for span in spans}
        seen.add(name)
    assert seen == {f"SELECT ? AS column_{number}x" for number in range(50)}
