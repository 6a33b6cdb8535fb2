"""The one ASGI layer, outermost: every request gets a scope of its own, a sampling decision, and a witness."""

import asyncio
import sys
from collections.abc import Callable, MutableMapping
from time import perf_counter
from typing import Any
from weakref import WeakSet

from sentry_sdk import Scope
from starlette.types import ASGIApp, Message, Receive, Send

from toolboxai.telemetry.asgi.lifespan import Lifespan
from toolboxai.telemetry.asgi.sockets import counted
from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.current import (
    Failure,
    Request,
    chance,
    current_request,
    set_current_request,
)
from toolboxai.telemetry.facts import OUTERMOST_APP
from toolboxai.telemetry.figures.durations import durations
from toolboxai.telemetry.filtering import is_fault
from toolboxai.telemetry.outcome import Reporter, keep_if_telling, raised, returned, timed
from toolboxai.telemetry.sampling import is_sampled, rate_for
from toolboxai.telemetry.scopes import Scopes, current_scopes, isolate
from toolboxai.telemetry.tracing import begin, read_trace_headers
from toolboxai.telemetry.unattended import watch_loop

# An answer, or the refusal of a WebSocket in the words of HTTP.
_ANSWERS = frozenset({"http.response.start", "websocket.http.response.start"})
INTERNAL_ERROR = 1011  # WebSocket's 500


class TelemetryLayer:
    """Wraps the whole application, Starlette's own error page included.

    ``reporter`` is asked for anew with each request: a second ``init`` replaces the first.
    """

    def __init__(self, app: ASGIApp, reporter: Callable[[], Reporter | None]) -> None:
        self._app = app
        self._reporter_now = reporter
        self._base: Scopes | None = None
        self._loops: WeakSet[asyncio.AbstractEventLoop] = WeakSet()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection; whatever happens to telemetry, the application doesn't notice."""
        reporter = None
        with quietly:
            if OUTERMOST_APP not in scope:  # else an instrumented application is in another one
                reporter = self._reporter_now()
                self._watch_loop()
        if reporter is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(reporter, scope, receive, send)
        else:
            await self._request(reporter, scope, receive, send)

    def _watch_loop(self) -> None:
        loop = asyncio.get_running_loop()
        if loop not in self._loops:
            self._loops.add(loop)
            durations.serves = True
            watch_loop(loop, self._report)

    def _report(self, failure: Failure, *, handled: bool, mechanism: str) -> None:
        reporter = self._reporter_now()
        if reporter is not None:
            reporter.failed(failure, handled=handled, mechanism=mechanism)

    async def _lifespan(
        self, reporter: Reporter, scope: MutableMapping[str, Any], receive: Receive, send: Send
    ) -> None:
        lifespan = None
        with quietly:
            lifespan = Lifespan(reporter)
            send = lifespan.watched(send)
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            with quietly:
                if lifespan is not None:
                    await lifespan.failed(error)
            raise

    async def _request(
        self,
        reporter: Reporter,
        scope: MutableMapping[str, Any],
        receive: Receive,
        send: Send,
    ) -> None:
        request, caller, before = None, None, None
        with quietly:
            outer = current_request()
            if outer is not None and outer.goes_on:  # it calls another application, or itself
                caller, before = outer, current_scopes()
            request = Request(scope)
            self._begin(reporter, request, before, is_first=outer is None)
        if request is None:
            await self._app(scope, receive, send)
            return
        with quietly:
            receive, send = self._observed(request, receive, send)
        try:
            await self._app(scope, receive, send)
        except BaseException as error:
            with quietly:
                raised(reporter, request, error)
            raise
        else:
            with quietly:
                returned(reporter, request)
        finally:
            with quietly:
                keep_if_telling(reporter, request)
                if request.transaction is not None:
                    reporter.finished(request)
                elif request.sampled is False:
                    counters.unsampled += 1
                timed(request)
            with quietly:
                request.finish()
            if caller is not None and before is not None:
                set_current_request(caller)
                before.enter()

    def _begin(
        self, reporter: Reporter, request: Request, before: Scopes | None, *, is_first: bool
    ) -> None:
        set_current_request(request)
        request.scope[OUTERMOST_APP] = request.scope.get("app")
        parent_sampled = read_trace_headers(request)
        if not reporter.is_active:
            return
        rate = rate_for(request.scope["path"], default=reporter.traces_sample_rate)
        # Of rate 0 nothing was ever meant to be kept, so nothing is counted as passed over.
        if rate > 0:
            request.sampled = is_sampled(rate=rate, parent_sampled=parent_sampled, chance=chance())
            request.kept_anyway = parent_sampled is None  # until the end says otherwise
        if before is not None:
            isolate(request, before)
        else:
            isolate(request, self._base_of(is_first=is_first), at_once=bool(request.sampled))
        if request.sampled:
            begin(request, rate=rate)
            reporter.begun(request)

    def _base_of(self, *, is_first: bool) -> Scopes:
        """Return what a request's own scopes are to be forked from.

        Servers begin a request in the context of the one before it on the same connection; what that
        one set must not be this one's. So it is forked from what was there before any request.
        """
        if not is_first:
            return self._base or Scopes(Scope(), Scope())
        inherited = current_scopes()
        self._base = self._base or inherited
        return inherited

    def _observed(self, request: Request, receive: Receive, send: Send) -> tuple[Receive, Send]:
        if request.kind == "websocket":
            receive, send = counted(request.messages, receive, send)

        async def observe(message: Message) -> None:
            kind = message["type"]
            if kind in _ANSWERS:
                with quietly:
                    message = _look(request, message)
            elif kind == "websocket.close" and message.get("code") == INTERNAL_ERROR:
                with quietly:
                    _look_at_close(request)
            elif kind == "http.response.body" and not message.get("more_body"):
                request.answered = True
                request.took_seconds = perf_counter() - request.began
            await send(message)

        return receive, observe


def _look(request: Request, message: Message) -> Message:
    """Note the status and the error that an error page is about; return the message with our ids."""
    request.status = message["status"]
    if message["status"] >= 500:
        counters.add("responses.5xx")
        _note_handled(request)
    given = list(message.get("headers", ()))
    names = {name.lower() for name, _ in given}
    ids = (b"x-request-id", request.request_id), (b"x-trace-id", request.trace_id)
    given += [(name, value.encode()) for name, value in ids if name not in names]
    return {**message, "headers": given}


def _look_at_close(request: Request) -> None:
    """Note the error for which a WebSocket is closed; without one, who closes it knows why."""
    if _note_handled(request):
        request.status = 500


def _note_handled(request: Request) -> bool:
    """Note the error that is being answered, if there is one.

    Starlette answers from inside its `except` block, so the handled exception is still to be seen.
    """
    error = sys.exc_info()[1]
    if error is None or not is_fault(error):
        return False
    request.fail(error)
    return True
