"""Reports errors, traces and logs of any FastAPI or Starlette application to any Sentry DSN.

Scrubbed before it leaves, on disk before it is sent, and never in a request's way::

    telemetry.init(telemetry.Options(dsn=..., environment="production", release="shop@1.2.0"))
    app = FastAPI()
    telemetry.instrument(app)
    telemetry.add_routes(app)
"""

from toolboxai.telemetry.breadcrumbs import breadcrumb
from toolboxai.telemetry.context import (
    Agent,
    Application,
    Education,
    Plugin,
    User,
    set_context,
    set_user,
)
from toolboxai.telemetry.health import details, measurements, metrics, status
from toolboxai.telemetry.jobs import background, job, trace_link
from toolboxai.telemetry.options import Options, OptionsError
from toolboxai.telemetry.routes import add_routes, is_local
from toolboxai.telemetry.security import authentication_failed
from toolboxai.telemetry.setup import (
    close,
    event_id_for,
    flush,
    init,
    instrument,
    request_id,
    trace_id,
)
from toolboxai.telemetry.steps import (
    agent_run,
    content_generation,
    database_operation,
    external_service,
)
from toolboxai.telemetry.tracing import span

__all__ = [
    "Agent",
    "Application",
    "Education",
    "Options",
    "OptionsError",
    "Plugin",
    "User",
    "add_routes",
    "agent_run",
    "authentication_failed",
    "background",
    "breadcrumb",
    "close",
    "content_generation",
    "database_operation",
    "details",
    "event_id_for",
    "external_service",
    "flush",
    "init",
    "instrument",
    "is_local",
    "job",
    "measurements",
    "metrics",
    "request_id",
    "set_context",
    "set_user",
    "span",
    "status",
    "trace_id",
    "trace_link",
]
