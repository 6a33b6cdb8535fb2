"""Tokens a day, counted on both databases."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from toolboxai.server.config import Settings
from toolboxai.server.content.outside.budget import Budget
from toolboxai.server.database import Database
from toolboxai.server.models import School

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
async def database(settings: Callable[..., Settings], database_url: str) -> AsyncIterator[Database]:
    """A database with its tables."""
    database = Database(settings(database_url=database_url).database_address)
    await database.start()
    yield database
    await database.stop()


async def a_school(database: Database, name: str) -> UUID:
    school = School(name=name)
    async with database.writing() as session:
        session.add(school)
    return school.id


async def test_what_schools_use_side_by_side_is_added_up(database: Database) -> None:
    hill, lake = [await a_school(database, name) for name in ("Hill School", "Lake School")]
    budget = Budget(database, 100, now=lambda: NOON)

    spending = [
        budget.spend(school, input_tokens=3, output_tokens=2)
        for school in (hill, lake)
        for _ in range(10)
    ]
    before = await budget.has_left()
    await asyncio.gather(*spending)

    assert await budget.used_today() == 100
    assert (before, await budget.has_left()) == (True, False)


async def test_a_new_day_begins_anew(database: Database) -> None:
    school = await a_school(database, "Hill School")
    now = [NOON]
    budget = Budget(database, 10, now=lambda: now[0])
    await budget.spend(school, input_tokens=10, output_tokens=0)

    now[0] += timedelta(days=1)

    assert await budget.used_today() == 0
    assert await budget.has_left()
