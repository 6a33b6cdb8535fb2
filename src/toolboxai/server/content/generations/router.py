"""The addresses of orders for content."""

from collections.abc import AsyncGenerator
from hashlib import sha256
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Header, Query, Request, Response, status
from fastapi.responses import StreamingResponse

from toolboxai import telemetry
from toolboxai.server.auth import AUTH_RESPONSES, Member, TeacherDep
from toolboxai.server.content import service
from toolboxai.server.content.examples import NOT_JSON, REFUSED
from toolboxai.server.content.generations.examples import (
    ACCEPTED,
    EVENTS,
    FINISHED,
    NOT_FOUND,
    ORDER,
    ORDERS,
    PAGE,
    SHOWN,
    TOO_MANY,
)
from toolboxai.server.content.generations.schemas import (
    GenerationPage,
    GenerationRequest,
    GenerationView,
    PageSize,
)
from toolboxai.server.content.generations.stream import stream
from toolboxai.server.content.router import AuthorsDep, order_for
from toolboxai.server.error_handling import InvalidInputError
from toolboxai.server.jobs import Followed, Jobs
from toolboxai.server.models import FINAL, Generation, new_id

router = APIRouter(prefix="/api/v1/generations", tags=["generations"], responses=AUTH_RESPONSES)

POLL_AGAIN_SECONDS = 2
REQUEST_KEY = "Idempotency-Key"
MAX_REQUEST_KEY_CHARS = 200


async def jobs_of(request: Request) -> Jobs:
    """Return where the application takes orders in."""
    jobs: Jobs = request.app.state.jobs
    return jobs


JobsDep = Annotated[Jobs, Depends(jobs_of)]
RequestKey = Annotated[
    str | None,
    Header(
        alias=REQUEST_KEY,
        min_length=1,
        max_length=MAX_REQUEST_KEY_CHARS,
        pattern="^[!-~]+$",
        description="A name of your own for this order: sent again with the same name it is not made"
        " twice. Good for as long as the order is kept, 30 days",
    ),
]


async def find(generation_id: UUID, who: TeacherDep, jobs: JobsDep) -> Generation:
    """Return the order of this id, if it is the school's."""
    return await jobs.queue.find(who.school_id, generation_id)


async def follow(generation_id: UUID, who: TeacherDep, jobs: JobsDep) -> AsyncGenerator[Followed]:
    """Follow the order until the answer is complete."""
    order = await jobs.queue.find(who.school_id, generation_id)
    with jobs.watch.follow(order) as followed:
        yield followed


@router.post(
    "",
    summary="Order a lesson or a quiz",
    status_code=status.HTTP_202_ACCEPTED,
    responses={202: ACCEPTED, 415: NOT_JSON, 422: REFUSED, 429: TOO_MANY},
)
async def order_content(
    request: Annotated[GenerationRequest, Body(openapi_examples=ORDERS)],
    response: Response,
    who: TeacherDep,
    authors: AuthorsDep,
    jobs: JobsDep,
    *,
    request_key: RequestKey = None,
) -> GenerationView:
    """Take an order in and answer at once. What is accepted is made, also if the server is restarted.

    `Location` says where to ask how far it is; `/events` below it tells by itself.
    """
    order = order_for(request, who, request.kind)
    # What can't be made is refused now, and not in a minute.
    objective = service.plan_for(order, authors.subjects).objective.code
    ordered = _row_for(request, who, objective=objective, seed=order.seed, request_key=request_key)
    taken = await jobs.order(ordered)
    if taken.id != ordered.id and not _is_the_same(taken, ordered, request):
        reason = "was sent with another order before; use a new one"
        raise InvalidInputError(field=REQUEST_KEY, reason=reason)
    response.headers["Location"] = f"{router.prefix}/{taken.id}"
    _say_when_to_ask(response, taken)
    return GenerationView.of(taken)


@router.get("", summary="List orders", responses={200: PAGE, 422: REFUSED})
async def list_orders(
    who: TeacherDep,
    jobs: JobsDep,
    limit: Annotated[PageSize, Query()] = 20,
    cursor: Annotated[UUID | None, Query(description="`next` of the page before")] = None,
) -> GenerationPage:
    """List the orders of your school, the newest first. They are kept for 30 days."""
    orders = await jobs.queue.page(who.school_id, limit=limit + 1, before=cursor)
    shown = orders[:limit]
    return GenerationPage(
        items=[GenerationView.of(order) for order in shown],
        next=str(shown[-1].id) if len(orders) > limit else None,
    )


@router.get(
    "/{generation_id}",
    summary="Ask how far an order is",
    responses={200: SHOWN, 404: NOT_FOUND, 422: REFUSED},
)
async def show_order(
    order: Annotated[Generation, Depends(find)], response: Response
) -> GenerationView:
    """Say how far an order is. `Retry-After` says when to ask again; without it there is nothing more to come."""
    _say_when_to_ask(response, order)
    return GenerationView.of(order)


@router.delete(
    "/{generation_id}",
    summary="Cancel an order",
    responses={200: ORDER, 404: NOT_FOUND, 409: FINISHED, 422: REFUSED},
)
async def cancel_order(generation_id: UUID, who: TeacherDep, jobs: JobsDep) -> GenerationView:
    """Cancel an order that waits or is being made. Nothing of it is kept."""
    return GenerationView.of(await jobs.cancel(who.school_id, generation_id))


@router.get(
    "/{generation_id}/events",
    summary="Follow an order",
    response_class=StreamingResponse,
    responses={
        200: EVENTS,
        204: {"description": "It has ended, and you know how: don't come again"},
        404: NOT_FOUND,
        422: REFUSED,
    },
)
async def follow_order(
    followed: Annotated[Followed, Depends(follow)],
    seen: Annotated[
        int,
        Header(alias="Last-Event-ID", ge=0, description="The id of the last event you have seen"),
    ] = 0,
) -> Response:
    """Tell of every change as a server-sent event, with the same JSON as `GET` of the order, until it has ended.

    Every 15 seconds without a change there is a comment. After five minutes the stream ends; an
    `EventSource` comes again by itself.
    """
    if followed.order.status in FINAL and followed.order.version <= seen:
        return Response(status_code=status.HTTP_204_NO_CONTENT)
    return stream(followed, seen=seen)


def _row_for(
    request: GenerationRequest, who: Member, *, objective: str, seed: int, request_key: str | None
) -> Generation:
    hashed = None if request_key is None else sha256(request_key.encode()).hexdigest()
    return Generation(
        id=new_id(),
        school_id=who.school_id,
        user_id=who.user_id,
        role=who.role,
        kind=request.kind,
        subject=request.subject,
        objective=objective,
        grade=request.grade,
        seed=seed,
        questions=request.questions,
        request_key=hashed,
        trace=telemetry.trace_link(),
    )


def _is_the_same(taken: Generation, ordered: Generation, request: GenerationRequest) -> bool:
    names = ["kind", "subject", "objective", "grade", "questions"]
    if request.seed is not None:
        names.append("seed")
    return all(getattr(taken, name) == getattr(ordered, name) for name in names)


def _say_when_to_ask(response: Response, order: Generation) -> None:
    if order.status not in FINAL:
        response.headers["Retry-After"] = str(POLL_AGAIN_SECONDS)
