"""Telemetry beside what people already have: their logging, middlewares, servers, odd errors, big values."""

import asyncio
import contextvars
import gc
import logging
import pickle
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import orjson
import pytest
import sentry_sdk
import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from sentry_sdk import logger
from starlette.background import BackgroundTask
from starlette.testclient import TestClient

from benchmarks.processes import free_port
from tests.cli.processes import is_listening, wait_until
from tests.telemetry.conftest import Start, arrived
from tests.telemetry.sink import RecordingSink, accept, answer
from toolboxai import telemetry
from toolboxai.telemetry import setup
from toolboxai.telemetry.counters import counters

Build = Callable[[FastAPI], None]


@contextmanager
def serving(app: FastAPI) -> Iterator[int]:
    """Serve ``app`` with uvicorn in a thread."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical"))
    thread = Thread(target=server.run)
    thread.start()
    wait_until(lambda: is_listening(port), "the server")
    try:
        yield port
    finally:
        server.should_exit = True
        thread.join()


def instrumented(app: FastAPI) -> TestClient:
    telemetry.instrument(app)
    return TestClient(app, raise_server_exceptions=False)


def test_one_connection_does_not_carry_a_user_from_one_request_to_the_next(
    start: Start, sink: RecordingSink
) -> None:
    start()
    app = FastAPI()

    @app.post("/upload")
    async def upload(request: Request) -> int:
        sentry_sdk.set_user({"id": "alice"})
        sentry_sdk.set_tag("school", "A")
        return len(await request.body())

    @app.get("/boom")
    async def boom() -> None:
        raise ValueError

    telemetry.instrument(app)
    with serving(app) as port, socket.create_connection(("127.0.0.1", port)) as connection:
        body = bytes(3_000_000)
        head = f"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        assert b"3000000" in received(connection)
        connection.sendall(b"GET /boom HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"500" in received(connection)

    (event,) = arrived(sink)
    assert event.get("user") is None
    assert not event.get("tags")


def received(connection: socket.socket) -> bytes:
    """Return one answer with a length."""
    answer_bytes = b""
    while b"\r\n\r\n" not in answer_bytes or not answer_bytes.partition(b"\r\n\r\n")[2]:
        answer_bytes += connection.recv(65_536)
    return answer_bytes


def test_a_request_that_calls_its_own_application_goes_on_as_itself(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    @app.get("/inner")
    async def inner() -> None:
        sentry_sdk.set_tag("inner", "yes")

    @app.get("/outer/{name}")
    async def outer(name: str) -> None:
        sentry_sdk.set_tag("outer", "yes")
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/inner",
            "headers": [],
            "query_string": b"",
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b""}

        async def send(_message: object) -> None:
            return None

        await app(scope, receive, send)
        raise ValueError(name)

    client.get("/outer/x")

    (event,) = arrived(sink)
    assert event["transaction"] == "/outer/{name}"
    assert event["tags"] == {"outer": "yes"}


def test_logging_stays_as_the_application_had_it(
    start: Start, sink: RecordingSink, capfd: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    handlers = root.handlers[:]
    root.handlers.clear()
    try:
        start()
        logging.getLogger("shop").error("the last resort still speaks")
        logging.basicConfig(level=logging.INFO)
        logging.getLogger("shop").info("and basicConfig still works")
    finally:
        root.handlers[:] = handlers
    assert "the last resort still speaks" in capfd.readouterr().err

    events = arrived(sink)
    bodies = [item["body"] for payload in sink.items("log") for item in payload["items"]]
    assert bodies == ["the last resort still speaks", "and basicConfig still works"]
    assert [event["logentry"]["formatted"] for event in events] == ["the last resort still speaks"]


def test_an_error_that_is_only_logged_is_reported_once_and_handled(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    @app.get("/logged")
    async def logged() -> None:
        try:
            int("")
        except ValueError:
            logging.getLogger("shop").exception("went on without it")

    client.get("/logged")

    (event,) = arrived(sink)
    assert event["exception"]["values"][-1]["mechanism"]["handled"] is True
    assert event["exception"]["values"][-1]["mechanism"]["type"] == "toolboxai.logging"
    assert event["transaction"] == "/logged"


def test_an_error_that_is_logged_and_then_raised_is_reported_once_and_unhandled(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    @app.get("/both")
    async def both() -> None:
        try:
            int("")
        except ValueError as error:
            logging.getLogger("shop").exception("giving up")
            raise RuntimeError from error

    client.get("/both")

    (event,) = arrived(sink)
    assert event["exception"]["values"][-1]["type"] == "RuntimeError"
    assert event["exception"]["values"][-1]["mechanism"]["handled"] is False


def test_an_error_behind_a_http_middleware_is_seen(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    @app.middleware("http")
    async def identity(request: Request, call_next: Callable[[Request], Any]) -> Response:
        response: Response = await call_next(request)
        return response

    @app.get("/unavailable")
    async def unavailable() -> None:
        raise HTTPException(503, "closed")

    client.get("/unavailable")

    (event,) = arrived(sink)
    assert event["exception"]["values"][-1]["type"] == "HTTPException"
    assert event["exception"]["values"][-1]["mechanism"]["handled"] is True


def test_a_returned_500_is_reported_as_one_issue_a_route(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    @app.get("/sorry/{name}")
    async def sorry(name: str) -> JSONResponse:
        return JSONResponse({"sorry": name}, status_code=500)

    client.get("/sorry/a")
    client.get("/sorry/b")

    first, second = arrived(sink)
    assert first["message"] == "/sorry/{name} answered 500"
    assert first["fingerprint"] == second["fingerprint"] == ["answered", "/sorry/{name}", "500"]


def test_a_background_task_that_fails_after_the_answer_says_so(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    def fail() -> None:
        raise ValueError

    @app.get("/later")
    async def later() -> JSONResponse:
        return JSONResponse({}, background=BackgroundTask(fail))

    client.get("/later")

    (event,) = arrived(sink)
    assert event["exception"]["values"][-1]["mechanism"]["type"] == "toolboxai.background"
    assert event["contexts"]["response"] == {"status_code": 200}


def test_a_4xx_whose_page_asked_for_an_event_id_is_still_no_event(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    @app.exception_handler(KeyError)
    async def not_found(_request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"event_id": telemetry.event_id_for(error)}, status_code=404)

    @app.get("/missing")
    async def missing() -> None:
        raise KeyError

    client.get("/missing")

    assert arrived(sink) == []


def test_a_second_init_replaces_the_first_for_an_application_that_runs(
    start: Start, sink: RecordingSink
) -> None:
    start()
    app = FastAPI()

    @app.get("/boom")
    async def boom() -> None:
        raise ValueError

    client = instrumented(app)
    client.get("/boom")
    assert telemetry.flush(5)
    start(release="second@1")

    client.get("/boom")

    assert [event.get("release") for event in arrived(sink)] == [None, "second@1"]


def test_an_application_that_is_instrumented_twice_reports_once(
    start: Start, sink: RecordingSink
) -> None:
    start()
    inner, app = FastAPI(), FastAPI()

    @inner.get("/a")
    async def fail() -> None:
        raise ValueError

    telemetry.instrument(inner)
    app.mount("/inner", inner)
    telemetry.instrument(app)
    client = instrumented(app)

    response = client.get("/inner/a")

    (event,) = arrived(sink)
    (transaction,) = sink.items("transaction")
    assert event["transaction"] == transaction["transaction"] == "/inner/a"
    assert len(response.headers.get_list("x-request-id")) == 1


def test_a_constant_response_message_is_not_written_to(start: Start) -> None:
    start()
    message = {"type": "http.response.start", "status": 200, "headers": [(b"x-request-id", b"own")]}
    app = FastAPI()

    async def constant(_scope: object, _receive: object, send: Callable[[Any], Any]) -> None:
        await send(message)
        await send({"type": "http.response.body", "body": b""})

    app.mount("/", constant)
    client = instrumented(app)

    responses = [client.get("/") for _ in range(3)]

    assert message["headers"] == [(b"x-request-id", b"own")]
    assert all(response.headers.get_list("x-request-id") == ["own"] for response in responses)


class Contrary(Exception):  # noqa: N818 - the name of the case
    """An exception that makes itself hard to look at."""

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        raise RuntimeError

    def __str__(self) -> str:
        raise RuntimeError


class Slippery(str):
    __slots__ = ()

    def __getitem__(self, _key: object) -> str:
        raise RuntimeError


def test_an_odd_error_with_odd_values_is_still_reported(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    @app.get("/odd")
    async def odd() -> None:
        slippery = Slippery("visible")
        logging.getLogger("shop").error("an odd one", exc_info=Contrary())
        assert slippery
        raise Contrary

    client.get("/odd")

    raised = [event for event in arrived(sink) if "exception" in event]
    (value,) = raised[0]["exception"]["values"]
    assert value["type"] == "Contrary"
    assert value["stacktrace"]["frames"][-1]["vars"]["slippery"] == "visible"


def test_a_captured_error_can_be_pickled_and_copied(start: Start) -> None:
    start()
    app = FastAPI()
    met: list[Exception] = []

    @app.get("/keep")
    async def keep() -> None:
        error = ValueError("kept")
        sentry_sdk.capture_exception(error)
        met.append(error)

    instrumented(app).get("/keep")

    assert isinstance(pickle.loads(pickle.dumps(met[0])), ValueError)  # noqa: S301 - our own bytes
    assert deepcopy(met[0]).args == ("kept",)


def test_an_enormous_error_is_trimmed_and_the_next_ones_arrive(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    @app.get("/deep/{depth}")
    async def deep(depth: int) -> None:
        def dive(left: int) -> None:
            a = b = c = d = e = [["x" * 1_024] * 10] * 10
            if left:
                dive(left - 1)
            raise ValueError(len([a, b, c, d, e]))

        dive(depth)

    client.get("/deep/300")
    sentry_sdk.get_isolation_scope().set_extra("huge", ["y" * 1_000] * 2_000)
    client.get("/deep/1")
    sentry_sdk.get_isolation_scope().clear()
    client.get("/deep/2")

    events = arrived(sink)
    assert [event["transaction"] for event in events] == ["/deep/{depth}"] * 3
    assert all(len(body) < 1_100_000 for body in sink.bodies)
    assert len(orjson.dumps(events[0])) < 200_000
    assert events[1]["tags"] == {"telemetry.trimmed": "true"}


def test_a_body_that_no_spool_can_hold_is_counted_and_holds_up_nothing(
    start: Start, sink: RecordingSink
) -> None:
    start(spool_max_bytes=64 * 1024)
    before = counters.snapshot().get("dropped.cache_overflow.transaction", 0)
    with sentry_sdk.start_transaction(name="huge", op="test") as transaction:
        transaction.set_data("huge", ["z" * 1_000] * 60)
    sentry_sdk.capture_message("small")

    assert [event["message"] for event in arrived(sink)] == ["small"]
    assert counters.snapshot()["dropped.cache_overflow.transaction"] == before + 1


def test_a_redirect_is_no_delivery(start: Start, sink: RecordingSink) -> None:
    sink.behaviour = lambda request: answer(request, 302, Location="http://127.0.0.1:9/sign-in")
    start()
    sentry_sdk.capture_message("not to the sign-in page")
    sink.wait_for(lambda: sink.attempts >= 1)
    assert not telemetry.flush(0.5)

    sink.behaviour = accept

    sink.wait_for(lambda: sink.items("event"))


def test_one_envelope_that_the_sink_can_not_take_does_not_hold_up_the_others(
    start: Start, sink: RecordingSink
) -> None:
    def poisoned(request: Any) -> None:  # noqa: ANN401 - http.server's handler
        is_poison = b"poison" in sink.last_body
        answer(request, 500 if is_poison else 200)

    sink.behaviour = poisoned
    start()
    sentry_sdk.capture_message("poison")
    for number in range(3):
        sentry_sdk.capture_message(f"good {number}")

    sink.wait_for(lambda: counters.snapshot().get("envelopes.delivered", 0) >= 3)
    transport = setup.telemetry().transport
    assert transport is not None
    wait_until(lambda: transport.spool.waiting == 1, "all but one")


def test_what_is_put_after_the_end_is_counted(start: Start) -> None:
    start()
    transport = setup.telemetry().transport
    assert transport is not None
    telemetry.close()
    before = counters.snapshot().get("dropped.queue_overflow.log_item", 0)

    transport.put_log(())

    assert counters.snapshot()["dropped.queue_overflow.log_item"] == before + 1


def test_what_the_sdk_propagates_belongs_to_the_requests_trace(start: Start) -> None:
    start(traces_sample_rate=0.0)
    app = FastAPI()

    @app.get("/outgoing")
    async def outgoing() -> list[str | None]:
        return [telemetry.trace_id(), sentry_sdk.get_traceparent()]

    trace_id, traceparent = instrumented(app).get("/outgoing").json()

    assert traceparent.startswith(trace_id)


def test_a_request_in_a_fresh_context_is_isolated_too(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    @app.get("/tag")
    async def tag() -> None:
        sentry_sdk.set_tag("set", "yes")
        raise ValueError

    contextvars.Context().run(client.get, "/tag")

    assert [event["tags"] for event in arrived(sink)] == [{"set": "yes"}]
    assert not sentry_sdk.get_isolation_scope()._tags  # noqa: SLF001 - nothing public shows them


FORKS = """
import os, sys
from pathlib import Path
import sentry_sdk
from toolboxai import telemetry

