"""Refresh tokens in the database: good once, followed by a new one, and ended with their whole family.

A family is one sign-in on one device. Whoever uses a token twice shows that two have it, and nobody
can say which of them is the thief: the family ends, and both must sign in again.
"""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from toolboxai.server.models import RefreshToken, new_id, utc_now

LIFETIME = timedelta(days=30)
TOKEN_BYTES = 32
_Relative = aliased(RefreshToken)


@dataclass(frozen=True, slots=True)
class Traded:
    """A refresh token was good, and here is the next one."""

    user_id: UUID
    next_token: str


@dataclass(frozen=True, slots=True)
class Reused:
    """A refresh token was used again; its family has ended."""

    user_id: UUID


async def begin(session: AsyncSession, user_id: UUID) -> str:
    """Return the first token of a new family, and forget those of this user that are too old."""
    old = RefreshToken.user_id == user_id, RefreshToken.expires_at < utc_now()
    await session.execute(delete(RefreshToken).where(*old))
    return _add(session, user_id, new_id())


async def trade(session: AsyncSession, token: str) -> Traded | Reused | None:
    """Take ``token`` for its successor; of several who try at once, one succeeds. ``None``: it was never good, or is over."""
    now, hashed = utc_now(), _hash_of(token)
    # One statement asks and answers, so nobody comes between. A relative that was revoked counts for
    # the whole family: a successor that was made meanwhile isn't among the rows that `end` found.
    is_ended = exists().where(
        _Relative.family == RefreshToken.family, _Relative.revoked_at.is_not(None)
    )
    used = (
        update(RefreshToken)
        .where(
            RefreshToken.token_hash == hashed,
            RefreshToken.used_at.is_(None),
            RefreshToken.expires_at > now,
            ~is_ended,
        )
        .values(used_at=now)
        .returning(RefreshToken.user_id, RefreshToken.family)
        .execution_options(synchronize_session=False)
    )
    if found := (await session.execute(used)).one_or_none():
        return Traded(found.user_id, _add(session, found.user_id, found.family))
    kept = await session.scalar(select(RefreshToken).where(RefreshToken.token_hash == hashed))
    if kept is None or kept.used_at is None or kept.revoked_at is not None:
        return None
    await _end_family(session, kept.family)
    return Reused(kept.user_id)


async def end(session: AsyncSession, token: str) -> None:
    """End the family of ``token``, whoever has its other tokens. One that is unknown is no matter."""
    family = select(RefreshToken.family).where(RefreshToken.token_hash == _hash_of(token))
    if (found := await session.scalar(family)) is not None:
        await _end_family(session, found)


async def end_all(session: AsyncSession, user_id: UUID) -> None:
    """Sign ``user_id`` out everywhere."""
    await _revoke(session, RefreshToken.user_id == user_id)


async def _end_family(session: AsyncSession, family: UUID) -> None:
    await _revoke(session, RefreshToken.family == family)


async def _revoke(session: AsyncSession, whose: ColumnElement[bool]) -> None:
    still_good = RefreshToken.revoked_at.is_(None)
    revoked = update(RefreshToken).where(whose, still_good).values(revoked_at=utc_now())
    await session.execute(revoked.execution_options(synchronize_session=False))


def _add(session: AsyncSession, user_id: UUID, family: UUID) -> str:
    token = token_urlsafe(TOKEN_BYTES)
    row = RefreshToken(
        family=family,
        user_id=user_id,
        token_hash=_hash_of(token),
        expires_at=utc_now() + LIFETIME,
    )
    session.add(row)
    return token


def _hash_of(token: str) -> str:
    # Nobody can guess 32 random bytes, so one round is enough.
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
