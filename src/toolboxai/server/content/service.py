"""Make what is ordered, keep it, find it again. Knows no web."""

from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from toolboxai import telemetry
from toolboxai.server.content.authors import Authors
from toolboxai.server.content.engine.lesson import Plan
from toolboxai.server.content.errors import (
    LessonNotFoundError,
    QuizNotFoundError,
    UnknownObjectiveError,
    UnknownSubjectError,
)
from toolboxai.server.content.orders import Kind, Made, Order, Progress, nobody_watches
from toolboxai.server.content.schemas import Lesson, Quiz
from toolboxai.server.content.subjects import Subjects
from toolboxai.server.database import Database
from toolboxai.server.error_handling import database_operation
from toolboxai.server.grades import grade_band_of
from toolboxai.server.models import StoredLesson

Content = TypeVar("Content", Lesson, Quiz)
INSERT: dict[str, type[postgresql.Insert] | type[sqlite.Insert]] = {
    "postgresql": postgresql.Insert,
    "sqlite": sqlite.Insert,
}
UNKNOWN = "unknown"


async def generate(order: Order, *, authors: Authors, progress: Progress = nobody_watches) -> Made:
    """Return checked content for ``order``, or raise an `AppError` whose ``code`` says why not.

    ``progress`` is called before each of the steps; what it raises ends the work.
    """
    subject = order.subject if order.subject in authors.subjects else UNKNOWN
    with authors.tally.count(order.kind, subject, order.grade):
        return await authors.write(order, plan_for(order, authors.subjects), progress)


def about(order: Order, authors: Authors) -> telemetry.Education:
    """Return what reports may say of ``order``: the curriculum's words, never what somebody typed."""
    taught = authors.subjects.get(order.subject)
    objective = None if taught is None else taught.find(order.objective)
    return telemetry.Education(
        subject=UNKNOWN if taught is None else order.subject,
        grade_band=grade_band_of(order.grade).value,
        objective=None if objective is None else objective.code,
        kind=order.kind,
        provider=authors.first.name,
    )


def plan_for(order: Order, subjects: Subjects) -> Plan:
    """Return the plan that ``order`` describes, or say which field can't be used and why."""
    taught = subjects.get(order.subject)
    if taught is None:
        raise UnknownSubjectError(sorted(subjects))
    objective = taught.find(order.objective)
    if objective is None or order.grade not in objective.grades:
        raise UnknownObjectiveError(order.subject, order.grade, is_known=objective is not None)
    return Plan(objective=objective, grade=order.grade, seed=order.seed, questions=order.questions)


async def keep(database: Database, content: Lesson | Quiz, school_id: UUID) -> bool:
    """Store ``content`` for a school unless it is there already; say whether it was new."""
    with database_operation("store a lesson"):
        async with database.writing() as session:
            return await store(session, content, school_id)


async def store(session: AsyncSession, content: Lesson | Quiz, school_id: UUID) -> bool:
    """Do the same as a part of ``session``'s work."""
    statement = (
        INSERT[session.get_bind().dialect.name](StoredLesson)
        .values(
            id=content.id,
            school_id=school_id,
            kind=_kind_of(type(content)),
            subject=content.subject,
            objective=content.objective,
            grade=content.grade,
            seed=content.seed,
            content=content.model_dump_json(),
        )
        .on_conflict_do_nothing()
        .returning(StoredLesson.id)
    )
    return await session.scalar(statement) is not None


async def find_lesson(session: AsyncSession, school_id: UUID, lesson_id: UUID) -> Lesson:
    """Return the school's lesson as it was handed out, or raise `LessonNotFoundError`."""
    found = await _find(session, school_id, lesson_id, Lesson)
    if found is None:
        raise LessonNotFoundError
    return found


async def find_quiz(session: AsyncSession, school_id: UUID, quiz_id: UUID) -> Quiz:
    """Return the school's quiz as it was handed out, or raise `QuizNotFoundError`."""
    found = await _find(session, school_id, quiz_id, Quiz)
    if found is None:
        raise QuizNotFoundError
    return found


async def _find(
    session: AsyncSession, school_id: UUID, content_id: UUID, shape: type[Content]
) -> Content | None:
    statement = select(StoredLesson.content).where(
        StoredLesson.id == content_id,
        StoredLesson.school_id == school_id,
        StoredLesson.kind == _kind_of(shape),
    )
    with database_operation("read a lesson"):
        stored = await session.scalar(statement)
    return None if stored is None else shape.model_validate_json(stored)


def _kind_of(shape: type[Lesson | Quiz]) -> Kind:
    return "quiz" if issubclass(shape, Quiz) else "lesson"
