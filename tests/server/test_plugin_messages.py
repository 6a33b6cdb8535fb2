"""What waits for a Studio arrives, in order, whatever gets lost on the way."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.testclient import TestClient

from tests.server.people import FullSchool, in_database, stored
from tests.server.plugins import Plugin, paired, send
from toolboxai.server.config import Settings
from toolboxai.server.database import Database
from toolboxai.server.models import (
    PluginMessage,
    PluginSession,
    Role,
    School,
    StoredLesson,
    User,
    new_id,
    utc_now,
)
from toolboxai.server.roblox.mailbox import Receipt, note_receipts, send_notice, waiting_after
from toolboxai.server.roblox.protocol import (
    MAX_BATCH_CHARS,
    MAX_BATCH_MESSAGES,
    MAX_WAITING_MESSAGES,
)
from toolboxai.server.roblox.secrets import hash_of

pytestmark = pytest.mark.anyio
Build = Callable[..., Settings]


@pytest.fixture
def build(settings: Build) -> Build:
    """The fixture, by another name than hypothesis's."""
    return settings


@pytest.fixture
def plugin(client: TestClient, school: FullSchool) -> Plugin:
    return paired(client, school.teacher)


def _stored_lesson(
    client: TestClient, school: FullSchool, content: str = '{"title": "Halves"}'
) -> UUID:
    lesson = StoredLesson(
        id=uuid4(),
        school_id=school.id,
        subject="mathematics",
        objective="halves",
        grade=3,
        seed=1,
        content=content,
    )
    stored(client, lesson)
    return lesson.id


def _lesson(lesson_id: UUID) -> dict[str, str]:
    return {"kind": "lesson", "lesson_id": str(lesson_id)}


def test_a_notice_arrives_and_says_how_far_it_is(school: FullSchool, plugin: Plugin) -> None:
    sent = send(school.teacher, plugin, "Save your work.")
    (message,) = plugin.poll().json()["messages"]
    plugin.report({"type": "ack", "number": 1}, {"type": "result", "number": 1, "outcome": "ok"})

    (listed,) = school.teacher.get(f"/api/v1/plugin/sessions/{plugin.session}/messages").json()
    assert sent.status_code == 202
    assert (sent.json()["number"], sent.json()["delivered_at"]) == (1, None)
    assert (message["kind"], message["body"]) == ("notice", {"text": "Save your work."})
    assert listed["acknowledged_at"] >= listed["delivered_at"] >= listed["created_at"]
    assert listed["outcome"] == "ok"


def test_a_lesson_arrives_as_it_was_handed_out(
    client: TestClient, school: FullSchool, plugin: Plugin
) -> None:
    lesson_id = _stored_lesson(client, school)
    address = f"/api/v1/plugin/sessions/{plugin.session}/messages"

    assert school.teacher.post(address, json=_lesson(lesson_id)).status_code == 202
    (message,) = plugin.poll().json()["messages"]
    assert message["body"] == {"lesson": {"title": "Halves"}}


def test_a_lesson_of_another_school_is_not_there(
    client: TestClient, school: FullSchool, other_school: FullSchool, plugin: Plugin
) -> None:
    address = f"/api/v1/plugin/sessions/{plugin.session}/messages"

    for lesson_id in (_stored_lesson(client, other_school), uuid4()):
        assert school.teacher.post(address, json=_lesson(lesson_id)).status_code == 404
    assert plugin.poll().status_code == 204


def test_a_lesson_that_is_too_long_for_a_studio_is_refused(
    client: TestClient, school: FullSchool, plugin: Plugin
) -> None:
    lesson_id = _stored_lesson(client, school, json.dumps({"title": "x" * 200_000}))
    address = f"/api/v1/plugin/sessions/{plugin.session}/messages"

    answer = school.teacher.post(address, json=_lesson(lesson_id))

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "lesson_id"


def test_an_answer_that_got_lost_is_given_again(school: FullSchool, plugin: Plugin) -> None:
    for _ in range(3):
        send(school.teacher, plugin)

    assert [plugin.numbers(cursor) for cursor in (0, 0, 1, 3)] == [[1, 2, 3], [1, 2, 3], [2, 3], []]


def test_what_is_acknowledged_is_not_given_again(school: FullSchool, plugin: Plugin) -> None:
    for _ in range(3):
        send(school.teacher, plugin)
    plugin.report({"type": "ack", "number": 2})

    assert plugin.numbers() == [1, 3]


