"""What a request's errors, traces and ids look like at the sink. A real application, a real sink."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import sentry_sdk
from fastapi import APIRouter, FastAPI, HTTPException, WebSocketException
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.types import Message
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.telemetry.conftest import Start, the_event
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry


class DomainError(Exception):
    """An error that a handler answers."""


router = APIRouter()
api = APIRouter(prefix="/api")
inner_router = APIRouter()


@api.get("/lessons/{lesson}")
async def broken(lesson: int, request: Request) -> None:
    logging.getLogger("school").warning("about to fail")
    sentry_sdk.set_tag("role", "teacher")
    with telemetry.span("content.plan", "plan"):
        password = request.headers.get("x-planted", "")
        divide(lesson, password)


def divide(lesson: int, password: str) -> None:
    del password
    msg = f"lesson {lesson} can't be divided"
    raise ZeroDivisionError(msg)


@inner_router.get("/deep/{leaf}")
async def deep(leaf: str) -> None:
    raise ValueError(leaf)


@router.get("/handled")
async def handled() -> None:
    raise DomainError


@router.get("/unavailable")
async def unavailable() -> None:
    raise HTTPException(503, "come back later")


@router.get("/missing")
async def missing() -> None:
    raise HTTPException(404)


@router.get("/fine")
async def fine() -> dict[str, Any]:
    return {"request_id": telemetry.request_id(), "trace_id": telemetry.trace_id()}


@router.get("/tags/{name}")
async def tags(name: str) -> None:
    sentry_sdk.set_tag(name, "set")
    sentry_sdk.get_current_scope().set_tag(f"current-{name}", "set")
    await asyncio.sleep(0)
    raise ValueError(name)


@router.get("/stream")
async def stream() -> StreamingResponse:
    async def body() -> AsyncIterator[str]:
        yield "begun"
        raise DomainError

    return StreamingResponse(body())


@router.get("/gone")
async def gone() -> None:
    raise ClientDisconnect


@router.get("/captured-then-raised")
async def captured_then_raised() -> None:
    try:
        fail()
    except DomainError as error:
        sentry_sdk.capture_exception(error)
        raise


def fail() -> None:
    raise DomainError


@router.get("/group")
async def group() -> None:
    cause = KeyError("cause")
    raise ExceptionGroup("both", [ValueError("left"), TypeError("right")]) from cause  # noqa: EM101


@router.get("/refused")
async def refused() -> None:
    def refuse(_event: object, _hint: object) -> None:
        return None

    sentry_sdk.get_isolation_scope().add_event_processor(refuse)
    raise DomainError


@router.websocket("/socket/{room}")
async def socket(websocket: WebSocket, room: str) -> None:
    await websocket.accept()
    if room == "left":
        raise WebSocketDisconnect
    raise ValueError(room)


async def plain(_request: Request) -> Response:
    raise DomainError


async def answer_domain_error(_request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"event_id": telemetry.event_id_for(error)}, status_code=502)


async def answer_anything(_request: Request, error: Exception) -> JSONResponse:
    ids = {"event_id": telemetry.event_id_for(error), "trace_id": telemetry.trace_id()}
    return JSONResponse(ids, status_code=500)


def application() -> FastAPI:
    inner = FastAPI()
    inner.include_router(inner_router)
    app = FastAPI()
    app.add_exception_handler(DomainError, answer_domain_error)
    app.add_exception_handler(Exception, answer_anything)
    app.include_router(router)
    app.include_router(api)
    app.mount("/tenants/{tenant}/inner", inner)
    app.router.routes.append(Mount("/static", routes=[Route("/plain/{n}", plain)]))
    app.add_route("/plain/{n}", plain)
    telemetry.instrument(app)
    telemetry.add_routes(app)
    return app


@pytest.fixture
def client(start: Start) -> Iterator[TestClient]:
    start(release="school@1.0.0", max_breadcrumbs=3)
    with TestClient(application(), raise_server_exceptions=False) as test_client:
        yield test_client


def test_an_unhandled_error_arrives_once_with_its_context(
    client: TestClient, sink: RecordingSink
) -> None:
    response = client.get(
        "/api/lessons/7?name=Ada&token=hunter22",
        headers={
            "x-planted": "hunter22",
            "cookie": "session=hunter22",
            "user-agent": "tester",
            "accept-encoding": "gzip, deflate",  # else it says what this environment has
        },
    )

    event = the_event(sink)
    (exception,) = event["exception"]["values"]
    frame, inner_frame = exception["stacktrace"]["frames"][-2:]
    assert response.status_code == 500
    assert response.json() == {
        "event_id": event["event_id"],
        "trace_id": event["contexts"]["trace"]["trace_id"],
    }
    assert response.headers["x-trace-id"] == event["contexts"]["trace"]["trace_id"]
    assert response.headers["x-request-id"] == event["contexts"]["telemetry"]["request_id"]
    assert (exception["type"], exception["value"]) == (
        "ZeroDivisionError",
        "lesson 7 can't be divided",
    )
    assert exception["mechanism"] == {
        "type": "toolboxai.asgi",
        "handled": False,
        "exception_id": 0,
    }
    assert (frame["function"], frame["in_app"]) == ("broken", True)
    assert frame["context_line"].strip() == "divide(lesson, password)"
    assert len(frame["pre_context"]) == len(frame["post_context"]) == 5
    assert inner_frame["vars"]["lesson"] == 7
    assert frame["vars"] == {
        "lesson": 7,
        "request": "<Request>",
        "password": "[redacted:secret]",
    }
    assert event["transaction"] == "/api/lessons/{lesson}"
    assert event["request"] == {
        "method": "GET",
        "url": "http://testserver/api/lessons/{lesson}",
        "query_string": "name=…&token=…",
        "headers": {
            "accept": "*/*",
            "accept-encoding": "gzip, deflate",
            "host": "testserver",
            "user-agent": "tester",
        },
    }
    assert event["tags"] == {"role": "teacher"}
    assert event["breadcrumbs"]["values"][-1]["message"] == "about to fail"
    assert not any(b"hunter22" in body for body in sink.bodies)


def test_an_error_that_a_handler_answered_is_handled(
    client: TestClient, sink: RecordingSink
) -> None:
    response = client.get("/handled")

    event = the_event(sink)
    (exception,) = event["exception"]["values"]
    assert response.json() == {"event_id": event["event_id"]}
    assert exception["mechanism"]["handled"] is True
    assert exception["stacktrace"]["frames"][-1]["function"] == "handled"


def test_an_http_exception_is_reported_only_when_it_is_ours(
    client: TestClient, sink: RecordingSink
) -> None:
    client.get("/missing")
    client.get("/unavailable")

    event = the_event(sink)
    assert event["exception"]["values"][-1]["type"] == "HTTPException"
    assert event["transaction"] == "/unavailable"
    assert event["contexts"]["response"] == {"status_code": 503}


@pytest.mark.parametrize(
    ("path", "transaction"),
    [
        pytest.param(
            "/tenants/4711/inner/deep/x", "/tenants/{tenant}/inner/deep/{leaf}", id="mount"
        ),
        pytest.param("/plain/4711", "/plain/{n}", id="plain route"),
        pytest.param("/static/plain/4711", "/static/plain/{n}", id="plain route in a mount"),
        pytest.param("/stream", "/stream", id="streaming body"),
    ],
)
def test_a_transaction_is_named_by_its_template(
    client: TestClient, sink: RecordingSink, path: str, transaction: str
) -> None:
    client.get(path)

    event = the_event(sink)
    (trace,) = sink.items("transaction")
    assert event["transaction"] == trace["transaction"] == transaction


def test_a_path_that_nobody_serves_has_one_name(client: TestClient, sink: RecordingSink) -> None:
    client.get("/pupils/Ada.Lovelace")
    client.get("/static/nothing/here")

    assert telemetry.flush(5)
    names = [trace["transaction"] for trace in sink.items("transaction")]
    assert names == ["<no route>", "/static/<no route>"]


def test_what_is_captured_by_hand_and_then_raised_arrives_once(
    client: TestClient, sink: RecordingSink
) -> None:
    response = client.get("/captured-then-raised")

    event = the_event(sink)
    assert response.json()["event_id"] == event["event_id"]
    frame = event["exception"]["values"][-1]["stacktrace"]["frames"][-1]
    assert "context_line" in frame, "an SDK event has our frames, with source"


def test_a_group_and_its_cause_keep_their_tree(client: TestClient, sink: RecordingSink) -> None:
    client.get("/group")

    values = the_event(sink)["exception"]["values"]
    tree = [
        (value["type"], value["mechanism"]["exception_id"], value["mechanism"].get("source"))
        for value in reversed(values)
    ]
    assert tree == [
        ("ExceptionGroup", 0, None),
        ("KeyError", 1, "__cause__"),
        ("ValueError", 2, "exceptions[0]"),
        ("TypeError", 3, "exceptions[1]"),
    ]


def test_a_client_that_left_is_no_error(client: TestClient, sink: RecordingSink) -> None:
    client.get("/gone")
    with suppress(WebSocketDisconnect), client.websocket_connect("/socket/left"):
        pass

    assert telemetry.flush(5)
    assert sink.items("event") == []


def test_an_error_in_a_websocket_is_reported(client: TestClient, sink: RecordingSink) -> None:
    with pytest.raises(ValueError, match="kitchen"), client.websocket_connect("/socket/kitchen"):
        pass

    event = the_event(sink)
    assert event["transaction"] == "/socket/{room}"
    (transaction,) = sink.items("transaction")
    assert transaction["contexts"]["trace"]["op"] == "websocket.server"


@pytest.mark.parametrize("way", ["refused", "closed", "caught"])
def test_an_error_for_which_a_websocket_is_refused_or_closed_is_reported_as_handled(
    start: Start, sink: RecordingSink, way: str
) -> None:
    start()
    app = FastAPI()
    telemetry.instrument(app)

    @app.websocket("/socket/{room}")
    async def socket(websocket: WebSocket, room: str) -> None:
        if way == "refused":
            raise HTTPException(503, room)
        await websocket.accept()
        if way == "closed":
            raise WebSocketException(1011, room)
        try:
            dict[str, str]()[room]
        except LookupError:
            await websocket.close(1011)

    kinds = (WebSocketDisconnect, WebSocketDenialResponse)
    with pytest.raises(kinds), TestClient(app).websocket_connect("/socket/kitchen") as session:
        session.receive_text()

    event = the_event(sink)
    assert event["exception"]["values"][-1]["mechanism"]["handled"] is True
    assert event["transaction"] == "/socket/{room}"


def test_a_panic_of_a_library_is_an_error_although_it_is_no_exception(
    app: FastAPI, sink: RecordingSink
) -> None:
    class PanicException(BaseException):  # as pyo3 has it
        pass

    @app.get("/panics")
    async def panics() -> None:
        raise PanicException

    with pytest.raises(PanicException):
        asyncio.run(asked(app, "/panics"))

    assert the_event(sink)["exception"]["values"][-1]["type"] == "PanicException"


async def asked(app: FastAPI, path: str) -> None:
    """Let ``app`` answer in this task, as a server does; what it lets out is raised."""

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(_message: Message) -> None:
        pass

    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
    await app(scope, receive, send)


def test_a_cancellation_that_nobody_asked_for_fails_the_request_and_is_reported(
    app: FastAPI, sink: RecordingSink
) -> None:
    @app.get("/leaks")
    async def leaks() -> None:
        lost = asyncio.ensure_future(asyncio.Event().wait())
        lost.cancel()
        await lost

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(asked(app, "/leaks"))

    event = the_event(sink)
    assert event["exception"]["values"][-1]["type"] == "CancelledError"
    assert event["exception"]["values"][-1]["mechanism"]["handled"] is False
    assert event["contexts"]["response"] == {"status_code": 500}


def test_a_request_that_its_server_cancels_is_no_error(app: FastAPI, sink: RecordingSink) -> None:
    @app.get("/waits")
    async def waits() -> None:
        await asyncio.Event().wait()

    async def cancelled() -> None:
        task = asyncio.ensure_future(asked(app, "/waits"))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())

    assert telemetry.flush(5)
    assert sink.items("event") == []


def test_scopes_do_not_leak_from_one_request_into_the_next(
    client: TestClient, sink: RecordingSink
) -> None:
    client.get("/tags/first")
    client.get("/tags/second")

    assert telemetry.flush(5)
    first, second = sink.items("event")
    assert first["tags"] == {"first": "set", "current-first": "set"}
    assert second["tags"] == {"second": "set", "current-second": "set"}


def test_a_sampled_request_sends_its_spans(client: TestClient, sink: RecordingSink) -> None:
    client.get("/api/lessons/7", headers={"sentry-trace": f"{'a' * 32}-{'b' * 16}-1"})

    assert telemetry.flush(5)
    (trace,) = sink.items("transaction")
    (span,) = trace["spans"]
    context = trace["contexts"]["trace"]
    assert (context["trace_id"], context["parent_span_id"]) == ("a" * 32, "b" * 16)
    assert (context["op"], context["status"]) == ("http.server", "internal_error")
    assert context["client_sample_rate"] == 1.0
    assert (span["op"], span["description"]) == ("content.plan", "plan")
    assert span["parent_span_id"] == context["span_id"]
    assert sink.items("event")[0]["contexts"]["trace"]["trace_id"] == "a" * 32


@pytest.mark.parametrize(
    "header", ["nonsense", f"{'z' * 32}-{'b' * 16}-1", f"{'a' * 31}-{'b' * 16}", "---", "a" * 9_000]
)
def test_a_damaged_trace_header_begins_a_new_trace(client: TestClient, header: str) -> None:
    response = client.get("/fine", headers={"sentry-trace": header, "baggage": "sentry-release=x"})

    assert response.status_code == 200
    assert len(response.json()["trace_id"]) == 32
    assert response.json()["request_id"] == response.headers["x-request-id"]


def test_what_a_caller_puts_into_baggage_does_not_travel_on(
    client: TestClient, sink: RecordingSink
) -> None:
    trace = f"{'a' * 32}-{'b' * 16}-1"
    baggage = (
        f"sentry-trace_id={'a' * 32},sentry-user_segment=Ada,sentry-transaction=%2Fada%40school.org"
    )

    client.get("/fine", headers={"sentry-trace": trace, "baggage": baggage})

    assert telemetry.flush(5)
    assert set(sink.headers()[0]["trace"]) == {"trace_id", "sample_rand", "sample_rate"}


def test_the_callers_no_is_respected_and_health_checks_are_never_traced(
    client: TestClient, sink: RecordingSink
) -> None:
    client.get("/fine", headers={"sentry-trace": f"{'a' * 32}-{'b' * 16}-0"})
    client.get("/sentry/status")

    assert telemetry.flush(5)
    assert sink.items("transaction") == []


def test_an_unsampled_request_still_reports_its_errors_with_a_trace(
    start: Start, sink: RecordingSink
) -> None:
    start(traces_sample_rate=0.0)
    with TestClient(application(), raise_server_exceptions=False) as client:
        response = client.get("/api/lessons/7")

    event = the_event(sink)
    assert sink.items("transaction") == []
    assert event["contexts"]["trace"]["trace_id"] == response.headers["x-trace-id"]
    (header,) = [each for each in sink.headers() if each.get("event_id") == event["event_id"]]
    assert header["trace"] == {"trace_id": response.headers["x-trace-id"]}


@pytest.mark.parametrize("dsn", [None, "", " "])
def test_without_a_dsn_the_application_runs_and_says_so(
    start: Start, sink: RecordingSink, dsn: str | None
) -> None:
    start(dsn=dsn)
    with TestClient(application(), raise_server_exceptions=False) as client:
        response = client.get("/api/lessons/7")
        status = client.get("/sentry/status").json()

    assert response.json() == {"event_id": None, "trace_id": response.headers["x-trace-id"]}
    assert telemetry.flush(1)
    assert sink.attempts == 0
    assert (status["enabled"], status["reason"]) == (False, "no DSN is set: monitoring is off")
    assert telemetry.measurements()["enabled"] == 0


def test_an_error_at_start_up_is_on_disk_before_the_process_ends(
    start: Start, sink: RecordingSink
) -> None:
    start()

    @asynccontextmanager
    async def failing(app: FastAPI) -> AsyncIterator[None]:
        if not app.routes:
            yield
        msg = "the database is not there"
        raise RuntimeError(msg)

    app = FastAPI(lifespan=failing)
    telemetry.instrument(app)
    with pytest.raises(RuntimeError, match="not there"), TestClient(app):
        pass

    assert the_event(sink)["exception"]["values"][-1]["value"] == "the database is not there"


def test_the_layer_goes_on_in_time_or_not_at_all(start: Start) -> None:
    app = FastAPI()
    with pytest.raises(RuntimeError, match="has to be called first"):
        telemetry.instrument(app)
    start()
    with TestClient(app):
        pass

    with pytest.raises(RuntimeError, match="too late"):
        telemetry.instrument(app)


def test_an_integration_of_the_sdks_puts_no_raw_path_on_a_report(
    start: Start, sink: RecordingSink
) -> None:
    def of_starlette(event: Any, _hint: object) -> Any:  # noqa: ANN401 - the SDK's own signature
        event["request"] = {"url": "http://host/pupils/ada"}
        return event

    of_starlette.__module__ = "sentry_sdk.integrations.starlette"
    start()
    app = FastAPI()
    telemetry.instrument(app)

    @app.get("/pupils/{name}")
    async def pupil(name: str) -> None:
        sentry_sdk.get_isolation_scope().add_event_processor(of_starlette)
        raise LookupError(name)

    TestClient(app, raise_server_exceptions=False).get("/pupils/ada")

    assert the_event(sink)["request"]["url"] == "http://testserver/pupils/{name}"


def test_an_event_processor_may_refuse(client: TestClient, sink: RecordingSink) -> None:
    client.get("/refused")

    assert telemetry.flush(5)
    assert sink.items("event") == []
    assert sink.items("transaction") == []


def test_only_this_machine_sees_the_details(client: TestClient) -> None:
    public = client.get("/sentry/status").json()
    assert set(public) == {"enabled", "healthy", "environment", "release", "last_delivery"}

    with TestClient(client.app, base_url="http://localhost:8008", client=("127.0.0.1", 5)) as near:
        details = near.get("/sentry/status").json()
        forwarded = near.get("/sentry/status", headers={"x-forwarded-for": "127.0.0.1"}).json()
        rebound = near.get("/sentry/status", headers={"host": "evil.example"}).json()

    assert details["spool"]["max_bytes"] == 256 * 1024 * 1024
    assert "counts" in details
    assert "counts" not in forwarded
    assert "counts" not in rebound


def test_the_debug_route_fails_as_asked(client: TestClient, sink: RecordingSink) -> None:
    assert client.get("/sentry-debug").status_code == 500
    assert client.get("/sentry-debug?kind=log").json() == {"kind": "log", "sent": True}
    assert client.get("/sentry-debug?kind=trace").json() == {"kind": "trace", "sent": True}
    assert client.post("/sentry-debug/log").json() == {"kind": "log", "sent": True}
    for unknown in ("/sentry-debug?kind=war", "/sentry-debug/war"):
        assert client.get(unknown).status_code == 400

    assert the_event(sink)["exception"]["values"][-1]["type"] == "DebugError"
    bodies = [item["body"] for payload in sink.items("log") for item in payload["items"]]
    assert "a test line from /sentry-debug" in bodies


def test_the_debug_route_shows_jobs_agents_and_slowness(
    client: TestClient, sink: RecordingSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolboxai.telemetry.debugging.SLOW_SECONDS", 0)
    for kind in ("task", "agent", "slow"):
        assert client.get(f"/sentry-debug?kind={kind}").json()["kind"] == kind

    assert the_event(sink)["transaction"] == "a test job from /sentry-debug"
    spans = {span["op"] for each in sink.items("transaction") for span in each["spans"]}
    assert spans == {"gen_ai.invoke_agent", "debug.wait"}


def test_an_application_adds_what_else_can_go_wrong_on_request(
    start: Start, sink: RecordingSink
) -> None:
    async def leak() -> None:
        msg = "the tap drips"
        raise OSError(msg)

    start()
    app = Starlette()
    telemetry.instrument(app)
    telemetry.add_routes(app, debug_kinds={"leak": leak})
    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.get("/sentry-debug/leak").status_code == 500

    assert the_event(sink)["exception"]["values"][-1]["type"] == "OSError"


def test_the_debug_route_does_not_exist_outside_development(start: Start) -> None:
    start(environment="production")
    with TestClient(application()) as client:
        assert client.get("/sentry-debug").status_code == 404
        assert client.get("/sentry-debug/error").status_code == 404


def test_a_failed_request_keeps_its_trace_whatever_chance_said(
    start: Start, sink: RecordingSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolboxai.telemetry.asgi.middleware.chance", lambda: 0.99)
    start(traces_sample_rate=0.1)
    with TestClient(application(), raise_server_exceptions=False) as client:
        client.get("/fine")
        client.get("/unavailable")

    assert telemetry.flush(5)
    (trace,) = sink.items("transaction")
    assert trace["transaction"] == "/unavailable"
    assert trace["contexts"]["trace"]["client_sample_rate"] == 1.0
    assert trace["contexts"]["trace"]["status"] == "unavailable"
    assert trace["start_timestamp"] < trace["timestamp"]


def test_a_slow_request_stands_for_itself_and_a_quick_one_for_its_kind(
    start: Start, sink: RecordingSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolboxai.telemetry.asgi.middleware.chance", lambda: 0.01)
    start(traces_sample_rate=0.1)
    with TestClient(application(), raise_server_exceptions=False) as client:
        client.get("/fine")
        start(traces_sample_rate=0.1, slow_request_seconds=0.0)
        client.get("/fine")

    assert telemetry.flush(5)
    rates = [
        trace["contexts"]["trace"]["client_sample_rate"] for trace in sink.items("transaction")
    ]
    assert rates == [0.1, 1.0]
