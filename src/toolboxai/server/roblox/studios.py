"""The sessions of Studios: who asks by a token, who is there, and how one ends. Knows no web."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from toolboxai import telemetry
from toolboxai.server.auth import Action, record_at
from toolboxai.server.error_handling import database_operation
from toolboxai.server.models import PluginMessage, PluginSession, User, utc_now
from toolboxai.server.roblox.conditions import is_live, is_waiting
from toolboxai.server.roblox.errors import (
    NotPairedError,
    PluginTooOldError,
    SessionNotFoundError,
)
from toolboxai.server.roblox.line import Sessions
from toolboxai.server.roblox.pairing import MAY_PAIR, end_sessions
from toolboxai.server.roblox.protocol import (
    IDLE_LIFETIME,
    MIN_PLUGIN_VERSION,
    SEEN_EVERY,
    version_of,
)
from toolboxai.server.roblox.secrets import hash_of


@dataclass(frozen=True, slots=True)
class Studio:
    """A Studio that is paired, and whose."""

    session_id: UUID
    school_id: UUID
    user_id: UUID
    role: str
    plugin_version: str
    newest: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A session as its school sees it."""

    session: PluginSession
    waiting: int


async def studio_with(database: Sessions, token: str) -> Studio:
    """Return the Studio that has ``token``, and note that it was seen; or raise why it may not ask."""
    now = utc_now()
    theirs = (
        select(PluginSession, User)
        .join(User, User.id == PluginSession.user_id)
        .where(PluginSession.token_hash == hash_of(token))
    )
    with database_operation("read a plugin session"):
        async with database.session() as session:
            row = (await session.execute(theirs)).one_or_none()
    if row is None:
        telemetry.authentication_failed(reason="plugin_token")
        raise NotPairedError
    known, user = row.PluginSession, row.User
    is_over = known.ended_at is not None or known.seen_at <= now - IDLE_LIFETIME
    if is_over or user.disabled_at is not None or user.role not in MAY_PAIR:
        raise NotPairedError
    if version_of(known.plugin_version) < version_of(MIN_PLUGIN_VERSION):
        raise PluginTooOldError
    if known.seen_at <= now - SEEN_EVERY:
        await _note_seen(database, known.id, now)
    return Studio(
        known.id, known.school_id, user.id, user.role, known.plugin_version, known.last_number
    )


async def _note_seen(database: Sessions, session_id: UUID, now: datetime) -> None:
    seen = update(PluginSession).where(PluginSession.id == session_id).values(seen_at=now)
    with database_operation("note that a plugin was seen"):
        async with database.writing() as session:
            await session.execute(seen)


async def live_sessions(database: Sessions, school_id: UUID, *, limit: int) -> list[Listed]:
    """Return a school's live sessions, those seen last first."""
    now = utc_now()
    waiting = (
        select(func.count())
        .where(PluginMessage.session_id == PluginSession.id, is_waiting(now))
        .scalar_subquery()
    )
    rows = (
        select(PluginSession, waiting.label("waiting"))
        .where(PluginSession.school_id == school_id, is_live(now))
        .order_by(PluginSession.seen_at.desc())
        .limit(limit)
    )
    with database_operation("list plugin sessions"):
        async with database.session() as session:
            return [Listed(*row) for row in await session.execute(rows)]


async def find_live(session: AsyncSession, session_id: UUID, school_id: UUID) -> PluginSession:
    """Return a school's session that goes on, or raise `SessionNotFoundError`."""
    theirs = PluginSession.id == session_id, PluginSession.school_id == school_id
    found = await session.scalar(select(PluginSession).where(*theirs, is_live(utc_now())))
    if found is None:
        raise SessionNotFoundError
    return found


async def end(database: Sessions, session_id: UUID, school_id: UUID, *, by: UUID) -> None:
    """End a school's session for the user ``by``, or raise `SessionNotFoundError`."""
    with database_operation("end a plugin session"):
        async with database.writing() as session:
            await find_live(session, session_id, school_id)
            await end_sessions(session, (session_id,), utc_now())
            record_at(session, school_id, by, Action.STUDIO_ENDED, session_id)