def test_a_batch_is_bounded_and_says_that_there_is_more(school: FullSchool, plugin: Plugin) -> None:
    for _ in range(MAX_BATCH_MESSAGES + 1):
        send(school.teacher, plugin)

    first = plugin.poll().json()
    second = plugin.poll(first["cursor"]).json()

    assert (len(first["messages"]), first["is_more"]) == (MAX_BATCH_MESSAGES, True)
    assert (len(second["messages"]), second["is_more"]) == (1, False)


def test_long_messages_come_one_by_one(
    client: TestClient, school: FullSchool, plugin: Plugin
) -> None:
    content = json.dumps({"title": "x" * MAX_BATCH_CHARS})
    for _ in range(2):
        to = f"/api/v1/plugin/sessions/{plugin.session}/messages"
        school.teacher.post(to, json=_lesson(_stored_lesson(client, school, content)))

    assert [plugin.numbers(cursor) for cursor in (0, 1)] == [[1], [2]]


def test_a_studio_that_fetches_nothing_has_a_full_mailbox(
    school: FullSchool, plugin: Plugin
) -> None:
    answers = [send(school.teacher, plugin) for _ in range(MAX_WAITING_MESSAGES + 1)]

    assert [answer.status_code for answer in answers] == [202] * MAX_WAITING_MESSAGES + [409]
    plugin.report({"type": "ack", "number": 1})
    assert send(school.teacher, plugin).json()["number"] == MAX_WAITING_MESSAGES + 1


def test_what_is_done_is_forgotten_in_time(school: FullSchool, plugin: Plugin) -> None:
    for _ in range(MAX_WAITING_MESSAGES):
        send(school.teacher, plugin)
    done = [{"type": "ack", "number": number} for number in range(1, MAX_WAITING_MESSAGES + 1)]
    plugin.report(*done)
    for _ in range(2):
        send(school.teacher, plugin)

    address = f"/api/v1/plugin/sessions/{plugin.session}/messages"
    listed = school.teacher.get(address, params={"limit": 200}).json()
    assert [listed[0]["number"], listed[-1]["number"]] == [102, 3]


def test_what_nobody_fetched_for_a_day_is_not_delivered_any_more(
    client: TestClient, school: FullSchool, plugin: Plugin
) -> None:
    send(school.teacher, plugin)

    async def make_old(session: AsyncSession) -> None:
        created_at = utc_now() - timedelta(hours=25)
        await session.execute(update(PluginMessage).values(created_at=created_at))

    in_database(client, make_old)
    assert plugin.numbers() == []
    send(school.teacher, plugin)
    assert plugin.numbers() == [2]


def test_a_cursor_above_all_messages_is_refused_because_it_would_hide_the_next(
    school: FullSchool, plugin: Plugin
) -> None:
    send(school.teacher, plugin)

    assert plugin.poll(1).status_code == 204
    assert plugin.poll(2).status_code == 422


def test_without_a_message_the_answer_says_when_to_ask_again(plugin: Plugin) -> None:
    unwaited, waited = plugin.poll(), plugin.poll(wait=1)

    assert (unwaited.status_code, unwaited.headers["retry-after"]) == (204, "5")
    assert (waited.status_code, waited.headers["retry-after"]) == (204, "0")


def test_saying_something_twice_is_saying_it_once(
    client: TestClient, school: FullSchool, plugin: Plugin
) -> None:
    send(school.teacher, plugin)
    failed, later = (
        {"type": "result", "number": 1, "outcome": outcome} for outcome in ("no_place", "ok")
    )

    first = plugin.report(failed, {"type": "ack", "number": 1}, {"type": "ack", "number": 9})
    at = in_database(client, _acknowledged_at)
    second = plugin.report(failed, later)

    expected = {"known": 1, "unknown": 1, "errors_reported": 0, "errors_held_back": 0}
    assert first.json() == expected
    assert second.json() == expected | {"unknown": 0}
    assert in_database(client, _acknowledged_at) == at
    (listed,) = school.teacher.get(f"/api/v1/plugin/sessions/{plugin.session}/messages").json()
    assert listed["outcome"] == "no_place"


