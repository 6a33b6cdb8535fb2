"""What `toolboxai users create-admin` does: the first person of a school, or of the server, straight into the database."""

import asyncio
from collections.abc import Callable, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from toolboxai.cli.environment import read_settings
from toolboxai.cli.errors import CommandError
from toolboxai.server.auth import (
    MAX_PASSWORD_CHARS,
    Passwords,
    min_password_chars,
    username_of,
)
from toolboxai.server.database import Database, DatabaseUnreachableError
from toolboxai.server.models import Role, School, User
from toolboxai.server.models.schools import MAX_NAME_CHARS

Say = Callable[[str], None]


def run_create_admin(say: Say, *, school: str, username: str, password: str) -> int:
    """Make an administrator of ``school``, which is made if it isn't there; without a school, an operator.

    Raises ``CommandError`` for a name that is taken or can't be one, a short password, a database that is away.
    """
    role = Role.ADMIN if school else Role.OPERATOR
    create(school, {username: (role, password, None)})
    say(f"{username} is {role} of {school or 'the server'}; sign in at POST /auth/token")
    return 0


def create(school: str, people: Mapping[str, tuple[Role, str, int | None]]) -> None:
    """Store people, each by user name with role, password and grade, all of them or none.

    Raises ``CommandError``.
    """
    if len(school) > MAX_NAME_CHARS:
        message = f"a school's name has at most {MAX_NAME_CHARS} characters"
        raise CommandError(message)
    for username, (role, password, _) in people.items():
        if username_of(username) is None:
            message = f"{username!r} is no user name: 2 to 64 letters, digits and . _ @ + -"
            raise CommandError(message)
        least = min_password_chars(role)
        if not least <= len(password) <= MAX_PASSWORD_CHARS:
            message = f"a password has {least} to {MAX_PASSWORD_CHARS} characters"
            raise CommandError(message)
    try:
        asyncio.run(_create(Database(read_settings().database_address), school, people))
    except DatabaseUnreachableError as error:
        raise CommandError(str(error), exit_code=1) from error


async def _create(
    database: Database, school: str, people: Mapping[str, tuple[Role, str, int | None]]
) -> None:
    passwords = Passwords()
    kept = {name: await passwords.hash(password) for name, (_, password, _) in people.items()}
    await database.start()
    try:
        async with database.writing() as session:
            place = await _school(session, school) if school else None
            for name, (role, _, grade) in people.items():
                stored = str(username_of(name))
                if await session.scalar(select(User.id).where(User.username == stored)):
                    message = f"somebody is called {name!r} already; choose another user name"
                    raise CommandError(message, exit_code=1)
                session.add(
                    User(
                        school_id=None if place is None else place.id,
                        username=stored,
                        role=role,
                        password_hash=kept[name],
                        grade=grade,
                    )
                )
    finally:
        await database.stop()


async def _school(session: AsyncSession, name: str) -> School:
    found = await session.scalar(select(School).where(School.name == name))
    if found is None:
        found = School(name=name)
        session.add(found)
        await session.flush()
    return found
