"""How a Studio becomes a teacher's, and how it ends."""

import asyncio
import json
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.testclient import TestClient

from tests.server.conftest import Start, application
from tests.server.people import FullSchool, beside, in_database, stored
from tests.server.plugins import WHO, Plugin, code_for, paired, send
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.server.models import PairingCode, PluginSession, Role, User, utc_now
from toolboxai.server.roblox.errors import PairingRefusedError
from toolboxai.server.roblox.pairing import Registered, register
from toolboxai.server.roblox.protocol import MAX_SESSIONS_PER_USER, REQUESTS_PER_MINUTE
from toolboxai.server.roblox.secrets import CODE_ALPHABET, hash_of, new_code


@pytest.fixture
def plugin(client: TestClient, school: FullSchool) -> Plugin:
    return paired(client, school.teacher)


def _change(client: TestClient, table: type, **values: object) -> None:
    async def change(session: AsyncSession) -> None:
        await session.execute(update(table).values(**values))

    in_database(client, change)


def test_a_code_pairs_a_studio_once(client: TestClient, school: FullSchool) -> None:
    sent = {**WHO, "code": code_for(school.teacher)}

    first, second = (client.post("/plugin/register", json=sent) for _ in range(2))

    assert first.status_code == 201
    assert second.status_code == 403
    assert second.json()["type"] == "urn:toolboxai:problem:pairing-refused"


def test_of_several_who_use_a_code_at_once_one_is_paired(
    client: TestClient, school: FullSchool
) -> None:
    code, database = code_for(school.teacher), application(client).state.database

    async def all_at_once() -> list[object]:
        tries = [
            register(database, code, plugin_version="1.0.0", studio_id=f"studio-{number}")
            for number in range(5)
        ]
        return await asyncio.gather(*tries, return_exceptions=True)

    assert client.portal is not None
    made = client.portal.call(all_at_once)
    assert sum(isinstance(each, Registered) for each in made) == 1
    assert sum(isinstance(each, PairingRefusedError) for each in made) == 4


def test_a_registered_plugin_knows_how_to_ask(client: TestClient, school: FullSchool) -> None:
    sent = {**WHO, "code": code_for(school.admin)}

    answer = client.post("/plugin/register", json=sent)

    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["poll_url"] == "/plugin/messages"
    assert answer.json()["terms"] == {
        "min_version": "1.0.0",
        "heartbeat_seconds": 30,
        "max_wait_seconds": 15,
        "requests_per_minute": 90,
        "max_body_bytes": 262_144,
        "max_entries": 100,
    }


def test_a_code_has_eight_signs_that_nobody_mixes_up(school: FullSchool) -> None:
    code = code_for(school.teacher)

    assert len(code) == 8
    assert set(code) <= set(CODE_ALPHABET)
    assert not set("01OIL") & set(CODE_ALPHABET)


def test_a_code_is_read_as_people_type_it(client: TestClient, school: FullSchool) -> None:
    code = code_for(school.teacher).lower()

    answer = client.post("/plugin/register", json={**WHO, "code": f" {code[:4]}-{code[4:]} "})

    assert answer.status_code == 201


def test_neither_code_nor_token_is_stored(client: TestClient, school: FullSchool) -> None:
    code = code_for(school.teacher)
    made = client.post("/plugin/register", json={**WHO, "code": code}).json()

    async def read(session: AsyncSession) -> tuple[str, str, str]:
        pairing = (await session.scalars(select(PairingCode))).one()
        studio = (await session.scalars(select(PluginSession))).one()
        return pairing.code_hash, studio.token_hash, studio.studio_hash

    hashes = (hash_of(code), hash_of(made["token"]), hash_of("studio-1"))
    assert in_database(client, read) == hashes


def test_a_code_older_than_ten_minutes_is_no_good(client: TestClient, school: FullSchool) -> None:
    code = code_for(school.teacher)
    _change(client, PairingCode, expires_at=utc_now() - timedelta(seconds=1))

    assert client.post("/plugin/register", json={**WHO, "code": code}).status_code == 403


def test_a_new_code_replaces_the_one_before(client: TestClient, school: FullSchool) -> None:
    first, second = code_for(school.teacher), code_for(school.teacher)

    assert client.post("/plugin/register", json={**WHO, "code": first}).status_code == 403
    assert client.post("/plugin/register", json={**WHO, "code": second}).status_code == 201


