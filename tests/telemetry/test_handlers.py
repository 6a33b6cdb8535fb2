"""An error handler that is watched behaves as it did."""

from inspect import iscoroutinefunction

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.testclient import TestClient

from tests.telemetry.conftest import Start
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.telemetry.asgi.handlers import noting


def in_a_thread(_request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"said": str(error)}, status_code=503)


async def on_the_loop(_request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"said": str(error)}, status_code=503)


def test_a_synchronous_handler_stays_synchronous_and_wrapping_twice_is_wrapping_once() -> None:
    once = noting(in_a_thread)

    assert not iscoroutinefunction(once)
    assert iscoroutinefunction(noting(on_the_loop))
    assert noting(once) is once


def test_a_synchronous_handler_answers_and_its_error_is_reported(
    start: Start, sink: RecordingSink
) -> None:
    start()
    app = FastAPI()
    app.add_exception_handler(KeyError, in_a_thread)

    @app.get("/missing")
    async def missing() -> None:
        raise KeyError("page")  # noqa: EM101

    telemetry.instrument(app)
    with TestClient(app, raise_server_exceptions=False) as client:
        response = client.get("/missing")

    assert telemetry.flush(5)
    (event,) = sink.items("event")
    assert response.json() == {"said": "'page'"}
    assert event["exception"]["values"][-1]["mechanism"]["handled"] is True
