"""What a request was about: its route, its facts, its trace, in the shapes of Sentry's event schema."""

import platform
from collections.abc import Iterable, Mapping, MutableMapping
from datetime import UTC, datetime
from time import time
from typing import Any

from starlette.routing import BaseRoute, Mount, Route

from toolboxai.telemetry.current import Breadcrumb, Request, new_id

Event = dict[str, Any]

# Values of these say what a client can do, not who it is. All other headers stay where they are.
ALLOWED_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "content-length",
        "content-type",
        "host",
        "user-agent",
        "x-request-id",
    }
)
UNMATCHED = "<no route>"
# Where the layer leaves the application it wraps: a mounted one puts itself into the scope's own place.
OUTERMOST_APP = "toolboxai.telemetry.app"

_RUNTIME = {"name": platform.python_implementation(), "version": platform.python_version()}
_STATUS_NAMES = {
    400: "invalid_argument",
    401: "unauthenticated",
    403: "permission_denied",
    404: "not_found",
    409: "already_exists",
    413: "failed_precondition",
    422: "invalid_argument",
    429: "resource_exhausted",
    499: "cancelled",
    501: "unimplemented",
    503: "unavailable",
    504: "deadline_exceeded",
}


def status_name(status: int | None) -> str:
    """Return the span status for an HTTP status, as Sentry's trace context names them."""
    if status is None or status >= 500:
        return _STATUS_NAMES.get(status or 500, "internal_error")
    return _STATUS_NAMES.get(status, "ok" if status < 400 else "invalid_argument")


def route_of(scope: Mapping[str, Any]) -> str:
    """Return the route's template with all its prefixes, never a path that somebody typed.

    FastAPI keeps the prefixes of nested routers in a key of its own, which its route lacks; a plain
    Starlette route and the mounts above either are found again by walking the outermost application.
    """
    own = scope.get("fastapi") or {}
    path = getattr(own.get("effective_route_context"), "path", None)
    path = path or getattr(scope.get("route"), "path", None)
    mounted_at = scope.get("root_path", "")[len(scope.get("app_root_path", "")) :]
    routes = getattr(scope.get(OUTERMOST_APP), "routes", ())
    if path is None:
        return _template(routes, _own_path(scope, scope.get("app_root_path", ""))) or UNMATCHED
    return f"{_mounts(routes, mounted_at)}{path}" if mounted_at else str(path)


def _template(routes: Iterable[BaseRoute], path: str) -> str | None:
    """Return the template of the first route that takes ``path``."""
    for route in routes:
        if isinstance(route, Mount) and (match := route.path_regex.match(path)):
            rest = _template(route.routes or (), "/" + match["path"])
            return f"{route.path}{rest or '/' + UNMATCHED}"
        if isinstance(route, Route) and route.path_regex.match(path):
            return route.path
    return None


def _mounts(routes: Iterable[BaseRoute], path: str) -> str:
    """Return the templates of the mounts that lead to ``path``."""
    for route in routes:
        if isinstance(route, Mount) and (match := route.path_regex.match(f"{path}/")):
            rest = match["path"].rstrip("/")
            return route.path + (_mounts(route.routes or (), f"/{rest}") if rest else "")
    return ""


def transaction_name(request: Request) -> str:
    """Return ``METHOD /template``'s template: what Sentry lists as the transaction."""
    return route_of(request.scope)


def request_facts(scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return method, URL by template-free path, the names of query parameters, and harmless headers."""
    headers = {
        name: value.decode("latin-1")
        for raw, value in scope.get("headers", ())
        if (name := raw.decode("latin-1")) in ALLOWED_HEADERS
    }
    host = headers.get("host", "localhost")
    return {
        "method": scope.get("method", "GET"),
        "url": f"{scope.get('scheme', 'http')}://{host}{scope.get('path', '')}",
        "query_string": _query_shape(scope.get("query_string", b"")),
        "headers": headers,
    }


def _own_path(scope: Mapping[str, Any], root: str) -> str:
    return str(scope.get("path", "")).removeprefix(root)


def _query_shape(query: bytes) -> str:
    """Return the parameters' names; what was in them is nobody's business here."""
    pairs = query[:4_096].decode("latin-1").split("&")
    return "&".join(f"{name}=…" for pair in pairs if (name := pair.partition("=")[0]))


def trace_context(request: Request) -> dict[str, Any]:
    """Return the trace context of a request that has no transaction of its own."""
    return {
        "trace_id": request.trace_id,
        "span_id": new_id(64),
        "parent_span_id": request.parent_span_id,
        "op": "http.server",
        "status": status_name(request.status),
    }


def breadcrumbs_of(request: Request) -> list[dict[str, Any]]:
    """Return the request's own breadcrumbs, oldest first."""
    return [_crumb(crumb) for crumb in request.breadcrumbs or ()]


def _crumb(crumb: Breadcrumb) -> dict[str, Any]:
    return {
        "timestamp": crumb.timestamp,
        "type": "default",
        "category": crumb.category,
        "level": crumb.level,
        "message": crumb.message,
    }


def describe(event: MutableMapping[str, Any], request: Request, *, max_breadcrumbs: int) -> None:
    """Put on ``event`` what is known of ``request``: facts, route, trace, ids, breadcrumbs."""
    event["transaction"] = transaction_name(request)
    event["transaction_info"] = {"source": "route"}
    event["request"] = request_facts(request.scope)
    contexts = event.setdefault("contexts", {})
    if request.transaction is None:
        contexts["trace"] = trace_context(request)
    contexts["response"] = {"status_code": request.status} if request.status else {}
    contexts["telemetry"] = {
        "request_id": request.request_id,
        "elapsed_ms": round((time() - request.started) * 1000, 1),
    }
    contexts.setdefault("runtime", _RUNTIME)
    event["breadcrumbs"] = {"values": _merged(event.get("breadcrumbs"), request, max_breadcrumbs)}


def _merged(given: object, request: Request, limit: int) -> list[dict[str, Any]]:
    """Return the SDK's breadcrumbs and ours in order of time, the newest ``limit``."""
    theirs = given.get("values", ()) if isinstance(given, dict) else ()
    together = [*theirs, *breadcrumbs_of(request)]
    together.sort(key=lambda crumb: _epoch(crumb.get("timestamp")))
    return together[-limit:] if limit else []


def _epoch(timestamp: object) -> float:
    """Return seconds since 1970 for the forms in which breadcrumbs carry a time."""
    if isinstance(timestamp, datetime):
        aware = timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)
        return aware.timestamp()
    if isinstance(timestamp, int | float):
        return float(timestamp)
    try:
        return datetime.fromisoformat(str(timestamp)).timestamp()
    except ValueError:
        return 0.0
