"""The people of a school: whom one sees, and what administrators change. Knows no web."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from toolboxai.server.auth import (
    Action,
    Member,
    Passwords,
    end_all_sessions,
    min_password_chars,
    record,
    username_of,
)
from toolboxai.server.database import Database
from toolboxai.server.error_handling import InvalidInputError, database_operation
from toolboxai.server.models import Enrollment, Role, SchoolClass, User, utc_now
from toolboxai.server.schools.errors import (
    OwnAccountError,
    StillTeachesError,
    UsernameTakenError,
    UserNotFoundError,
)
from toolboxai.server.schools.schemas import NewUser, UserChange
from toolboxai.server.schools.sight import users_seen_by, users_taught_by


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which people to list; ``None`` is no matter."""

    role: Role | None = None
    class_id: UUID | None = None
    is_disabled: bool | None = None


async def page(
    database: Database, who: Member, wanted: Wanted, *, limit: int, after: UUID | None
) -> Sequence[User]:
    """Return at most ``limit`` people that ``who`` sees, by user name, those behind ``after``."""
    asked = select(User).where(users_seen_by(who), *_conditions(wanted))
    if after is not None:
        asked = asked.where(
            User.username
            > select(User.username).where(User.id == after, users_seen_by(who)).scalar_subquery()
        )
    with database_operation("list people"):
        async with database.session() as session:
            return (await session.scalars(asked.order_by(User.username).limit(limit))).all()


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.role is not None:
        conditions.append(User.role == wanted.role)
    if wanted.class_id is not None:
        pupils = select(Enrollment.user_id).where(Enrollment.class_id == wanted.class_id)
        conditions.append(User.id.in_(pupils))
    if wanted.is_disabled is not None:
        is_null = User.disabled_at.is_(None)
        conditions.append(~is_null if wanted.is_disabled else is_null)
    return conditions


async def find(database: Database, who: Member, user_id: UUID) -> User:
    """Return somebody that ``who`` sees, or raise `UserNotFoundError`."""
    with database_operation("read a person"):
        async with database.session() as session:
            return await _found(session, users_seen_by(who), user_id)


async def create(database: Database, passwords: Passwords, who: Member, new: NewUser) -> User:
    """Make an account at the school of ``who``.

    Raises `UsernameTakenError`, and `InvalidInputError` for what can't be.
    """
    kept = await hashed(passwords, new.password, Role(new.role), field="password")
    user = User(
        school_id=who.school_id,
        username=usable_name(new.username, field="username"),
        role=new.role,
        password_hash=kept,
        grade=_grade_for(Role(new.role), new.grade),
    )
    with database_operation("make an account"), name_is_free():
        async with database.writing() as session:
            session.add(user)
            await session.flush()
            record(session, who, Action.USER_CREATED, user.id)
    return user


async def change(database: Database, who: Member, user_id: UUID, wanted: UserChange) -> User:
    """Change what was ``wanted`` of somebody's account. Who is disabled is signed out everywhere.

    Raises `UserNotFoundError`, `UsernameTakenError`, `OwnAccountError`, `StillTeachesError`,
    and `InvalidInputError` for what can't be.
    """
    name = None if wanted.username is None else usable_name(wanted.username, field="username")
    with database_operation("change an account"), name_is_free():
        async with database.writing() as session:
            user = await _found(session, users_seen_by(who), user_id)
            if name is not None and name != user.username:
                user.username = name
                record(session, who, Action.USER_RENAMED, user.id)
            await _set_role(session, who, user, wanted)
            await _set_disabled(session, who, user, is_disabled=wanted.is_disabled)
    return user


async def set_password(
    database: Database, passwords: Passwords, who: Member, user_id: UUID, password: str
) -> None:
    """Give somebody that ``who`` looks after another password, and sign them out everywhere.

    Raises `UserNotFoundError`, and `InvalidInputError` for a password that is too short.
    """
    with database_operation("read a person"):
        async with database.session() as session:
            user = await _found(session, users_taught_by(who), user_id)
    kept = await hashed(passwords, password, Role(user.role), field="password")
    with database_operation("set a password"):
        async with database.writing() as session:
            user = await _found(session, users_taught_by(who), user_id)
            user.password_hash = kept
            await end_all_sessions(session, user.id)
            record(session, who, Action.SIGN_IN_CHANGED, user.id)


async def hashed(passwords: Passwords, password: str, role: Role, *, field: str) -> str:
    """Return what to keep of a password, or raise `InvalidInputError` when it is too short for the role."""
    needed = min_password_chars(role)
    if len(password) < needed:
        raise InvalidInputError(field=field, reason=f"a {role}'s has at least {needed} characters")
    return await passwords.hash(password)


def usable_name(typed: str, *, field: str) -> str:
    """Return a user name as it is stored, or raise `InvalidInputError`."""
    name = username_of(typed)
    if name is None:
        reason = "has letters, digits and . _ @ + - only, at least two of them"
        raise InvalidInputError(field=field, reason=reason)
    return name


@contextmanager
def name_is_free() -> Generator[None]:
    """Say that a user name is taken where the database finds out: two may choose it at the same moment."""
    try:
        yield
    except IntegrityError as error:
        raise UsernameTakenError from error


async def _found(session: AsyncSession, seen: ColumnElement[bool], user_id: UUID) -> User:
    user = await session.scalar(select(User).where(seen, User.id == user_id))
    if user is None:
        raise UserNotFoundError
    return user


async def _set_role(session: AsyncSession, who: Member, user: User, wanted: UserChange) -> None:
    before, role = Role(user.role), Role(wanted.role or user.role)
    grade = user.grade if wanted.grade is None and role is before else wanted.grade
    user.grade = _grade_for(role, grade)
    if role is before:
        return
    if user.id == who.user_id:
        raise OwnAccountError
    if role is Role.STUDENT and await session.scalar(
        select(exists().where(SchoolClass.teacher_id == user.id))
    ):
        raise StillTeachesError
    if before is Role.STUDENT:
        await session.execute(delete(Enrollment).where(Enrollment.user_id == user.id))
    user.role = role
    record(session, who, Action.ROLE_CHANGED, user.id)


async def _set_disabled(
    session: AsyncSession, who: Member, user: User, *, is_disabled: bool | None
) -> None:
    if is_disabled is None or is_disabled == (user.disabled_at is not None):
        return
    if user.id == who.user_id:
        raise OwnAccountError
    user.disabled_at = utc_now() if is_disabled else None
    if is_disabled:
        await end_all_sessions(session, user.id)
    record(session, who, Action.USER_DISABLED if is_disabled else Action.USER_ENABLED, user.id)


def _grade_for(role: Role, grade: int | None) -> int | None:
    if (role is Role.STUDENT) == (grade is not None):
        return grade
    reason = "a pupil needs one" if role is Role.STUDENT else "only pupils have one"
    raise InvalidInputError(field="grade", reason=reason)
