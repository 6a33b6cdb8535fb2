"""What telemetry says of itself: ``/sentry/status``; and how to try it in development: ``/sentry-debug``."""

import logging
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.setup import current_telemetry, telemetry
from toolboxai.telemetry.tracing import span

# Not this module's own name: what telemetry says of itself is never sent.
log = logging.getLogger("toolboxai.debug")

_FORWARDING = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


class DebugError(RuntimeError):
    """Raised on request, to see that it arrives."""


def status() -> dict[str, Any]:
    """Return what anybody may know: whether reporting is on and works. Never the DSN."""
    active = current_telemetry()
    if active is None or active.transport is None:
        reason = "no DSN is set: monitoring is off" if active else "telemetry.init was not called"
        environment = active.options.environment if active else None
        return {"enabled": False, "healthy": False, "environment": environment, "reason": reason}
    delivery = active.transport.delivery
    last = delivery.last_delivered_at
    return {
        "enabled": True,
        "healthy": delivery.is_healthy,
        "environment": active.options.environment,
        "release": active.options.release,
        "last_delivery": last.isoformat() if last else None,
    }


def details() -> dict[str, Any]:
    """Return what operators may know: queue, spool, losses by reason, redactions by rule."""
    active = current_telemetry()
    if active is None or active.transport is None:
        return status()
    transport = active.transport
    return status() | {
        "server_name": active.server_name,
        "traces_sample_rate": active.traces_sample_rate,
        "send_default_pii": active.options.send_default_pii,
        "queued": transport.queued,
        "spool": {
            "waiting": transport.spool.waiting,
            "size_bytes": transport.spool.size_bytes,
            "max_bytes": active.options.spool_max_bytes,
        },
        "failures_in_a_row": transport.delivery.failures_in_a_row,
        "last_error": transport.delivery.last_error,
        "counts": dict(sorted(counters.snapshot().items())),
    }


def measurements() -> Mapping[str, int | float]:
    """Return flat numbers for a metrics page."""
    active = current_telemetry()
    numbers: dict[str, int | float] = {"enabled": int(bool(active and active.is_active))}
    if active is not None and active.transport is not None:
        transport = active.transport
        numbers |= {
            "healthy": int(transport.delivery.is_healthy),
            "queued": transport.queued,
            "spool_waiting": transport.spool.waiting,
            "spool_size_bytes": transport.spool.size_bytes,
        }
    return {**numbers, **counters.snapshot()}


def add_routes(app: Starlette) -> None:
    """Add ``/sentry/status`` and, in development only, ``/sentry-debug``."""
    app.add_route("/sentry/status", _status, methods=["GET"], include_in_schema=False)
    if telemetry().options.is_development:
        app.add_route("/sentry-debug", _debug, methods=["GET", "POST"], include_in_schema=False)


async def _status(request: Request) -> Response:
    return JSONResponse(details() if is_local(request) else status())


def is_local(request: Request) -> bool:
    """Say whether this machine itself asks, with no proxy between and by a loopback name."""
    headers = request.headers
    if request.client is None or any(name in headers for name in _FORWARDING):
        return False
    host = headers.get("host", "")
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    try:
        return ip_address(request.client.host).is_loopback and name in _LOOPBACK_NAMES
    except ValueError:
        return False


async def _debug(request: Request) -> Response:
    """Do what ``?kind=`` names: fail with an ``error`` (the default), write a ``log``, time a ``trace``."""
    kind = request.query_params.get("kind", "error")
    active = telemetry()
    match kind:
        case "error":
            return _fail(active.options.environment)
        case "log":
            log.warning("a test line from /sentry-debug")
        case "trace":
            with span("debug.step", "a step of the debug trace"):
                pass
        case _:
            raise HTTPException(400, "kind is one of: error, log, trace")
    return JSONResponse({"kind": kind, "sent": active.is_active})


def _fail(environment: str) -> Response:
    msg = f"a test error from /sentry-debug in {environment}"
    raise DebugError(msg)
