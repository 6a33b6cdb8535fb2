"""The addresses by which teachers look after the Studios of their school."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query, status

from toolboxai.server.auth import TeacherDep
from toolboxai.server.database import DatabaseDep
from toolboxai.server.models import PluginMessage
from toolboxai.server.roblox import examples, mailbox, studios
from toolboxai.server.roblox.office import OfficeDep
from toolboxai.server.roblox.protocol import MAX_DONE_MESSAGES, MAX_WAITING_MESSAGES
from toolboxai.server.roblox.schemas import NoticeToSend, SentMessage, SessionSummary, ToSend

router = APIRouter(prefix="/api/v1/plugin/sessions", tags=["plugin"])

MAX_LISTED = 200
Limit = Annotated[int, Query(ge=1, le=MAX_LISTED)]
MessageLimit = Annotated[int, Query(ge=1, le=MAX_WAITING_MESSAGES + MAX_DONE_MESSAGES)]


@router.get("", summary="List the school's Studios", responses=examples.SESSIONS)
async def list_sessions(
    who: TeacherDep, database: DatabaseDep, limit: Limit = 50
) -> list[SessionSummary]:
    """List the Studios that are paired with somebody of the school, those seen last first."""
    found = await studios.live_sessions(database, who.school_id, limit=limit)
    return [
        SessionSummary(
            id=listed.session.id,
            user_id=listed.session.user_id,
            plugin_version=listed.session.plugin_version,
            created_at=listed.session.created_at,
            seen_at=listed.session.seen_at,
            waiting=listed.waiting,
        )
        for listed in found
    ]


@router.delete(
    "/{session_id}",
    summary="End a Studio's session",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=examples.END,
)
async def end_session(
    session_id: UUID, who: TeacherDep, database: DatabaseDep, office: OfficeDep
) -> None:
    """End the session at once; the Studio has to be paired again."""
    await studios.end(database, session_id, who.school_id, by=who.user_id)
    office.bells.ring(session_id)


@router.post(
    "/{session_id}/messages",
    summary="Send something to a Studio",
    status_code=status.HTTP_202_ACCEPTED,
    responses=examples.SEND,
)
async def send(
    session_id: UUID,
    message: Annotated[ToSend, Body(openapi_examples=examples.TO_SEND)],
    who: TeacherDep,
    database: DatabaseDep,
    office: OfficeDep,
) -> SentMessage:
    """Put a lesson or a notice into a Studio's mailbox, for 24 hours. At most a hundred wait there."""
    if isinstance(message, NoticeToSend):
        sent = await mailbox.send_notice(database, session_id, who.school_id, message.text)
    else:
        lesson_id = message.lesson_id
        sent = await mailbox.send_lesson(database, session_id, who.school_id, lesson_id)
    office.bells.ring(session_id)
    return _as_sent([sent])[0]


@router.get("/{session_id}/messages", summary="What became of messages", responses=examples.SENT)
async def list_messages(
    session_id: UUID, who: TeacherDep, database: DatabaseDep, limit: MessageLimit = 50
) -> list[SentMessage]:
    """List what was sent to a Studio, the newest first, and how far it is."""
    return _as_sent(await mailbox.sent_to(database, session_id, who.school_id, limit=limit))


def _as_sent(messages: Sequence[PluginMessage]) -> list[SentMessage]:
    return [SentMessage.model_validate(message, from_attributes=True) for message in messages]
