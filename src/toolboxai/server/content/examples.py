"""What the API's documentation shows. The engine itself makes it, so it can't be out of date."""

from typing import Any
from uuid import UUID

from fastapi.openapi.models import Example

from toolboxai.server.content.agents.answers import Answers
from toolboxai.server.content.agents.tasks import Brief
from toolboxai.server.content.assembling import content_from
from toolboxai.server.content.checks import check
from toolboxai.server.content.engine.lesson import Plan
from toolboxai.server.content.errors import LessonNotFoundError, QuizNotFoundError
from toolboxai.server.content.orders import Kind, Order
from toolboxai.server.content.provider import ENGINE
from toolboxai.server.content.schemas import LessonRequest, ObjectiveSummary, Usage
from toolboxai.server.content.subjects import SUBJECTS
from toolboxai.server.error_handling import NOT_JSON as NOT_JSON_DETAIL
from toolboxai.server.error_handling import UNSUPPORTED_MEDIA_TYPE
from toolboxai.server.limits import MAX_BODY_BYTES
from toolboxai.server.problems import documented

SCHOOL = UUID("01932f5e-7b10-7c2d-8e63-2a9f4d5b6c71")
FRACTIONS = LessonRequest(grade=4, objective="equivalent-fractions", seed=7, questions=3)
FOOD_CHAINS = LessonRequest(subject="science", grade=5, objective="Food chains")


def _made(kind: Kind) -> dict[str, Any]:
    objective = SUBJECTS["mathematics"].find(FRACTIONS.objective)
    if objective is None:
        raise LookupError(FRACTIONS.objective)
    plan = Plan(objective=objective, grade=4, seed=7, questions=3)
    order = Order(
        kind=kind,
        school_id=SCHOOL,
        subject=FRACTIONS.subject,
        objective=objective.code,
        grade=plan.grade,
        seed=plan.seed,
        questions=plan.questions,
    )
    material = Answers(SUBJECTS).whole(Brief.of(plan))
    content = content_from(order, material, check(material), provider=ENGINE, usage=Usage())
    return _json(content.model_dump(mode="json"))


def _json(example: object) -> dict[str, Any]:
    return {"content": {"application/json": {"example": example}}}


def _listed() -> list[dict[str, Any]]:
    taught = (subject.for_grade(4) for subject in SUBJECTS.values())
    found = [ObjectiveSummary.of(objective) for objectives in taught for objective in objectives]
    return [summary.model_dump(mode="json") for summary in found]


def _refused(field: str, reason: str, kind: str, place: str) -> dict[str, Any]:
    return documented(
        422,
        f"The request can't be used as it is. Look at: {field}.",
        kind="invalid-input",
        description="A field can't be used; `errors` says which and why",
        instance="/generate_content",
        errors=[{"field": field, "reason": reason, "kind": kind, "in": place}],
    )


REQUESTS = {
    "fractions": Example(summary="Computed: fractions", value=FRACTIONS.model_dump()),
    "food chains": Example(
        summary="Looked up: food chains", value=FOOD_CHAINS.model_dump(exclude_unset=True)
    ),
}
LESSON = _made("lesson")
QUIZ = _made("quiz")
OBJECTIVES = _json(_listed())
NO_LESSON = documented(
    404,
    str(LessonNotFoundError()),
    kind="lesson-not-found",
    description="Your school has no lesson with this id",
    instance="/lessons/01932f5e-8c41-7a3b-9d52-6f0e1b7c2a90",
)
NO_QUIZ = documented(
    404,
    str(QuizNotFoundError()),
    kind="quiz-not-found",
    description="Your school has no quiz with this id",
    instance="/quizzes/01932f5e-8c41-7a3b-9d52-6f0e1b7c2a90",
)
NO_ID = _refused("lesson_id", "Input is not valid", "uuid_parsing", "path")
REFUSED_QUERY = _refused(
    "grade", "Input should be less than or equal to 12", "less_than_equal", "query"
)
NOT_JSON = documented(
    415,
    NOT_JSON_DETAIL,
    kind=UNSUPPORTED_MEDIA_TYPE.removeprefix("urn:toolboxai:problem:"),
    description="The body does not say that it is JSON",
    instance="/generate_content",
)
REFUSED = _refused("grade", "Input should be less than or equal to 12", "less_than_equal", "body")
TOO_LONG = documented(
    413,
    f"The body may have {MAX_BODY_BYTES:,} bytes at most.",
    description="The body is too long",
    instance="/generate_content",
)
BAD_MODEL = documented(
    502,
    "Something this server depends on (llm) did not answer as it should. "
    "Please try again in a moment.",
    kind="model-bad-answer",
    description="The model outside gave nothing to hand out, and the engine may not step in",
    instance="/generate_content",
    event_id="0b9f5d3c1a7e4f2d8c6b4a2e0f1d3c5b",
)
# What making something can answer with, beside what every endpoint for signed-in people can.
MAKING: dict[int | str, dict[str, Any]] = {
    413: TOO_LONG,
    415: NOT_JSON,
    422: REFUSED,
    502: BAD_MODEL,
}
