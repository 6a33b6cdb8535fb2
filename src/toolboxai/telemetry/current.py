"""The request that is being served, found from anywhere below it. One small object, nothing of Sentry's."""

import os
from collections import deque
from collections.abc import Callable, Mapping, MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass
from random import Random
from time import monotonic, perf_counter, time
from types import TracebackType
from typing import Any, NamedTuple

from sentry_sdk import profiler

MAX_BREADCRUMBS = 50
MAX_NOTED_ERRORS = 20
SAME_OCCURRENCE_SECONDS = 1.0
_MARK = "__toolboxai_telemetry__"


class Breadcrumb(NamedTuple):
    """Something that happened on the way."""

    timestamp: float
    category: str
    level: str
    message: str
    data: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Failure:
    """The error a request met, and the id under which it will be reported.

    The traceback is kept apart: Starlette clears the exception's own once a handler has answered.
    """

    error: BaseException
    traceback: TracebackType | None
    event_id: str
    words: Mapping[str, Any] | None = None  # what was logged with it, in the shapes of an event
    is_admitted: bool | None = None  # decided once: an error page may already have named the event


@dataclass(slots=True)
class Messages:
    """What went over a WebSocket, and how it was closed."""

    received: int = 0
    sent: int = 0
    closed_with: int | None = None
    has_left: bool = False  # the client


class Origin(NamedTuple):
    """Who started a job: the ids of that request's trace and step, and of itself and those before it."""

    trace_id: str
    span_id: str | None
    is_sampled: bool
    request_ids: tuple[str, ...]


class Request:
    """What telemetry knows of one request, or one job, while it runs."""

    __slots__ = (
        "answered",
        "baggage",
        "began",
        "breadcrumbs",
        "failures",
        "finished",
        "invalid",
        "is_error_told",
        "is_refusal_told",
        "kept_anyway",
        "logged",
        "messages",
        "origin",
        "parent_span_id",
        "profile",
        "raised",
        "request_id",
        "sampled",
        "scope",
        "scopes",
        "started",
        "status",
        "took_seconds",
        "trace_id",
        "transaction",
    )

    def __init__(self, scope: MutableMapping[str, Any]) -> None:
        self.scope = scope
        self.started = time()
        self.began = perf_counter()  # the clock on the wall may be set
        self.took_seconds: float | None = None  # until the answer was complete
        self.request_id = new_id(128)
        self.trace_id = ""
        self.parent_span_id: str | None = None
        self.baggage: str | None = None
        self.sampled: bool | None = None  # nobody has decided: it is none of those that may be
        self.transaction: Any = None
        self.profile: profiler.Profile | None = None
        self.status: int | None = None
        self.answered = False
        self.raised = False
        self.finished = False
        self.kept_anyway = False
        self.failures: list[Failure] = []
        # How to enter the scopes that hold what the application set for this request.
        self.scopes: Callable[[], None] | None = None
        self.logged: list[Failure] = []
        self.breadcrumbs: deque[Breadcrumb] | None = None
        self.origin: Origin | None = None
        self.is_error_told = False  # in words, which say why a 5xx was answered
        self.is_refusal_told = False
        self.invalid: Exception | None = None  # what a validation that refused the request found
        self.messages = Messages()

    def leave(self, crumb: Breadcrumb, *, limit: int = MAX_BREADCRUMBS) -> None:
        """Remember ``crumb``; the oldest of more than ``limit`` is forgotten."""
        if self.breadcrumbs is None:
            self.breadcrumbs = deque(maxlen=limit)
        self.breadcrumbs.append(crumb)

    def log(self, error: BaseException, words: Mapping[str, Any] | None = None) -> bool:
        """Take note of an error that was logged: whether that was all is known at the end.

        Say whether there was room for it.
        """
        if len(self.logged) >= MAX_NOTED_ERRORS:
            return False
        failure = _noted(self.logged, error)
        failure.words = failure.words or words
        return True

    def fail(self, error: BaseException) -> Failure:
        """Take note of an error; a later look at the same one gets the same event id."""
        return _noted(self.failures, error)

    def enter_scopes(self) -> None:
        """Make what the application set for this request current again."""
        if self.scopes is not None:
            self.scopes()

    @property
    def goes_on(self) -> bool:
        """Whether the application is still making its answer.

        A server may begin the next request in this one's context, even while a background task runs.
        """
        return not (self.finished or self.answered)

    @property
    def ends_soon(self) -> bool:
        """Whether this is a request whose end can be waited for; a connection of hours has none."""
        return not self.finished and self.scope["type"] == "http"

    @property
    def tells_what_became(self) -> bool:
        """Whether its end tells what became of an error that may yet be mended; a job's does, too."""
        return self.ends_soon or (self.kind == "job" and not self.finished)

    def finish(self) -> None:
        """Let go of what is reported: a timer or a pool may keep this object's context for hours."""
        self.finished = True
        self.failures.clear()
        self.logged.clear()
        self.invalid = None
        self.transaction = None

    @property
    def kind(self) -> str:
        """``http``, ``websocket``, ``lifespan`` or ``job``."""
        return str(self.scope["type"])

    def as_origin(self) -> Origin:
        """Return what a job that is started from here may know of it."""
        span_id = None if self.transaction is None else str(self.transaction.span_id)
        return Origin(self.trace_id, span_id, self.transaction is not None, self.ids)

    @property
    def ids(self) -> tuple[str, ...]:
        """Its own id, then those of who started it: an error of a job may still be raised into them."""
        return (self.request_id, *(self.origin.request_ids if self.origin else ()))

    @property
    def failure(self) -> Failure | None:
        """The error that was noted last."""
        return self.failures[-1] if self.failures else None

    @property
    def is_only_counted(self) -> bool:
        """Whether what went wrong was one of so many that nothing of it was sent in full."""
        admitted = {failure.is_admitted for failure in (*self.failures, *self.logged)}
        return False in admitted and True not in admitted


