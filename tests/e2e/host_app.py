"""An outside team's application, as their servers import it: it fails on request and names the event.

What it captures stays in memory until somebody flushes, so that the server's end is all that can bring it away.
"""

import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from toolboxai import telemetry
from toolboxai.telemetry.transport import keeper

keeper.TICK_SECONDS = 300.0
telemetry.init(
    telemetry.Options(
        dsn=os.environ["SENTRY_DSN"],
        environment="development",
        flush_timeout_seconds=20,  # a machine may be busy
    )
)


async def answer(_request: Request, error: Exception) -> JSONResponse:
    """Say under which id the error will be reported, and by which process."""
    told = {"event_id": telemetry.event_id_for(error), "pid": os.getpid()}
    return JSONResponse(told, status_code=500, headers={"connection": "close"})


async def fail(request: Request) -> None:
    """Fail."""
    raise ValueError(request.path_params["number"])


app = Starlette(routes=[Route("/fail/{number}", fail)], exception_handlers={Exception: answer})
telemetry.instrument(app)
