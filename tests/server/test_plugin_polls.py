"""Long polls: woken when something comes, from whichever process; and no burden while they wait."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from statistics import quantiles
from time import monotonic, perf_counter
from uuid import UUID, uuid4

import pytest
from httpx2 import Response
from sqlalchemy.pool import QueuePool
from starlette.testclient import TestClient

from benchmarks.processes import free_port, running
from tests.cli.processes import wait_until
from tests.server.conftest import Start, application
from tests.server.people import FullSchool, full_school
from tests.server.plugins import Plugin, paired, send
from toolboxai.server.config import Settings
from toolboxai.server.database import Database
from toolboxai.server.models import PluginSession, Role, School, User, new_id
from toolboxai.server.roblox import Office
from toolboxai.server.roblox.bells import Bells
from toolboxai.server.roblox.mailbox import send_notice
from toolboxai.server.roblox.secrets import hash_of, new_token

pytestmark = pytest.mark.anyio
LIMIT_SECONDS = 10
# Far below what the polls were ready to wait, far above what a busy machine takes.
SOON_SECONDS = 6
POLLERS = 1_000


@pytest.fixture
def plugin(client: TestClient, school: FullSchool) -> Plugin:
    return paired(client, school.teacher)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool


def _office(client: TestClient) -> Office:
    office: Office = application(client).state.plugin_office
    return office


def _waiting_poll(
    client: TestClient, plugin: Plugin, threads: ThreadPoolExecutor
) -> Future[Response]:
    """Begin a poll, and return once it waits."""
    poll, bells = threads.submit(plugin.poll, wait=15), _office(client).bells
    database: Database = application(client).state.database
    pool = database.engine.pool
    assert isinstance(pool, QueuePool)
    wait_until(lambda: plugin.session in bells and pool.checkedout() == 0, "a poll waits")
    return poll


def test_a_message_wakes_the_poll_that_waits_for_it(
    client: TestClient, school: FullSchool, plugin: Plugin, threads: ThreadPoolExecutor
) -> None:
    began, poll = monotonic(), _waiting_poll(client, plugin, threads)
    send(school.teacher, plugin)

    assert [each["number"] for each in poll.result(LIMIT_SECONDS).json()["messages"]] == [1]
    assert monotonic() - began < SOON_SECONDS


def test_a_message_that_another_process_stored_wakes_it_too(
    start: Start, client: TestClient, plugin: Plugin, threads: ThreadPoolExecutor
) -> None:
    other = start()
    teacher = full_school(other, "Lake School").teacher
    theirs = paired(other, teacher)
    began, poll = (
        monotonic(),
        _waiting_poll(client, Plugin(client, theirs.session, theirs.token), threads),
    )
    send(teacher, theirs)

    assert poll.result(LIMIT_SECONDS).status_code == 200
    assert monotonic() - began < SOON_SECONDS
    assert plugin.poll().status_code == 204


def test_a_session_that_ends_wakes_its_poll(
    client: TestClient, school: FullSchool, plugin: Plugin, threads: ThreadPoolExecutor
) -> None:
    poll = _waiting_poll(client, plugin, threads)
    school.teacher.delete(f"/api/v1/plugin/sessions/{plugin.session}")

    assert poll.result(LIMIT_SECONDS).status_code == 401


def test_a_later_poll_ends_the_one_before(
    client: TestClient, plugin: Plugin, threads: ThreadPoolExecutor
) -> None:
    first = _waiting_poll(client, plugin, threads)

    plugin.poll(wait=0)

    assert first.result(LIMIT_SECONDS).status_code == 204


def test_who_waits_holds_no_connection_and_leaves_nothing_behind(
    client: TestClient, school: FullSchool, plugin: Plugin, threads: ThreadPoolExecutor
) -> None:
    poll = _waiting_poll(client, plugin, threads)  # returns once nothing is checked out
    is_waiting = not poll.done()
    send(school.teacher, plugin)
    poll.result(LIMIT_SECONDS)

    assert is_waiting
    assert len(_office(client).bells) == 0


async def test_one_look_a_second_is_for_everybody_who_waits() -> None:
    looks: list[set[UUID]] = []
    sessions = [uuid4() for _ in range(50)]

    async def look(waiting: Collection[UUID]) -> dict[UUID, int]:
        looks.append(set(waiting))
        return {session: int(session == sessions[7] and len(looks) > 2) for session in sessions}

    bells = Bells(look, look_every_seconds=0.01)
    loop = asyncio.get_running_loop()

    async def wait(session: UUID) -> bool:
        with bells.listening(session) as bell:
            return await bell.wait(loop.time() + (LIMIT_SECONDS if session == sessions[7] else 0.2))

    woken = await asyncio.gather(*map(wait, sessions))

    assert woken == [session == sessions[7] for session in sessions]
    assert set(sessions) in looks
    assert len(bells) == 0


async def test_who_comes_just_after_the_last_one_left_is_looked_for_too() -> None:
    async def look(waiting: Collection[UUID]) -> dict[UUID, int]:
        return dict.fromkeys(waiting, 5)

    bells, until = Bells(look, look_every_seconds=0.01), asyncio.get_running_loop().time() + 10

    with bells.listening(uuid4()):
        pass
    with bells.listening(uuid4()) as bell:
        assert await bell.wait(until)


async def test_a_database_that_is_away_for_a_moment_ends_no_poll() -> None:
    looks = 0

    async def look(waiting: Collection[UUID]) -> dict[UUID, int]:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise ConnectionRefusedError
        return dict.fromkeys(waiting, 5)

    bells = Bells(look, look_every_seconds=0.01)

    with bells.listening(uuid4()) as bell:
        assert await bell.wait(asyncio.get_running_loop().time() + LIMIT_SECONDS)


async def test_of_too_many_polls_the_surplus_does_not_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("toolboxai.server.roblox.bells.MAX_LISTENERS", 1)

    async def look(_waiting: Collection[UUID]) -> dict[UUID, int]:
        return {}

    bells = Bells(look)
    until = asyncio.get_running_loop().time() + LIMIT_SECONDS

    with bells.listening(uuid4()), bells.listening(uuid4()) as surplus:
        assert not await surplus.wait(until)
        assert len(bells) == 1


@pytest.fixture
async def database(
    settings_of: Callable[..., Settings], server_database: str
) -> AsyncIterator[Database]:
    chosen = settings_of(database_url=server_database)
    database = Database(chosen.database_address)
    await database.start()
    yield database
    await database.stop()


@pytest.fixture
def settings_of(settings: Callable[..., Settings]) -> Callable[..., Settings]:
    return settings


@pytest.fixture
def server(
    database: Database,
    server_database: str,
    monkeypatch: pytest.MonkeyPatch,
    settings_of: Callable[..., Settings],
) -> Iterator[int]:
    """The port of a server in a process of its own, on the same database."""
    del database  # made ready first
    port = free_port()
    monkeypatch.setenv("TOOLBOXAI_DATA_DIR", str(settings_of().data_dir))
    monkeypatch.setenv("DATABASE_URL", server_database)
    monkeypatch.setenv("SENTRY_ENVIRONMENT", "testing")
    app = "toolboxai.server.main:create_app_from_environment"
    arguments = ("uvicorn", "--factory", app, "--port", str(port), "--log-level", "warning")
    with running(*arguments, port=port):
        yield port


async def _sessions(database: Database, count: int) -> tuple[UUID, dict[str, UUID]]:
    """Store a school with so many Studios; return its id, and the id of each session by its token."""
    school, tokens = School(name=uuid4().hex), {new_token(): new_id() for _ in range(count)}
    async with database.writing() as session:
        session.add(school)
        await session.flush()
        user = User(school_id=school.id, username="t", role=Role.TEACHER, password_hash="-")
        session.add(user)
        await session.flush()
        for token, session_id in tokens.items():
            row = PluginSession(
                id=session_id,
                school_id=school.id,
                user_id=user.id,
                token_hash=hash_of(token),
                plugin_version="1.0.0",
                studio_hash=hash_of(token),
            )
            session.add(row)
    return school.id, tokens


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _asked(port: int, path: str, token: str = "") -> Connection:
    """Open a connection and ask; the answer is read by `_status`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", "Connection: close"]
    lines += [f"X-Plugin-Token: {token}"] if token else []
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    await writer.drain()
    return reader, writer


