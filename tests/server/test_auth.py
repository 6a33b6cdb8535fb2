"""The door: who comes in, for how long, and what is told of those who don't."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import uuid4

import pytest
from fastapi import Depends, FastAPI
from httpx2 import Response
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.testclient import TestClient

from tests.server.conftest import ON_SQLITE, Start, application
from tests.server.people import PASSWORD, FullSchool, beside, full_school, in_database, person
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.server.auth import AccessTokens, Cost, Member, Passwords, require
from toolboxai.server.models import RefreshToken, Role, School, User, utc_now


def _sign_in(client: TestClient, username: str, password: str = PASSWORD) -> Response:
    return client.post("/auth/token", data={"username": username, "password": password})


def _refresh(client: TestClient, token: str) -> Response:
    return client.post("/auth/refresh", json={"refresh_token": token})


def _tokens_of(client: TestClient, school: FullSchool) -> dict[str, str]:
    tokens: dict[str, str] = _sign_in(client, school.people[Role.TEACHER].username).json()
    return tokens


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_user_name_and_password_give_tokens_that_open_the_door(
    client: TestClient, school: FullSchool
) -> None:
    answer = _sign_in(client, school.people[Role.STUDENT].username)

    tokens = answer.json()
    me = client.get("/auth/me", headers=_bearer(tokens["access_token"]))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 900)
    assert me.json() == {
        "id": str(school.people[Role.STUDENT].id),
        "username": "student@hill",
        "role": "student",
        "school": {"id": str(school.id), "name": "Hill School"},
        "grade": 4,
        "grade_band": "3-5",
    }


@pytest.mark.parametrize("typed", ["TEACHER@Hill", " teacher@hill ", "teacher\uff20hill"])
def test_a_user_name_is_the_same_however_it_is_typed(
    client: TestClient, school: FullSchool, typed: str
) -> None:
    assert school.people[Role.TEACHER].username == "teacher@hill"
    assert _sign_in(client, typed).status_code == 200


@pytest.mark.parametrize(
    ("username", "password"),
    [
        pytest.param("teacher@hill", "wrong", id="wrong password"),
        pytest.param("nobody@hill", PASSWORD, id="unknown name"),
        pytest.param("disabled@hill", PASSWORD, id="disabled"),
        pytest.param("not\x00 a name", PASSWORD, id="no name at all"),
    ],
)
def test_every_failed_sign_in_gets_the_same_answer(
    client: TestClient, school: FullSchool, username: str, password: str
) -> None:
    row = person(client, Role.TEACHER, School(id=school.id, name="Hill"), "disabled@hill")
    _disable(client, row.id)

    answer = _sign_in(client, username, password)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["type"] == "urn:toolboxai:problem:wrong-credentials"
    assert answer.json()["detail"] == "User name and password do not belong together."


def _disable(client: TestClient, user_id: object) -> None:
    async def disable(session: AsyncSession) -> None:
        await session.execute(update(User).where(User.id == user_id).values(disabled_at=utc_now()))

    in_database(client, disable)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"Authorization": "Basic YTpi"}, id="another scheme"),
        pytest.param(_bearer("nonsense"), id="no token"),
        pytest.param(_bearer(AccessTokens("another key").issue(uuid4())), id="signed by others"),
    ],
)
def test_without_a_good_token_nobody_comes_in(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.get("/auth/me", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_token_of_somebody_who_is_gone_is_refused(client: TestClient) -> None:
    tokens: AccessTokens = application(client).state.access_tokens

    assert client.get("/auth/me", headers=_bearer(tokens.issue(uuid4()))).status_code == 401


def test_an_access_token_holds_for_a_quarter_of_an_hour(
    client: TestClient, school: FullSchool
) -> None:
    tokens: AccessTokens = application(client).state.access_tokens
    teacher, now = school.people[Role.TEACHER].id, datetime.now(UTC)

    def status_after(minutes: int) -> int:
        token = tokens.issue(teacher, now=now - timedelta(minutes=minutes))
        return client.get("/auth/me", headers=_bearer(token)).status_code

    assert (status_after(14), status_after(16)) == (200, 401)


def test_somebody_who_is_disabled_is_out_at_once(school: FullSchool) -> None:
    assert school.teacher.get("/auth/me").status_code == 200

    _disable(school.teacher, school.people[Role.TEACHER].id)

    assert school.teacher.get("/auth/me").status_code == 401


def test_a_refresh_token_gives_new_tokens_once_and_used_again_ends_the_session(
    client: TestClient, school: FullSchool
) -> None:
    first = _tokens_of(client, school)["refresh_token"]
    second = _refresh(client, first).json()
    assert client.get("/auth/me", headers=_bearer(second["access_token"])).status_code == 200

    statuses = [
        _refresh(client, token).status_code for token in (first, second["refresh_token"], first)
    ]

    assert statuses == [401, 401, 401]


def test_of_two_sessions_only_the_one_that_was_misused_ends(
    client: TestClient, school: FullSchool
) -> None:
    misused, other = (_tokens_of(client, school)["refresh_token"] for _ in range(2))
    _refresh(client, misused)
    _refresh(client, misused)

    assert _refresh(client, other).status_code == 200


def test_of_many_who_refresh_at_once_with_one_token_exactly_one_wins(
    client: TestClient, school: FullSchool
) -> None:
    token = _tokens_of(client, school)["refresh_token"]

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: _refresh(beside(client), token), range(8)))

    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 7


def test_who_signs_out_can_not_refresh_any_more(client: TestClient, school: FullSchool) -> None:
    first = _tokens_of(client, school)["refresh_token"]
    second = _refresh(client, first).json()["refresh_token"]

    answers = [
        client.post("/auth/logout", json={"refresh_token": token}) for token in (second, "?")
    ]

    assert [answer.status_code for answer in answers] == [204, 204]
    assert _refresh(client, second).status_code == 401


def test_a_refresh_token_holds_for_thirty_days(client: TestClient, school: FullSchool) -> None:
    token = _tokens_of(client, school)["refresh_token"]

    async def age(session: AsyncSession) -> timedelta:
        row = (await session.scalars(select(RefreshToken))).one()
        left = row.expires_at - utc_now()
        row.expires_at = utc_now()
        return left

    left: timedelta = in_database(client, age)

    assert timedelta(days=29, hours=23) < left <= timedelta(days=30)
    assert _refresh(client, token).status_code == 401


def test_tokens_that_are_too_old_are_forgotten_at_the_next_sign_in(
    client: TestClient, school: FullSchool
) -> None:
    async def age(session: AsyncSession) -> None:
        await session.execute(update(RefreshToken).values(expires_at=utc_now()))

    async def count(session: AsyncSession) -> int:
        return len((await session.scalars(select(RefreshToken))).all())

    _tokens_of(client, school)
    in_database(client, age)
    _tokens_of(client, school)

    assert in_database(client, count) == 1


def test_who_is_deleted_or_disabled_can_not_refresh(client: TestClient, school: FullSchool) -> None:
    token = _tokens_of(client, school)["refresh_token"]
    _disable(client, school.people[Role.TEACHER].id)
    assert _refresh(client, token).status_code == 401

    async def remove(session: AsyncSession) -> None:
        await session.execute(delete(User).where(User.role == Role.TEACHER))

    in_database(client, remove)

    assert _refresh(client, token).status_code == 401


def test_a_password_is_hashed_again_when_it_should_cost_more(
    client: TestClient, school: FullSchool
) -> None:
    application(client).state.passwords = Passwords(Cost(memory_kib=16, passes=1))

    async def kept(session: AsyncSession) -> str | None:
        return await session.scalar(
            select(User.password_hash).where(User.id == school.people[Role.TEACHER].id)
        )

    assert [_sign_in(client, "teacher@hill").status_code for _ in range(2)] == [200, 200]
    assert "m=16,t=1" in in_database(client, kept)


def _behind(*roles: Role) -> Callable[[FastAPI], None]:
    async def enter(who: Annotated[Member, Depends(require(*roles))]) -> str:
        return who.role

    return lambda app: app.add_api_route("/room", enter)


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.STUDENT, 403), (Role.TEACHER, 200), (Role.ADMIN, 200), (Role.OPERATOR, 403)],
)
def test_a_room_is_open_to_some_roles_only(start: Start, role: Role, status: int) -> None:
    client = start(_behind(Role.TEACHER, Role.ADMIN))
    school = full_school(client, "Hill School")
    somebody = school.people.get(role) or person(client, role)

    assert somebody.client.get("/room").status_code == status


def test_an_operator_has_no_school(client: TestClient) -> None:
    me = person(client, Role.OPERATOR).client.get("/auth/me").json()

    assert (me["role"], me["school"], me["grade"]) == ("operator", None, None)


def test_every_report_says_who_asked_as_pseudonym_role_and_grade_band(
    start: Start, sink: RecordingSink
) -> None:
    def fail(_: Annotated[Member, Depends(require(Role.STUDENT))]) -> None:
        raise ZeroDivisionError

    client = start(lambda app: app.add_api_route("/fail", fail), sentry_dsn=sink.dsn)
    pupil = full_school(client, "Hill School").people[Role.STUDENT]

    pupil.client.get("/fail")

    telemetry.flush(5)
    (event,) = sink.items("event")
    assert event["user"]["id"].startswith("p1_")
    assert (event["user"]["role"], event["user"]["grade_band"]) == ("student", "3-5")
    assert event["tags"]["role"] == "student"
    assert str(pupil.id) not in str(event)


@pytest.mark.parametrize("reason", ["credentials", "refresh_token_reused", "forged_token"])
def test_what_goes_wrong_at_the_door_is_a_security_event(
    start: Start, sink: RecordingSink, reason: str
) -> None:
    client = start(sentry_dsn=sink.dsn)
    school = full_school(client, "Hill School")
    match reason:
        case "credentials":
            _sign_in(client, "teacher@hill", "s3cret-guess")
        case "refresh_token_reused":
            token = _tokens_of(client, school)["refresh_token"]
            _refresh(client, token)
            _refresh(client, token)
        case _:
            client.get("/auth/me", headers=_bearer("nonsense"))

    telemetry.flush(5)
    (event,) = sink.items("event")
    assert reason in str(event)
    assert "s3cret" not in str(event)
    assert "teacher@hill" not in str(event)


@pytest.mark.parametrize("path", ["/auth/refresh", "/auth/logout"])
@pytest.mark.parametrize("body", [b"{}", b'{"refresh_token": ""}', b'{"refresh_token": "\\ud800"}'])
def test_a_body_without_a_token_is_a_422(client: TestClient, path: str, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}

    assert client.post(path, content=body, headers=headers).status_code == 422


async def test_passwords_are_the_same_however_their_letters_are_composed() -> None:
    passwords = Passwords(Cost(memory_kib=8, passes=1))

    kept = await passwords.hash("\u00e9t\u00e9 1922")

    assert await passwords.check("e\u0301te\u0301 1922", kept) == (True, None)
    assert await passwords.check("ete 1922", kept) == (False, None)
    assert await passwords.check("ete 1922", None) == (False, None)


@ON_SQLITE
def test_a_server_without_people_says_how_the_first_is_made(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    client = start()
    told = [record.message for record in caplog.records if "create-admin" in record.message]
    full_school(client, "Hill School")
    caplog.clear()
    start()

    assert len(told) == 1
    assert "create-admin" not in caplog.text
