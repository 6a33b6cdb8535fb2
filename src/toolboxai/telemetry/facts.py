"""What a request was about: its route, its facts, its trace, in the shapes of Sentry's event schema."""

import platform
import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from datetime import UTC, datetime
from time import time
from typing import Any

from starlette.routing import BaseRoute, Mount

from toolboxai.telemetry.current import Breadcrumb, Request, new_id
from toolboxai.telemetry.lines import one_line

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
# Sentry's names for kinds of work.
OPS = {"http": "http.server", "websocket": "websocket.server", "job": "job"}
MAX_HEADER_CHARS = 256
MAX_QUERY_BYTES = 4_096
_NAME = re.compile(r"[A-Za-z_][\w.\[\]-]{0,63}")
# Where the layer leaves the application it wraps: a mounted one puts itself into the scope's own place.
OUTERMOST_APP = "toolboxai.telemetry.app"

_RUNTIME = {"name": platform.python_implementation(), "version": platform.python_version()}
_CRUMB_TYPES = {"http": "http", "query": "query", "redis": "query"}
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
    if scope["type"] not in {"http", "websocket"}:
        return str(
            scope.get("path", scope["type"])
        )  # a job or the application's own start: its name
    own = scope.get("fastapi") or {}
    path = getattr(own.get("effective_route_context"), "path", None)
    path = path or getattr(scope.get("route"), "path", None)
    # Starlette notes the application's own root path only when a mount adds to it.
    root = scope.get("app_root_path")
    if root is None and path is not None:
        return str(path)  # most requests, and every one is asked
    mounted_at = "" if root is None else scope.get("root_path", "")[len(root) :]
    routes = getattr(scope.get(OUTERMOST_APP), "routes", ())
    if path is None:
        return (
            _template(
                routes, _own_path(scope, root if root is not None else scope.get("root_path", ""))
            )
            or UNMATCHED
        )
    return f"{_mounts(routes, mounted_at)}{path}" if mounted_at else str(path)


def _template(routes: Iterable[BaseRoute], path: str) -> str | None:
    """Return the template of the first route that takes ``path``."""
    for route in _flat(routes):
        pattern = getattr(route, "path_regex", None)
        match = pattern.match(path) if pattern else None
        if match and isinstance(route, Mount):
            rest = _template(route.routes or (), "/" + match["path"])
            return f"{route.path}{rest or '/' + UNMATCHED}"
        if match:
            return str(route.path)
    return None


def _flat(routes: Iterable[BaseRoute]) -> Iterator[Any]:
    """Yield all routes; FastAPI includes a router as one, with its prefixes put together inside."""
    for route in routes:
        included = getattr(route, "effective_route_contexts", None)
        if included is None:
            yield route
        else:
            for each in included():
                yield getattr(each, "starlette_route", None) or each


def _mounts(routes: Iterable[BaseRoute], path: str) -> str:
    """Return the templates of the mounts that lead to ``path``."""
    for route in _flat(routes):
        if isinstance(route, Mount) and (match := route.path_regex.match(f"{path}/")):
            rest = match["path"].rstrip("/")
            return route.path + (_mounts(route.routes or (), f"/{rest}") if rest else "")
    return ""


def transaction_name(request: Request) -> str:
    """Return what Sentry lists as the transaction: the route's template."""
    if request.status == 404 and not {"route", "app_root_path"} & request.scope.keys():
        return UNMATCHED  # no need to try them all again
    return route_of(request.scope)


def request_facts(scope: Mapping[str, Any], route: str) -> dict[str, Any]:
    """Return method, URL with the route's template as its path, query names, and harmless headers."""
    headers = {
        name: value.decode("latin-1")[:MAX_HEADER_CHARS]
        for raw, value in scope.get("headers", ())
        if (name := raw.decode("latin-1")) in ALLOWED_HEADERS
    }
    host = headers.get("host", "localhost")
    return {
        "method": scope.get("method", "GET"),
        "url": f"{scope.get('scheme', 'http')}://{host}/{route.removeprefix('/')}",
        "query_string": _query_shape(scope.get("query_string", b"")),
        "headers": headers,
    }


def _own_path(scope: Mapping[str, Any], root: str) -> str:
    return str(scope.get("path", "")).removeprefix(root)


def _query_shape(query: bytes) -> str:
    """Return the parameters' names; what was in them is nobody's business here."""
    pairs = query[:MAX_QUERY_BYTES].decode("latin-1").split("&")
    split = (pair.partition("=") for pair in pairs if pair)
    return "&".join(
        f"{name if is_given and _NAME.fullmatch(name) else ''}=…" for name, is_given, _ in split
    )


def trace_context(request: Request) -> dict[str, Any]:
    """Return the trace context of a request that has no transaction of its own."""
    status = status_name(request.status) if request.kind == "http" else None
    return {
        "trace_id": request.trace_id,
        "span_id": new_id(64),
        "parent_span_id": request.parent_span_id,
        "op": OPS.get(request.kind, request.kind),
        **({"status": status} if status else {}),
    }


def breadcrumbs_of(request: Request) -> list[dict[str, Any]]:
    """Return the request's own breadcrumbs, oldest first."""
    return [_crumb(crumb) for crumb in request.breadcrumbs or ()]


def _crumb(crumb: Breadcrumb) -> dict[str, Any]:
    plain = {
        name: one_line(value) if isinstance(value, str) else value
        for name, value in (crumb.data or {}).items()
    }
    data = {"data": plain} if plain else {}
    return data | {
        "timestamp": crumb.timestamp,
        "type": _CRUMB_TYPES.get(crumb.category, "default"),
        "category": one_line(crumb.category),
        "level": "warning" if crumb.level == "warn" else crumb.level,
        "message": one_line(crumb.message),
    }


def describe(event: MutableMapping[str, Any], request: Request, *, max_breadcrumbs: int) -> None:
    """Put on ``event`` what is known of ``request``: facts, route, trace, ids, breadcrumbs."""
    event["transaction"] = transaction_name(request)
    event["transaction_info"] = {"source": "task" if request.kind == "job" else "route"}
    if request.kind in {"http", "websocket"}:
        event["request"] = request_facts(request.scope, event["transaction"])
    contexts = event.setdefault("contexts", {})
    if request.transaction is None:
        contexts["trace"] = trace_context(request)
    contexts["response"] = {"status_code": request.status} if request.status else {}
    if request.kind == "job":
        contexts["job"] = _job_of(request)
    contexts["telemetry"] = {
        "request_id": request.request_id,
        "elapsed_ms": round((time() - request.started) * 1000, 1),
    }
    contexts.setdefault("runtime", _RUNTIME)
    event["breadcrumbs"] = {"values": _merged(event.get("breadcrumbs"), request, max_breadcrumbs)}


def _job_of(request: Request) -> dict[str, Any]:
    """Return a job's name and, where a request started it, that request's trace and id."""
    named: dict[str, Any] = {"name": request.scope["path"]}
    if request.origin is None:
        return named
    trace_id, request_id = request.origin.trace_id, request.origin.request_ids[0]
    return named | {"started_in_trace": trace_id, "started_by_request": request_id}


def _merged(given: object, request: Request, limit: int) -> list[dict[str, Any]]:
    """Return the SDK's breadcrumbs and ours in order of time, the newest ``limit``."""
    theirs = given.get("values", ()) if isinstance(given, dict) else ()
    together = [*theirs, *breadcrumbs_of(request)]
    together.sort(key=lambda crumb: epoch_of(crumb.get("timestamp")))
    return together[-limit:] if limit else []


def epoch_of(timestamp: object) -> float:
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