def _noted(failures: list[Failure], error: BaseException) -> Failure:
    """Return what is noted of ``error``, as the newest of ``failures``."""
    known = next((failure for failure in failures if failure.error is error), None)
    if known is not None:
        failures.remove(known)
    failures.append(known or Failure(error, error.__traceback__, new_id(128)))
    del failures[:-MAX_NOTED_ERRORS]
    return failures[-1]


_request: ContextVar[Request | None] = ContextVar("toolboxai_telemetry_request", default=None)
current_request = _request.get
# Never reset: the server's own error log runs in the same task after us and must find the request.
set_current_request = _request.set


def new_id(bits: int) -> str:
    """Return a random id in hex. Speed matters here, secrecy does not."""
    return f"{_random.getrandbits(bits):0{bits // 4}x}"


# Not the one that everybody shares: an application that seeds it would give all its workers the same ids.
_random = Random()
os.register_at_fork(after_in_child=_random.seed)
chance = _random.random


def mark_captured(error: BaseException, event_id: str) -> None:
    """Leave on the exception that this occurrence of it is reported.

    In the real ``__dict__``, whatever the class makes of attributes. With the request's id, because an
    exception object that is made once and raised by every request is a new occurrence each time; not
    with the request, which the exception would keep alive.
    """
    request = current_request()
    ids = request.ids if request is not None else ("",)
    noted_on(error)[_MARK] = (ids, event_id, monotonic())


def captured_id(error: BaseException) -> str | None:
    """Return the event id under which this occurrence was reported, if it was."""
    ids, event_id, at = noted_on(error).get(_MARK, ((), None, 0.0))
    request_id = current_id()
    if event_id is None or (request_id and request_id not in ids):
        return None
    # Outside of requests there is only time to tell one occurrence of the same object from the next: a job
    # that has failed raises into whoever called it, which may log it or end by it.
    return event_id if request_id or monotonic() - at < SAME_OCCURRENCE_SECONDS else None


def is_captured(error: BaseException) -> bool:
    """Say whether any occurrence of ``error`` was reported."""
    return _MARK in noted_on(error)


def current_id() -> str:
    """Return the id of the current request, empty outside of any."""
    request = current_request()
    return request.request_id if request is not None else ""


def noted_on(error: BaseException) -> dict[str, Any]:
    """Return the exception's real ``__dict__``, whatever its class makes of attributes."""
    attributes: dict[str, Any] = _dict_of(error)
    return attributes


_dict_of = BaseException.__dict__["__dict__"].__get__
