"""Sign in, stay signed in, sign out. Knows no web."""

import logging
from dataclasses import dataclass, field

from sqlalchemy import select, update

from toolboxai import telemetry
from toolboxai.server.auth import refreshing, trail
from toolboxai.server.auth.counting import Counts
from toolboxai.server.auth.errors import (
    RefreshRefusedError,
    TooManyFailuresError,
    WrongCredentialsError,
)
from toolboxai.server.auth.limiting import allow_sign_in, forgive, note_failure, take_back
from toolboxai.server.auth.names import username_of
from toolboxai.server.auth.passwords import Passwords
from toolboxai.server.auth.people import SignedIn, signed_in_as
from toolboxai.server.auth.refreshing import Reused
from toolboxai.server.auth.trail import Action
from toolboxai.server.database import Database
from toolboxai.server.error_handling import DependencyError, database_operation
from toolboxai.server.models import User

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody at the door."""

    username: str
    password: str = field(repr=False)
    address: str


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in, and what renews it."""

    who: SignedIn
    refresh_token: str = field(repr=False)


async def tell_if_nobody_is_there(database: Database) -> None:
    """Say in the log how the first account is made, until there is one."""
    with database_operation("look for an account"):
        async with database.session() as session:
            somebody = await session.scalar(select(User.id).limit(1))
    if somebody is None:
        log.warning(
            "nobody can sign in yet: toolboxai users create-admin --school NAME --username NAME"
            " makes the first account"
        )


async def sign_in(
    database: Database, passwords: Passwords, counts: Counts, attempt: Attempt
) -> Session:
    """Return a new session, or raise: `WrongCredentialsError` after the same time for every reason."""
    username = username_of(attempt.username) or ""
    try:
        await allow_sign_in(counts, username, attempt.address)
    except TooManyFailuresError:
        telemetry.authentication_failed(reason="locked")
        raise
    user = await _find(database, counts, username)
    kept = user.password_hash if user else None
    is_right, better = await passwords.check(attempt.password, kept)
    if user is None or not is_right or user.disabled_at is not None:
        reason = "disabled" if user and is_right else "credentials"
        telemetry.authentication_failed(str(user.id) if user else None, reason=reason)
        if await note_failure(counts, username, attempt.address) and user is not None:
            await _remember_lock(database, user)
        raise WrongCredentialsError
    await forgive(counts, username)
    with database_operation("begin a session"):
        async with database.writing() as session:
            if better is not None:
                is_it = User.id == user.id
                await session.execute(update(User).where(is_it).values(password_hash=better))
            refresh_token = await refreshing.begin(session, user.id)
    return Session(signed_in_as(user), refresh_token)


async def _find(database: Database, counts: Counts, username: str) -> User | None:
    try:
        with database_operation("find an account"):
            async with database.session() as session:
                return await session.scalar(select(User).where(User.username == username))
    except DependencyError:
        # Nobody's password was wrong: who tries again and again meanwhile must not be locked out for it.
        await take_back(counts, username)
        raise


async def _remember_lock(database: Database, user: User) -> None:
    with database_operation("remember a lock"):
        async with database.writing() as session:
            trail.record_about(session, user, Action.SIGN_IN_LOCKED)


async def renew(database: Database, token: str) -> Session:
    """Trade a refresh token for the next, or raise `RefreshRefusedError`."""
    with database_operation("renew a session"):
        async with database.writing() as session:
            outcome = await refreshing.trade(session, token)
            user = await session.get(User, outcome.user_id) if outcome else None
            if isinstance(outcome, Reused) and user is not None:
                trail.record_about(session, user, Action.SESSION_MISUSED)
    if outcome is None or user is None:
        raise RefreshRefusedError
    if isinstance(outcome, Reused):
        telemetry.authentication_failed(str(user.id), reason="refresh_token_reused")
        raise RefreshRefusedError
    if user.disabled_at is not None:
        telemetry.authentication_failed(str(user.id), reason="disabled")
        raise RefreshRefusedError
    return Session(signed_in_as(user), outcome.next_token)


async def sign_out(database: Database, token: str) -> None:
    """End the session that ``token`` belongs to; one that is unknown or over is no matter."""
    with database_operation("end a session"):
        async with database.writing() as session:
            await refreshing.end(session, token)
