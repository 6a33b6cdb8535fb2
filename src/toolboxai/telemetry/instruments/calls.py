"""What every observed call leaves behind: a breadcrumb always, a span where the trace is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from toolboxai.telemetry.current import Breadcrumb, Request
from toolboxai.telemetry.options import LOOPBACK
from toolboxai.telemetry.sdk import Span
from toolboxai.telemetry.tracing import parent_of

ORIGIN = "auto.{}.toolboxai"

# Compared by name along the class's bases: the libraries' own classes are not imported here.
_STATUS_FOR_ERROR = {
    "CancelledError": "cancelled",
    "GeneratorExit": "cancelled",
    "TimeoutError": "deadline_exceeded",
    "TimeoutException": "deadline_exceeded",
    "ConnectionError": "unavailable",
    "NetworkError": "unavailable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """How the instruments behave."""

    slow_query_seconds: float = 0.1
    trace_hosts: tuple[str, ...] = LOOPBACK
    max_breadcrumbs: int = 50
    in_app_prefixes: tuple[str, ...] = ()


def leave_crumb(
    request: Request, started: float, category: str, level: str, message: str, *, limit: int
) -> None:
    """Leave a breadcrumb of a call that began at ``started``."""
    request.leave(Breadcrumb(started, category, level, message), limit=limit)


def start_span(request: Request, op: str, name: str, started: float) -> Span | None:
    """Begin a span below the step that the request is in, or ``None`` if its trace isn't kept.

    It is never made the scope's current one: tasks of one request share that scope, and calls made
    side by side would become each other's parents.
    """
    parent = parent_of(request)
    if parent is None:
        return None
    origin = ORIGIN.format(op.partition(".")[0])
    return parent.start_child(op=op, name=name, origin=origin, start_timestamp=started)


def end_span(
    span: Span, seconds: float, data: Mapping[str, Any], error: BaseException | None
) -> None:
    """End ``span``, without the breadcrumb that some versions of the SDK would add to ours."""
    span.update_data(dict(data))
    span.timestamp = span.start_timestamp + timedelta(seconds=seconds)
    if error is None:
        return
    span.set_status(status_for(error))
    span.set_data("error.type", type(error).__name__)


def status_for(error: BaseException) -> str:
    """Return the span status that says how a call failed."""
    names = (kind.__name__ for kind in type(error).__mro__)
    known = (_STATUS_FOR_ERROR[name] for name in names if name in _STATUS_FOR_ERROR)
    return next(known, "internal_error")
