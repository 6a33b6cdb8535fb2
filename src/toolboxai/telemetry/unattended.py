"""Errors that nobody waits for: in tasks, in callbacks of the loop, in threads, in the interpreter's last line."""

import asyncio
import sys
import threading
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from types import TracebackType
from typing import Any, Protocol

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.current import (
    Failure,
    Request,
    current_request,
    new_id,
    noted_on,
    set_current_request,
)
from toolboxai.telemetry.filtering import is_fault

_ORIGIN = "__toolboxai_origin__"
Handler = Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object]


class Report(Protocol):
    """Report an error, unless this occurrence already is."""

    def __call__(self, failure: Failure, *, handled: bool, mechanism: str) -> None: ...


def failure_of(error: BaseException) -> Failure:
    """Return the error with a fresh event id."""
    return Failure(error, error.__traceback__, new_id(128))


def watch_loop(loop: asyncio.AbstractEventLoop, report: Report) -> None:
    """Report what asyncio says nobody retrieved, once, with the request that started it.

    asyncio says so when the last reference to a failed task goes. An error that somebody awaited is
    never reported from here. The loop's own handler and task factory are called as before.
    """
    _handle(loop, report)
    _note_origins(loop)


def _handle(loop: asyncio.AbstractEventLoop, report: Report) -> None:
    previous: Handler | None = loop.get_exception_handler()

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        with quietly:
            _unretrieved(context, report)
        if previous is None:
            loop.default_exception_handler(context)
        else:
            previous(loop, context)

    loop.set_exception_handler(handle)


def _unretrieved(context: dict[str, Any], report: Report) -> None:
    error = context.get("exception")
    if not isinstance(error, BaseException) or not is_fault(error):
        return
    origin = noted_on(error).pop(_ORIGIN, None)
    if not isinstance(origin, Request):
        report(failure_of(error), handled=False, mechanism="asyncio")
        return
    # In a context of its own: the handler runs in whichever context the task's last reference went.
    copy_context().run(_report_for, origin, error, report)


def _report_for(origin: Request, error: BaseException, report: Report) -> None:
    set_current_request(origin)
    origin.enter_scopes()
    report(failure_of(error), handled=False, mechanism="asyncio")


def _note_origins(loop: asyncio.AbstractEventLoop) -> None:
    previous = loop.get_task_factory()

    def make(
        loop: asyncio.AbstractEventLoop,
        coroutine: Coroutine[Any, Any, Any],
        **choices: Any,  # noqa: ANN401 - whatever this Python's loop passes on
    ) -> asyncio.Future[Any]:
        if previous is None:
            task: asyncio.Future[Any] = asyncio.Task(coroutine, loop=loop, **choices)
        else:
            task = previous(loop, coroutine, **choices)
        request = current_request()
        if request is not None and not request.finished:
            task.add_done_callback(_note)
        return task

    loop.set_task_factory(make)  # type: ignore[arg-type]


def _note(task: asyncio.Future[Any]) -> None:
    """Leave on a failed task's error which request started it. Runs in that request's context."""
    if task.cancelled():
        return
    # Not task.exception(): asking counts as retrieving, and asyncio would never tell.
    error = getattr(task, "_exception", None)
    if isinstance(error, BaseException):
        with quietly:
            noted_on(error)[_ORIGIN] = current_request()


class InterpreterHooks:
    """Threads that end in an error, and programs that do."""

    def __init__(self, report: Report, keep: Callable[[], None]) -> None:
        self._report = report
        self._keep = keep
        self._of_threads = threading.excepthook
        self._of_program = sys.excepthook

    def install(self) -> None:
        """Put the hooks before the ones that are there."""
        threading.excepthook = self._thread
        sys.excepthook = self._program

    def remove(self) -> None:
        """Take the hooks off, unless somebody has put others before them."""
        if threading.excepthook == self._thread:
            threading.excepthook = self._of_threads
        if sys.excepthook == self._program:
            sys.excepthook = self._of_program

    def _thread(self, ended: threading.ExceptHookArgs) -> None:
        with quietly:
            if ended.exc_value is not None and is_fault(ended.exc_value):
                self._report(failure_of(ended.exc_value), handled=False, mechanism="threading")
        self._of_threads(ended)

    def _program(
        self, kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        with quietly:
            if is_fault(error):
                self._report(failure_of(error), handled=False, mechanism="excepthook")
                self._keep()
        self._of_program(kind, error, traceback)
