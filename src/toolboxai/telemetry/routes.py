"""Where telemetry is asked: ``/sentry/status``, ``/metrics``, ``/privacy/policy``; and tried, in development: ``/sentry-debug``."""

from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Mount, Route

from toolboxai.telemetry.debugging import DebugKinds, debug_endpoint
from toolboxai.telemetry.figures import CONTENT_TYPE, as_text
from toolboxai.telemetry.health import details, metrics, status
from toolboxai.telemetry.privacy import as_markdown, document_of
from toolboxai.telemetry.setup import telemetry

_FORWARDING = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})

Endpoint = Callable[[Request], Response | Awaitable[Response]]


class _SpareRoute(Route):
    """A route for who has none of that path, whichever of both is added first."""

    def __init__(self, app: Starlette, path: str, endpoint: Endpoint) -> None:
        super().__init__(path, endpoint, methods=["GET"], include_in_schema=False)
        self._app = app

    def matches(self, scope: MutableMapping[str, Any]) -> tuple[Match, MutableMapping[str, Any]]:
        """Give way to the application's own."""
        match, found = super().matches(scope)
        if match is not Match.NONE and any(self._is_before(r, scope) for r in self._app.routes):
            return Match.NONE, {}
        return match, found

    def _is_before(self, route: BaseRoute, scope: MutableMapping[str, Any]) -> bool:
        if isinstance(route, Mount):  # at its path, not one for everything
            return route.path == self.path
        return route is not self and route.matches(dict(scope))[0] is Match.FULL


def add_routes(app: Starlette, *, debug_kinds: DebugKinds = MappingProxyType({})) -> None:
    """Add ``/sentry/status``, ``/metrics`` and ``/privacy/policy`` unless there are, in development ``/sentry-debug``.

    ``debug_kinds`` are what else can go wrong there on request: ``/sentry-debug/{name}`` awaits the function of that name.
    """
    app.add_route("/sentry/status", _status, methods=["GET"], include_in_schema=False)
    app.router.routes.append(_SpareRoute(app, "/metrics", _metrics))
    app.router.routes.append(_SpareRoute(app, "/privacy/policy", _policy))
    if telemetry().options.is_development:
        answer_debug = debug_endpoint(debug_kinds)
        for path in ("/sentry-debug", "/sentry-debug/{kind}"):
            app.add_route(path, answer_debug, methods=["GET", "POST"], include_in_schema=False)


# Not `async`: what other workers have counted is read from their files, in a thread.
def _status(request: Request) -> Response:
    return JSONResponse(details() if is_local(request) else status())


def _metrics(request: Request) -> Response:
    everything = is_local(request)
    families = metrics(everything=everything)
    if "application/json" not in request.headers.get("accept", ""):
        return PlainTextResponse(as_text(families), media_type=CONTENT_TYPE)
    samples = [sample._asdict() for family in families for sample in family.samples]
    return JSONResponse({"sentry": details() if everything else status(), "samples": samples})


async def _policy(request: Request) -> Response:
    active = telemetry()
    document = document_of(active.options, active.policy)
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse(document.as_json())
    return PlainTextResponse(as_markdown(document))


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
