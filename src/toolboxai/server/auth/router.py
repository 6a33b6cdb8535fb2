"""The addresses of the door."""

from typing import Annotated

from fastapi import APIRouter, Body, Form, Response, status

from toolboxai.server.auth import service
from toolboxai.server.auth.dependencies import AccessTokensDep, PasswordsDep, SignedInDep
from toolboxai.server.auth.examples import (
    AUTH_RESPONSES,
    ME,
    REFRESH,
    REFRESH_REFUSED,
    REFUSED,
    TIMEOUT,
    TOKENS,
    TOO_MANY_FAILURES,
    UNAVAILABLE,
    WRONG_CREDENTIALS,
)
from toolboxai.server.auth.limiting import AddressDep, CountsDep
from toolboxai.server.auth.people import tell_telemetry
from toolboxai.server.auth.schemas import Me, RefreshRequest, SchoolSummary, SignIn, TokenPair
from toolboxai.server.auth.service import Attempt, Session
from toolboxai.server.auth.tokens import AccessTokens
from toolboxai.server.database import DatabaseDep
from toolboxai.server.error_handling import database_operation
from toolboxai.server.grades import grade_band_of
from toolboxai.server.models import School, User

router = APIRouter(prefix="/auth", tags=["auth"])


@router.post(
    "/token",
    summary="Sign in",
    responses={
        200: TOKENS,
        401: WRONG_CREDENTIALS,
        422: REFUSED,
        429: TOO_MANY_FAILURES,
        503: UNAVAILABLE,
        504: TIMEOUT,
    },
)
async def sign_in(
    form: Annotated[SignIn, Form()],
    response: Response,
    *,
    database: DatabaseDep,
    passwords: PasswordsDep,
    counts: CountsDep,
    address: AddressDep,
    tokens: AccessTokensDep,
) -> TokenPair:
    """Give an access token for user name and password, and a refresh token to stay signed in.

    The answer to a wrong name, a wrong password and a disabled account is the same, and takes as long.
    After five failures in 15 minutes a name is locked for 15 minutes, whether somebody has it or not.
    """
    attempt = Attempt(form.username, form.password, address)
    session = await service.sign_in(database, passwords, counts, attempt)
    return _pair_for(session, tokens, response)


@router.post(
    "/refresh",
    summary="Stay signed in",
    responses={200: TOKENS, 401: REFRESH_REFUSED, 422: REFUSED, 503: UNAVAILABLE, 504: TIMEOUT},
)
async def refresh(
    request: Annotated[RefreshRequest, Body(openapi_examples=REFRESH)],
    response: Response,
    database: DatabaseDep,
    tokens: AccessTokensDep,
) -> TokenPair:
    """Trade a refresh token for new tokens. Each is good once: using one again ends the whole session."""
    session = await service.renew(database, request.refresh_token)
    return _pair_for(session, tokens, response)


@router.post(
    "/logout",
    summary="Sign out",
    status_code=status.HTTP_204_NO_CONTENT,
    responses={422: REFUSED, 503: UNAVAILABLE, 504: TIMEOUT},
)
async def logout(
    request: Annotated[RefreshRequest, Body(openapi_examples=REFRESH)], database: DatabaseDep
) -> None:
    """End the session of a refresh token. Its access token holds until its 15 minutes are over."""
    await service.sign_out(database, request.refresh_token)


@router.get("/me", summary="Who am I?", responses={200: ME, **AUTH_RESPONSES})
async def me(who: SignedInDep, database: DatabaseDep) -> Me:
    """Say who is signed in, in which role, and of which school."""
    with database_operation("read who is signed in"):
        async with database.session() as session:
            user = await session.get_one(User, who.user_id)
            school = await session.get(School, who.school_id) if who.school_id else None
    return Me(
        id=user.id,
        username=user.username,
        role=who.role,
        school=None if school is None else SchoolSummary(id=school.id, name=school.name),
        grade=who.grade,
        grade_band=None if who.grade is None else grade_band_of(who.grade),
    )


def _pair_for(session: Session, tokens: AccessTokens, response: Response) -> TokenPair:
    tell_telemetry(session.who)
    response.headers["Cache-Control"] = "no-store"
    access_token = tokens.issue(session.who.user_id)
    return TokenPair(access_token=access_token, refresh_token=session.refresh_token)
