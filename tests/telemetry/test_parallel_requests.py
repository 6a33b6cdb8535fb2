"""Two hundred requests at once, in tasks and threads: what one says of itself is never on another's reports."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from random import Random
from typing import Any

import httpx
import pytest
import sentry_sdk
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from toolboxai import telemetry
from toolboxai.telemetry.testing import Seen, captured

REQUESTS = 200
EVENTS_A_REQUEST = 5
log = logging.getLogger("parallel")


@pytest.fixture(scope="module")
def seen() -> Seen:
    """What 200 requests reported that were all under way at the same time."""
    telemetry.init(telemetry.Options())
    app = _application()
    with captured(traces_sample_rate=1.0, queue_max_envelopes=10_000) as seen:
        asyncio.run(_ask_all(app))
    telemetry.close()
    return seen


def _application() -> FastAPI:
    app = FastAPI()
    telemetry.instrument(app)
    together = asyncio.Barrier(REQUESTS)

    @app.get("/work/{number}")
    async def work(number: int) -> None:
        await _mixed(number, _introductions(number))
        await together.wait()
        await _mixed(number, _reports(number))
        await together.wait()
        msg = f"raised {number}"
        raise ValueError(msg)

    return app


async def _mixed(number: int, steps: list[Callable[[], Awaitable[None] | None]]) -> None:
    """Take the steps in an order of this request's own, and let others go on in between."""
    chance = Random(number)
    chance.shuffle(steps)
    for step in steps:
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        taken = step()
        if taken is not None:
            await taken


def _introductions(number: int) -> list[Callable[[], Awaitable[None] | None]]:
    """Say in every way there is which request this is."""
    mine = f"mine-{number}"
    return [
        lambda: telemetry.set_user(telemetry.User(id=str(number), role=mine)),
        lambda: telemetry.set_context(telemetry.Education(objective=mine)),
        lambda: telemetry.breadcrumb("state", mine),
        lambda: log.warning("crumb %s", mine),
        lambda: sentry_sdk.set_tag("mine", mine),
        lambda: sentry_sdk.get_current_scope().set_tag("mine-current", mine),
        lambda: sentry_sdk.set_context("own", {"mine": mine}),
        lambda: sentry_sdk.add_breadcrumb(message=mine, category="sdk"),
        lambda: run_in_threadpool(sentry_sdk.set_tag, "mine-thread", mine),
    ]


def _reports(number: int) -> list[Callable[[], Awaitable[None] | None]]:
    """Report from the request itself, a thread, a task, a log and a step."""
    return [
        lambda: _say(f"said {number}"),
        lambda: run_in_threadpool(_say, f"threaded {number}"),
        lambda: asyncio.create_task(_say_soon(f"tasked {number}")),
        lambda: log.error("logged %d", number),
        lambda: _step(number),
    ]


def _say(text: str) -> None:
    sentry_sdk.capture_message(text)


async def _say_soon(text: str) -> None:
    await asyncio.sleep(0)
    sentry_sdk.capture_message(text)


async def _step(number: int) -> None:
    with telemetry.span("parallel.step", f"step {number}"):
        await asyncio.sleep(0)
        await run_in_threadpool(partial(_inner_step, number))


def _inner_step(number: int) -> None:
    with telemetry.span("parallel.inner", f"inner {number}"):
        pass


async def _ask_all(app: FastAPI) -> None:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://parallel.example") as client:
        asked = (
            client.get(
                f"/work/{number}",
                headers={"sentry-trace": f"{_trace_id(number)}-{'b' * 16}-1"},
            )
            for number in range(REQUESTS)
        )
        statuses = {answer.status_code for answer in await asyncio.gather(*asked)}
    assert statuses == {500}


def _trace_id(number: int) -> str:
    return f"{number + 1:032x}"


def _number_of(event: dict[str, Any]) -> int:
    """Return which request an event says it is of, by its trace."""
    return int(event["contexts"]["trace"]["trace_id"], 16) - 1


def _text_of(event: dict[str, Any]) -> str:
    if "exception" in event:
        return str(event["exception"]["values"][-1]["value"])
    return str(event.get("message") or event["logentry"]["formatted"])


def test_every_error_is_its_own_requests_in_all_it_says(seen: Seen) -> None:
    events = seen.events

    assert len(events) == REQUESTS * EVENTS_A_REQUEST
    for event in events:
        number = _number_of(event)
        mine = f"mine-{number}"
        crumbs = {crumb["message"] for crumb in event["breadcrumbs"]["values"]}
        assert _text_of(event).split()[1] == str(number)
        assert {value for name, value in event["tags"].items() if name.startswith("mine")} == {mine}
        assert event["contexts"]["education"]["objective"] == mine
        assert event["contexts"]["own"] == {"mine": mine}
        assert {mine, f"crumb {mine}"} <= crumbs
        assert {text.rpartition("-")[2].rpartition(" ")[2] for text in crumbs} == {str(number)}


def test_every_user_is_one_requests(seen: Seen) -> None:
    reports = [*seen.events, *seen.transactions]
    users = {(_number_of(report), report["user"]["id"]) for report in reports}

    assert len(users) == len({user for _, user in users}) == REQUESTS


def test_every_trace_is_its_own_requests_with_its_spans(seen: Seen) -> None:
    transactions = seen.transactions

    assert len(transactions) == REQUESTS
    for transaction in transactions:
        number = _number_of(transaction)
        spans = {span["description"]: span for span in transaction["spans"]}
        assert set(spans) == {f"step {number}", f"inner {number}"}
        assert {span["trace_id"] for span in spans.values()} == {_trace_id(number)}
        step = spans[f"step {number}"]
        assert step["parent_span_id"] == transaction["contexts"]["trace"]["span_id"]
        assert spans[f"inner {number}"]["parent_span_id"] == step["span_id"]
        assert transaction["tags"]["mine"] == f"mine-{number}"
        assert transaction["contexts"]["own"] == {"mine": f"mine-{number}"}


def test_every_log_is_its_own_requests(seen: Seen) -> None:
    logs = seen.logs
    users = {event["contexts"]["trace"]["trace_id"]: event["user"]["id"] for event in seen.events}

    assert len(logs) == REQUESTS * 2
    for line in logs:
        number = line["body"].rpartition("-")[2].rpartition(" ")[2]
        assert line["trace_id"] == _trace_id(int(number))
        assert line["attributes"].get("user.id", {}).get("value") in {None, users[line["trace_id"]]}
