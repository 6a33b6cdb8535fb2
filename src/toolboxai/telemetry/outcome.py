"""How a piece of work ended, a request or a job, and what of that is reported."""

from asyncio import CancelledError, current_task
from math import inf
from time import perf_counter, time
from typing import Protocol

from toolboxai.telemetry.current import Failure, Request
from toolboxai.telemetry.facts import route_of
from toolboxai.telemetry.figures.durations import durations
from toolboxai.telemetry.filtering import chain_of, is_fault
from toolboxai.telemetry.sampling import is_kept_anyway
from toolboxai.telemetry.tracing import begin_late


class Reporter(Protocol):
    """Whom to tell: of an error that was met, a trace that ended, the end of the application."""

    traces_sample_rate: float
    slow_request_seconds: float

    @property
    def is_active(self) -> bool: ...

    def failed(self, failure: Failure, *, handled: bool, mechanism: str) -> None:
        """Report an error that is somebody's fault, unless this occurrence of it already is."""

    def answered_badly(self, request: Request) -> None: ...

    def refused(self, request: Request) -> None: ...

    def begun(self, request: Request) -> None: ...

    def finished(self, request: Request) -> None: ...

    def keep(self) -> None: ...


def keep_if_telling(reporter: Reporter, request: Request) -> None:
    """Keep the trace of a slow or failed request, without spans when chance had passed it over.

    A job or an open connection isn't slow because it takes long. In a storm chance decides as it does for
    any other request: a trace for each error that is only counted would cost more than the errors do.
    """
    request.kept_anyway = request.kept_anyway and is_kept_anyway(
        status=request.status,
        raised=request.raised,
        is_only_counted=request.is_only_counted,
        seconds=time() - request.started,
        slow_seconds=reporter.slow_request_seconds if request.kind == "http" else inf,
    )
    if request.kept_anyway and request.transaction is None:
        begin_late(request)


def raised(reporter: Reporter, request: Request, error: BaseException) -> None:
    """The application let an error out: nobody handled it."""
    request.raised = is_fault(error) or _is_leaked(error)
    if not request.raised and (request.status or 500) >= 500:
        request.status = 499  # whoever asked has left; the 500 is for nobody
    request.status = request.status or 500
    if request.raised:
        after_the_answer = request.answered and (request.status or 500) < 500
        mechanism = "background" if after_the_answer else "asgi"
        reporter.failed(request.fail(error), handled=False, mechanism=mechanism)
    report_logged(reporter, request, error)


def _is_leaked(error: BaseException) -> bool:
    """Say whether it is a cancellation of something else, awaited here: whoever asked gets a 500 for it."""
    if not isinstance(error, CancelledError):
        return False
    task = current_task()
    return task is not None and not task.cancelling()


def returned(reporter: Reporter, request: Request) -> None:
    """The application has dealt with whatever there was."""
    failure = _reason(request) if (request.status or 0) >= 500 else None
    if failure is not None:
        reporter.failed(failure, handled=True, mechanism="asgi")
    elif (request.status or 0) >= 500:
        if not request.is_error_told:
            reporter.answered_badly(request)
    elif (request.status or 0) >= 400:
        reporter.refused(request)
    report_logged(reporter, request, failure.error if failure else None)


def _reason(request: Request) -> Failure | None:
    """Return the error behind a 5xx: the one that was answered with it, else the last that was logged."""
    return request.failure or next(filter(_is_at_fault, reversed(request.logged)), None)


def _is_at_fault(failure: Failure) -> bool:
    return is_fault(failure.error)


def report_logged(reporter: Reporter, request: Request, reported: BaseException | None) -> None:
    """Report what was only logged; what was logged and then raised, as it was or in another, is reported already."""
    known = {id(error) for error in chain_of(reported)}
    telling: list[Failure] = []
    for failure in filter(_is_at_fault, reversed(request.logged)):
        if id(failure.error) not in known:
            known.update(id(error) for error in chain_of(failure.error))
            telling.append(failure)
    for failure in reversed(telling):
        reporter.failed(failure, handled=True, mechanism="logging")


def timed(request: Request) -> None:
    """Count how long it took to answer; a background task comes after, a websocket has no answer."""
    if request.scope["type"] == "http":
        seconds = request.took_seconds or perf_counter() - request.began
        scope = request.scope
        durations.observe(scope["method"], route_of(scope), request.status or 500, seconds)
