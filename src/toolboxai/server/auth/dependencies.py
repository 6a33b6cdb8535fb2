"""Who asks, as a dependency of an endpoint. Asks the database at every request, and holds no connection after that."""

import logging
from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer

from toolboxai import telemetry
from toolboxai.server.auth.errors import NotAllowedError, NotSignedInError, TokenRefusedError
from toolboxai.server.auth.passwords import Passwords
from toolboxai.server.auth.people import Member, SignedIn, signed_in_as, tell_telemetry
from toolboxai.server.auth.tokens import AccessTokens, ExpiredTokenError, ForgedTokenError
from toolboxai.server.database import DatabaseDep
from toolboxai.server.error_handling import database_operation
from toolboxai.server.models import Role, User

log = logging.getLogger(__name__)

bearer = OAuth2PasswordBearer(
    tokenUrl="auth/token",
    refreshUrl="auth/refresh",
    description="A token from POST /auth/token; it holds for 15 minutes",
    auto_error=False,
)


async def access_tokens_of(request: Request) -> AccessTokens:
    """Return what the application signs access tokens with."""
    tokens: AccessTokens = request.app.state.access_tokens
    return tokens


async def passwords_of(request: Request) -> Passwords:
    """Return what the application checks passwords with."""
    passwords: Passwords = request.app.state.passwords
    return passwords


AccessTokensDep = Annotated[AccessTokens, Depends(access_tokens_of)]
PasswordsDep = Annotated[Passwords, Depends(passwords_of)]


async def signed_in(
    token: Annotated[str | None, Depends(bearer)],
    tokens: AccessTokensDep,
    database: DatabaseDep,
) -> SignedIn:
    """Return who asks, or raise a 401."""
    if token is None:
        raise NotSignedInError
    user_id = _owner_of(token, tokens)
    # Before the database is asked: if that fails, the report still says whom it has met.
    telemetry.set_user(telemetry.User(id=str(user_id)))
    # A session of its own, closed at once: who polls for a quarter of a minute must not keep a connection.
    with database_operation("read who is signed in"):
        async with database.session() as session:
            user = await session.get(User, user_id)
    if user is None or user.disabled_at is not None:
        telemetry.authentication_failed(str(user_id), reason="disabled")
        raise TokenRefusedError
    who = signed_in_as(user)
    tell_telemetry(who)
    return who


def _owner_of(token: str, tokens: AccessTokens) -> UUID:
    try:
        return tokens.read(token)
    except ExpiredTokenError:
        # Happens to everybody each quarter of an hour, so it is no security event.
        raise TokenRefusedError from None
    except ForgedTokenError:
        telemetry.authentication_failed(reason="forged_token")
        raise TokenRefusedError from None


SignedInDep = Annotated[SignedIn, Depends(signed_in)]


def require(*roles: Role) -> Callable[[SignedIn], Awaitable[SignedIn]]:
    """Return a dependency that lets in who has one of ``roles``; others get a 403.

    Without `Role.OPERATOR` among them it gives a `Member`, with a school:
    ``Annotated[Member, Depends(require(Role.TEACHER, Role.ADMIN))]``.
    """

    async def with_role(who: SignedInDep) -> SignedIn:
        if who.role not in roles:
            log.info("a request needs one of the roles %s", ", ".join(roles))
            raise NotAllowedError
        return who

    return with_role


MemberDep = Annotated[Member, Depends(require(Role.STUDENT, Role.TEACHER, Role.ADMIN))]
TeacherDep = Annotated[Member, Depends(require(Role.TEACHER, Role.ADMIN))]
AdminDep = Annotated[Member, Depends(require(Role.ADMIN))]
OperatorDep = Annotated[SignedIn, Depends(require(Role.OPERATOR))]
