"""Make a lesson in three steps (plan, write, check), and keep it. Knows no web."""

import logging
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from toolboxai import telemetry
from toolboxai.server.content.engine.check import Finding, check
from toolboxai.server.content.engine.curriculum import MATHEMATICS, Curriculum
from toolboxai.server.content.engine.lesson import Draft, Plan, write
from toolboxai.server.content.orders import STEPS, Made, Order, Progress
from toolboxai.server.content.schemas import (
    Check,
    Lesson,
    LessonRequest,
    PracticeTask,
    Quiz,
    QuizQuestion,
    Sections,
    Validity,
    WorkedExample,
)
from toolboxai.server.database import Database
from toolboxai.server.error_handling import (
    CallerError,
    InvalidInputError,
    OurFaultError,
    database_operation,
)
from toolboxai.server.grades import grade_band_of
from toolboxai.server.models import StoredLesson

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
PROVIDER: Final = "toolbox-offline"
MODEL: Final = "toolbox-curriculum"
LESSONS = uuid5(NAMESPACE_URL, "urn:toolboxai:lesson")
INSERT: dict[str, type[postgresql.Insert] | type[sqlite.Insert]] = {
    "postgresql": postgresql.Insert,
    "sqlite": sqlite.Insert,
}


class InvalidContentError(OurFaultError):
    """What the engine wrote does not pass its checks, so nobody gets it."""

    def __init__(self, plan: Plan, findings: tuple[Finding, ...]) -> None:
        failed = ", ".join(finding.check for finding in findings if not finding.passed)
        super().__init__(
            f"{plan.objective.code} with seed {plan.seed} failed {failed} in {MAX_ATTEMPTS} "
            "attempts; run the engine's tests with this seed"
        )
        self.plan = plan
        self.findings = findings


class LessonNotFoundError(CallerError):
    """No lesson has this id."""

    status = 404

    def __init__(self) -> None:
        super().__init__("No lesson has this id. POST /generate_content makes one.")


def about(request: LessonRequest, curriculum: Curriculum) -> telemetry.Education:
    """Return what reports may say of ``request``: the objective's code, never what somebody typed."""
    objective = curriculum.find(request.objective)
    return telemetry.Education(
        subject=request.subject,
        grade_band=grade_band_of(request.grade).value,
        objective=None if objective is None else objective.code,
        kind="lesson",
        provider=PROVIDER,
    )


async def generate(order: Order, *, progress: Progress, taught: Curriculum = MATHEMATICS) -> Made:
    """Return checked content for ``order``, or raise an `AppError` whose ``code`` says why not.

    ``progress`` is called before each of the steps.
    """
    for done, step in enumerate(STEPS):
        progress(step, done, len(STEPS))
    request = LessonRequest(
        grade=order.grade, objective=order.objective, seed=order.seed, questions=order.questions
    )
    lesson = make_lesson(request, taught, order.seed)
    content = quiz_from(lesson) if order.kind == "quiz" else lesson
    return Made(content=content, provider=PROVIDER, model=MODEL)


def quiz_from(lesson: Lesson) -> Quiz:
    """Return the questions of ``lesson`` alone."""
    facts = lesson.model_dump(exclude={"id", "sections", "quiz"})
    return Quiz(id=uuid5(LESSONS, f"quiz/{lesson.id}"), questions=lesson.quiz, **facts)


def make_lesson(request: LessonRequest, curriculum: Curriculum, seed: int) -> Lesson:
    """Return a checked lesson, or raise: an invalid one is never handed out."""
    with telemetry.span("content.plan", "plan a lesson"):
        plan = plan_for(request, curriculum, seed)
    findings: tuple[Finding, ...] = ()
    for attempt in range(MAX_ATTEMPTS):
        with telemetry.span("content.write", f"write {plan.objective.code}"):
            draft = write(plan, attempt=attempt)
        with telemetry.span("content.check", f"check {plan.objective.code}"):
            findings = check(draft)
        if all(finding.passed for finding in findings):
            log.info("%s for grade %d is written", plan.objective.code, plan.grade)
            return lesson_from(draft, findings)
        log.warning("%s with seed %d failed its checks", plan.objective.code, plan.seed)
    raise InvalidContentError(plan, findings)


def plan_for(request: LessonRequest, curriculum: Curriculum, seed: int) -> Plan:
    """Return the plan that ``request`` describes, or say which field can't be used and why."""
    objective = curriculum.find(request.objective)
    where = f"see GET /objectives?grade={request.grade}"
    if objective is None:
        raise InvalidInputError(field="objective", reason=f"is not in the curriculum; {where}")
    if request.grade not in objective.grades:
        raise InvalidInputError(
            field="objective", reason=f"is not taught in grade {request.grade}; {where}"
        )
    return Plan(objective=objective, grade=request.grade, seed=seed, questions=request.questions)


def lesson_from(draft: Draft, findings: tuple[Finding, ...]) -> Lesson:
    """Return what is handed out and stored for a draft that passed its checks."""
    plan = draft.plan
    return Lesson(
        # What was asked decides the content, so it decides the id, too: asking twice is harmless.
        id=uuid5(LESSONS, plan.key),
        title=plan.objective.title,
        objective=plan.objective.code,
        subject="mathematics",
        grade=plan.grade,
        grade_band=grade_band_of(plan.grade),
        provider=PROVIDER,
        ai_generated=False,
        seed=plan.seed,
        sections=Sections(
            explanation=list(plan.objective.idea),
            worked_examples=[WorkedExample.of(exercise) for exercise in draft.examples],
            practice=[PracticeTask.of(exercise) for exercise in draft.practice],
        ),
        quiz=[QuizQuestion.of(item) for item in draft.quiz],
        validity=Validity(
            valid=True,
            checks=[Check(name=finding.check, passed=finding.passed) for finding in findings],
        ),
    )


async def keep(database: Database, lesson: Lesson) -> bool:
    """Store ``lesson`` unless it is there already; say whether it was new."""
    with database_operation("store a lesson"):
        async with database.writing() as session:
            return await store(session, lesson, None)


async def store(session: AsyncSession, content: Lesson | Quiz, school_id: UUID | None) -> bool:
    """Store what was made unless it is there already; say whether it was new."""
    insert = INSERT[session.get_bind().dialect.name]
    statement = (
        insert(StoredLesson)
        .values(
            id=content.id,
            school_id=school_id,
            kind="lesson" if isinstance(content, Lesson) else "quiz",
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


async def find(session: AsyncSession, lesson_id: UUID) -> Lesson:
    """Return the lesson as it was handed out, or raise `LessonNotFoundError`."""
    with database_operation("read a lesson"):
        stored = await session.get(StoredLesson, lesson_id)
    if stored is None:
        raise LessonNotFoundError
    return Lesson.model_validate_json(stored.content)
