"""How often somebody may try, and who counts it."""

import socket
import socketserver
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from types import SimpleNamespace
from typing import cast
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from fastapi import Depends, FastAPI, Request
from httpx2 import Response
from limits import RateLimitItemPerMinute
from redis import Redis
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.testclient import TestClient

from benchmarks.processes import free_port
from tests.server.conftest import Start
from tests.server.people import PASSWORD, FullSchool, beside, full_school, in_database
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.server.auth import Counts, limited
from toolboxai.server.auth.limiting import address_of
from toolboxai.server.models import AuditEvent, Role

pytestmark = pytest.mark.anyio
LIMIT = RateLimitItemPerMinute(3, namespace="test")
MINUTE_SECONDS = 60
Counting = Callable[[str], Counts]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Redis take its time on a machine where many tests run."""
    monkeypatch.setattr("toolboxai.server.auth.counting.ANSWER_TIMEOUT_SECONDS", 30)


class Clock:
    """What time the memory of counts thinks it is."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Let a test decide when a quarter of an hour is over."""
    own = Clock()
    monkeypatch.setattr("limits.aio.storage.memory.time", SimpleNamespace(time=own))
    monkeypatch.setattr("toolboxai.server.auth.counting.time", own)
    return own


def _sign_in(
    client: TestClient, username: str = "teacher@hill", password: str = PASSWORD
) -> Response:
    return client.post("/auth/token", data={"username": username, "password": password})


def _statuses(client: TestClient, times: int, username: str = "teacher@hill") -> list[int]:
    return [_sign_in(client, username, "wrong").status_code for _ in range(times)]


@pytest.mark.parametrize("username", ["teacher@hill", "nobody@hill"])
def test_after_five_failures_a_name_is_locked_whether_somebody_has_it_or_not(
    client: TestClient, school: FullSchool, clock: Clock, username: str
) -> None:
    assert school.people[Role.TEACHER].username == "teacher@hill"
    assert _statuses(client, 5, username) == [401] * 5

    clock.seconds += 10 * MINUTE_SECONDS
    locked = _sign_in(client, username)

    assert locked.status_code == 429
    assert locked.headers["retry-after"] == str(5 * MINUTE_SECONDS)
    assert locked.json()["type"] == "urn:toolboxai:problem:too-many-failures"


def test_a_lock_ends_after_a_quarter_of_an_hour_and_others_notice_nothing_of_it(
    client: TestClient, school: FullSchool, clock: Clock
) -> None:
    assert school.people
    _statuses(client, 5)

    assert _sign_in(client, "admin@hill").status_code == 200
    clock.seconds += 15 * MINUTE_SECONDS
    assert _sign_in(client).status_code == 200


def test_who_signs_in_begins_anew(client: TestClient, school: FullSchool) -> None:
    assert school.people

    for _ in range(3):
        assert _statuses(client, 4) == [401] * 4
        assert _sign_in(client).status_code == 200


def test_of_many_guesses_at_once_five_are_checked(client: TestClient, school: FullSchool) -> None:
    assert school.people
    with ThreadPoolExecutor(12) as threads:
        answers = threads.map(lambda _: _sign_in(beside(client), password="wrong"), range(12))

    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 7


def test_an_address_has_twenty_failures_a_minute_and_any_number_of_successes(
    client: TestClient, school: FullSchool, clock: Clock
) -> None:
    assert school.people
    assert {_sign_in(client, f"{role}@hill").status_code for role in ("admin", "student")} == {200}
    failures = [_sign_in(client, f"nobody{n}", "wrong").status_code for n in range(20)]

    refused = _sign_in(client)
    clock.seconds += MINUTE_SECONDS

    assert failures == [401] * 20
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert _sign_in(client).status_code == 200


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::2:3:4:5", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("testclient", "other", False),
    ],
)
def test_a_network_of_one_household_is_one_address(one: str, other: str, *, is_same: bool) -> None:
    first, second = (
        address_of(Request({"type": "http", "client": (host, 1)})) for host in (one, other)
    )

    assert (first == second) is is_same
    assert address_of(Request({"type": "http", "client": None})) == ""


def test_a_lock_is_an_event_for_the_administrator_and_for_the_monitor(
    start: Start, sink: RecordingSink
) -> None:
    client = start(sentry_dsn=sink.dsn)
    school = full_school(client, "Hill School")
    _statuses(client, 7)

    async def trail(session: AsyncSession) -> list[AuditEvent]:
        return list(await session.scalars(select(AuditEvent)))

    (noted,) = in_database(client, trail)
    telemetry.flush(5)
    assert (noted.action, noted.school_id) == ("sign_in.locked", school.id)
    assert noted.subject_id == school.people[Role.TEACHER].id
    assert any("locked" in str(event["breadcrumbs"]) for event in sink.items("event"))


