"""Reports errors, traces and logs of any FastAPI or Starlette application to any Sentry DSN.

Scrubbed before it leaves, on disk before it is sent, and never in a request's way::

    telemetry.init(telemetry.Options(dsn=..., environment="production", release="shop@1.2.0"))
    app = FastAPI()
    telemetry.instrument(app)
    telemetry.add_routes(app)
"""

from toolboxai.telemetry.options import Options, OptionsError
from toolboxai.telemetry.routes import add_routes, details, is_local, measurements, status
from toolboxai.telemetry.setup import (
    close,
    event_id_for,
    flush,
    init,
    instrument,
    request_id,
    trace_id,
)
from toolboxai.telemetry.tracing import span

__all__ = [
    "Options",
    "OptionsError",
    "add_routes",
    "close",
    "details",
    "event_id_for",
    "flush",
    "init",
    "instrument",
    "is_local",
    "measurements",
    "request_id",
    "span",
    "status",
    "trace_id",
]
