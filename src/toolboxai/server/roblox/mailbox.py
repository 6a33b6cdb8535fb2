"""What waits for a Studio: in order, until the Studio says that it has it. Knows no web.

A message gets its number from its session's row, in the same transaction, so numbers have no gap and
nobody sees a later one before an earlier one. What a Studio has not acknowledged is given again to
every poll with a cursor below it, whatever became of the answers before.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Update, delete, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from toolboxai.server.error_handling import InvalidInputError, database_operation
from toolboxai.server.models import PluginMessage, PluginSession, StoredLesson, utc_now
from toolboxai.server.roblox.conditions import is_live, is_waiting
from toolboxai.server.roblox.errors import LessonNotFoundError, MailboxFullError, NotPairedError
from toolboxai.server.roblox.line import Sessions
from toolboxai.server.roblox.protocol import (
    MAX_BATCH_CHARS,
    MAX_BATCH_MESSAGES,
    MAX_DONE_MESSAGES,
    MAX_MESSAGE_CHARS,
    MAX_WAITING_MESSAGES,
    MESSAGE_LIFETIME,
)
from toolboxai.server.roblox.studios import find_live


@dataclass(frozen=True, slots=True)
class Batch:
    """The next messages for a Studio, and the number of the newest one there is."""

    messages: Sequence[PluginMessage]
    newest: int
    is_more: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a Studio says of a message: that it has it, and, with an ``outcome``, what came of it."""

    number: int
    outcome: str | None = None


async def send_notice(
    database: Sessions, session_id: UUID, school_id: UUID, text: str
) -> PluginMessage:
    """Put a text into a Studio's mailbox."""
    with database_operation("send a message to a plugin"):
        async with database.writing() as session:
            return await _send(session, session_id, school_id, "notice", {"text": text})


async def send_lesson(
    database: Sessions, session_id: UUID, school_id: UUID, lesson_id: UUID
) -> PluginMessage:
    """Put a lesson of the school into a Studio's mailbox, as it was handed out."""
    with database_operation("send a message to a plugin"):
        async with database.writing() as session:
            theirs = StoredLesson.id == lesson_id, StoredLesson.school_id == school_id
            content = await session.scalar(select(StoredLesson.content).where(*theirs))
            if content is None:
                raise LessonNotFoundError
            body = {"lesson": json.loads(content)}
            return await _send(session, session_id, school_id, "lesson", body)


async def _send(
    session: AsyncSession, session_id: UUID, school_id: UUID, kind: str, body: Mapping[str, object]
) -> PluginMessage:
    written = json.dumps(body, separators=(",", ":"))
    if len(written) > MAX_MESSAGE_CHARS:
        reason = f"is too long for a Studio, which takes {MAX_MESSAGE_CHARS:,} characters"
        raise InvalidInputError(field="lesson_id", reason=reason)
    # First of all, as this takes the row: who else sends to this Studio waits here, and counts after us.
    theirs = PluginSession.id == session_id, PluginSession.school_id == school_id
    counted = update(PluginSession).where(*theirs)
    await session.execute(counted.values(last_number=PluginSession.last_number + 1))
    known, now = await find_live(session, session_id, school_id), utc_now()
    await _clear(session, known, now)
    waiting = select(func.count()).where(PluginMessage.session_id == session_id, is_waiting(now))
    if (await session.scalar(waiting) or 0) >= MAX_WAITING_MESSAGES:
        raise MailboxFullError
    message = PluginMessage(
        session_id=session_id, number=known.last_number, kind=kind, body=written
    )
    session.add(message)
    return message


async def _clear(session: AsyncSession, known: PluginSession, now: datetime) -> None:
    """Forget what is too old, and of what is done all but the newest."""
    is_old = PluginMessage.created_at < now - MESSAGE_LIFETIME
    is_done = PluginMessage.acknowledged_at.is_not(None) & (
        PluginMessage.number <= known.last_number - MAX_DONE_MESSAGES
    )
    gone = PluginMessage.session_id == known.id, is_old | is_done
    await session.execute(delete(PluginMessage).where(*gone))


