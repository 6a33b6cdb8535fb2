"""The school that `toolboxai demo` plays: made anew in the database of a server on this machine."""

import asyncio
from secrets import token_hex, token_urlsafe

from toolboxai.cli.environment import read_settings
from toolboxai.cli.errors import CommandError
from toolboxai.server.auth import Passwords
from toolboxai.server.database import Database, DatabaseUnreachableError
from toolboxai.server.models import Role, School, User

PUPILS_GRADE = 4


def made_here() -> dict[str, str]:
    """Make a school with a teacher and a pupil; return their names and passwords, for the traffic to sign in with.

    Raises ``CommandError`` when the database can't be used.
    """
    try:
        return asyncio.run(_made_in(Database(read_settings().database_address)))
    except DatabaseUnreachableError as error:
        raise CommandError(str(error), exit_code=1) from error


async def _made_in(database: Database) -> dict[str, str]:
    mark, passwords = token_hex(3), Passwords()
    school = School(name=f"Demo school {mark}")
    known: dict[str, str] = {}
    await database.start()
    try:
        async with database.writing() as session:
            session.add(school)
            await session.flush()
            for role, grade in ((Role.TEACHER, None), (Role.STUDENT, PUPILS_GRADE)):
                who = "pupil" if role is Role.STUDENT else role.value
                name, password = f"demo-{who}-{mark}", token_urlsafe(12)
                known |= {f"{who}_name": name, f"{who}_password": password}
                kept = await passwords.hash(password)
                person = User(
                    school_id=school.id,
                    username=name,
                    role=role,
                    password_hash=kept,
                    grade=grade,
                )
                session.add(person)
    finally:
        await database.stop()
    return known
