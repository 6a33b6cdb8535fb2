"""An application in which everything goes wrong that the capture matrix names, each case at an address of its own."""

import asyncio
import logging
import os
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Annotated

import sentry_sdk
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, HTTPException, WebSocket
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import Response

from toolboxai import telemetry

log = logging.getLogger("matrix")


class CaseError(Exception):
    """What goes wrong; its text names the case."""


class HandledError(CaseError):
    """One that a handler answers with a 500."""


class CallerError(CaseError):
    """One that a handler answers with a 409."""


class DependencyError(CaseError):
    """One that a handler answers with a 503, grouped by the service that failed."""

    fingerprint = ("dependency", "openai", "timeout")


def fail(case: str, kind: type[CaseError] = CaseError) -> None:
    msg = f"case {case}"
    raise kind(msg)


async def fail_soon(case: str) -> None:
    await asyncio.sleep(0)
    fail(case)


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
    if os.environ.get("FAIL_AT") == "startup":
        fail("startup")
    yield
    if os.environ.get("FAIL_AT") == "shutdown":
        fail("shutdown")


telemetry.init(
    telemetry.Options(
        dsn=os.environ["MATRIX_DSN"],
        environment="production",
        release="matrix@1.0.0",
        spool_dir=Path("spool"),
    )
)
app = FastAPI(lifespan=lifespan)
telemetry.instrument(app)


async def signed_in(request: HTTPConnection) -> None:
    """Say who asks, in every case."""
    telemetry.set_user(telemetry.User(id="ada", role="teacher"))
    sentry_sdk.set_tag("case", request.url.path.split("/")[-2])


cases = APIRouter(prefix="/cases", dependencies=[Depends(signed_in)])


@cases.get("/endpoint/{pupil}")
async def endpoint(pupil: str) -> None:
    del pupil
    fail("endpoint")


@cases.get("/plain-endpoint/{pupil}")
def plain_endpoint(pupil: str) -> None:
    del pupil
    fail("plain-endpoint")


async def broken_dependency() -> None:
    fail("dependency")


@cases.get("/dependency/{pupil}", dependencies=[Depends(broken_dependency)])
async def dependency() -> None: ...


async def broken_afterwards() -> AsyncIterator[int]:
    yield 1
    fail("dependency-teardown")


@cases.get("/dependency-teardown/{pupil}")
async def dependency_teardown(one: Annotated[int, Depends(broken_afterwards)]) -> int:
    return one


@cases.get("/handler-5xx/{pupil}")
async def handler_5xx() -> None:
    fail("handler-5xx", HandledError)


@cases.get("/handler-4xx/{pupil}")
async def handler_4xx() -> None:
    fail("handler-4xx", CallerError)


@cases.get("/dependency-fault/{pupil}")
async def dependency_fault() -> None:
    fail("dependency-fault", DependencyError)


@cases.get("/returned-5xx/{pupil}")
async def returned_5xx() -> Response:
    return JSONResponse({}, status_code=500)


@cases.get("/http-exception-5xx/{pupil}")
async def http_exception_5xx() -> None:
    raise HTTPException(503, "case http-exception-5xx")


@cases.get("/http-exception-4xx/{pupil}")
async def http_exception_4xx() -> None:
    raise HTTPException(404)


class Body(BaseModel):
    """What a request must bring."""

    grade: int


@cases.post("/validation/{pupil}")
async def validation(body: Body) -> None: ...


@cases.post("/validation-burst/{pupil}")
async def validation_burst(body: Body) -> None: ...


@cases.get("/response-validation/{pupil}", response_model=Body)
async def response_validation() -> dict[str, str]:
    return {"grade": "case response-validation"}


@cases.get("/background-task/{pupil}")
async def background_task(tasks: BackgroundTasks) -> None:
    tasks.add_task(fail_soon, "background-task")


@cases.get("/job/{pupil}")
async def job() -> None:
    telemetry.background(fail_soon("job"), name="job")  # type: ignore[unused-awaitable]


@cases.get("/job-awaited/{pupil}")
async def job_awaited() -> None:
    await telemetry.background(fail_soon("job-awaited"), name="job-awaited")


orphans: set[asyncio.Task[None]] = set()


@cases.get("/orphan-task/{pupil}")
async def orphan_task() -> None:
    task = asyncio.create_task(fail_soon("orphan-task"))
    orphans.add(task)
    task.add_done_callback(orphans.discard)


@cases.get("/awaited-task/{pupil}")
async def awaited_task() -> None:
    task = asyncio.create_task(fail_soon("awaited-task"))
    with suppress(CaseError):
        await task


@cases.get("/task-group/{pupil}")
async def task_group() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(fail_soon("task-group"))
        group.create_task(fail_soon("task-group"))


