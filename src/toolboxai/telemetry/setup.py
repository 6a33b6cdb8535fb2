"""What an application calls: starts and stops the process's one telemetry, and puts it around an app."""

import logging
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import sentry_sdk
from sentry_sdk.scope import add_global_event_processor
from starlette.applications import Starlette
from starlette.types import ASGIApp

from toolboxai.telemetry.asgi import TelemetryLayer, watch_handlers
from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.children import keep_at_their_end
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.current import captured_id, current_request
from toolboxai.telemetry.figures.durations import durations
from toolboxai.telemetry.filtering import is_fault
from toolboxai.telemetry.options import Options
from toolboxai.telemetry.process import Telemetry
from toolboxai.telemetry.reporting import Reporting
from toolboxai.telemetry.sdk import HAS_TRANSACTIONS, NO_TRACES
from toolboxai.telemetry.transport.sink import Post

log = logging.getLogger(__name__)


class _Process:
    """The process's one telemetry. A class, so that there is one name to replace."""

    telemetry: Telemetry | None = None
    is_hooked = False
    is_replaced = False


def init(options: Options) -> None:
    """Start reporting as ``options`` say; a second call replaces the first.

    Raises ``OSError`` when no spool folder can be made: what can't be kept shouldn't be promised.
    """
    if _Process.is_replaced:
        log.info("telemetry.init has no effect while a test captures what is reported")
        return
    if _Process.telemetry is not None:
        _Process.telemetry.close()
    _Process.telemetry = Telemetry(options)
    _hook()
    if not HAS_TRANSACTIONS and options.effective_traces_sample_rate:
        log.warning(NO_TRACES)
    if not _Process.telemetry.is_active:
        log.info("monitoring is off: no DSN was given")


def _hook() -> None:
    if not _Process.is_hooked:
        _Process.is_hooked = True
        add_global_event_processor(_on_event)
        os.register_at_fork(after_in_child=_after_fork)
        keep_at_their_end(_keep)


@contextmanager
def replaced(options: Options, post: Post) -> Iterator[None]:
    """Let a telemetry whose network is ``post`` serve the process for the block: for tests.

    The one before waits and then goes on. ``init`` and ``close`` have no effect meanwhile. Raises
    ``RuntimeError`` inside of another such block.
    """
    if _Process.is_replaced:
        msg = "what is reported is being captured already: end that block before beginning another"
        raise RuntimeError(msg)
    before, client = _Process.telemetry, sentry_sdk.get_global_scope().client
    if before is not None:
        before.pause()
    try:
        with closing(Telemetry(options, post)) as instead:
            _Process.telemetry, _Process.is_replaced = instead, True
            _hook()
            yield
    finally:
        _Process.telemetry, _Process.is_replaced = before, False
        sentry_sdk.get_global_scope().set_client(client)
        if before is not None:
            before.resume()


def _after_fork() -> None:
    counters.after_fork()
    durations.after_fork()
    active = _Process.telemetry
    if active is not None:
        with quietly:
            active.after_fork()


def _keep() -> None:
    active = _Process.telemetry
    if active is not None:
        with quietly:
            active.keep()


def _on_event(event: Any, hint: dict[str, Any]) -> Any:  # noqa: ANN401 - the SDK's own signature
    active = _Process.telemetry
    if active is not None:
        with quietly:
            return active.reporting.describe(event, hint)
    return event


def instrument(app: Starlette) -> None:
    """Put the layer around ``app``. Call it after ``init`` and before the first request.

    Raises ``RuntimeError`` when it is too early or too late for that.
    """
    telemetry()
    if app.middleware_stack is not None:
        msg = "instrument(app) comes too late: the application has begun to serve"
        raise RuntimeError(msg)
    build = app.build_middleware_stack

    def build_with_layer() -> ASGIApp:
        with quietly:
            watch_handlers(app)
        stack = build()
        with quietly:
            return TelemetryLayer(stack, current_reporting)
        return stack

    app.build_middleware_stack = build_with_layer  # type: ignore[method-assign]


def telemetry() -> Telemetry:
    """Return the process's telemetry. Raises ``RuntimeError`` before ``init``."""
    if _Process.telemetry is None:
        msg = "telemetry.init(Options(...)) has to be called first"
        raise RuntimeError(msg)
    return _Process.telemetry


def current_telemetry() -> Telemetry | None:
    """Return the process's telemetry, if ``init`` was called."""
    return _Process.telemetry


def current_reporting() -> Reporting | None:
    """Return whom to tell what happens, if ``init`` was called."""
    active = current_telemetry()
    return None if active is None else active.reporting


def flush(timeout_seconds: float = 2.0) -> bool:
    """Wait until everything is on disk and, while the sink answers, delivered; say whether it is."""
    active = current_telemetry()
    return active is None or active.settle(timeout_seconds)


def close() -> None:
    """Stop reporting. What is not delivered stays on disk for the next start."""
    if _Process.telemetry is not None and not _Process.is_replaced:
        _Process.telemetry.close()
        _Process.telemetry = None


def trace_id() -> str | None:
    """Return the trace id of the current request."""
    request = current_request()
    return request.trace_id if request is not None else None


def request_id() -> str | None:
    """Return our own id of the current request: unlike the trace id, nobody else chose it."""
    request = current_request()
    return request.request_id if request is not None else None


def event_id_for(error: BaseException) -> str | None:
    """Return the id under which ``error`` will be reported when the request ends.

    For an error page of 500 and above; what is answered with less isn't reported. ``None`` when reporting
    is off, there is no request, it is nobody's fault, or there are so many of its kind that it is only
    counted.
    """
    with quietly:
        return _event_id_for(error)
    return None


def _event_id_for(error: BaseException) -> str | None:
    active, request = current_telemetry(), current_request()
    if active is None or not active.is_active or request is None or not is_fault(error):
        return None
    known = captured_id(error)
    if known is not None:
        return known
    failure = request.fail(error)
    return failure.event_id if active.reporting.admits(failure) else None
