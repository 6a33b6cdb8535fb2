"""Errors in tasks that nobody awaits, in threads, in programs: reported once, with who started them."""

import asyncio
import gc
import logging
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import sentry_sdk
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.telemetry.conftest import Start, arrived
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry

KEPT: list[asyncio.Task[None]] = []


class LateError(Exception):
    """What fails after the answer."""


async def fail() -> None:
    await asyncio.sleep(0)
    raise LateError


def application() -> FastAPI:
    app = FastAPI()

    @app.get("/orphan/{name}")
    async def orphan(name: str) -> None:
        sentry_sdk.set_tag("name", name)
        logging.getLogger("shop").warning("starting %s", name)
        KEPT.append(asyncio.create_task(fail()))

    @app.get("/collect")
    async def collect() -> None:
        if KEPT:
            await asyncio.wait(KEPT)
        KEPT.clear()
        gc.collect()

    @app.get("/awaited")
    async def awaited() -> str:
        task = asyncio.create_task(fail())
        try:
            await task
        except LateError:
            return "dealt with"
        return "not reached"

    @app.get("/gathered")
    async def gathered() -> int:
        return len(await asyncio.gather(fail(), fail(), return_exceptions=True))

    @app.get("/grouped")
    async def grouped() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            group.create_task(fail())

    @app.get("/cancelled")
    async def cancelled() -> None:
        asyncio.create_task(asyncio.sleep(60)).cancel()

    return app


def client_of(app: FastAPI) -> TestClient:
    telemetry.instrument(app)
    return TestClient(app, raise_server_exceptions=False)


def test_an_orphaned_task_is_reported_once_with_the_request_that_started_it(
    start: Start, sink: RecordingSink
) -> None:
    start()
    with client_of(application()) as client:
        trace_id = client.get("/orphan/a").headers["x-trace-id"]
        client.get("/collect")

    (event,) = arrived(sink)
    (value,) = event["exception"]["values"]
    assert (value["type"], value["mechanism"]["type"]) == ("LateError", "toolboxai.asyncio")
    assert value["mechanism"]["handled"] is False
    assert event["transaction"] == "/orphan/{name}"
    assert event["tags"] == {"name": "a"}
    assert event["contexts"]["trace"]["trace_id"] == trace_id
    assert event["breadcrumbs"]["values"][0]["message"] == "starting a"


@pytest.mark.parametrize("path", ["/awaited", "/gathered", "/cancelled"])
def test_what_somebody_waits_for_or_cancels_is_not_reported(
    start: Start, sink: RecordingSink, path: str
) -> None:
    start()
    with client_of(application()) as client:
        assert client.get(path).status_code == 200
        client.get("/collect")

    assert arrived(sink) == []


def test_a_task_group_is_one_event_with_all_that_failed(start: Start, sink: RecordingSink) -> None:
    start()
    with client_of(application()) as client:
        client.get("/grouped")
        client.get("/collect")

    (event,) = arrived(sink)
    types = [value["type"] for value in event["exception"]["values"]]
    assert types.count("LateError") == 2
    assert types[-1] == "ExceptionGroup"


async def test_the_loops_own_handler_and_factory_go_on(start: Start, sink: RecordingSink) -> None:
    start()
    told: list[str] = []
    made: list[str] = []
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _loop, context: told.append(context["message"]))

    def make(loop: asyncio.AbstractEventLoop, coroutine: Any, **choices: Any) -> Any:  # noqa: ANN401
        made.append(coroutine.__name__)
        return asyncio.Task(coroutine, loop=loop, **choices)

    loop.set_task_factory(make)
    app = application()
    client_of(app)
    await asyncio.to_thread(run_on, loop, app)

    assert told == ["Task exception was never retrieved"]
    assert "fail" in made
    assert len(arrived(sink)) == 1


def run_on(loop: asyncio.AbstractEventLoop, app: FastAPI) -> None:
    """Make two requests on a loop of one's own."""

    async def request(path: str) -> None:
        scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b""}

        async def send(_message: object) -> None:
            return None

        await app(scope, receive, send)

    loop.run_until_complete(request("/orphan/b"))
    loop.run_until_complete(request("/collect"))
    loop.close()


def test_a_thread_that_ends_in_an_error_is_reported(
    start: Start, sink: RecordingSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", ended.append)
    start()

    def run() -> None:
        raise LateError

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()

    (event,) = arrived(sink)
    assert event["exception"]["values"][-1]["mechanism"]["type"] == "toolboxai.threading"
    assert len(ended) == 1, "the hook that was there is still called"


SCRIPT = """
import sys
from pathlib import Path
from toolboxai import telemetry

telemetry.init(telemetry.Options(dsn=sys.argv[1], spool_dir=Path(sys.argv[2])))
raise LookupError("the program's last line")
"""


def test_a_script_that_ends_in_an_error_reports_it(sink: RecordingSink, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, sink.dsn, str(tmp_path)],
        check=False,
        timeout=60,
        capture_output=True,
    )

    (event,) = sink.items("event")
    assert ended.returncode == 1
    assert b"LookupError: the program's last line" in ended.stderr
    assert event["exception"]["values"][-1]["mechanism"]["type"] == "toolboxai.excepthook"
