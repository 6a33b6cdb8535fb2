"""Sign in, stay signed in, sign out. Knows no web."""

from dataclasses import dataclass

from sqlalchemy import select, update

from toolboxai import telemetry
from toolboxai.server.auth import refreshing
from toolboxai.server.auth.errors import RefreshRefusedError, WrongCredentialsError
from toolboxai.server.auth.names import username_of
from toolboxai.server.auth.passwords import Passwords
from toolboxai.server.auth.people import SignedIn, signed_in_as
from toolboxai.server.auth.refreshing import Reused
from toolboxai.server.database import Database
from toolboxai.server.error_handling import database_operation
from toolboxai.server.models import User


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in, and what renews it."""

    who: SignedIn
    refresh_token: str


async def sign_in(database: Database, passwords: Passwords, typed: str, password: str) -> Session:
    """Return a new session, or raise `WrongCredentialsError`, after the same time for every reason."""
    username = username_of(typed)
    with database_operation("find an account"):
        async with database.session() as session:
            user = await session.scalar(select(User).where(User.username == (username or "")))
    is_right, better = await passwords.check(password, user.password_hash if user else None)
    if user is None or not is_right:
        telemetry.authentication_failed(None if user is None else str(user.id))
        raise WrongCredentialsError
    if user.disabled_at is not None:
        telemetry.authentication_failed(str(user.id), reason="disabled")
        raise WrongCredentialsError
    with database_operation("begin a session"):
        async with database.writing() as session:
            if better is not None:
                is_it = User.id == user.id
                await session.execute(update(User).where(is_it).values(password_hash=better))
            refresh_token = await refreshing.begin(session, user.id)
    return Session(signed_in_as(user), refresh_token)


async def renew(database: Database, token: str) -> Session:
    """Trade a refresh token for the next, or raise `RefreshRefusedError`."""
    with database_operation("renew a session"):
        async with database.writing() as session:
            outcome = await refreshing.trade(session, token)
            user = await session.get(User, outcome.user_id) if outcome else None
    if isinstance(outcome, Reused):
        telemetry.authentication_failed(str(outcome.user_id), reason="refresh_token_reused")
    if outcome is None or isinstance(outcome, Reused) or user is None:
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
