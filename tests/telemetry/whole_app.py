"""An application with a bit of everything, driven as a server would; what the host can notice of each call."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import sentry_sdk
from fastapi import BackgroundTasks, FastAPI, HTTPException, Request, Response, WebSocket
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import StaticPool

from toolboxai import telemetry

OURS = frozenset({b"x-request-id", b"x-trace-id"})
log = logging.getLogger("whole_app")


class DomainError(Exception):
    """An error that a handler answers."""


class Gone(BaseException):
    """Neither anybody's error nor a cancellation."""


class Order(BaseModel):
    """What a client posts."""

    amount: int


@dataclass
class Host:
    """The application, and what its owner notices beside the answers."""

    app: FastAPI
    engine: Engine
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Call:
    """One connection: what the server says of it."""

    name: str
    path: str
    method: str = "GET"
    kind: str = "http"
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    chance: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """What the host sees of a call: messages to the client, what was raised, what was noted."""

    messages: list[Mapping[str, Any]]
    raised: str
    notes: list[str]


@contextmanager
def whole_app() -> Iterator[Host]:
    """Make the application; its database is in memory."""
    options: Any = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    engine = create_engine("sqlite://", **options)
    handler = Noting()
    notes: list[str] = handler.notes
    host = Host(_application(engine, notes), engine, notes)
    log.addHandler(handler)
    log.propagate, level = False, log.level
    log.setLevel(logging.INFO)
    yield host
    log.setLevel(level)
    log.propagate = True
    log.removeHandler(handler)
    engine.dispose()


