"""Work behind a request, or without any: a trace of its own, linked to who started it, its errors reported at once."""

import asyncio
import re
from collections.abc import Coroutine
from typing import Any, TypeVar

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.current import (
    Origin,
    Request,
    chance,
    current_request,
    set_current_request,
)
from toolboxai.telemetry.filtering import is_fault
from toolboxai.telemetry.outcome import keep_if_telling, report_logged
from toolboxai.telemetry.reporting import Reporting
from toolboxai.telemetry.sampling import is_sampled
from toolboxai.telemetry.scopes import Scopes, current_scopes, isolate
from toolboxai.telemetry.setup import current_reporting
from toolboxai.telemetry.steps import Repeatable
from toolboxai.telemetry.tracing import begin, read_trace_headers

T = TypeVar("T")

MAX_NAME_CHARS = 200
_LINK = re.compile("([0-9a-f]{32})-([0-9a-f]{16})-([01])-([0-9a-f]{32})")
_NO_SPAN = "0" * 16
# asyncio itself keeps only weak references: a task that nobody else holds may vanish half-way.
_running: set[asyncio.Task[Any]] = set()


class Job(Repeatable):
    """A piece of background work with a name: ``with`` it, or decorate a function with it, plain or ``async``.

    Inside a request it has a trace of its own that links to the request's, and begins with the request's user,
    tags and contexts. An error is reported at once, as unhandled, and passes.
    """

    def __init__(
        self, name: str, *, origin: Request | None = None, link: str | None = None
    ) -> None:
        super().__init__()
        self._name = name[:MAX_NAME_CHARS]
        self._origin = origin
        self._link = link

    def begin(self) -> "_Run | None":
        """Begin, where anything is reported."""
        active = current_reporting()
        if active is None or not active.is_active:
            return None
        linked = _linked(self._link)
        if linked is not None:
            return _Run(active, self._name, linked)
        request = self._origin or current_request()
        return _Run(active, self._name, None if request is None else request.as_origin())

    def again(self) -> "Job":
        """Return the same job, to be run once more."""
        return Job(self._name, link=self._link)


class _Run:
    """One run of a job."""

    def __init__(self, active: Reporting, name: str, origin: Origin | None) -> None:
        self._active = active
        self._outer, self._scopes = current_request(), current_scopes()
        request = self._request = Request({"type": "job", "path": name, "headers": ()})
        request.origin = origin
        set_current_request(request)
        read_trace_headers(request)
        isolate(request, self._scopes)
        rate = active.traces_sample_rate
        request.kept_anyway = rate > 0
        if is_sampled(rate=rate, parent_sampled=None, chance=chance()):
            begin(request, rate=rate)
            active.begun(request)

    def end(self, error: BaseException | None) -> None:
        request, active = self._request, self._active
        try:
            if error is not None and is_fault(error):
                request.raised = True
                active.failed(request.fail(error), handled=False, mechanism="job")
            report_logged(active, request, error)
            keep_if_telling(active, request)
            if request.transaction is not None:
                active.finished(request)
        finally:
            request.finish()
            set_current_request(self._outer)
            Scopes.enter(self._scopes)


def job(name: str, *, link: str | None = None) -> Job:
    """Return the job ``name``: a nightly report, a queue's worker, what a ``BackgroundTask`` does.

    ``link`` is what ``trace_link`` returned to who started it, for work that begins later or elsewhere.
    """
    return Job(name, link=link)


def trace_link() -> str | None:
    """Return a line (at most 84 characters) to keep with work that begins later or elsewhere, for ``job``."""
    with quietly:
        request = current_request()
        if request is not None and request.trace_id:
            trace_id, span_id, is_sampled, (request_id, *_) = request.as_origin()
            return f"{trace_id}-{span_id or _NO_SPAN}-{is_sampled:d}-{request_id}"
    return None


def _linked(link: str | None) -> Origin | None:
    found = _LINK.fullmatch(link or "")
    if found is None:
        return None
    trace_id, span_id, is_sampled, request_id = found.groups()
    return Origin(trace_id, span_id, is_sampled == "1", (request_id,))


def background(work: Coroutine[Any, Any, T], *, name: str | None = None) -> asyncio.Task[T]:
    """Start ``work`` as a job and return its task, which needs no one to hold or await it.

    An error is reported as soon as it happens, with who started it; if the task is awaited it is raised there
    as well, and not reported again. ``name`` defaults to that of the coroutine's function.
    """
    called = name or type(work).__name__
    with quietly:
        called = name or _name_of(work)
    task = asyncio.create_task(_as_job(work, called, current_request()))
    _running.add(task)
    task.add_done_callback(_done)
    return task


async def _as_job(work: Coroutine[Any, Any, T], name: str, origin: Request | None) -> T:
    with Job(name, origin=origin):
        return await work


def _done(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if not task.cancelled():
        task.exception()  # it is reported: asyncio need not say that nobody asked


def _name_of(work: Coroutine[Any, Any, Any]) -> str:
    return str(getattr(work, "__qualname__", type(work).__name__)).replace(".<locals>", "")