@cases.get("/gather/{pupil}")
async def gather() -> None:
    await asyncio.gather(fail_soon("gather"), asyncio.sleep(0))


@cases.get("/thread-pool/{pupil}")
async def thread_pool() -> None:
    await run_in_threadpool(fail, "thread-pool")


@cases.get("/executor/{pupil}")
async def executor() -> None:
    asyncio.get_running_loop().run_in_executor(None, fail, "executor")  # type: ignore[unused-awaitable]


@cases.get("/thread/{pupil}")
async def thread() -> None:
    threading.Thread(target=fail, args=("thread",)).start()


@cases.get("/streaming/{pupil}")
async def streaming() -> StreamingResponse:
    async def body() -> AsyncIterator[str]:
        yield "begun"
        fail("streaming")

    return StreamingResponse(body())


@cases.get("/client-gone/{pupil}")
async def client_gone() -> None:
    raise ClientDisconnect


@cases.get("/cancelled/{pupil}")
async def cancelled() -> None:
    task = asyncio.create_task(asyncio.sleep(60))
    task.cancel()
    await asyncio.wait([task])


@cases.get("/logged/{pupil}")
async def logged() -> None:
    try:
        fail("logged")
    except CaseError:
        log.exception("it goes on")


@cases.get("/logged-then-raised/{pupil}")
async def logged_then_raised() -> None:
    try:
        fail("logged-then-raised")
    except CaseError:
        log.exception("it does not go on")
        raise


def log_and_raise(case: str) -> None:
    try:
        fail(case)
    except CaseError:
        log.exception("it does not go on")
        raise


@cases.get("/logged-in-background/{pupil}")
async def logged_in_background(tasks: BackgroundTasks) -> None:
    tasks.add_task(log_and_raise, "logged-in-background")


@cases.get("/words-and-5xx/{pupil}")
async def words_and_5xx() -> Response:
    log.error("case %s", "words-and-5xx")
    return JSONResponse({}, status_code=500)


@cases.get("/error-in-words/{pupil}")
async def error_in_words() -> None:
    log.error("case %s", "error-in-words")


@cases.get("/critical-words/{pupil}")
async def critical_words() -> None:
    log.critical("case %s", "critical-words")


@cases.get("/captured-by-hand/{pupil}")
async def captured_by_hand() -> None:
    try:
        fail("captured-by-hand")
    except CaseError as error:
        sentry_sdk.capture_exception(error)


@cases.get("/captured-then-raised/{pupil}")
async def captured_then_raised() -> None:
    try:
        fail("captured-then-raised")
    except CaseError as error:
        sentry_sdk.capture_exception(error)
        raise


@cases.get("/message/{pupil}")
async def message() -> None:
    sentry_sdk.capture_message("case message", level="info")


@cases.get("/failed-sign-in/{pupil}")
async def failed_sign_in() -> None:
    telemetry.set_user(None)
    telemetry.authentication_failed("ada", reason="password")
    raise HTTPException(401)


@cases.get("/behind-middleware/{pupil}")
async def behind_middleware() -> None:
    fail("behind-middleware", HandledError)


@cases.websocket("/websocket/{pupil}")
async def websocket(connection: WebSocket) -> None:
    await connection.accept()
    await connection.receive_text()
    fail("websocket")


@cases.websocket("/websocket-closed/{pupil}")
async def websocket_closed(connection: WebSocket) -> None:
    await connection.accept()
    try:
        fail("websocket-closed")
    except CaseError:
        await connection.close(1011)


@cases.websocket("/websocket-left/{pupil}")
async def websocket_left(connection: WebSocket) -> None:
    await connection.accept()
    await connection.receive_text()  # raises WebSocketDisconnect


nested = APIRouter(prefix="/nested/{school}")


@nested.get("/leaf/{pupil}")
async def leaf() -> None:
    fail("nested-routers")


cases.include_router(nested)
app.include_router(cases)
mounted = FastAPI()


@mounted.get("/{pupil}")
async def in_mounted() -> None:
    fail("mounted-app")


app.mount("/cases/mounted-app", mounted)


@app.get("/health")
async def health() -> None:
    fail("health-check")


@app.exception_handler(HandledError)
@app.exception_handler(CallerError)
@app.exception_handler(DependencyError)
async def answer(_request: Request, error: Exception) -> Response:
    statuses: dict[type, int] = {CallerError: 409, DependencyError: 503}
    return JSONResponse({}, status_code=statuses.get(type(error), 500))


class Passing(BaseHTTPMiddleware):
    """A middleware as people have them; it fails for one address."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        if "/middleware/" in request.url.path:
            fail("middleware")
        return await call_next(request)


if os.environ.get("WITH_MIDDLEWARE"):
    app.add_middleware(Passing)


@cases.get("/middleware/{pupil}")
async def middleware() -> None: ...