async def _status(connection: Connection) -> int:
    reader, writer = connection
    answer = await reader.read()
    writer.close()
    return int(answer.split()[1])


async def test_a_message_is_not_lost_with_the_connection_that_it_was_to_go_through(
    database: Database, server: int
) -> None:
    school_id, tokens = await _sessions(database, 1)
    ((token, session_id),) = tokens.items()

    _, writer = await _asked(server, "/plugin/messages?wait=15", token)
    writer.transport.abort()
    await send_notice(database, session_id, school_id, "x")

    assert await _status(await _asked(server, "/plugin/messages?wait=5", token)) == 200


@pytest.mark.alone
async def test_a_thousand_polls_that_wait_are_in_nobodys_way(
    database: Database, server: int
) -> None:
    school_id, tokens = await _sessions(database, POLLERS)
    began = monotonic()
    polls = {token: await _asked(server, "/plugin/messages?wait=15", token) for token in tokens}

    took_seconds = []
    for _ in range(100):
        asked = perf_counter()
        assert await _status(await _asked(server, "/objectives?grade=4")) == 200
        took_seconds.append(perf_counter() - asked)
    # The first one waits for certain; the last may still be on its way in.
    token, session_id = next(iter(tokens.items()))
    sent = monotonic()
    await send_notice(database, session_id, school_id, "x")
    reached = await _status(polls.pop(token))
    reached_seconds = monotonic() - sent
    statuses = await asyncio.gather(*map(_status, polls.values()))

    print(
        f"p95 {quantiles(took_seconds, n=20)[-1] * 1000:.1f} ms beside {POLLERS} polls,"
        f" message after {reached_seconds:.2f} s, all {monotonic() - began:.1f} s"
    )
    assert reached == 200
    assert reached_seconds < SOON_SECONDS
    assert statuses == [204] * (POLLERS - 1)
    assert quantiles(took_seconds, n=20)[-1] < 0.5