class Noting(logging.Handler):
    """Notes what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.notes.append(f"{record.levelname} {record.getMessage()} {bool(record.exc_info)}")


def _application(engine: Engine, notes: list[str]) -> FastAPI:
    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        notes.append("started")
        yield
        notes.append("stopped")

    app = FastAPI(lifespan=life)
    app.add_exception_handler(DomainError, _answer_domain_error)
    app.add_exception_handler(Exception, _answer_anything)
    _add_plain_routes(app)
    _add_failing_routes(app)
    _add_working_routes(app, engine, notes)
    app.mount("/inner/{tenant}", _inner())
    return app


async def _answer_domain_error(_request: Request, error: Exception) -> JSONResponse:
    telemetry.event_id_for(error)
    return JSONResponse({"domain": str(error)}, status_code=502)


def _answer_anything(_request: Request, error: Exception) -> JSONResponse:
    telemetry.event_id_for(error)
    return JSONResponse({"sorry": type(error).__name__}, status_code=500)


def _add_plain_routes(app: FastAPI) -> None:
    @app.get("/json/{name}")
    async def json(name: str, page: int = 1) -> dict[str, Any]:
        return {"name": name, "page": page}

    @app.get("/step")
    async def step() -> str:
        telemetry.set_user(telemetry.User(id="7", role="teacher"))
        telemetry.set_context(telemetry.Education(kind="quiz"))
        telemetry.breadcrumb("content", "begun", questions=5)
        telemetry.authentication_failed("7")
        with (
            telemetry.span("whole.step", "a step"),
            telemetry.content_generation(telemetry.Education(kind="quiz")),
            telemetry.agent_run(telemetry.Agent(task="plan")) as run,
        ):
            run.used(telemetry.Agent(task="plan", input_tokens=7))
            sentry_sdk.capture_message("within the step")
        return await telemetry.background(_nested())

    @app.post("/orders")
    async def orders(order: Order) -> Order:
        return order

    @app.get("/stream")
    async def stream(*, broken: bool = False) -> StreamingResponse:
        async def parts() -> AsyncIterator[str]:
            yield "one"
            if broken:
                msg = "halfway"
                raise DomainError(msg)
            yield "two"

        return StreamingResponse(parts(), media_type="text/plain")

    @app.websocket("/socket")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())
        await websocket.close(4001)


def _add_failing_routes(app: FastAPI) -> None:
    @app.get("/handled")
    async def handled() -> None:
        msg = "known"
        raise DomainError(msg)

    @app.get("/unavailable")
    async def unavailable() -> None:
        raise HTTPException(503, "closed", {"retry-after": "5"})

    @app.get("/broken")
    async def broken() -> None:
        msg = "a bug"
        raise ValueError(msg) from KeyError("cause")

    @app.get("/bad")
    async def bad() -> JSONResponse:
        return JSONResponse({}, status_code=500)

    @app.get("/cancelled")
    async def cancelled() -> None:
        raise asyncio.CancelledError

    @app.get("/gone")
    async def gone() -> None:
        raise Gone


def _add_working_routes(app: FastAPI, engine: Engine, notes: list[str]) -> None:
    @app.get("/background")
    async def background(tasks: BackgroundTasks) -> str:
        tasks.add_task(notes.append, "in the background")
        return "later"

    @app.get("/background-broken")
    async def background_broken(tasks: BackgroundTasks) -> str:
        tasks.add_task(int, "not a number")
        return "later"

    @app.get("/logging")
    async def logging_() -> str:
        log.info("info %s", "text")
        log.error("error without an exception")
        try:
            int("")
        except ValueError:
            log.exception("error with one")
        return "logged"

    @app.get("/database")
    def database() -> list[int]:
        with engine.connect() as connection:
            rows = [connection.execute(text("SELECT :n"), {"n": n}).scalar_one() for n in range(6)]
            try:
                connection.execute(text("SELECT * FROM nowhere"))
            except Exception as error:  # noqa: BLE001 - its name is what is compared
                notes.append(type(error).__name__)
        return rows

    @app.get("/client")
    async def client() -> list[Any]:
        transport = httpx.MockTransport(lambda request: httpx.Response(201, text=request.url.path))
        async with httpx.AsyncClient(transport=transport) as http:
            answer = await http.get("http://127.0.0.1/v1/lessons/7")
        return [answer.status_code, answer.text]

    @app.get("/task")
    async def task() -> str:
        done = asyncio.create_task(asyncio.sleep(0, "done"))
        orphan = asyncio.create_task(_fail())
        await asyncio.sleep(0)
        del orphan
        await asyncio.sleep(0)
        return await done


@telemetry.job("nested")
async def _nested() -> str:
    with telemetry.database_operation("store"), telemetry.external_service("openai", "chat"):
        return _decorated()


@telemetry.database_operation("count")
def _decorated() -> str:
    return "done"


async def _fail() -> None:
    msg = "nobody waits"
    raise DomainError(msg)


def _inner() -> FastAPI:
    inner = FastAPI()
    inner.add_exception_handler(DomainError, _answer_domain_error)

    @inner.middleware("http")
    async def stamped(request: Request, call_next: Callable[[Request], Any]) -> Response:
        response: Response = await call_next(request)
        response.headers["x-inner"] = "yes"
        return response

    @inner.get("/fine")
    async def fine() -> str:
        return "fine"

    @inner.get("/handled")
    async def handled() -> None:
        msg = "within"
        raise DomainError(msg)

    return inner


_TRACE = ((b"sentry-trace", b"a" * 32 + b"-" + b"b" * 16 + b"-1"), (b"baggage", b"sentry-x=1"))
_UNSAMPLED = 0.9
STEP = "/step"
CALLS = (
    Call("json", "/json/ada?page=2"),
    Call("json, unsampled", "/json/ada?page=2", chance=_UNSAMPLED),
    Call("json in somebody's trace", "/json/ada", headers=_TRACE),
    Call("step", STEP),
    Call("422", "/json/ada?page=x"),
    Call("post", "/orders", "POST", body=b'{"amount": 3}'),
    Call("streaming", "/stream"),
    Call("streaming that breaks", "/stream?broken=1"),
    Call("websocket", "/socket", kind="websocket"),
    Call("404", "/nowhere"),
    Call("405", "/orders"),
    Call("handled", "/handled"),
    Call("handled, unsampled", "/handled", chance=_UNSAMPLED),
    Call("503", "/unavailable"),
    Call("unhandled", "/broken"),
    Call("unhandled, unsampled", "/broken", chance=_UNSAMPLED),
    Call("a returned 500", "/bad"),
    Call("background", "/background"),
    Call("background that breaks", "/background-broken"),
    Call("logging", "/logging"),
    Call("database", "/database"),
    Call("client", "/client"),
    Call("task", "/task"),
    Call("sub-application", "/inner/school/fine"),
    Call("sub-application, handled", "/inner/school/handled"),
    Call("lifespan", "", kind="lifespan"),
)


async def outcome(host: Host, call: Call) -> Outcome:
    """Return what the host sees of ``call``."""
    host.notes.clear()
    loop = asyncio.get_running_loop()
    if not hasattr(loop, "_host_listens"):
        loop._host_listens = True  # type: ignore[attr-defined] # noqa: SLF001 - once a loop
        loop.set_exception_handler(
            lambda _loop, context: host.notes.append(str(context["message"]))
        )
    messages: list[Mapping[str, Any]] = []
    to_receive = _received(call)

    async def receive() -> Mapping[str, Any]:
        return to_receive.pop(0) if to_receive else await asyncio.Future()

    async def send(message: Mapping[str, Any]) -> None:
        messages.append(_without_ours(message))

    raised = ""
    # Of its own, as with a server: contexts and a cancellation stay within.
    task = asyncio.create_task(
        host.app(_scope(call, host), receive, send),  # type: ignore[arg-type]
        name=call.name,
    )
    await asyncio.wait([task])
    if task.cancelled():
        raised = "cancelled"
    elif (error := task.exception()) is not None:
        raised = repr(error)
    return Outcome(messages, raised, list(host.notes))


def _without_ours(message: Mapping[str, Any]) -> Mapping[str, Any]:
    if "headers" not in message:
        return message
    kept = [(name, value) for name, value in message["headers"] if name not in OURS]
    return {**message, "headers": kept}


def _received(call: Call) -> list[Mapping[str, Any]]:
    match call.kind:
        case "lifespan":
            return [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
        case "websocket":
            return [{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "hello"}]
        case _:
            return [{"type": "http.request", "body": call.body, "more_body": False}]


def _scope(call: Call, host: Host) -> dict[str, Any]:
    path, _, query = call.path.partition("?")
    scope: dict[str, Any] = {"type": call.kind, "app": host.app, "state": {}}
    if call.kind != "lifespan":
        headers = [(b"host", b"school.example"), (b"content-type", b"application/json")]
        scope |= {
            "http_version": "1.1",
            "scheme": "http" if call.kind == "http" else "ws",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [*headers, *call.headers],
            "client": ("127.0.0.1", 5),
            "server": ("127.0.0.1", 80),
            "subprotocols": [],
        }
    if call.kind == "http":
        scope["method"] = call.method
    return scope
