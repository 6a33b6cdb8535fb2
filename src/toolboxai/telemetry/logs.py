"""Log records → breadcrumbs of the request and Sentry log items."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.current import (
    Breadcrumb,
    Request,
    captured_id,
    current_request,
    is_captured,
)

MAX_BODY_CHARS = 8_192
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
_SEVERITY = {"fatal": 21, "error": 17, "warn": 13, "info": 9, "debug": 5, "trace": 1}
# A log line is one line, whatever somebody typed into a form: CR, LF, ESC and their like become visible.
_CONTROL = {code: f"\\x{code:02x}" for code in [*range(32), *range(127, 160)]} | {
    9: "\t",
    10: "\\n",
    13: "\\r",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}

# timestamp, level, body, logger, trace id, module, function, line
Taken = tuple[float, str, str, str, str | None, str, str, int]


def one_line(text: str) -> str:
    """Return ``text`` with control characters written out, so that nobody can forge a line."""
    return text if text.isprintable() else text.translate(_CONTROL)


def said_by(record: logging.LogRecord) -> str:
    """Return the record's message; of one that can't be formatted, its template."""
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - the application's own arguments, they may do anything
        return str(record.msg)


def level_of(number: int) -> str:
    """Return Sentry's name for a stdlib log level."""
    if number >= logging.CRITICAL:
        return "fatal"
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warn"
    return "info" if number >= logging.INFO else "debug"


class LogWatch:
    """Sees every record that any logger lets through, and leaves logging as it is.

    It wraps ``Logger.callHandlers``. A handler of ours on the root logger would switch off Python's last
    resort and turn the application's own ``basicConfig`` into nothing.
    """

    def __init__(
        self,
        take: Callable[[Taken], None] | None,
        report: Callable[[logging.LogRecord], None],
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

    def remove(self) -> None:
        """Stop watching, unless somebody has wrapped us meanwhile; then see nothing more."""
        self._take, self._report = None, _ignore
        if logging.Logger.callHandlers is self._ours:
            logging.Logger.callHandlers = self._original  # type: ignore[method-assign]

    def see(self, record: logging.LogRecord) -> None:
        """Take a record, unless it is our own or repeats an error that is already reported."""
        if record.levelno < logging.INFO or record.name.startswith(_SILENT) or _is_repeated(record):
            return
        body = one_line(said_by(record)[:MAX_BODY_CHARS])
        level = level_of(record.levelno)
        request = current_request()
        if request is not None:
            crumb = Breadcrumb(record.created, record.name, level, body)
            request.leave(crumb, limit=self._max_breadcrumbs)
        if self._take is not None:
            trace_id = request.trace_id if request is not None else None
            place = (record.module, record.funcName or "", record.lineno)
            self._take((record.created, level, body, record.name, trace_id, *place))
        if record.levelno >= logging.ERROR:
            self._error(record, request)

    def _error(self, record: logging.LogRecord, request: Request | None) -> None:
        """Report what is logged as an error; in a request only at its end, since it may yet be raised."""
        error = record.exc_info[1] if record.exc_info else None
        # A connection of hours has no end to wait for.
        is_short = request is not None and request.goes_on and request.scope["type"] == "http"
        if error is not None and request is not None and is_short:
            request.log(error)
        else:
            self._report(record)


def _ignore(_record: logging.LogRecord) -> None:
    """Do nothing."""


def _is_repeated(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return record.name in _SERVERS and str(record.msg).startswith(_SERVERS_LAST_WORDS)
    # asyncio logs what its handler was told a moment ago, in whatever context that happens to be.
    return captured_id(error) is not None or (record.name == "asyncio" and is_captured(error))


def renderer(constants: Mapping[str, str | None]) -> Callable[[Taken], dict[str, Any]]:
    """Return a function that makes a log item of a record. ``constants`` are put on each."""
    fixed = {name: _attribute(value) for name, value in constants.items() if value}

    def render(taken: Taken) -> dict[str, Any]:
        timestamp, level, body, logger, trace_id, module, function, line = taken
        return {
            "timestamp": timestamp,
            "level": level,
            "severity_number": _SEVERITY[level],
            "body": body,
            "trace_id": trace_id or "0" * 32,
            "attributes": fixed
            | {
                "logger.name": _attribute(logger),
                "code.file.path": _attribute(module),
                "code.function.name": _attribute(function),
                "code.line.number": {"value": line, "type": "integer"},
            },
        }

    return render


def _attribute(value: str) -> dict[str, Any]:
    return {"value": value, "type": "string"}
