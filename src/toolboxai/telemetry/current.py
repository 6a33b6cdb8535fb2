"""The request that is being served, found from anywhere below it. One small object, nothing of Sentry's."""

from collections import deque
from collections.abc import MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass
from random import getrandbits
from time import time
from types import TracebackType
from typing import Any, NamedTuple

_MARK = "__toolboxai_telemetry__"


class Breadcrumb(NamedTuple):
    """Something that happened on the way."""

    timestamp: float
    category: str
    level: str
    message: str


@dataclass(slots=True)
class Failure:
    """The error a request met, and the id under which it will be reported.

    The traceback is kept apart: Starlette clears the exception's own once a handler has answered.
    """

    error: BaseException
    traceback: TracebackType | None
    event_id: str


class Request:
    """What telemetry knows of one request while it runs."""

    __slots__ = (
        "baggage",
        "breadcrumbs",
        "failure",
        "parent_span_id",
        "request_id",
        "sampled",
        "scope",
        "started",
        "status",
        "trace_id",
        "transaction",
    )

    def __init__(self, scope: MutableMapping[str, Any]) -> None:
        self.scope = scope
        self.started = time()
        self.request_id = new_id(128)
        self.trace_id = ""
        self.parent_span_id: str | None = None
        self.baggage: str | None = None
        self.sampled: bool = False
        self.transaction: Any = None
        self.status: int | None = None
        self.failure: Failure | None = None
        self.breadcrumbs: deque[Breadcrumb] | None = None

    def leave(self, crumb: Breadcrumb, *, limit: int) -> None:
        """Remember ``crumb``; the oldest of more than ``limit`` is forgotten."""
        if self.breadcrumbs is None:
            self.breadcrumbs = deque(maxlen=limit)
        self.breadcrumbs.append(crumb)

    def fail(self, error: BaseException) -> Failure:
        """Take note of the error; a later look at the same one gets the same event id."""
        if self.failure is None or self.failure.error is not error:
            self.failure = Failure(error, error.__traceback__, new_id(128))
        return self.failure


_request: ContextVar[Request | None] = ContextVar("toolboxai_telemetry_request", default=None)
current_request = _request.get
# Never reset: the server's own error log runs in the same task after us and must find the request.
set_current_request = _request.set


def new_id(bits: int) -> str:
    """Return a random id in hex. Speed matters here, secrecy does not."""
    return f"{getrandbits(bits):0{bits // 4}x}"


def mark_captured(error: BaseException, event_id: str) -> None:
    """Leave on the exception that this occurrence of it is reported.

    In ``__dict__`` because ``setattr`` fails on frozen ones. With the request, because an exception
    object that is made once and raised by every request is a new occurrence each time.
    """
    error.__dict__[_MARK] = (current_request(), event_id)


def captured_id(error: BaseException) -> str | None:
    """Return the event id under which this occurrence was reported, if it was."""
    request, event_id = error.__dict__.get(_MARK, (None, None))
    return event_id if event_id and request is current_request() else None
