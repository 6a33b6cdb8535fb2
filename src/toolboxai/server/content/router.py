"""The addresses of lessons, quizzes and objectives. Whoever belongs to a school sees what is the school's."""

import secrets
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Request, Response, status

from toolboxai import telemetry
from toolboxai.server.auth import AUTH_RESPONSES, Member, MemberDep, TeacherDep
from toolboxai.server.content import examples, service
from toolboxai.server.content.authors import Authors
from toolboxai.server.content.errors import UnknownSubjectError
from toolboxai.server.content.orders import Kind, Made, Order
from toolboxai.server.content.schemas import (
    MAX_SEED,
    Grade,
    Lesson,
    LessonRequest,
    ObjectiveSummary,
    Quiz,
)
from toolboxai.server.database import Database, DatabaseDep, SessionDep
from toolboxai.server.models.lessons import MAX_CODE_CHARS

router = APIRouter(tags=["content"])


async def authors_of(request: Request) -> Authors:
    """Return the writers that the application was started with."""
    authors: Authors = request.app.state.authors
    return authors


AuthorsDep = Annotated[Authors, Depends(authors_of)]
OrderBody = Annotated[LessonRequest, Body(openapi_examples=examples.REQUESTS)]


@router.post(
    "/generate_content",
    summary="Make a lesson with a quiz",
    status_code=status.HTTP_201_CREATED,
    responses={
        **AUTH_RESPONSES,
        200: {**examples.LESSON, "model": Lesson, "description": "The same lesson was made before"},
        201: examples.LESSON,
        **examples.MAKING,
    },
)
async def generate_content(
    asked: OrderBody,
    response: Response,
    who: TeacherDep,
    authors: AuthorsDep,
    database: DatabaseDep,
) -> Lesson:
    """Make a lesson for a grade and an objective, check it, store it for your school and return it.

    Without a model outside everything is computed or looked up, nothing is guessed: then the same request with the
    same seed gives the same lesson under the same id, 201 the first time and 200 after that. `provider`, `model`
    and `ai_generated` say who wrote it, `validity` what was checked.
    """
    made = await _make(order_for(asked, who, "lesson"), response, authors, database, "/lessons")
    return Lesson.model_validate(made.content)


@router.post(
    "/generate_quiz",
    summary="Make a quiz alone",
    status_code=status.HTTP_201_CREATED,
    responses={
        **AUTH_RESPONSES,
        200: {**examples.QUIZ, "model": Quiz, "description": "The same quiz was made before"},
        201: examples.QUIZ,
        **examples.MAKING,
    },
)
async def generate_quiz(
    asked: OrderBody,
    response: Response,
    who: TeacherDep,
    authors: AuthorsDep,
    database: DatabaseDep,
) -> Quiz:
    """Make questions about an objective, check them, store them for your school and return them.

    With the curriculum engine they are those of the lesson with the same seed.
    """
    made = await _make(order_for(asked, who, "quiz"), response, authors, database, "/quizzes")
    return Quiz.model_validate(made.content)


def order_for(asked: LessonRequest, who: Member, kind: Kind) -> Order:
    """Return what ``who`` orders for their school; where they give no seed, one is drawn."""
    return Order(
        kind=kind,
        school_id=who.school_id,
        subject=asked.subject,
        objective=asked.objective,
        grade=asked.grade,
        seed=secrets.randbelow(MAX_SEED) if asked.seed is None else asked.seed,
        questions=asked.questions,
    )


async def _make(
    order: Order, response: Response, authors: Authors, database: Database, place: str
) -> Made:
    with telemetry.content_generation(service.about(order, authors)):
        made = await service.generate(order, authors=authors)
        is_new = await service.keep(database, made.content, order.school_id)
    if not is_new:
        response.status_code = status.HTTP_200_OK
    response.headers["Location"] = f"{place}/{made.content.id}"
    return made


@router.get(
    "/lessons/{lesson_id}",
    summary="Read a lesson again",
    responses={
        **AUTH_RESPONSES,
        200: examples.LESSON,
        404: examples.NO_LESSON,
        422: examples.NO_ID,
    },
)
async def read_lesson(lesson_id: UUID, who: MemberDep, session: SessionDep) -> Lesson:
    """Return a lesson of your school exactly as it was handed out."""
    return await service.find_lesson(session, who.school_id, lesson_id)


@router.get(
    "/quizzes/{quiz_id}",
    summary="Read a quiz again",
    responses={**AUTH_RESPONSES, 200: examples.QUIZ, 404: examples.NO_QUIZ, 422: examples.NO_ID},
)
async def read_quiz(quiz_id: UUID, who: MemberDep, session: SessionDep) -> Quiz:
    """Return a quiz of your school exactly as it was handed out."""
    return await service.find_quiz(session, who.school_id, quiz_id)


@router.get(
    "/objectives",
    summary="List what lessons can be made about",
    responses={200: examples.OBJECTIVES, 422: examples.REFUSED_QUERY},
)
async def list_objectives(
    authors: AuthorsDep,
    grade: Annotated[Grade | None, Query()] = None,
    subject: Annotated[str | None, Query(max_length=MAX_CODE_CHARS)] = None,
) -> list[ObjectiveSummary]:
    """List the objectives of one grade and one subject, or of all."""
    if subject is not None and subject not in authors.subjects:
        raise UnknownSubjectError(sorted(authors.subjects))
    wanted = [subject] if subject is not None else list(authors.subjects)
    return [
        ObjectiveSummary.of(objective)
        for name in wanted
        for objective in authors.subjects[name].objectives
        if grade is None or grade in objective.grades
    ]
