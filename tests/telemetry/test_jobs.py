"""Background work: a trace of its own, its errors at once and once."""

import asyncio
import logging
import threading
from typing import Any

import pytest
import sentry_sdk
from fastapi import BackgroundTasks, FastAPI
from starlette.testclient import TestClient

from tests.telemetry.conftest import Start, arrived
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry


class BrokenError(Exception):
    """What fails in these tests."""


def named(transactions: list[dict[str, Any]], name: str) -> dict[str, Any]:
    (found,) = [each for each in transactions if each["transaction"] == name]
    return found


async def fail() -> None:
    await asyncio.sleep(0)
    raise BrokenError


def test_a_failing_job_is_reported_while_its_request_still_runs(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    @app.get("/start")
    async def start_job() -> int:
        telemetry.set_user(telemetry.User(id="ada", role="teacher"))
        task = telemetry.background(fail(), name="mail the parents")
        await asyncio.wait([task])
        return await asyncio.to_thread(lambda: len(arrived(sink)))

    assert client.get("/start").json() == 1

    (event,) = arrived(sink)
    assert event["transaction"] == "mail the parents"
    assert event["exception"]["values"][-1]["mechanism"] == {
        "type": "toolboxai.job",
        "handled": False,
        "exception_id": 0,
    }
    assert event["tags"]["role"] == "teacher"
    assert "request" not in event
    assert event["contexts"]["job"]["name"] == "mail the parents"


def test_a_job_has_a_trace_of_its_own_that_links_to_the_request(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    async def work() -> None:
        with telemetry.span("step", "inside the job"):
            logging.getLogger("school").warning("said by the job")

    @app.get("/start")
    async def start_job() -> None:
        await telemetry.background(work(), name="work")

    client.get("/start")

    transactions = arrived(sink, "transaction")
    job, request = named(transactions, "work"), named(transactions, "/start")
    trace, origin = job["contexts"]["trace"], request["contexts"]["trace"]
    assert trace["op"] == "job"
    assert trace["trace_id"] != origin["trace_id"]
    (link,) = trace["links"]
    assert (link["trace_id"], link["span_id"]) == (origin["trace_id"], origin["span_id"])
    assert [span["description"] for span in job["spans"]] == ["inside the job"]
    assert request["spans"] == []
    (logs,) = sink.items("log")
    (said,) = [log for log in logs["items"] if log["body"] == "said by the job"]
    assert said["trace_id"] == trace["trace_id"]


def test_a_job_that_is_awaited_and_fails_the_request_is_reported_once(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    @app.get("/wait")
    async def wait() -> None:
        await telemetry.background(fail(), name="awaited")

    assert client.get("/wait").status_code == 500

    (event,) = arrived(sink)
    assert event["transaction"] == "awaited"


def test_a_background_task_that_is_a_job_is_reported_once_with_its_name(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    @app.get("/later")
    async def later(tasks: BackgroundTasks) -> str:
        tasks.add_task(telemetry.job("tidy up")(fail))
        return "done"

    assert client.get("/later").status_code == 200

    (event,) = arrived(sink)
    assert event["transaction"] == "tidy up"


def test_a_job_without_a_request_is_a_trace_too(start: Start, sink: RecordingSink) -> None:
    start()

    @telemetry.job("nightly report")
    def report() -> str:
        sentry_sdk.set_tag("night", "yes")
        return "written"

    assert report() == "written"

    (transaction,) = arrived(sink, "transaction")
    assert transaction["transaction"] == "nightly report"
    assert transaction["tags"]["night"] == "yes"
    assert "links" not in transaction["contexts"]["trace"]
    sentry_sdk.capture_message("afterwards")
    (event,) = arrived(sink)
    assert "night" not in event.get("tags", {})


def test_work_that_was_only_written_down_links_to_the_request_that_wrote_it(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    @app.get("/order")
    async def order() -> str | None:
        return telemetry.trace_link()

    link = client.get("/order").json()
    with telemetry.job("make what was ordered", link=link):
        pass

    transactions = arrived(sink, "transaction")
    job, request = named(transactions, "make what was ordered"), named(transactions, "/order")
    (linked,) = job["contexts"]["trace"]["links"]
    origin = request["contexts"]["trace"]
    assert (linked["trace_id"], linked["span_id"]) == (origin["trace_id"], origin["span_id"])
    assert linked["sampled"] is True
    assert job["contexts"]["job"]["started_in_trace"] == origin["trace_id"]
    assert job["contexts"]["job"]["started_by_request"]
    assert len(link) == 84


@pytest.mark.parametrize("link", [None, "", "x" * 84, "0" * 1_000_000])
def test_a_link_that_is_none_links_to_nothing(
    start: Start, sink: RecordingSink, link: str | None
) -> None:
    start()

    with telemetry.job("alone", link=link):
        pass

    (transaction,) = arrived(sink, "transaction")
    assert "links" not in transaction["contexts"]["trace"]


def test_outside_of_a_request_there_is_nothing_to_link_to() -> None:
    assert telemetry.trace_link() is None


def test_a_job_that_is_cancelled_is_no_error(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    @app.get("/cancel")
    async def cancel() -> None:
        task = telemetry.background(asyncio.sleep(60), name="long")
        await asyncio.sleep(0)
        task.cancel()

    assert client.get("/cancel").status_code == 200
    assert arrived(sink) == []


def test_without_telemetry_a_job_does_its_work() -> None:
    async def answer() -> int:
        return 42

    async def main() -> int:
        return await telemetry.background(answer())

    assert asyncio.run(main()) == 42


@pytest.mark.parametrize("caller", ["who logs it", "a thread that ends by it"])
def test_a_job_without_a_request_is_reported_once_although_its_caller_is_told(
    start: Start, sink: RecordingSink, monkeypatch: pytest.MonkeyPatch, caller: str
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _ended: None)

    @telemetry.job("nightly report")
    def nightly() -> None:
        raise BrokenError

    start()
    if caller == "who logs it":
        try:
            nightly()
        except BrokenError:
            logging.getLogger("scheduler").exception("the job failed")
    else:
        thread = threading.Thread(target=nightly)
        thread.start()
        thread.join()

    (event,) = arrived(sink)
    assert event["exception"]["values"][-1]["mechanism"]["type"] == "toolboxai.job"


async def test_one_job_object_may_run_side_by_side(start: Start, sink: RecordingSink) -> None:
    start()
    mail = telemetry.job("mail")

    both_are_in, one_is_out = asyncio.Barrier(2), asyncio.Event()

    async def first() -> None:
        try:
            with mail:
                await both_are_in.wait()
                raise BrokenError
        finally:
            one_is_out.set()

    async def second() -> None:
        with mail:
            await both_are_in.wait()
            await one_is_out.wait()

    await asyncio.gather(first(), second(), return_exceptions=True)

    (event,) = arrived(sink)
    traces = {each["contexts"]["trace"]["trace_id"]: each for each in arrived(sink, "transaction")}
    assert len(traces) == 2
    failed = traces[event["contexts"]["trace"]["trace_id"]]
    assert failed["contexts"]["trace"]["status"] == "internal_error"
