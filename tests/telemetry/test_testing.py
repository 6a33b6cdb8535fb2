"""Tests of applications see what would have been sent, and telemetry goes on as before afterwards."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import sentry_sdk
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.testclient import TestClient

from tests.telemetry.conftest import Start, forget
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.telemetry import setup
from toolboxai.telemetry.testing import captured


@pytest.fixture
def app() -> Iterator[FastAPI]:
    """An application that switched telemetry on when it was imported, with no DSN as on anybody's machine."""
    telemetry.init(telemetry.Options())
    app = FastAPI()
    telemetry.instrument(app)

    @app.get("/divide/{by}")
    async def divide(by: int) -> float:
        logging.getLogger("shop").warning("dividing by %d", by)
        with telemetry.span("shop.divide", "divide"):
            return 1 / by

    @app.get("/thread")
    async def thread() -> None:
        await run_in_threadpool(sentry_sdk.capture_message, "in a thread")
        task = asyncio.create_task(say())
        await task

    async def say() -> None:
        sentry_sdk.capture_message("in a task")

    yield app
    telemetry.close()
    forget()


def ask(app: FastAPI, path: str) -> int:
    return TestClient(app, raise_server_exceptions=False).get(path).status_code


def test_errors_traces_spans_and_logs_are_seen(app: FastAPI) -> None:
    with captured(release="shop@1.0.0") as seen:
        assert ask(app, "/divide/0") == 500

        assert seen.event["exception"]["values"][-1]["type"] == "ZeroDivisionError"
        assert seen.event["release"] == "shop@1.0.0"
        assert [trace["transaction"] for trace in seen.transactions] == ["/divide/{by}"]
        assert [span["op"] for span in seen.spans] == ["shop.divide"]
        assert [line["body"] for line in seen.logs] == ["dividing by 0"]
        assert {item["header"]["type"] for each in seen.envelopes for item in each["items"]} == {
            "event",
            "log",
            "transaction",
        }
        assert all(each["header"]["sent_at"] for each in seen.envelopes)


def test_what_was_seen_can_be_looked_at_after_the_block(app: FastAPI) -> None:
    with captured() as seen:
        ask(app, "/divide/0")

    assert seen.event["transaction"] == "/divide/{by}"


@pytest.mark.usefixtures("app")
def test_what_is_seen_has_been_through_the_gate() -> None:
    with captured() as seen:
        sentry_sdk.capture_message("password=hunter22")

    assert "hunter22" not in str(seen.envelopes)
    assert "[redacted" in seen.event["message"]


def test_not_exactly_one_event_fails_with_what_there_is(app: FastAPI) -> None:
    with captured() as seen:
        with pytest.raises(AssertionError, match="there are 0"):
            assert seen.event
        ask(app, "/divide/0")
        sentry_sdk.capture_message("and another")
        logging.getLogger("shop").error("a third")

        with pytest.raises(AssertionError) as failed:
            assert seen.event

    assert str(failed.value).splitlines() == [
        "expected one event, there are 3 (and 1 transactions, 2 logs)",
        "  ZeroDivisionError: division by zero (/divide/{by})",
        "  and another (outside of requests)",
        "  a third (outside of requests)",
    ]


@pytest.mark.usefixtures("app")
def test_clear_forgets_what_was_on_its_way_too() -> None:
    with captured() as seen:
        sentry_sdk.capture_message("first")
        seen.clear()
        assert seen.envelopes == []
        sentry_sdk.capture_message("second")

        assert seen.event["message"] == "second"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_threads_and_tasks_are_seen(app: FastAPI) -> None:
    thread = threading.Thread(target=int, args=("alone",))
    with captured() as seen:
        ask(app, "/thread")
        thread.start()
        thread.join()

    said = [
        event.get("message") or event["exception"]["values"][-1]["type"] for event in seen.events
    ]
    assert sorted(said) == ["ValueError", "in a task", "in a thread"]


async def test_an_asynchronous_test_needs_nothing_else(app: FastAPI) -> None:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
        with captured() as seen:
            await asyncio.gather(*(client.get("/divide/0") for _ in range(20)))

            assert len(seen.events) == len(seen.transactions) == 20


def test_rates_and_limits_are_options_as_ever(app: FastAPI) -> None:
    with captured(traces_sample_rate=0.0, enable_logs=False, environment="production") as seen:
        ask(app, "/divide/1")

    assert seen.envelopes == []
    with pytest.raises(telemetry.OptionsError), captured(traces_sample_rate=2):
        pass


@pytest.mark.usefixtures("app")
def test_one_inside_of_another_is_refused_and_disturbs_nothing() -> None:
    with captured() as seen:
        with pytest.raises(RuntimeError, match="already"), captured():
            pass
        sentry_sdk.capture_message("still here")

        assert seen.event["message"] == "still here"


def test_what_one_test_sets_no_other_sees(app: FastAPI) -> None:
    for name in ("first", "second"):
        with captured() as seen:
            sentry_sdk.set_tag(name, "set")
            ask(app, "/divide/1")
            ask(app, "/divide/0")
            sentry_sdk.capture_message("outside")

        assert [event["tags"] for event in seen.events] == [{name: "set"}] * 2
        assert "request" not in seen.events[1]


@pytest.mark.usefixtures("app")
def test_an_application_that_is_made_in_the_test_may_start_and_stop_telemetry_itself(
    tmp_path: Path,
) -> None:
    before = setup.current_telemetry()
    with captured() as seen:
        telemetry.init(telemetry.Options(dsn="http://key@127.0.0.1:9/1", spool_dir=tmp_path / "s"))
        made = FastAPI()
        telemetry.instrument(made)
        made.add_api_route("/", lambda: 1 / 0)
        ask(made, "/")
        telemetry.close()

        assert seen.event["transaction"] == "/"
    assert setup.current_telemetry() is before
    assert not (tmp_path / "s").exists()


def test_what_was_active_before_waits_and_goes_on(
    start: Start, sink: RecordingSink, tmp_path: Path
) -> None:
    start(release="shop@before")
    hooks = (logging.Logger.callHandlers, threading.excepthook)
    sentry_sdk.capture_message("before")
    with captured(spool_dir=tmp_path / "captured") as seen:
        sentry_sdk.capture_message("captured")
        logging.getLogger("shop").error("logged while captured")
    sentry_sdk.capture_message("after")
    logging.getLogger("shop").error("logged after")

    assert telemetry.flush(5)
    said = [event.get("message") or event["logentry"]["formatted"] for event in sink.items("event")]
    assert said == ["before", "after", "logged after"]
    assert {event["release"] for event in sink.items("event")} == {"shop@before"}
    assert len(seen.events) == 2
    telemetry.close()
    assert logging.Logger.callHandlers is not hooks[0]
    assert threading.excepthook is not hooks[1]


def test_a_failing_block_gives_the_place_back_too(start: Start, sink: RecordingSink) -> None:
    start()
    with pytest.raises(KeyError), captured():
        raise KeyError

    sentry_sdk.capture_message("after")
    assert telemetry.flush(5)
    assert [event["message"] for event in sink.items("event")] == ["after"]
