"""Whom the server works for while it is measured: a school's rows, and the tokens and passwords that go with them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from uuid import UUID

from toolboxai.server.auth import Passwords
from toolboxai.server.config import Settings
from toolboxai.server.database import Database
from toolboxai.server.models import PluginSession, Role, School, User, new_id
from toolboxai.server.roblox.protocol import MIN_PLUGIN_VERSION
from toolboxai.server.roblox.secrets import hash_of, new_token

# Five failed tries lock a name, and each try counts until it has succeeded.
TEACHERS = 32


@dataclass(frozen=True, slots=True)
class Studio:
    """A paired Studio, and its token."""

    id: UUID
    token: str


@dataclass(frozen=True, slots=True)
class People:
    """Names of those who can sign in, the password of all of them, and the school's Studios."""

    names: Sequence[str]
    password: str
    studios: Sequence[Studio]


def school_in(folder: Path, database_url: str, *, studios: int) -> People:
    """Make a school in the database that a server with this data folder and address will use."""
    settings = Settings(data_dir=folder, database_url=database_url)
    return asyncio.run(_school_in(Database(settings.database_address), studios))


async def _school_in(database: Database, count: int) -> People:
    password = token_urlsafe()
    password_hash = await Passwords().hash(password)
    names = [f"teacher-{number}" for number in range(TEACHERS)]
    studios = [Studio(new_id(), new_token()) for _ in range(count)]
    await database.start()
    try:
        async with database.writing() as session:
            school = School(name="Hill School")
            session.add(school)
            await session.flush()
            teachers = [
                User(
                    school_id=school.id,
                    username=name,
                    role=Role.TEACHER,
                    password_hash=password_hash,
                )
                for name in names
            ]
            session.add_all(teachers)
            await session.flush()
            session.add_all(_row_of(studio, school.id, teachers[0].id) for studio in studios)
    finally:
        await database.stop()
    return People(names, password, studios)


def _row_of(studio: Studio, school_id: UUID, user_id: UUID) -> PluginSession:
    return PluginSession(
        id=studio.id,
        school_id=school_id,
        user_id=user_id,
        token_hash=hash_of(studio.token),
        plugin_version=MIN_PLUGIN_VERSION,
        studio_hash=hash_of(str(studio.id)),
    )
