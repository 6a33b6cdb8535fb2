"""However heavy the application: an event is small, complete where it matters, and quickly captured."""

import asyncio
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import suppress
from time import sleep, thread_time
from typing import Any, NoReturn

import pytest
from fastapi import APIRouter, FastAPI, Request

from tests.telemetry.conftest import AS_SLOW_AS
from toolboxai import telemetry
from toolboxai.telemetry.testing import captured
from toolboxai.telemetry.transport.trimming import MAX_EVENT_BYTES
from toolboxai.telemetry.transport.wire import to_json

MAX_CAPTURE_SECONDS = 0.02
ROUTES = 600
TRIES = 5


class Hostile:
    """Slow and disagreeable in everything that looks at it, as a large table may be."""

    def __repr__(self) -> str:
        sleep(5)
        raise RuntimeError

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        sleep(5)
        raise RuntimeError

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise RuntimeError

    def __len__(self) -> int:
        sleep(5)
        raise RuntimeError

    def __iter__(self) -> NoReturn:
        sleep(5)
        raise RuntimeError

    def __getattr__(self, name: str) -> NoReturn:
        sleep(5)
        raise RuntimeError(name)

    @property
    def __class__(self) -> type:
        sleep(5)
        return str

    @__class__.setter
    def __class__(self, _value: type) -> None:
        raise RuntimeError


def dig(depth: int) -> dict[str, Any]:
    """Return a dict in a dict in a dict."""
    deep: dict[str, Any] = {}
    for level in range(depth):
        deep = {f"level {level}": deep, "beside": "x" * 100}
    return deep


# Made once: what is measured is the capture, not the making.
BLOB = bytes(50_000_000)
TEXT = "t" * 50_000_000
WIDE = {f"key {number}": "v" * 200 for number in range(10_000)}
DEEP = dig(500)
NUMBERS = list(range(10_000))
NESTED = [[["n" * 500] * 1_000] * 1_000] * 1_000
ROWS = [["x" * 1_024] * 10] * 10


def huge_locals() -> NoReturn:
    blob, text, wide, deep, numbers, nested = BLOB, TEXT, WIDE, DEEP, NUMBERS, NESTED
    table, tables = Hostile(), {"of": [Hostile(), Hostile()]}
    msg = f"{len(blob)} {len(text)} {len(wide)} {len(deep)} {len(numbers)} {len(nested)}"
    assert id(table) != id(tables)
    raise ValueError(msg)


def recurse(depth: int) -> NoReturn:
    a, b, c, d, e = [ROWS] * 5
    if depth:
        recurse(depth - 1)
    msg = f"the bottom, with {len([a, b, c, d, e])}"
    raise ValueError(msg)


def fell(depth: int, cause: Exception | None = None) -> Exception:
    """Return an error that comes from ``depth`` frames down."""
    try:
        recurse(depth)
    except ValueError as error:
        error.__cause__ = cause
        return error


def chain() -> NoReturn:
    error: Exception | None = None
    for _ in range(10):
        error = fell(100, error)
    msg = "the top"
    raise ValueError(msg) from error


def group() -> NoReturn:
    msg = "a hundred"
    raise ExceptionGroup(msg, [fell(30) for _ in range(100)])


def long_message() -> NoReturn:
    raise ValueError("m" * 10_000_000)


def recursion_error() -> NoReturn:
    recursion_error()


CASES: dict[str, Callable[[], NoReturn]] = {
    case.__name__: case for case in (huge_locals, chain, group, long_message, recursion_error)
}


def _application() -> FastAPI:
    """600 routes behind nested routers; the last takes a body of 5 MB, one fails in each of the ways."""
    app, outer = FastAPI(), APIRouter(prefix="/outer/{tenant}")
    for start in range(0, ROUTES, 40):
        inner = APIRouter(prefix=f"/inner{start}")
        for number in range(start, start + 40):
            inner.add_api_route(f"/route{number}/{{item}}", lambda item: 1 / int(item))
        outer.include_router(inner)

    @outer.post("/upload")
    async def upload(request: Request) -> None:
        body = await request.json()
        raw = await request.body()
        msg = f"{len(body)} {len(raw)}"
        raise ValueError(msg)

    @outer.get("/fail/{case}")
    async def fail(case: str) -> None:
        CASES[case]()

    app.include_router(outer)
    return app


@pytest.fixture(scope="module")
def app() -> Iterator[FastAPI]:
    """The application; outside of `captured` nothing is reported."""
    telemetry.init(telemetry.Options())
    app = _application()
    telemetry.instrument(app)
    yield app
    telemetry.close()


async def cpu_seconds(app: FastAPI, path: str, body: bytes = b"") -> float:
    """Return how long this thread computed for a request that fails; the least of some tries."""
    taken = []
    for _ in range(TRIES):

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(_message: MutableMapping[str, Any]) -> None:
            return None

        scope = {
            "type": "http",
            "method": "POST" if body else "GET",
            "path": path,
            "query_string": b"",
            "headers": [(b"content-type", b"application/json")],
        }
        began = thread_time()
        with suppress(Exception):
            await app(scope, receive, send)
        taken.append(thread_time() - began)
    return min(taken)


def check(app: FastAPI, path: str, body: bytes = b"") -> list[dict[str, Any]]:
    """Return the events of a failing request, each small and captured quickly."""
    without = asyncio.run(cpu_seconds(app, path, body))
    with captured(environment="development") as seen:
        with_telemetry = asyncio.run(cpu_seconds(app, path, body))
        events = seen.events
    sizes = [len(to_json(event)) for event in events]

    assert len(events) == TRIES
    assert max(sizes) <= MAX_EVENT_BYTES
    assert with_telemetry - without < MAX_CAPTURE_SECONDS * AS_SLOW_AS
    return events


@pytest.mark.parametrize("case", CASES)
def test_an_event_is_small_and_quick(app: FastAPI, case: str) -> None:
    events = check(app, f"/outer/school/fail/{case}")

    assert events[0]["transaction"] == "/outer/{tenant}/fail/{case}"
    values = events[0]["exception"]["values"]
    assert values[-1]["stacktrace"]["frames"][-1]["function"]


def test_the_last_of_600_routes(app: FastAPI) -> None:
    events = check(app, "/outer/school/inner560/route599/0")

    assert events[0]["transaction"] == "/outer/{tenant}/inner560/route599/{item}"


def test_a_body_of_5_megabytes(app: FastAPI) -> None:
    body = to_json(["pupil " * 100] * 9_000)
    assert len(body) > 5_000_000

    events = check(app, "/outer/school/upload", body)

    frame = events[0]["exception"]["values"][-1]["stacktrace"]["frames"][-1]
    assert frame["vars"]["raw"] == "<bytes>"
