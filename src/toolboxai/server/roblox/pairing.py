"""How a Studio becomes a teacher's: a code for a moment, then a session. Knows no web."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from toolboxai import telemetry
from toolboxai.server.auth import Action, Member, record_at
from toolboxai.server.error_handling import database_operation
from toolboxai.server.models import (
    PairingCode,
    PluginMessage,
    PluginSession,
    Role,
    User,
    new_id,
    utc_now,
)
from toolboxai.server.roblox.errors import PairingRefusedError
from toolboxai.server.roblox.line import Sessions
from toolboxai.server.roblox.protocol import (
    CODE_LIFETIME,
    MAX_SESSIONS_PER_USER,
    SESSION_KEPT,
)
from toolboxai.server.roblox.secrets import code_of, hash_of, new_code, new_token

MAY_PAIR = frozenset({Role.TEACHER, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Pairing:
    """A code, and until when it is good."""

    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Registered:
    """A new session, the token that only its plugin knows, and the sessions that it replaces."""

    session_id: UUID
    token: str
    user: User
    replaced: tuple[UUID, ...]


async def pair(database: Sessions, who: Member) -> Pairing:
    """Return a new code for ``who``; the one before is no good any more."""
    now = utc_now()
    pairing = Pairing(new_code(), now + CODE_LIFETIME)
    with database_operation("store a pairing code"):
        async with database.writing() as session:
            is_over = (PairingCode.user_id == who.user_id) | (PairingCode.expires_at < now)
            await session.execute(delete(PairingCode).where(is_over))
            row = PairingCode(
                code_hash=hash_of(pairing.code), user_id=who.user_id, expires_at=pairing.expires_at
            )
            session.add(row)
    return pairing


async def register(
    database: Sessions, typed: str, *, plugin_version: str, studio_id: str
) -> Registered:
    """Trade a code for a session, or raise `PairingRefusedError`. Of several who try at once one succeeds."""
    code, token = code_of(typed), new_token()
    with database_operation("register a plugin"):
        async with database.writing() as session:
            user = await _owner_of(session, code) if code else None
            if user is not None and user.school_id is not None:
                row = PluginSession(
                    id=new_id(),
                    school_id=user.school_id,
                    user_id=user.id,
                    token_hash=hash_of(token),
                    plugin_version=plugin_version,
                    studio_hash=hash_of(studio_id),
                )
                replaced = await _make_room(session, row)
                session.add(row)
                record_at(session, user.school_id, user.id, Action.STUDIO_PAIRED, row.id)
                return Registered(row.id, token, user, replaced)
    telemetry.authentication_failed(reason="pairing_code")
    raise PairingRefusedError


async def _owner_of(session: AsyncSession, code: str) -> User | None:
    """Use the code up; return whose it was, if they may still pair."""
    now = utc_now()
    used = (
        update(PairingCode)
        .where(
            PairingCode.code_hash == hash_of(code),
            PairingCode.used_at.is_(None),
            PairingCode.expires_at > now,
        )
        .values(used_at=now)
        .returning(PairingCode.user_id)
    )
    user_id = await session.scalar(used)
    user = await session.get(User, user_id) if user_id else None
    is_one = user is not None and user.disabled_at is None and user.role in MAY_PAIR
    return user if is_one else None


async def _make_room(session: AsyncSession, new: PluginSession) -> tuple[UUID, ...]:
    """End this Studio's earlier session, and of too many the ones unseen for longest; forget old ones."""
    now = utc_now()
    school = PluginSession.school_id == new.school_id
    is_old = PluginSession.seen_at < now - SESSION_KEPT
    await session.execute(delete(PluginSession).where(school, is_old))
    live = (
        select(PluginSession.id, PluginSession.studio_hash)
        .where(PluginSession.user_id == new.user_id, PluginSession.ended_at.is_(None))
        .order_by(PluginSession.seen_at.desc())
    )
    rows = (await session.execute(live)).all()
    others = [row.id for row in rows if row.studio_hash != new.studio_hash]
    same = [row.id for row in rows if row.studio_hash == new.studio_hash]
    replaced = (*same, *others[MAX_SESSIONS_PER_USER - 1 :])
    await end_sessions(session, replaced, now)
    return replaced


async def end_sessions(session: AsyncSession, ids: tuple[UUID, ...], now: datetime) -> None:
    """End sessions, and forget what waits for them."""
    ended = update(PluginSession).where(PluginSession.id.in_(ids)).values(ended_at=now)
    await session.execute(ended)
    await session.execute(delete(PluginMessage).where(PluginMessage.session_id.in_(ids)))
