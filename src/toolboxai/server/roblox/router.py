"""The addresses that a plugin asks."""

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Body, Query, Response, status
from limits import RateLimitItemPerMinute

from toolboxai import telemetry
from toolboxai.server.auth import AddressDep, CountsDep, TeacherDep, TooManyRequestsError
from toolboxai.server.database import DatabaseDep
from toolboxai.server.roblox import examples, luau, mailbox, pairing, studios
from toolboxai.server.roblox.dependencies import StudioDep
from toolboxai.server.roblox.errors import PairingRefusedError, PluginTooOldError
from toolboxai.server.roblox.mailbox import Batch, Receipt
from toolboxai.server.roblox.office import Office, OfficeDep
from toolboxai.server.roblox.protocol import (
    MAX_REFUSED_CODES_PER_MINUTE,
    MAX_WAIT_SECONDS,
    MIN_PLUGIN_VERSION,
    RETRY_UNWAITED_SECONDS,
    RETRY_WAITED_SECONDS,
    version_of,
)
from toolboxai.server.roblox.schemas import (
    MAX_NUMBER,
    Entry,
    Message,
    Messages,
    Noted,
    PairingCodeOut,
    Pulse,
    Registered,
    Registration,
    Report,
    ReportedError,
)
from toolboxai.server.roblox.studios import Studio

router = APIRouter(prefix="/plugin", tags=["plugin"])

REFUSED_CODES = RateLimitItemPerMinute(MAX_REFUSED_CODES_PER_MINUTE, namespace="plugin codes")
Cursor = Annotated[
    int, Query(ge=0, le=MAX_NUMBER, description="The number of the newest message that it has")
]
Wait = Annotated[int, Query(ge=0, le=MAX_WAIT_SECONDS, description="Seconds to wait for a message")]


@router.post(
    "/pairing",
    summary="Get a code that pairs a Studio",
    status_code=status.HTTP_201_CREATED,
    responses=examples.PAIRING,
)
async def pair(who: TeacherDep, database: DatabaseDep, response: Response) -> PairingCodeOut:
    """Give a code to type into Studio: good once, for ten minutes. A teacher has one at a time."""
    made = await pairing.pair(database, who)
    response.headers["Cache-Control"] = "no-store"
    return PairingCodeOut(code=made.code, expires_at=made.expires_at)


@router.post(
    "/register",
    summary="Pair this Studio",
    status_code=status.HTTP_201_CREATED,
    responses=examples.REGISTER,
)
async def register(
    registration: Annotated[Registration, Body(openapi_examples=examples.REGISTRATION)],
    office: OfficeDep,
    counts: CountsDep,
    address: AddressDep,
    response: Response,
) -> Registered:
    """Trade a code for a session that acts for the teacher. It ends after 24 hours without a request.

    A Studio that registers again ends its session before; of more than ten of one teacher, the one
    unseen for longest ends.
    """
    version = registration.plugin_version
    telemetry.set_context(telemetry.Plugin(action="register", version=version))
    if version_of(version) < version_of(MIN_PLUGIN_VERSION):
        raise PluginTooOldError  # before the code is used up
    if not await counts.has_room(REFUSED_CODES, address):
        raise TooManyRequestsError(await counts.wait_seconds(REFUSED_CODES, address))
    try:
        made = await pairing.register(
            office.database,
            registration.code,
            plugin_version=version,
            studio_id=registration.studio_id,
        )
    except PairingRefusedError:
        await counts.hit(REFUSED_CODES, address)
        raise
    for replaced in made.replaced:
        office.bells.ring(replaced)
    response.headers["Cache-Control"] = "no-store"
    return Registered(session=made.session_id, token=made.token)


@router.get(
    "/messages", summary="Ask for messages", response_model=Messages, responses=examples.POLL
)
async def poll(
    studio: StudioDep, office: OfficeDep, cursor: Cursor = 0, wait: Wait = 0
) -> Messages | Response:
    """Return what the Studio does not have yet, in order; 204 when nothing comes within ``wait`` seconds.

    A message is given again to every poll with a cursor below its number, until it is acknowledged:
    keep it first, then ask with its number as cursor. One poll of a session waits at a time; a later
    one ends it.
    """
    batch = await _next(studio, office, cursor, wait)
    if batch is None:
        again_in = RETRY_WAITED_SECONDS if wait else RETRY_UNWAITED_SECONDS
        headers = {"Retry-After": str(again_in)}
        return Response(status_code=status.HTTP_204_NO_CONTENT, headers=headers)
    messages = [
        Message(
            number=message.number,
            kind=message.kind,
            created_at=message.created_at,
            body=json.loads(message.body),
        )
        for message in batch.messages
    ]
    return Messages(messages=messages, cursor=messages[-1].number, is_more=batch.is_more)


async def _next(studio: Studio, office: Office, cursor: int, wait: int) -> Batch | None:
    """Return what comes next for ``studio``, or nothing when nothing comes in time."""
    until = asyncio.get_running_loop().time() + wait
    with office.bells.listening(studio.session_id) as bell:
        # Who has the newest message need not look. What came since the token was read is noticed within a
        # second, like what comes from another process; for all that comes later the bell is here.
        bell.newest, has_all = studio.newest, cursor == studio.newest
        while not has_all or await bell.wait(until):
            batch = await mailbox.waiting_after(office.database, studio.session_id, cursor)
            if batch.messages:
                return batch
            bell.newest, has_all = batch.newest, True
    return None


@router.post(
    "/messages",
    summary="Say what came of messages, and which scripts failed",
    responses=examples.REPORT,
)
async def report(
    sent: Annotated[Report, Body(openapi_examples=examples.ENTRIES)],
    studio: StudioDep,
    office: OfficeDep,
) -> Noted:
    """Note acknowledgements and results, and report errors. Sending the same again changes nothing.

    Errors are grouped by script and message. The same one is told once a minute.
    """
    receipts = receipts_in(sent.entries)
    known = (
        await mailbox.note_receipts(office.database, studio.session_id, receipts) if receipts else 0
    )
    errors = errors_in(sent.entries)
    reported = luau.tell(studio.session_id, errors, office.told_errors)
    office.figures.count_errors(reported=reported, held_back=len(errors) - reported)
    return Noted(
        known=known,
        unknown=len({receipt.number for receipt in receipts}) - known,
        errors_reported=reported,
        errors_held_back=len(errors) - reported,
    )


def receipts_in(entries: Sequence[Entry]) -> list[Receipt]:
    """Return what ``entries`` say of messages."""
    return [
        Receipt(entry.number, getattr(entry, "outcome", None))
        for entry in entries
        if not isinstance(entry, ReportedError)
    ]


def errors_in(entries: Sequence[Entry]) -> list[luau.LuauError]:
    """Return the errors that ``entries`` tell of."""
    return [
        luau.LuauError(entry.message, entry.script, entry.line, entry.stack, entry.handled)
        for entry in entries
        if isinstance(entry, ReportedError)
    ]


@router.post("/heartbeat", summary="Say that the Studio is open", responses=examples.HEARTBEAT)
async def heartbeat(studio: StudioDep) -> Pulse:
    """Keep the session. Whoever polls needs none besides."""
    return Pulse(newest=studio.newest)


@router.delete(
    "/session",
    summary="End this session",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=examples.LEAVE,
)
async def leave(studio: StudioDep, office: OfficeDep) -> None:
    """End the session; what waits for it is forgotten, and its token is good for nothing."""
    await studios.end(office.database, studio.session_id, studio.school_id, by=studio.user_id)
    office.bells.ring(studio.session_id)
