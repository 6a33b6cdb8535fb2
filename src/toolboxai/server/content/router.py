"""The addresses of lessons and objectives."""

import secrets
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Response, status

from toolboxai import telemetry
from toolboxai.server.content import service
from toolboxai.server.content.engine.curriculum import MATHEMATICS, Curriculum
from toolboxai.server.content.examples import (
    LESSON,
    NOT_FOUND,
    NOT_JSON,
    OBJECTIVES,
    REFUSED,
    REQUEST,
    UNAVAILABLE,
)
from toolboxai.server.content.schemas import (
    MAX_SEED,
    Grade,
    Lesson,
    LessonRequest,
    ObjectiveSummary,
)
from toolboxai.server.content.tally import TallyDep
from toolboxai.server.database import DatabaseDep, SessionDep

router = APIRouter(tags=["content"])


def curriculum() -> Curriculum:
    """Return what is taught; a test may teach something else."""
    return MATHEMATICS


CurriculumDep = Annotated[Curriculum, Depends(curriculum)]


@router.post(
    "/generate_content",
    summary="Make a lesson with a quiz",
    status_code=status.HTTP_201_CREATED,
    responses={
        200: {**LESSON, "model": Lesson, "description": "The same lesson was made before"},
        201: LESSON,
        415: NOT_JSON,
        422: REFUSED,
        503: UNAVAILABLE,
    },
)
async def generate_content(
    request: Annotated[LessonRequest, Body(openapi_examples=REQUEST)],
    response: Response,
    taught: CurriculumDep,
    database: DatabaseDep,
    tally: TallyDep,
) -> Lesson:
    """Make a lesson for a grade and an objective, check it, store it and return it.

    Everything is computed, nothing is guessed by a model. The same request with the same seed
    gives the same lesson under the same id: 201 the first time, 200 after that.
    """
    seed = secrets.randbelow(MAX_SEED) if request.seed is None else request.seed
    about = service.about(request, taught)
    with tally.count(request.grade), telemetry.content_generation(about):
        lesson = service.make_lesson(request, taught, seed)
        is_new = await service.keep(database, lesson)
    if not is_new:
        response.status_code = status.HTTP_200_OK
    response.headers["Location"] = f"/lessons/{lesson.id}"
    return lesson


@router.get(
    "/lessons/{lesson_id}",
    summary="Read a lesson again",
    responses={
        200: LESSON,
        404: NOT_FOUND,
        422: REFUSED,
        503: UNAVAILABLE,
    },
)
async def read_lesson(lesson_id: UUID, session: SessionDep) -> Lesson:
    """Return a stored lesson exactly as it was handed out."""
    return await service.find(session, lesson_id)


@router.get(
    "/objectives",
    summary="List what lessons can be made about",
    responses={200: OBJECTIVES, 422: REFUSED},
)
async def list_objectives(
    taught: CurriculumDep, grade: Annotated[Grade | None, Query()] = None
) -> list[ObjectiveSummary]:
    """List the objectives of one grade, or of all."""
    found = taught.objectives if grade is None else taught.for_grade(grade)
    return [ObjectiveSummary.of(objective) for objective in found]
