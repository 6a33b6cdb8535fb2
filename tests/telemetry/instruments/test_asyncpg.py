"""asyncpg used directly, on a real PostgreSQL."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from tests.telemetry.instruments.conftest import Bench

pytestmark = pytest.mark.postgres
# Generic in its stubs only.
Connection = Any
SECRET = "hunter22-planted"


def connected(
    url: str, work: Callable[[Connection], Awaitable[object]]
) -> Callable[[], Awaitable[None]]:
    async def connect_and_work() -> None:
        connection = await asyncpg.connect(url)
        try:
            await work(connection)
        finally:
            await connection.close()

    return connect_and_work


def test_every_way_to_ask_is_one_span(bench: Bench, postgres_url: str) -> None:
    async def work(connection: Connection) -> None:
        async with connection.transaction():
            await connection.execute("CREATE TABLE pupil (id int, name text)")
            await connection.executemany("INSERT INTO pupil VALUES ($1, $2)", [(1, SECRET)] * 2)
        await connection.fetch("SELECT name FROM pupil WHERE name = $1", SECRET)
        await connection.fetchrow("SELECT id FROM pupil WHERE name = $1", SECRET)
        await connection.fetchval(query=f"SELECT '{SECRET}'")
        statement = await connection.prepare("SELECT 1 FROM pupil WHERE name = $1")
        await statement.fetch(SECRET)
        await statement.fetchval(SECRET)

    spans = bench.spans(connected(postgres_url, work))

    assert [span["description"] for span in spans] == [
        "CREATE TABLE pupil (id int, name text)",
        "INSERT INTO pupil VALUES (?)",
        "SELECT name FROM pupil WHERE name = ?",
        "SELECT id FROM pupil WHERE name = ?",
        "SELECT ?",
        "SELECT ? FROM pupil WHERE name = ?",
        "SELECT ? FROM pupil WHERE name = ?",
    ]
    assert {(span["op"], span["data"]["db.system"]) for span in spans} == {("db", "postgresql")}
    assert spans[2]["data"]["db.rows"] == 2
    assert not bench.has_seen(SECRET)


def test_a_pool_shows_queries_and_not_its_housekeeping(bench: Bench, postgres_url: str) -> None:
    async def work() -> None:
        async with asyncpg.create_pool(postgres_url, min_size=1, max_size=1) as pool:
            for number in range(5):
                await pool.fetchval("SELECT $1::int", number)

    transaction = bench.trace(work)

    assert [span["description"] for span in transaction["spans"]] == ["SELECT ?"] * 5
    assert transaction["tags"]["n_plus_one"] == "true"


def test_a_failed_query_says_so(unsampled_bench: Bench, postgres_url: str) -> None:
    async def work(connection: Connection) -> None:
        with pytest.raises(asyncpg.UndefinedTableError):
            await connection.fetch("SELECT 1 FROM nowhere WHERE name = $1", SECRET)

    crumbs = unsampled_bench.crumbs(connected(postgres_url, work))

    assert crumbs == [("query", "error", "SELECT ? FROM nowhere WHERE name = ?")]
    assert not unsampled_bench.has_seen(SECRET)
