"""Schools as those see them who look after the server. Knows no web."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from toolboxai.server.auth import Action, Passwords, SignedIn, record_at
from toolboxai.server.database import Database
from toolboxai.server.error_handling import database_operation
from toolboxai.server.models import Role, School, User
from toolboxai.server.schools.errors import SchoolNameTakenError, SchoolNotFoundError
from toolboxai.server.schools.schemas import NewSchool
from toolboxai.server.schools.users import hashed, name_is_free, usable_name

# A school, and how many of each role may sign in.
Counted = tuple[School, Mapping[Role, int]]


async def page(database: Database, *, limit: int, after: UUID | None) -> Sequence[Counted]:
    """Return at most ``limit`` schools by name, those behind ``after``."""
    asked = select(School).order_by(School.name).limit(limit)
    if after is not None:
        before = select(School.name).where(School.id == after).scalar_subquery()
        asked = asked.where(School.name > before)
    with database_operation("list schools"):
        async with database.session() as session:
            schools = (await session.scalars(asked)).all()
            return await _with_people(session, schools)


async def find(database: Database, school_id: UUID) -> Counted:
    """Return a school, or raise `SchoolNotFoundError`."""
    with database_operation("read a school"):
        async with database.session() as session:
            return (await _with_people(session, [await _found(session, school_id)]))[0]


async def create(
    database: Database, passwords: Passwords, who: SignedIn, new: NewSchool
) -> Counted:
    """Make a school and its first administrator.

    Raises `SchoolNameTakenError`, `UsernameTakenError`, and `InvalidInputError` for what can't be.
    """
    username = usable_name(new.admin_username, field="admin_username")
    kept = await hashed(passwords, new.admin_password, Role.ADMIN, field="admin_password")
    school = School(name=new.name)
    with database_operation("make a school"), name_is_free():
        async with database.writing() as session:
            session.add(school)
            await _need_free_name(session)
            admin = User(
                school_id=school.id, username=username, role=Role.ADMIN, password_hash=kept
            )
            session.add(admin)
            await session.flush()
            record_at(session, school.id, who.user_id, Action.SCHOOL_CREATED, school.id)
            record_at(session, school.id, who.user_id, Action.USER_CREATED, admin.id)
    return school, {Role.ADMIN: 1}


async def rename(database: Database, who: SignedIn, school_id: UUID, name: str) -> Counted:
    """Give a school another name. Raises `SchoolNotFoundError` and `SchoolNameTakenError`."""
    with database_operation("rename a school"):
        async with database.writing() as session:
            school = await _found(session, school_id)
            school.name = name
            await _need_free_name(session)
            record_at(session, school.id, who.user_id, Action.SCHOOL_RENAMED, school.id)
            return (await _with_people(session, [school]))[0]


async def _need_free_name(session: AsyncSession) -> None:
    """Write what waits; what can fail is that a school is called so already."""
    try:
        await session.flush()
    except IntegrityError as error:
        raise SchoolNameTakenError from error


async def _found(session: AsyncSession, school_id: UUID) -> School:
    school = await session.get(School, school_id)
    if school is None:
        raise SchoolNotFoundError
    return school


async def _with_people(session: AsyncSession, schools: Sequence[School]) -> Sequence[Counted]:
    people: dict[UUID, dict[Role, int]] = {school.id: {} for school in schools}
    asked = (
        select(User.school_id, User.role, func.count())
        .where(User.school_id.in_(people), User.disabled_at.is_(None))
        .group_by(User.school_id, User.role)
    )
    for school_id, role, count in (await session.execute(asked)).all():
        if school_id is not None:
            people[school_id][Role(role)] = count
    return [(school, people[school.id]) for school in schools]
