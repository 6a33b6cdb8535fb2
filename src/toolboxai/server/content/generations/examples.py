"""What the API's documentation shows of orders."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi.openapi.models import Example

from toolboxai.server.content.generations.schemas import (
    GenerationPage,
    GenerationRequest,
    GenerationView,
)
from toolboxai.server.jobs import AlreadyFinishedError, OrderNotFoundError, SchoolQueueFullError
from toolboxai.server.models import Generation, GenerationStatus
from toolboxai.server.problems import documented

_ID = UUID("01932f60-51c3-7b1e-8f42-3c5d6e7f8091")
_LESSON_ID = UUID("4b1cf5a7-0f0e-5c5a-9a53-6a1d4f3b2c10")
_ORDERED_AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
_ADDRESS = f"/api/v1/generations/{_ID}"
_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer"}}}
_LOCATION = {"Location": {"description": "Where to ask", "schema": {"type": "string"}}}


def _row(**more: object) -> Generation:
    ordered = {
        "id": _ID,
        "status": GenerationStatus.QUEUED,
        "kind": "lesson",
        "subject": "mathematics",
        "objective": "equivalent-fractions",
        "grade": 4,
        "seed": 7,
        "questions": 5,
        "version": 1,
        "step": "",
        "steps_done": 0,
        "steps": 0,
        "attempts": 0,
        "created_at": _ORDERED_AT,
    }
    return Generation(**ordered | more)


def _json(view: GenerationView | GenerationPage) -> dict[str, Any]:
    return {"content": {"application/json": {"example": view.model_dump(mode="json")}}}


_waiting = GenerationView.of(_row())
_running = _row(
    status=GenerationStatus.RUNNING,
    version=3,
    step="quiz",
    steps_done=2,
    steps=4,
    attempts=1,
    started_at=_ORDERED_AT,
)
_done = GenerationView.of(
    _row(
        status=GenerationStatus.DONE,
        version=4,
        steps_done=4,
        steps=4,
        attempts=1,
        lesson_id=_LESSON_ID,
        provider="toolbox-offline",
        model="toolbox-curriculum",
        input_tokens=0,
        output_tokens=0,
        started_at=_ORDERED_AT,
        finished_at=_ORDERED_AT + timedelta(seconds=1),
    )
)
_cancelled = GenerationView.of(_row(status=GenerationStatus.CANCELLED, finished_at=_ORDERED_AT))

ORDERS = {
    "lesson": Example(
        summary="A lesson on fractions, always the same one",
        value=GenerationRequest(grade=4, objective="equivalent-fractions", seed=7).model_dump(),
    ),
    "quiz": Example(
        summary="A quiz of ten questions, another one each time",
        value=GenerationRequest(
            kind="quiz", grade=3, objective="times-tables", questions=10
        ).model_dump(exclude={"seed"}),
    ),
}
ACCEPTED = _json(_waiting) | {"headers": {**_LOCATION, **_RETRY_AFTER}}
ORDER = _json(_cancelled)
SHOWN = _json(_done) | {"headers": _RETRY_AFTER}
PAGE = _json(GenerationPage(items=[_done], next=None))
EVENTS = {
    "description": "Server-sent events; `id` is for `Last-Event-ID`",
    "content": {
        "text/event-stream": {
            "schema": {"type": "string"},
            "example": f"id: 3\ndata: {GenerationView.of(_running).model_dump_json()}\n\n",
        }
    },
}
NOT_FOUND = documented(
    404,
    str(OrderNotFoundError()),
    kind="order-not-found",
    description="Your school has no order with this id",
    instance=_ADDRESS,
)
FINISHED = documented(
    409,
    str(AlreadyFinishedError()),
    kind="already-finished",
    description="It is done or has failed, so there is nothing to cancel",
    instance=_ADDRESS,
)
TOO_MANY = documented(
    429,
    str(SchoolQueueFullError()),
    kind="school-queue-full",
    description="Too many requests in a short time, or too many orders of your school wait",
    instance="/api/v1/generations",
    headers=_RETRY_AFTER,
)