async def waiting_after(database: Sessions, session_id: UUID, cursor: int) -> Batch:
    """Return what a Studio does not have that has all up to ``cursor``; raise `NotPairedError` when it is over."""
    now = utc_now()
    with database_operation("read a plugin's messages"):
        async with database.session() as session:
            is_theirs = PluginSession.id == session_id
            newest = await session.scalar(
                select(PluginSession.last_number).where(is_theirs, is_live(now))
            )
            if newest is None:
                raise NotPairedError
            found = await session.scalars(
                select(PluginMessage)
                .where(
                    PluginMessage.session_id == session_id,
                    PluginMessage.number > cursor,
                    is_waiting(now),
                )
                .order_by(PluginMessage.number)
                .limit(MAX_BATCH_MESSAGES + 1)
            )
            messages = found.all()
    if cursor > newest:
        # Taken as it is, it would hide everything until the numbers had caught up.
        raise InvalidInputError(field="cursor", reason="is above the newest message's number")
    fitting = _fitting(messages)
    if any(message.delivered_at is None for message in fitting):
        await _note_delivered(database, fitting, now)
    return Batch(fitting, newest, is_more=len(fitting) < len(messages))


def _fitting(messages: Sequence[PluginMessage]) -> Sequence[PluginMessage]:
    """Return the first messages that fit into one answer; always at least one."""
    chars = 0
    for count, message in enumerate(messages[:MAX_BATCH_MESSAGES]):
        chars += len(message.body)
        if count and chars > MAX_BATCH_CHARS:
            return messages[:count]
    return messages[:MAX_BATCH_MESSAGES]


async def _note_delivered(
    database: Sessions, messages: Sequence[PluginMessage], now: datetime
) -> None:
    new = [message.id for message in messages if message.delivered_at is None]
    delivered = update(PluginMessage).where(PluginMessage.id.in_(new)).values(delivered_at=now)
    with database_operation("note what a plugin gets"):
        async with database.writing() as session:
            await session.execute(delivered)


async def note_receipts(database: Sessions, session_id: UUID, receipts: Sequence[Receipt]) -> int:
    """Note what a Studio says; return how many were about messages that are there. Saying it twice is saying it once."""
    now, known = utc_now(), set[int]()
    numbers_of: dict[str | None, set[int]] = {}
    for receipt in receipts:
        numbers_of.setdefault(receipt.outcome, set()).add(receipt.number)
    with database_operation("note what a plugin did"):
        async with database.writing() as session:
            for outcome, numbers in numbers_of.items():
                noted = _noted(outcome, now).where(
                    PluginMessage.session_id == session_id, PluginMessage.number.in_(numbers)
                )
                known.update(await session.scalars(noted.returning(PluginMessage.number)))
    return len(known)


def _noted(outcome: str | None, now: datetime) -> Update:
    """Return the change to messages. What was said first stays: what got lost is said again later."""
    acknowledged_at, said = PluginMessage.acknowledged_at, PluginMessage.outcome
    return update(PluginMessage).values(
        acknowledged_at=func.coalesce(acknowledged_at, literal(now, acknowledged_at.type)),
        outcome=func.coalesce(said, literal(outcome, said.type)),
    )


async def newest_of(database: Sessions, sessions: Collection[UUID]) -> dict[UUID, int]:
    """Return the number of the newest message of each session that goes on."""
    rows = select(PluginSession.id, PluginSession.last_number).where(
        PluginSession.id.in_(list(sessions)), is_live(utc_now())
    )
    async with database.session() as session:
        return {row.id: row.last_number for row in await session.execute(rows)}


async def sent_to(
    database: Sessions, session_id: UUID, school_id: UUID, *, limit: int
) -> Sequence[PluginMessage]:
    """Return what was sent to a school's Studio, the newest first."""
    with database_operation("list a plugin's messages"):
        async with database.session() as session:
            await find_live(session, session_id, school_id)
            found = await session.scalars(
                select(PluginMessage)
                .where(PluginMessage.session_id == session_id)
                .order_by(PluginMessage.number.desc())
                .limit(limit)
            )
            return found.all()
