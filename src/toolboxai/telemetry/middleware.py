"""The one ASGI layer, outermost: every request gets a scope of its own, a sampling decision, and a witness."""

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from random import random
from typing import Any, Protocol

from anyio import to_thread
from sentry_sdk import Scope
from starlette.types import ASGIApp, Message, Receive, Send

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.context import OUTERMOST_APP
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.current import Failure, Request, set_current_request
from toolboxai.telemetry.filtering import is_fault
from toolboxai.telemetry.sampling import is_sampled, rate_for
from toolboxai.telemetry.tracing import begin, read_trace_headers


class Reporter(Protocol):
    """What the layer tells: an error that was met, a trace that ended, the end of the application."""

    traces_sample_rate: float
    is_active: bool

    def failed(self, failure: Failure, *, handled: bool) -> None: ...

    def finished(self, request: Request) -> None: ...

    def keep(self) -> None: ...


class TelemetryLayer:
    """Wraps the whole application, Starlette's own error page included."""

    def __init__(self, app: ASGIApp, reporter: Reporter) -> None:
        self._app = app
        self._reporter = reporter

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection; whatever happens to telemetry, the application doesn't notice."""
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        else:
            await self._request(scope, receive, send)

    async def _lifespan(
        self, scope: MutableMapping[str, Any], receive: Receive, send: Send
    ) -> None:
        async def last_words(message: Message) -> None:
            # uvicorn raises the signal again after this message: no atexit will run.
            if message["type"].startswith("lifespan.shutdown."):
                await _in_thread(self._reporter.keep)
            await send(message)

        try:
            await self._app(scope, receive, last_words)
        except Exception as error:
            with quietly:
                request = Request({"type": "lifespan", "headers": ()})
                self._reporter.failed(request.fail(error), handled=False)
                await _in_thread(self._reporter.keep)
            raise

    async def _request(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        request = Request(scope)
        with quietly:
            self._begin(request)
        observed = self._observed(request, send)
        try:
            await self._app(scope, receive, observed)
        except Exception as error:
            request.status = request.status or 500
            if is_fault(error):
                self._failed(request.fail(error), handled=False)
            raise
        else:
            if request.failure is not None:
                self._failed(request.failure, handled=True)
        finally:
            if request.transaction is not None:
                with quietly:
                    self._reporter.finished(request)

    def _begin(self, request: Request) -> None:
        set_current_request(request)
        request.scope[OUTERMOST_APP] = request.scope.get("app")
        parent_sampled = read_trace_headers(request)
        if not self._reporter.is_active:
            return
        Scope.set_isolation_scope(Scope.get_isolation_scope().fork())
        Scope.set_current_scope(Scope.get_current_scope().fork())
        if request.scope["type"] != "http":
            return  # a connection of hours is not a request: it would bend every percentile
        rate = rate_for(request.scope["path"], default=self._reporter.traces_sample_rate)
        request.sampled = is_sampled(rate=rate, parent_sampled=parent_sampled, chance=random())
        if request.sampled:
            begin(request, rate=rate)

    def _failed(self, failure: Failure, *, handled: bool) -> None:
        with quietly:
            self._reporter.failed(failure, handled=handled)

    def _observed(self, request: Request, send: Send) -> Callable[[Message], Awaitable[None]]:
        async def observe(message: Message) -> None:
            if message["type"] == "http.response.start":
                with quietly:
                    _look(request, message)
            await send(message)

        return observe


def _look(request: Request, message: Message) -> None:
    """Note the status, put the ids on the response, and see the error that an error page is about."""
    status = request.status = message["status"]
    ids = (b"x-request-id", request.request_id.encode()), (b"x-trace-id", request.trace_id.encode())
    message["headers"] = [*message.get("headers", ()), *ids]
    if status < 500:
        return
    counters.add("responses.5xx")
    # Starlette answers from inside its `except` block, so the handled exception is still to be seen.
    error = sys.exc_info()[1]
    if error is not None and is_fault(error):
        request.fail(error)


async def _in_thread(work: Callable[[], None]) -> None:
    """Run what may wait for the disk away from the event loop."""
    with quietly:
        await to_thread.run_sync(work)
