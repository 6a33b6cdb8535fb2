"""A school in trouble, over HTTP and with the real monitor: every kind of error, and everything it depends on away in turn.

An error reaches the monitor with its context, or is a refusal by design. What is away is said clearly and soon, and
when it is back all goes on by itself.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from time import perf_counter
from typing import Any

import pytest

from tests import services
from tests.cli.processes import wait_until
from tests.conftest import need
from tests.e2e.error_kinds import KINDS, ORDERS, Kind, Told, make
from tests.e2e.living_school import Answer, LivingSchool, living_school, trace_id_of
from tests.forwarder import Forwarder
from tests.server.fake_llm import ASKED
from toolboxai.server.models import Role
from toolboxai.telemetry.privacy.pseudonyms import IS_PSEUDONYM

# A connection is given up after three seconds, a statement after five, and then two for a last word.
MAX_SECONDS = 12.0
Json = dict[str, Any]


class Happened:
    """What the server answered, and what it has told."""

    def __init__(self, school: LivingSchool) -> None:
        self.answers: dict[str, tuple[int, str]] = {}
        for kind in KINDS:
            school.asking_about = kind.name
            answer = kind.happen(school)
            problem = answer.json().get("type", "") if answer.status >= 400 else ""
            self.answers[kind.name] = answer.status, problem
        school.asking_about = "what was told"
        self.events = school.events()
        self.counts: dict[str, int] = school.status()["counts"]

    def told_of(self, kind: Kind) -> list[Json]:
        """Return the events of one kind."""
        trace = trace_id_of(kind.name)
        return [event for event in self.events if trace in traces_of(event)]


def traces_of(event: Json) -> set[str]:
    contexts = event["contexts"]
    started_in = (contexts.get("job") or {}).get("started_in_trace", "")
    return {contexts["trace"]["trace_id"], started_in}


@pytest.fixture(scope="module")
def school(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LivingSchool]:
    """One server for all that can go wrong."""
    for service in (services.POSTGRES, services.REDIS):
        need(service, request.config)
    folder = tmp_path_factory.mktemp("school")
    with (
        services.empty_database() as database_url,
        living_school(folder, database_url=database_url, redis_url=services.redis_url()) as started,
    ):
        yield started


@pytest.fixture(scope="module")
def happened(school: LivingSchool) -> Happened:
    """Let every kind happen once."""
    return Happened(school)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_every_kind_is_answered_and_told_as_it_should_be(kind: Kind, happened: Happened) -> None:
    status, problem = happened.answers[kind.name]
    events = happened.told_of(kind)

    assert (status, problem.rpartition(":")[2]) == (
        kind.status,
        kind.problem or "blank" * bool(problem),
    )
    assert [seen(event, told) for event, told in zip(events, kind.told, strict=True)] == list(
        kind.told
    )
    if kind.counted:
        assert happened.counts[f"refused.{kind.counted}"] > 0


def seen(event: Json, expected: Told) -> Told:
    """Return what ``event`` says, of tags and contexts those that are expected."""
    (raised, *_) = reversed((event.get("exception") or {}).get("values") or [{}])
    words = str((event.get("logentry") or {}).get("formatted", event.get("message")))
    what = f"{raised['type']}: {raised['value']}" if raised else words
    return Told(
        what=expected.what if what.startswith(expected.what) else what,
        level=event["level"],
        handled=(raised.get("mechanism") or {}).get("handled"),
        transaction=event["transaction"],
        user=user_of(event),
        band=(event.get("user") or {}).get("grade_band"),
        tags={name: event["tags"].get(name, "") for name in expected.tags},
        contexts=expected.contexts & set(event["contexts"]),
        fingerprint=tuple(event.get("fingerprint") or ()) if expected.fingerprint else (),
    )


def user_of(event: Json) -> str | None:
    """Return who asked, as far as the event may say: never more than a pseudonym."""
    user = event.get("user") or {}
    user_id = user.get("id")
    if user_id in {None, "unknown"}:
        return user_id
    assert IS_PSEUDONYM.fullmatch(user_id)
    role: str = user.get("role", "someone")
    return role


@contextmanager
def away(line: Forwarder, how: str) -> Iterator[None]:
    """Cut or hold a line for the block."""
    (line.cut if how == "gone" else line.hold)()
    try:
        yield
    finally:
        line.mend()


def at_once(*asks: Callable[[], Answer]) -> list[tuple[Answer, float]]:
    """Ask all at the same time; return the answers, and the seconds until each."""

    def timed(ask: Callable[[], Answer]) -> tuple[Answer, float]:
        began = perf_counter()
        return ask(), perf_counter() - began

    with ThreadPoolExecutor(max_workers=len(asks)) as threads:
        return list(threads.map(timed, asks))


@pytest.mark.parametrize("how", ["gone", "hanging"])
def test_without_its_database_the_server_says_so_soon_and_goes_on_by_itself(
    school: LivingSchool, how: str
) -> None:
    def order() -> Answer:
        return school.ask("POST", ORDERS, who=Role.TEACHER, json={**ASKED, "kind": "quiz"})

    def look() -> Answer:
        return school.ask("GET", "/auth/me", who=Role.STUDENT)

    asks = [look, order] * 8 + [lambda: school.sign_in("teacher@hill")] * 2
    accepted = [order().headers["location"] for _ in range(3)]

    with away(school.database, how):
        answers = at_once(*asks)
        alive = school.ask("GET", "/health/live").status
        ready = school.ask("GET", "/health/ready").status
    wait_until(lambda: school.ask("GET", "/health/ready").status == 200, "the database", 5)
    after = at_once(*[look] * 20)

    for answer, seconds in answers:
        assert answer.status in {503, 504}
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) > 0
        assert "try again in a moment" in answer.json()["detail"]
        assert seconds < MAX_SECONDS
    assert (alive, ready) == (200, 503)
    assert {answer.status for answer, _ in after} == {200}
    assert school.sign_in("teacher@hill").status == 200
    for path in accepted:
        wait_until(partial(is_done, school, path), "an order that was accepted")


def is_done(school: LivingSchool, path: str) -> bool:
    status: str = school.ask("GET", path, who=Role.TEACHER).json()["status"]
    assert status != "failed"
    return status == "done"


@pytest.mark.parametrize("how", ["gone", "hanging"])
def test_without_redis_everybody_gets_in_soon(school: LivingSchool, how: str) -> None:
    with away(school.redis, how):
        answers = at_once(*[lambda: school.sign_in("teacher@hill")] * 3)

    assert {answer.status for answer, _ in answers} == {200}
    assert max(seconds for _, seconds in answers) < MAX_SECONDS


def test_without_its_model_the_server_says_so_and_writes_again_when_it_is_back(
    school: LivingSchool,
) -> None:
    with away(school.model, "gone"):
        answer = make(school)

    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0
    assert make(school).status == 201