telemetry.init(telemetry.Options(dsn=sys.argv[1], spool_dir=Path(sys.argv[2])))
sentry_sdk.capture_message("of the parent")
child = os.fork()
sentry_sdk.capture_message("of the child" if child == 0 else "of the parent, later")
delivered = telemetry.flush(10)
if child:
    _, status = os.waitpid(child, 0)
    sys.exit(status or not delivered)
os._exit(not delivered)
"""


def test_a_forked_child_reports_on_its_own(sink: RecordingSink, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FORKS, sink.dsn, str(tmp_path)], check=False, timeout=60
    )

    assert ended.returncode == 0
    messages = sorted(event["message"] for event in sink.items("event"))
    assert messages == ["of the child", "of the parent", "of the parent, later"]


def test_a_request_in_the_same_packet_is_isolated_while_a_background_task_runs(
    start: Start, sink: RecordingSink
) -> None:
    start()
    app = FastAPI()
    answered = threading.Event()

    @app.get("/first")
    async def first() -> JSONResponse:
        sentry_sdk.set_user({"id": "alice"})
        return JSONResponse({}, background=BackgroundTask(answered.wait, 5))

    @app.get("/second")
    async def second() -> None:
        answered.set()
        raise ValueError

    telemetry.instrument(app)
    with serving(app) as port, socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(
            b"GET /first HTTP/1.1\r\nHost: x\r\n\r\nGET /second HTTP/1.1\r\nHost: x\r\n\r\n"
        )
        while b"500" not in received(connection):
            continue

    (event,) = arrived(sink)
    assert event["transaction"] == "/second"
    assert event.get("user") is None


def test_a_failed_request_is_let_go_although_a_timer_keeps_its_context(start: Start) -> None:
    start()
    app = FastAPI()
    seen: list[weakref.ref[object]] = []

    class Large:
        """Something that a frame holds."""

    @app.get("/boom")
    async def boom() -> None:
        large = Large()
        seen.append(weakref.ref(large))
        asyncio.get_running_loop().call_later(3_600, print)
        raise ValueError

    with instrumented(app) as client:
        client.get("/boom")
        assert telemetry.flush(5)
        gc.collect()

        assert [reference() for reference in seen] == [None]


def test_a_program_that_changes_its_folder_keeps_its_spool(
    start: Start, sink: RecordingSink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    start(spool_dir=Path("spool"))
    (tmp_path / "elsewhere").mkdir()

    monkeypatch.chdir(tmp_path / "elsewhere")
    sentry_sdk.capture_message("still here")

    assert [event["message"] for event in arrived(sink)] == ["still here"]


def test_an_application_on_many_loops_is_watched_once_on_each(start: Start) -> None:
    start()
    app = FastAPI()
    telemetry.instrument(app)

    with TestClient(app) as one, TestClient(app) as other:
        for _ in range(3):
            one.get("/")
            other.get("/")
            factory = one.portal.call(current_factory) if one.portal else None

            assert "make" in getattr(factory, "__qualname__", "")
            assert factory.__closure__[0].cell_contents is None  # type: ignore[union-attr]


async def current_factory() -> Any:  # noqa: ANN401 - the loop's own type is private
    return asyncio.get_running_loop().get_task_factory()


@pytest.mark.parametrize(
    ("baggage", "rate"),
    [
        ("sentry-sample_rate=1.0", 1.0),
        ("sentry-sample_rate=0.25,other=1", 0.25),
        ("", 1.0),
        ("sentry-sample_rate=7", 1.0),
    ],
)
def test_a_trace_that_others_began_weighs_what_they_say(
    start: Start, sink: RecordingSink, baggage: str, rate: float
) -> None:
    start(environment="production")
    app = FastAPI()

    @app.get("/")
    async def home() -> None:
        return None

    headers = {"sentry-trace": f"{'a' * 32}-{'b' * 16}-1", "baggage": baggage}
    instrumented(app).get("/", headers=headers)

    assert telemetry.flush(5)
    (trace,) = sink.items("transaction")
    assert trace["contexts"]["trace"]["client_sample_rate"] == rate


def test_a_handler_that_is_a_partial_of_an_async_callable_still_answers(start: Start) -> None:
    start()

    class Answer:
        async def __call__(self, status: int, _request: Request, _error: Exception) -> JSONResponse:
            return JSONResponse({"mine": True}, status_code=status)

    app = FastAPI()
    app.add_exception_handler(KeyError, partial(Answer(), 503))

    @app.get("/missing")
    async def missing() -> None:
        raise KeyError

    response = instrumented(app).get("/missing")

    assert (response.status_code, response.json()) == (503, {"mine": True})


def test_a_record_that_can_not_be_formatted_is_still_reported(
    start: Start, sink: RecordingSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    start()

    logging.getLogger("shop").error("failed %d items", "many")

    (event,) = arrived(sink)
    assert event["logentry"]["formatted"] == "failed %d items"


def test_what_the_sdk_still_holds_is_kept_at_the_end_and_its_threads_go(
    start: Start, sink: RecordingSink
) -> None:
    before = set(threading.enumerate())
    start()
    app = FastAPI()
    telemetry.instrument(app)
    with TestClient(app):
        logger.info("the last line of the SDK's own logger")

    assert "the last line" in str(sink.items("log"))
    telemetry.close()
    left = {thread for thread in set(threading.enumerate()) - before if thread.is_alive()}
    for thread in left:
        thread.join(5)
    assert not [thread for thread in left if thread.is_alive()]
