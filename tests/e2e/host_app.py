"""An outside team's application, as their servers import it: it fails on request and names the event."""

import os

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from toolboxai import telemetry

telemetry.init(telemetry.Options(dsn=os.environ["SENTRY_DSN"], environment="development"))
app = FastAPI()
telemetry.instrument(app)


@app.exception_handler(Exception)
async def answer(_request: Request, error: Exception) -> JSONResponse:
    """Say under which id the error will be reported, and by which process."""
    told = {"event_id": telemetry.event_id_for(error), "pid": os.getpid()}
    return JSONResponse(told, status_code=500, headers={"connection": "close"})


@app.get("/fail/{number}")
async def fail(number: int) -> None:
    """Fail."""
    raise ValueError(number)
