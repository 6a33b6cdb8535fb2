"""What the API's documentation shows. The engine itself makes it, so it can't be out of date."""

from typing import Any

from fastapi.openapi.models import Example

from toolboxai.server.content.engine.check import check
from toolboxai.server.content.engine.curriculum import MATHEMATICS
from toolboxai.server.content.engine.lesson import write
from toolboxai.server.content.schemas import LessonRequest, ObjectiveSummary, Problem
from toolboxai.server.content.service import lesson_from, plan_for
from toolboxai.server.error_handling import NOT_JSON as NOT_JSON_DETAIL
from toolboxai.server.error_handling import UNSUPPORTED_MEDIA_TYPE

ASKED = LessonRequest(grade=4, objective="equivalent-fractions", seed=7, questions=3)
_draft = write(plan_for(ASKED, MATHEMATICS, seed=7))
_summaries = [ObjectiveSummary.of(objective) for objective in MATHEMATICS.for_grade(ASKED.grade)]


def _json(example: object) -> dict[str, Any]:
    return {"content": {"application/json": {"example": example}}}


def _problem(description: str, **facts: object) -> dict[str, Any]:
    example = {
        "type": "about:blank",
        "instance": "/generate_content",
        "trace_id": "5f0c6b1d3a9e4c7f8b2d1e0a9c8b7f6e",
        "request_id": "01JD3Q6W9ZV5T8M2K4N7P0R1SX",
        **facts,
    }
    return {
        "description": description,
        "content": {
            "application/problem+json": {"schema": Problem.model_json_schema(), "example": example}
        },
    }


REQUEST = {"fractions": Example(summary="A quiz on fractions", value=ASKED.model_dump())}
LESSON = _json(lesson_from(_draft, check(_draft)).model_dump(mode="json"))
OBJECTIVES = _json([summary.model_dump(mode="json") for summary in _summaries])
NOT_FOUND = _problem(
    "No lesson has this id",
    type="urn:toolboxai:problem:lesson-not-found",
    title="Not Found",
    status=404,
    detail="No lesson has this id. POST /generate_content makes one.",
)
REFUSED = _problem(
    "A field can't be used; `errors` says which and why",
    type="urn:toolboxai:problem:invalid-input",
    title="Unprocessable Entity",
    status=422,
    detail="The request can't be used as it is. Look at: grade.",
    errors=[
        {
            "field": "grade",
            "reason": "Input should be less than or equal to 12",
            "kind": "less_than_equal",
            "in": "body",
        }
    ],
)
NOT_JSON = _problem(
    "The body does not say that it is JSON",
    type=UNSUPPORTED_MEDIA_TYPE,
    title="Unsupported Media Type",
    status=415,
    detail=NOT_JSON_DETAIL,
)
UNAVAILABLE = _problem(
    "Something the server needs is away; it was reported, and trying again may help",
    type="urn:toolboxai:problem:dependency",
    title="Service Unavailable",
    status=503,
    detail="Something this server depends on (database) did not answer as it should. "
    "Please try again in a moment.",
    event_id="0b9f5d3c1a7e4f2d8c6b4a2e0f1d3c5b",
)