def test_a_code_of_somebody_who_is_shut_out_is_no_good(
    client: TestClient, school: FullSchool
) -> None:
    code = code_for(school.teacher)
    _change(client, User, disabled_at=utc_now())

    assert client.post("/plugin/register", json={**WHO, "code": code}).status_code == 403


@pytest.mark.parametrize("typed", ["1", "0OIL0OIL", "ABCDEFGHJ", "'; --", "ÄÄÄÄÄÄÄÄ"])
def test_what_can_not_be_a_code_is_refused_like_a_wrong_one(client: TestClient, typed: str) -> None:
    wrong, not_one = (
        client.post("/plugin/register", json={**WHO, "code": code}).json()
        for code in (new_code(), typed)
    )

    assert wrong["detail"] == not_one["detail"]


def test_guessing_codes_ends_after_ten_wrong_ones(client: TestClient, school: FullSchool) -> None:
    good = code_for(school.teacher)
    for _ in range(10):
        client.post("/plugin/register", json={**WHO, "code": new_code()})

    answer = client.post("/plugin/register", json={**WHO, "code": good})

    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 60


def test_a_wrong_code_is_a_security_event(start: Start, sink: RecordingSink) -> None:
    client = start(sentry_dsn=sink.dsn)

    client.post("/plugin/register", json={**WHO, "code": "ABCDEFGH"})

    telemetry.flush(5)
    (event,) = sink.items("event")
    assert "pairing_code" in str(event)
    assert "ABCDEFGH" not in str(event)


@pytest.mark.parametrize("version", ["0.9.9", "0.0.1"])
def test_an_older_plugin_is_told_to_be_updated_and_keeps_its_code(
    client: TestClient, school: FullSchool, version: str
) -> None:
    sent = {**WHO, "code": code_for(school.teacher)}

    answer = client.post("/plugin/register", json={**sent, "plugin_version": version})

    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:toolboxai:problem:plugin-too-old"
    assert "1.0.0" in answer.json()["detail"]
    assert client.post("/plugin/register", json=sent).status_code == 201