async def _acknowledged_at(session: AsyncSession) -> object:
    return await session.scalar(select(PluginMessage.acknowledged_at))


def test_a_studio_says_nothing_of_another_ones_messages(
    client: TestClient, school: FullSchool, plugin: Plugin
) -> None:
    other = paired(client, school.teacher, "studio-2")
    send(school.teacher, plugin)

    assert other.report({"type": "ack", "number": 1}).json()["unknown"] == 1
    assert other.numbers() == []
    assert plugin.numbers() == [1]


def test_a_report_may_be_compressed(school: FullSchool, plugin: Plugin) -> None:
    send(school.teacher, plugin)
    body = gzip.compress(b'{"entries": [{"type": "ack", "number": 1}]}')
    headers = {"content-type": "application/json", "content-encoding": "gzip"}

    answer = plugin.client.post("/plugin/messages", content=body, headers=headers)

    assert answer.json()["known"] == 1


ACK = {"type": "ack", "number": 1}


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [ACK] * 101,
        [{"type": "ack"}],
        [ACK | {"number": 0}],
        [ACK | {"number": 2**31}],
        [ACK | {"more": 1}],
        [{"type": "other", "number": 1}],
        [{"type": "result", "number": 1, "outcome": "Not a word"}],
        [{"type": "error", "message": "", "script": "x"}],
        [{"type": "error", "message": "x" * 1001, "script": "x"}],
        [{"type": "error", "message": "x", "script": "x", "line": 0}],
        [1],
        {},
    ],
)
def test_a_report_with_a_wrong_entry_is_refused_as_a_whole(
    client: TestClient, school: FullSchool, entries: object
) -> None:
    plugin = paired(client, school.teacher)

    answer = plugin.client.post("/plugin/messages", json={"entries": entries})

    assert answer.status_code == 422


@pytest.fixture
async def database(build: Build, server_database: str) -> AsyncIterator[Database]:
    database = Database(build(database_url=server_database).database_address)
    await database.start()
    yield database
    await database.stop()


# What a bad network and a Studio that is closed make of it: an answer arrives, or is lost on its way.
STEPS = st.lists(
    st.sampled_from(["send", "poll", "poll, lost", "ack one", "ack", "forget"]), max_size=40
)


@given(steps=STEPS)
# Each example has a session of its own.
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_each_message_is_delivered_at_least_once_in_order_whatever_gets_lost(
    database: Database, steps: list[str]
) -> None:
    school_id, session_id = await _new_session(database)
    sent, has, acknowledged, cursor = list[int](), set[int](), set[int](), 0
    for step in [*steps, "poll", "poll", "poll"]:
        match step:
            case "send":
                sent.append((await send_notice(database, session_id, school_id, "x")).number)
            case "poll" | "poll, lost":
                batch = await waiting_after(database, session_id, cursor)
                numbers = [message.number for message in batch.messages]
                waiting = [each for each in sent if each > cursor and each not in acknowledged]
                assert numbers == waiting[:MAX_BATCH_MESSAGES]
                if step == "poll" and numbers:
                    has.update(numbers)
                    cursor = numbers[-1]
            case "ack" | "ack one":
                said = has if step == "ack" else set(sorted(has)[:1])
                assert await note_receipts(database, session_id, [*map(Receipt, said)]) == len(said)
                acknowledged |= said
            case _:
                cursor = 0

    assert sent == list(range(1, len(sent) + 1))
    assert has == set(sent)


async def test_messages_that_are_sent_at_once_have_numbers_without_a_gap(
    database: Database,
) -> None:
    school_id, session_id = await _new_session(database)

    sending = [send_notice(database, session_id, school_id, "x") for _ in range(20)]
    sent = await asyncio.gather(*sending)

    assert sorted(message.number for message in sent) == list(range(1, 21))


async def _new_session(database: Database) -> tuple[UUID, UUID]:
    school = School(name=uuid4().hex)
    async with database.writing() as session:
        session.add(school)
        await session.flush()
        user = User(school_id=school.id, username=uuid4().hex, role=Role.TEACHER, password_hash="-")
        session.add(user)
        await session.flush()
        row = PluginSession(
            id=new_id(),
            school_id=school.id,
            user_id=user.id,
            token_hash=hash_of(uuid4().hex),
            plugin_version="1.0.0",
            studio_hash="x",
        )
        session.add(row)
    return school.id, row.id
