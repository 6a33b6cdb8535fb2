"""What loggers say → breadcrumbs of the request, log items, and reports of what is logged as an error."""

import logging
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import ClassVar

from sentry_sdk import Scope

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.current import (
    Breadcrumb,
    Request,
    captured_id,
    current_request,
    is_captured,
)
from toolboxai.telemetry.facts import route_of
from toolboxai.telemetry.forks import peek
from toolboxai.telemetry.lines import one_line
from toolboxai.telemetry.logs.entries import (
    MAX_BODY_CHARS,
    Entry,
    extra_of,
    level_of,
    raised_in,
    said_by,
)
from toolboxai.telemetry.logs.items import Around, Place, Scalar, Taken
from toolboxai.telemetry.tracing import parent_of

MAX_USER_CHARS = 256
# Our own and the transport's loggers: what they say while sending must not be sent.
# The logs of requests that came in or went out say again what traces and breadcrumbs say, but with raw
# paths and queries.
_SILENT = ("toolboxai.telemetry", "sentry_sdk", "urllib3", "uvicorn.access", "httpx", "httpcore")
# What servers say of a start or an end that failed: the error itself is reported, these are its text again.
_SERVERS = frozenset({"gunicorn.error", "hypercorn.error", "uvicorn.error"})
_SERVERS_LAST_WORDS = (
    "Traceback (most recent call last):",
    "Application startup failed",
    "Application shutdown failed",
)


@dataclass(slots=True)
class Call:
    """A call of another library's logger, which may or may not end in a record of ``logging``.

    ``is_wanted``: its own filters let it through. ``is_taken``: a record has come of it.
    """

    logger: object
    level: int
    name: str
    body: str
    values: Mapping[str, Scalar]
    error: BaseException | None
    place: Callable[[Place | None], Place]  # given what the record says of it
    is_wanted: bool = False
    is_taken: bool = False


calls: ContextVar[Call | None] = ContextVar("toolboxai_telemetry_log_call", default=None)


class LogWatch:
    """Sees every record that any logger lets through, and leaves logging as it is.

    It wraps ``Logger.callHandlers``. A handler of ours on the root logger would switch off Python's last
    resort and turn the application's own ``basicConfig`` into nothing.
    """

    installed: ClassVar["LogWatch | None"] = None

    def __init__(
        self,
        take: Callable[[Taken], None] | None,
        report: Callable[[Entry], None],
        *,
        max_breadcrumbs: int,
    ) -> None:
        self._take = take
        self._report = report
        self._max_breadcrumbs = max_breadcrumbs
        self._original = logging.Logger.callHandlers

    def install(self) -> None:
        """Begin to watch."""
        original, see = self._original, self.see

        def call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
            with quietly:
                see(record)
            original(logger, record)

        self._ours = call_handlers
        logging.Logger.callHandlers = call_handlers  # type: ignore[method-assign, assignment]
        LogWatch.installed = self

    def remove(self) -> None:
        """Stop watching, unless somebody has wrapped us meanwhile; then see nothing more."""
        self._take, self._report = None, _ignore
        if logging.Logger.callHandlers is self._ours:
            logging.Logger.callHandlers = self._original  # type: ignore[method-assign]
        LogWatch.installed = None

    def see(self, record: logging.LogRecord) -> None:
        """Take a record. One that another library's logger has made says what that one was told."""
        call = calls.get()
        if call is not None and (call.is_taken or not call.is_wanted):
            call = None
        if call is not None:
            call.is_taken = True
        if record.levelno < logging.INFO:
            return
        error = record.exc_info[1] if record.exc_info else raised_in(record.msg)
        place = (record.module, record.funcName or "", record.lineno)
        if call is not None:
            self.take(
                record.created,
                record.levelno,
                record.name,
                call.body,
                None,
                call.place(place),
                call.values,
                error or call.error,
            )
            return
        body = one_line(said_by(record)[:MAX_BODY_CHARS])
        template = str(record.msg)[:MAX_BODY_CHARS] if record.args else None
        extra = extra_of(record)
        self.take(record.created, record.levelno, record.name, body, template, place, extra, error)

    def take(  # noqa: PLR0917 - called for every line: by position is fastest
        self,
        timestamp: float,
        number: int,
        logger: str,
        body: str,
        template: str | None,
        place: Place,
        values: Mapping[str, Scalar],
        error: BaseException | None,
    ) -> None:
        """Take what was logged, unless it is our own or repeats an error that is already reported."""
        if logger.startswith(_SILENT) or _is_repeated(logger, body, error):
            return
        level, request = level_of(number), current_request()
        if request is not None:
            crumb = Breadcrumb(timestamp, logger, level, body)
            request.leave(crumb, limit=self._max_breadcrumbs)
        if self._take is not None:
            around = _around(request)
            self._take((timestamp, level, body, logger, template, place, values, around))
        if number >= logging.ERROR:
            self._error(Entry(timestamp, number, logger, body, template or body, error), request)

    def _error(self, entry: Entry, request: Request | None) -> None:
        """Report what is logged as an error; in a request only at its end, since it may yet be raised."""
        if request is not None and request.ends_soon:
            if entry.error is None:
                request.is_error_told = True
            elif request.log(entry.error, entry.words):
                return
        self._report(entry)


def _ignore(_entry: Entry) -> None:
    """Do nothing."""


def _is_repeated(logger: str, body: str, error: BaseException | None) -> bool:
    if error is None:
        return logger in _SERVERS and body.startswith(_SERVERS_LAST_WORDS)
    # asyncio logs what its handler was told a moment ago, in whatever context that happens to be.
    return captured_id(error) is not None or (logger == "asyncio" and is_captured(error))


def _around(request: Request | None) -> Around:
    scope = Scope.get_isolation_scope()
    user, role = peek(scope, "_user"), peek(scope, "_tags").get("role")
    if user is None or role is None:
        scope = Scope.get_current_scope()
        user = user or peek(scope, "_user")
        role = role or peek(scope, "_tags").get("role")
    user_id = user.get("id") if user else None
    if user_id is not None:
        user_id = str(user_id)[:MAX_USER_CHARS]
    if role is not None:
        role = str(role)[:MAX_USER_CHARS]
    if request is None:
        return (None, None, None, user_id, role)
    span = parent_of(request) if request.transaction is not None else None
    # Before routing there is no route, and looking for one would cost as much as routing.
    route = route_of(request.scope) if "route" in request.scope else None
    return (request.trace_id, None if span is None else span.span_id, route, user_id, role)