def test_each_user_may_do_something_so_often(start: Start, clock: Clock) -> None:
    async def work() -> str:
        return "done"

    def adapt(app: FastAPI) -> None:
        app.add_api_route("/work", work, dependencies=[Depends(limited("work", per_minute=2))])

    school = full_school(start(adapt), "Hill School")
    statuses = [school.teacher.get("/work").status_code for _ in range(2)]

    refused = school.teacher.get("/work")
    other = school.admin.get("/work")
    clock.seconds += MINUTE_SECONDS

    assert statuses == [200, 200]
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert other.status_code == 200
    assert school.teacher.get("/work").status_code == 200


class Relay(socketserver.ThreadingTCPServer):
    """Passes on what comes to Redis, and can go away."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, redis_url: str) -> None:
        parts = urlsplit(redis_url)
        self.redis = (parts.hostname or "127.0.0.1", parts.port or 6379)
        self.open: list[socket.socket] = []
        super().__init__(("127.0.0.1", port), Passing)


class Passing(socketserver.BaseRequestHandler):
    """One connection through the relay."""

    def handle(self) -> None:
        relay = cast("Relay", self.server)
        with socket.create_connection(relay.redis, timeout=10) as redis:
            relay.open += [redis, self.request]
            back = threading.Thread(target=_pour, args=(redis, self.request), daemon=True)
            back.start()
            _pour(self.request, redis)
            back.join(10)


def _pour(source: socket.socket, target: socket.socket) -> None:
    try:
        while some := source.recv(65_536):
            target.sendall(some)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


@contextmanager
def _relay(port: int, redis_url: str) -> Iterator[None]:
    with Relay(port, redis_url) as relay:
        thread = threading.Thread(target=relay.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield
        finally:
            relay.shutdown()
            for connection in relay.open:
                connection.close()
            thread.join(10)


@pytest.fixture
async def counting() -> AsyncIterator[Counting]:
    """Make counts that share one secret, and close them after the test."""
    made: list[Counts] = []
    secret = uuid4().hex

    def make(url: str) -> Counts:
        made.append(Counts(url, secret))
        return made[-1]

    yield make
    for each in made:
        await each.close()


async def _hits(counts: Counts, times: int) -> list[bool]:
    return [await counts.hit(LIMIT, "somebody") for _ in range(times)]


async def test_processes_with_one_redis_count_together(redis_url: str, counting: Counting) -> None:
    one, other = counting(redis_url), counting(redis_url)

    assert await _hits(one, 2) == [True, True]
    assert await _hits(other, 2) == [True, False]
    assert not await one.has_room(LIMIT, "somebody")
    assert 50 < await one.wait_seconds(LIMIT, "somebody") <= 60
    await other.clear(LIMIT, "somebody")
    assert await one.has_room(LIMIT, "somebody")


async def test_what_did_not_happen_after_all_is_counted_back(
    redis_url: str, counting: Counting
) -> None:
    for url in (redis_url, ""):
        counts = counting(url)
        assert await _hits(counts, 3) == [True, True, True]

        await counts.take_back(LIMIT, "somebody")

        assert await _hits(counts, 2) == [True, False]


async def test_nobody_s_name_is_readable_in_redis(redis_url: str, counting: Counting) -> None:
    counts = counting(redis_url)

    await counts.hit(LIMIT, "teacher@hill")

    with closing(Redis.from_url(redis_url)) as redis:
        keys = list(redis.scan_iter("toolboxai*"))
    assert keys
    assert not [key for key in keys if b"hill" in key]


async def test_without_redis_each_process_counts_alone_and_says_so_once(
    redis_url: str,
    counting: Counting,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = Clock()
    monkeypatch.setattr("toolboxai.server.auth.counting.monotonic", now)
    caplog.set_level("INFO", "toolboxai.server.auth.counting")
    port = free_port()
    counts = counting(f"redis://127.0.0.1:{port}/0")

    with _relay(port, redis_url):
        assert await _hits(counts, 3) == [True, True, True]
    away = await _hits(counts, 4)
    now.seconds += 6
    still_away = await counts.has_room(LIMIT, "somebody")
    now.seconds += 6
    with _relay(port, redis_url):
        assert await _hits(counts, 1) == [False]

    assert away == [True, True, True, False]
    assert still_away is False
    assert caplog.messages == [
        "redis is away: each process counts limits for itself",
        "redis is back: limits are counted for all processes together again",
    ]


def test_a_redis_that_is_away_is_one_event_and_no_error_for_anybody(
    start: Start, sink: RecordingSink
) -> None:
    client = start(sentry_dsn=sink.dsn, redis_url=f"redis://127.0.0.1:{free_port()}/0")
    full_school(client, "Hill School")

    statuses = [_sign_in(client).status_code for _ in range(3)]

    telemetry.flush(5)
    (event,) = sink.items("event")
    assert statuses == [200, 200, 200]
    assert event["exception"]["values"][-1]["value"].startswith("redis failed")
