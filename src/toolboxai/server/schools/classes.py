"""Classes: who teaches one and who is in it. Knows no web."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from toolboxai.server.auth import Action, Member, NotAllowedError, record
from toolboxai.server.database import Database
from toolboxai.server.error_handling import InvalidInputError, database_operation
from toolboxai.server.models import Enrollment, Role, SchoolClass, User
from toolboxai.server.schools.errors import (
    ClassFullError,
    ClassNameTakenError,
    ClassNotFoundError,
    UserNotFoundError,
)
from toolboxai.server.schools.schemas import ClassChange, NewClass
from toolboxai.server.schools.sight import classes_seen_by

MAX_PUPILS_PER_CLASS = 200

# A class, and how many pupils are in it.
Counted = tuple[SchoolClass, int]


def _counted(who: Member) -> Select[SchoolClass, int]:
    pupils = (
        select(func.count())
        .where(Enrollment.class_id == SchoolClass.id)
        .correlate(SchoolClass)
        .scalar_subquery()
    )
    return select(SchoolClass, pupils).where(classes_seen_by(who))


async def page(
    database: Database, who: Member, *, limit: int, after: UUID | None
) -> Sequence[Counted]:
    """Return at most ``limit`` classes that ``who`` sees, by name, those behind ``after``."""
    asked = _counted(who)
    if after is not None:
        asked = asked.where(
            SchoolClass.name
            > select(SchoolClass.name)
            .where(SchoolClass.id == after, classes_seen_by(who))
            .scalar_subquery()
        )
    with database_operation("list classes"):
        async with database.session() as session:
            rows = (await session.execute(asked.order_by(SchoolClass.name).limit(limit))).all()
    return [(row[0], row[1]) for row in rows]


async def find(database: Database, who: Member, class_id: UUID) -> Counted:
    """Return a class that ``who`` sees, or raise `ClassNotFoundError`."""
    with database_operation("read a class"):
        async with database.session() as session:
            return await _found(session, who, class_id)


async def create(database: Database, who: Member, new: NewClass) -> Counted:
    """Make a class at the school of ``who``.

    Raises `ClassNameTakenError`, `NotAllowedError` when a teacher gives it to somebody else,
    and `InvalidInputError` when nobody who teaches here has the id.
    """
    row = SchoolClass(school_id=who.school_id, name=new.name, grade=new.grade)
    with database_operation("make a class"), _name_is_free():
        async with database.writing() as session:
            row.teacher_id = await _teacher(session, who, new.teacher_id or who.user_id)
            session.add(row)
            await session.flush()
            record(session, who, Action.CLASS_CREATED, row.id)
    return row, 0


async def change(database: Database, who: Member, class_id: UUID, wanted: ClassChange) -> Counted:
    """Change what was ``wanted`` of a class. Raises as `find` and `create`."""
    with database_operation("change a class"), _name_is_free():
        async with database.writing() as session:
            row, pupils = await _found(session, who, class_id)
            row.name = wanted.name or row.name
            row.grade = wanted.grade or row.grade
            if wanted.teacher_id is not None:
                row.teacher_id = await _teacher(session, who, wanted.teacher_id)
            record(session, who, Action.CLASS_CHANGED, row.id)
    return row, pupils


async def remove(database: Database, who: Member, class_id: UUID) -> None:
    """Remove a class; its pupils stay. Raises `ClassNotFoundError`."""
    with database_operation("remove a class"):
        async with database.writing() as session:
            row, _ = await _found(session, who, class_id)
            await session.delete(row)
            record(session, who, Action.CLASS_REMOVED, row.id)


async def enrol(
    database: Database, who: Member, class_id: UUID, user_ids: Sequence[UUID]
) -> Counted:
    """Put pupils of the school into a class, all of them or none; who is in it stays.

    Raises `ClassNotFoundError`, `ClassFullError`, and `InvalidInputError` when one is no pupil here.
    """
    wanted = list(dict.fromkeys(user_ids))
    with database_operation("enrol pupils"):
        async with database.writing() as session:
            row, _ = await _found(session, who, class_id, is_locked=True)
            await _need_pupils(session, who, wanted)
            there = set(await session.scalars(_pupil_ids(class_id)))
            new = [user_id for user_id in wanted if user_id not in there]
            if len(there) + len(new) > MAX_PUPILS_PER_CLASS:
                raise ClassFullError(MAX_PUPILS_PER_CLASS)
            session.add_all(Enrollment(class_id=class_id, user_id=user_id) for user_id in new)
            for user_id in new:
                record(session, who, Action.ENROLLED, user_id)
    return row, len(there) + len(new)


async def unenrol(database: Database, who: Member, class_id: UUID, user_id: UUID) -> None:
    """Take a pupil out of a class. Raises `ClassNotFoundError`, and `UserNotFoundError` who isn't in it."""
    with database_operation("take a pupil out of a class"):
        async with database.writing() as session:
            await _found(session, who, class_id)
            is_it = Enrollment.class_id == class_id, Enrollment.user_id == user_id
            gone = await session.scalar(
                delete(Enrollment).where(*is_it).returning(Enrollment.user_id)
            )
            if gone is None:
                raise UserNotFoundError
            record(session, who, Action.UNENROLLED, user_id)


async def _found(
    session: AsyncSession, who: Member, class_id: UUID, *, is_locked: bool = False
) -> Counted:
    asked = _counted(who).where(SchoolClass.id == class_id)
    # Two who fill a class at once would both find room; SQLite has one writer anyway.
    asked = asked.with_for_update(of=SchoolClass) if is_locked else asked
    row = (await session.execute(asked)).one_or_none()
    if row is None:
        raise ClassNotFoundError
    return row[0], row[1]


async def _teacher(session: AsyncSession, who: Member, user_id: UUID) -> UUID:
    if user_id == who.user_id:
        return user_id
    if who.role is not Role.ADMIN:
        raise NotAllowedError
    is_teacher = User.role.in_((Role.TEACHER, Role.ADMIN)), User.disabled_at.is_(None)
    asked = select(User.id).where(User.id == user_id, User.school_id == who.school_id, *is_teacher)
    if await session.scalar(asked) is None:
        raise InvalidInputError(field="teacher_id", reason="nobody who teaches here has it")
    return user_id


async def _need_pupils(session: AsyncSession, who: Member, user_ids: Sequence[UUID]) -> None:
    is_pupil: list[ColumnElement[bool]] = [
        User.school_id == who.school_id,
        User.role == Role.STUDENT,
        User.id.in_(user_ids),
    ]
    known = set(await session.scalars(select(User.id).where(*is_pupil)))
    for place, user_id in enumerate(user_ids):
        if user_id not in known:
            raise InvalidInputError(field=f"user_ids.{place}", reason="no pupil here has it")


def _pupil_ids(class_id: UUID) -> Select[UUID]:
    return select(Enrollment.user_id).where(Enrollment.class_id == class_id)


@contextmanager
def _name_is_free() -> Generator[None]:
    try:
        yield
    except IntegrityError as error:
        raise ClassNameTakenError from error
