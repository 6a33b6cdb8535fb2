"""Every request's duration is counted: by its route's template, to the end of the answer."""

from collections.abc import AsyncIterator, Iterator
from threading import Event

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.background import BackgroundTask
from starlette.routing import Mount
from starlette.testclient import TestClient
from starlette.websockets import WebSocket

from tests.telemetry.conftest import Start
from toolboxai import telemetry
from toolboxai.telemetry.figures import Series, Sketch
from toolboxai.telemetry.figures.durations import durations

QUICK_SECONDS = 0.2
Counts = dict[tuple[str, str, str], int]
router = APIRouter(prefix="/api")


@router.get("/lessons/{lesson}")
async def lesson(lesson: int) -> int:
    return lesson


@router.get("/broken")
async def broken() -> None:
    raise ValueError


@router.get("/slow")
async def slow() -> StreamingResponse:
    async def body() -> AsyncIterator[str]:
        yield "a"
        Event().wait(QUICK_SECONDS)
        yield "b"

    return StreamingResponse(body())


@router.get("/background")
async def background() -> JSONResponse:
    return JSONResponse({}, background=BackgroundTask(Event().wait, QUICK_SECONDS))


@router.websocket("/room")
async def room(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close()


@pytest.fixture
def client(start: Start) -> Iterator[TestClient]:
    start(traces_sample_rate=0.0)
    durations.after_fork()
    inner = FastAPI()
    inner.include_router(router)
    app = FastAPI(routes=[Mount("/schools/{school}", inner)])
    app.include_router(router)
    telemetry.instrument(app)
    telemetry.add_routes(app)
    with TestClient(app, raise_server_exceptions=False) as running:
        yield running


def counted() -> Counts:
    return {series: sketch.count for series, sketch in durations.snapshot().items()}


def of(route: str) -> Sketch:
    return durations.snapshot()[Series("GET", route, "2xx")]


def test_requests_are_counted_by_template_sampled_or_not(client: TestClient) -> None:
    for number in range(3):
        client.get(f"/api/lessons/{number}")

    assert counted() == {("GET", "/api/lessons/{lesson}", "2xx"): 3}


@pytest.mark.parametrize(
    ("path", "series"),
    [
        pytest.param("/api/lessons/x", ("GET", "/api/lessons/{lesson}", "4xx"), id="rejected"),
        pytest.param("/api/broken", ("GET", "/api/broken", "5xx"), id="failed"),
        pytest.param("/wp-admin.php", ("GET", "<no route>", "4xx"), id="not found"),
        pytest.param("/sentry/status", ("GET", "/sentry/status", "2xx"), id="a health check"),
        pytest.param(
            "/schools/7/api/lessons/1",
            ("GET", "/schools/{school}/api/lessons/{lesson}", "2xx"),
            id="mounted",
        ),
    ],
)
def test_whatever_the_answer_is_it_is_counted(
    client: TestClient, path: str, series: Series
) -> None:
    client.get(path)

    assert counted() == {series: 1}


def test_a_request_lasts_until_the_end_of_its_answer(client: TestClient) -> None:
    client.get("/api/slow")

    assert of("/api/slow").quantile(0.5) >= QUICK_SECONDS * 0.95


def test_a_background_task_comes_after_it(client: TestClient) -> None:
    client.get("/api/background")

    assert of("/api/background").quantile(0.5) < QUICK_SECONDS


def test_a_websocket_is_no_request(client: TestClient) -> None:
    with client.websocket_connect("/api/room"):
        pass

    assert counted() == {}


def test_without_a_dsn_they_are_counted_as_well(start: Start) -> None:
    start(dsn=None)
    durations.after_fork()
    app = FastAPI()
    telemetry.instrument(app)

    TestClient(app).get("/nothing")

    assert counted() == {("GET", "<no route>", "4xx"): 1}
    assert telemetry.details()["requests"] == 1


@pytest.mark.usefixtures("client")
def test_who_serves_is_a_worker_before_the_first_request() -> None:
    assert counted() == {}
    assert durations.serves
