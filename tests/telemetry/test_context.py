"""What an application says of users, subjects, agents and its steps, as it arrives at the sink."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest
import sentry_sdk
from fastapi import Depends, FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.testclient import TestClient

from tests.telemetry.conftest import Start, arrived
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.telemetry.current import new_id
from toolboxai.telemetry.privacy.pseudonyms import IS_PSEUDONYM

LESSON = telemetry.Education(
    subject="mathematics",
    grade_band="3-5",
    objective="MATH.3.NF",
    kind="lesson",
    provider="offline",
)


class BrokenError(Exception):
    """What fails in these tests."""


def spans_of(sink: RecordingSink) -> dict[str, dict[str, Any]]:
    (transaction,) = arrived(sink, "transaction")
    return {span["description"]: span for span in transaction["spans"]}


def test_user_and_subject_are_on_error_and_trace_and_the_user_is_a_pseudonym(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    @app.get("/lesson")
    async def lesson() -> None:
        telemetry.set_user(telemetry.User(id="ada@example.org", role="teacher"))
        telemetry.set_context(LESSON)
        telemetry.set_context(telemetry.Plugin(action="import", client="a-studio-session"))
        raise BrokenError

    client.get("/lesson")

    (event,), (transaction,) = arrived(sink), arrived(sink, "transaction")
    for report in (event, transaction):
        assert IS_PSEUDONYM.fullmatch(report["user"]["id"])
        assert report["user"]["role"] == report["tags"]["role"] == "teacher"
        assert report["contexts"]["education"]["objective"] == "MATH.3.NF"
        assert report["tags"]["subject"] == "mathematics"
        assert report["tags"]["grade_band"] == "3-5"
        assert report["tags"]["plugin_action"] == "import"
        assert IS_PSEUDONYM.fullmatch(report["contexts"]["plugin"]["client"])


def test_a_user_who_signs_out_is_on_nothing_that_follows(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    @app.get("/out")
    async def out() -> None:
        telemetry.set_user(telemetry.User(id="ada", role="teacher"))
        telemetry.set_user(None)
        raise BrokenError

    client.get("/out")

    (event,) = arrived(sink)
    assert not event.get("user")
    assert "role" not in event.get("tags", {})


def test_what_is_said_of_the_application_is_on_every_report(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    @app.get("/broken")
    async def broken() -> None:
        raise BrokenError

    telemetry.set_context(telemetry.Application(version="1.2.3", deployment="blue"))
    client.get("/broken")
    sentry_sdk.capture_message("from outside of any request")
    sentry_sdk.get_global_scope().remove_context("application")

    assert [event["contexts"]["application"]["deployment"] for event in arrived(sink)] == [
        "blue"
    ] * 2


def test_an_error_says_which_service_and_lesson_it_came_from_although_it_is_reported_later(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    @telemetry.external_service("openai", "chat")
    async def ask() -> None:
        raise BrokenError

    @app.get("/lesson")
    async def lesson() -> None:
        with telemetry.content_generation(LESSON):
            try:
                await ask()
            except BrokenError as error:
                raise ValueError from error

    client.get("/lesson")

    (event,) = arrived(sink)
    assert event["tags"]["service"] == "openai"
    assert event["tags"]["operation"] == "chat"
    assert event["contexts"]["education"]["kind"] == "lesson"
    messages = [crumb["message"] for crumb in event["breadcrumbs"]["values"]]
    assert messages == ["openai chat [BrokenError]", "generate lesson [ValueError]"]


def test_steps_are_spans_with_their_facts_below_each_other(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    @telemetry.database_operation("store a lesson")
    def store() -> int:
        return 7

    @app.get("/lesson")
    async def lesson() -> int:
        with telemetry.content_generation(LESSON):
            with telemetry.agent_run(telemetry.Agent(task="plan", model="small")) as run:
                used = telemetry.Agent(task="plan", model="small", input_tokens=12, cost_usd=0.002)
                run.used(used)
            return await run_in_threadpool(store)

    assert client.get("/lesson").json() == 7

    spans = spans_of(sink)
    outer = spans["generate lesson"]
    assert outer["op"] == "content.generate"
    assert outer["data"]["education.subject"] == "mathematics"
    agent = spans["invoke_agent plan"]
    assert agent["parent_span_id"] == outer["span_id"]
    assert agent["data"]["gen_ai.usage.input_tokens"] == 12
    assert agent["data"]["gen_ai.cost.total_tokens"] == 0.002
    assert spans["store a lesson"]["parent_span_id"] == outer["span_id"]


def test_steps_side_by_side_are_siblings_and_never_see_each_others_facts(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    met = asyncio.Event()

    async def part(name: str) -> str:
        with telemetry.agent_run(telemetry.Agent(task=name)):
            if name == "slow":
                await met.wait()
                sentry_sdk.capture_message("from the slow one")
            met.set()
        return name

    @app.get("/parts")
    async def parts() -> list[str]:
        return [*await asyncio.gather(part("slow"), part("quick"))]

    assert client.get("/parts").json() == ["slow", "quick"]

    spans = spans_of(sink)
    parents = {span["parent_span_id"] for span in spans.values()}
    assert len(parents) == 1
    (event,) = arrived(sink)
    assert event["contexts"]["agent"]["task"] == "slow"


def test_a_step_may_begin_and_end_in_a_dependency(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    def connected() -> Iterator[int]:
        with telemetry.database_operation("serve a request"):
            yield 1

    async def generating() -> AsyncIterator[int]:
        with telemetry.content_generation(LESSON):
            yield 2

    @app.get("/both")
    async def both(
        one: Annotated[int, Depends(connected)], two: Annotated[int, Depends(generating)]
    ) -> int:
        return one + two

    assert client.get("/both").json() == 3
    assert set(spans_of(sink)) == {"serve a request", "generate lesson"}


def test_a_step_without_telemetry_or_request_does_its_work() -> None:
    @telemetry.external_service("redis", "get")
    def get() -> str:
        return "value"

    assert get() == "value"


def test_a_generator_is_refused_with_what_to_do_instead() -> None:
    with pytest.raises(TypeError, match="use `with` inside it"):

        @telemetry.database_operation("read all")
        def read_all() -> Iterator[int]:
            yield 1


def test_an_application_that_seeds_its_chance_decides_nothing_here() -> None:
    ids = []
    for _ in range(2):
        random.seed(7)
        before = random.getstate()
        ids.append(new_id(128))
        assert random.getstate() == before

    assert ids[0] != ids[1]


async def test_one_step_object_may_be_shared_by_tasks_side_by_side(
    start: Start, sink: RecordingSink
) -> None:
    start()
    chat = telemetry.external_service("openai", "chat")

    both_are_in, one_is_out = asyncio.Barrier(2), asyncio.Event()

    async def ask(name: str) -> None:
        with telemetry.content_generation(telemetry.Education(subject=name)):
            with chat:
                await both_are_in.wait()
                if name == "slow":
                    await one_is_out.wait()
            sentry_sdk.capture_message(name)
        one_is_out.set()

    await asyncio.gather(ask("quick"), ask("slow"))

    assert [(event["message"], event["tags"]["subject"]) for event in arrived(sink)] == [
        ("quick", "quick"),
        ("slow", "slow"),
    ]


def test_an_error_within_the_step_of_a_plain_dependency_says_what_it_was_about(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    def lesson() -> Iterator[None]:
        with telemetry.content_generation(LESSON):
            yield

    @app.get("/lesson", dependencies=[Depends(lesson)])
    async def fail() -> None:
        raise BrokenError

    client.get("/lesson")

    (event,) = arrived(sink)
    assert event["contexts"]["education"]["subject"] == "mathematics"