def test_a_plugin_that_the_server_left_behind_is_told_with_its_next_request(
    client: TestClient, plugin: Plugin
) -> None:
    _change(client, PluginSession, plugin_version="0.9.9")

    assert plugin.poll().status_code == 409


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("plugin_version", "1"),
        ("plugin_version", "1.0.0-beta"),
        ("plugin_version", "\N{ARABIC-INDIC DIGIT THREE}.0.0"),
        ("studio_id", ""),
        ("studio_id", "x" * 129),
        ("code", "x" * 33),
        ("code", "\ud800"),
        ("more", "x"),
    ],
)
def test_a_registration_is_refused_with_the_field_that_is_wrong(
    client: TestClient, field: str, value: str
) -> None:
    body = json.dumps({**WHO, "code": "ABCDEFGH", field: value})

    answer = client.post(
        "/plugin/register", content=body, headers={"content-type": "application/json"}
    )

    assert answer.status_code == 422
    assert [entry["field"] for entry in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("role", [Role.STUDENT, None])
def test_only_teachers_and_administrators_pair(
    client: TestClient, school: FullSchool, role: Role | None
) -> None:
    asking = school.people[role].client if role else client

    assert asking.post("/plugin/pairing").status_code == (403 if role else 401)


@pytest.mark.parametrize("header", ["Authorization", "X-Plugin-Token"])
def test_a_session_is_known_by_its_token(client: TestClient, plugin: Plugin, header: str) -> None:
    value = f"Bearer {plugin.token}" if header == "Authorization" else plugin.token

    answer = beside(client).post("/plugin/heartbeat", headers={header: value})

    assert answer.status_code == 200


@pytest.mark.parametrize("token", ["", "x", "Bearer", "tbxp_" + "A" * 43])
def test_another_token_is_a_401(client: TestClient, token: str) -> None:
    answer = client.post("/plugin/heartbeat", headers={"X-Plugin-Token": token})

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_the_teachers_own_token_opens_nothing_of_the_plugins_and_the_other_way_round(
    school: FullSchool, plugin: Plugin
) -> None:
    assert school.teacher.get("/plugin/messages").status_code == 401
    assert plugin.client.get("/api/v1/plugin/sessions").status_code == 401


@pytest.mark.parametrize(
    ("table", "values"),
    [
        pytest.param(PluginSession, {"seen_at": utc_now() - timedelta(hours=25)}, id="idle"),
        pytest.param(PluginSession, {"ended_at": utc_now()}, id="ended"),
        pytest.param(User, {"disabled_at": utc_now()}, id="of somebody who is shut out"),
        pytest.param(User, {"role": "student"}, id="of somebody who may not any more"),
    ],
)
def test_a_session_that_is_over_is_a_401(
    client: TestClient, plugin: Plugin, table: type, values: dict[str, object]
) -> None:
    _change(client, table, **values)

    assert plugin.poll().status_code == 401


def test_who_asks_stays_known(client: TestClient, plugin: Plugin) -> None:
    _change(client, PluginSession, seen_at=utc_now() - timedelta(hours=23))
    plugin.client.post("/plugin/heartbeat")

    async def seen(session: AsyncSession) -> bool:
        found = await session.get_one(PluginSession, plugin.session)
        return found.seen_at > utc_now() - timedelta(minutes=1)

    assert in_database(client, seen)


def test_a_plugin_may_leave(plugin: Plugin) -> None:
    assert plugin.client.delete("/plugin/session").status_code == 204
    assert plugin.client.delete("/plugin/session").status_code == 401


def test_more_requests_than_agreed_are_a_429(plugin: Plugin) -> None:
    answers = [plugin.client.post("/plugin/heartbeat") for _ in range(REQUESTS_PER_MINUTE + 1)]

    assert [answer.status_code for answer in answers] == [200] * REQUESTS_PER_MINUTE + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60


def test_a_studio_that_is_paired_again_has_one_session(
    client: TestClient, school: FullSchool
) -> None:
    first, second = (paired(client, school.teacher) for _ in range(2))

    assert first.poll().status_code == 401
    assert second.poll().status_code == 204


def test_of_too_many_studios_the_one_unseen_for_longest_ends(
    client: TestClient, school: FullSchool
) -> None:
    studios = [
        paired(client, school.teacher, f"studio-{number}")
        for number in range(MAX_SESSIONS_PER_USER + 1)
    ]

    statuses = [each.client.post("/plugin/heartbeat").status_code for each in studios]

    assert statuses == [401] + [200] * MAX_SESSIONS_PER_USER


def test_a_school_lists_its_studios_and_no_others(
    school: FullSchool, other_school: FullSchool, plugin: Plugin
) -> None:
    send(school.teacher, plugin)

    (listed,) = school.admin.get("/api/v1/plugin/sessions").json()

    assert listed["id"] == str(plugin.session)
    assert listed["user_id"] == str(school.people[Role.TEACHER].id)
    assert (listed["plugin_version"], listed["waiting"]) == ("1.0.0", 1)
    assert other_school.teacher.get("/api/v1/plugin/sessions").json() == []


def test_another_schools_studio_is_not_there(
    school: FullSchool, other_school: FullSchool, plugin: Plugin
) -> None:
    address = f"/api/v1/plugin/sessions/{plugin.session}"

    assert other_school.admin.delete(address).status_code == 404
    assert other_school.admin.get(f"{address}/messages").status_code == 404
    assert send(other_school.admin, plugin).status_code == 404
    assert send(school.student, plugin).status_code == 403
    assert plugin.poll().status_code == 204


def test_a_teacher_may_end_a_session(school: FullSchool, plugin: Plugin) -> None:
    address = f"/api/v1/plugin/sessions/{plugin.session}"

    assert school.teacher.delete(address).status_code == 204
    assert school.teacher.delete(address).status_code == 404
    assert school.teacher.delete(f"/api/v1/plugin/sessions/{uuid4()}").status_code == 404
    assert plugin.poll().status_code == 401


def test_sessions_of_a_month_ago_are_forgotten(client: TestClient, school: FullSchool) -> None:
    paired(client, school.teacher)
    _change(client, PluginSession, seen_at=utc_now() - timedelta(days=31))

    paired(client, school.teacher, "studio-2")

    async def count(session: AsyncSession) -> int | None:
        return await session.scalar(select(func.count()).select_from(PluginSession))

    assert in_database(client, count) == 1


def test_a_user_of_no_school_pairs_nothing(client: TestClient) -> None:
    operator = User(username="operator", role=Role.OPERATOR, password_hash="-")
    stored(client, operator)
    code = new_code()
    later = utc_now() + timedelta(minutes=1)
    stored(client, PairingCode(code_hash=hash_of(code), user_id=operator.id, expires_at=later))

    assert client.post("/plugin/register", json={**WHO, "code": code}).status_code == 403
