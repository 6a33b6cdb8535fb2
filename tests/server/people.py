"""Schools with people who are signed in, made in the database of a running server."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.testclient import TestClient

from toolboxai.server.auth import AccessTokens, Cost
from toolboxai.server.database import Database
from toolboxai.server.models import Role, School, User

CHEAP = Cost(memory_kib=8, passes=1)
PASSWORD = "correct horse battery"
HASHED = Argon2Hasher(CHEAP.passes, CHEAP.memory_kib, CHEAP.lanes).hash(PASSWORD)
PUPILS_GRADE = 4


@dataclass(frozen=True)
class Person:
    """Somebody at a server, and a client with their access token."""

    id: UUID
    username: str
    client: TestClient


@dataclass(frozen=True)
class FullSchool:
    """A school with one person of each role: ``school.teacher.get(...)`` asks as the teacher."""

    id: UUID
    name: str
    people: dict[Role, Person]

    @property
    def student(self) -> TestClient:
        """A client of the pupil, who is in grade 4."""
        return self.people[Role.STUDENT].client

    @property
    def teacher(self) -> TestClient:
        """A client of the teacher."""
        return self.people[Role.TEACHER].client

    @property
    def admin(self) -> TestClient:
        """A client of the administrator."""
        return self.people[Role.ADMIN].client


def full_school(client: TestClient, name: str) -> FullSchool:
    """Make a school at ``client``'s server with a pupil, a teacher and an administrator; all have `PASSWORD`."""
    school = School(name=name)
    stored(client, school)
    roles = (Role.STUDENT, Role.TEACHER, Role.ADMIN)
    return FullSchool(school.id, name, {role: person(client, role, school) for role in roles})


def person(
    client: TestClient, role: Role, school: School | None = None, username: str | None = None
) -> Person:
    """Make somebody at ``client``'s server; an operator has no school."""
    place = school.name.partition(" ")[0].lower() if school else "everywhere"
    user = User(
        school_id=school.id if school else None,
        username=username or f"{role}@{place}",
        role=role,
        password_hash=HASHED,
        grade=PUPILS_GRADE if role is Role.STUDENT else None,
    )
    stored(client, user)
    return Person(user.id, user.username, signed_in(client, user.id))


def signed_in(client: TestClient, user_id: UUID) -> TestClient:
    """Return a client of the same running server that sends an access token of ``user_id``."""
    tokens: AccessTokens = _application(client).state.access_tokens
    same = beside(client)
    same.headers["Authorization"] = f"Bearer {tokens.issue(user_id)}"
    return same


def beside(client: TestClient) -> TestClient:
    """Return another client of the same running server, in the same event loop."""
    same = TestClient(_application(client), raise_server_exceptions=False)
    same.portal = client.portal
    return same


def stored(client: TestClient, *rows: Any) -> None:  # noqa: ANN401 - a row of any table
    """Store ``rows`` in the database of ``client``'s server."""

    async def add(session: AsyncSession) -> None:
        session.add_all(rows)

    in_database(client, add)


def in_database(client: TestClient, work: Callable[[AsyncSession], Awaitable[Any]]) -> Any:  # noqa: ANN401 - what the test asks for
    """Do ``work`` in a session of ``client``'s server, committed at its end; return what it returns."""
    database: Database = _application(client).state.database

    async def run() -> object:
        async with database.writing() as session:
            return await work(session)

    assert client.portal is not None
    return client.portal.call(run)


def _application(client: TestClient) -> FastAPI:
    assert isinstance(client.app, FastAPI)
    return client.app
