"""Log records → breadcrumbs of the request and Sentry log items."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.current import Breadcrumb, captured_id, current_request

MAX_BODY_CHARS = 8_192
# Our own and the transport's loggers: what they say while sending must not be sent.
_SILENT = ("toolboxai.telemetry", "sentry_sdk", "urllib3")
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


def level_of(number: int) -> str:
    """Return Sentry's name for a stdlib log level."""
    if number >= logging.CRITICAL:
        return "fatal"
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warn"
    return "info" if number >= logging.INFO else "debug"


class LogHandler(logging.Handler):
    """Leaves a breadcrumb for every record and hands it on as a tuple; JSON is made elsewhere."""

    def __init__(self, take: Callable[[Taken], None] | None, *, max_breadcrumbs: int) -> None:
        super().__init__(logging.INFO)
        self._take = take
        self._max_breadcrumbs = max_breadcrumbs

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record, unless it is our own or repeats an error that is already reported."""
        if record.name.startswith(_SILENT) or _is_repeated(record):
            return
        with quietly:
            body = one_line(record.getMessage()[:MAX_BODY_CHARS])
            level = level_of(record.levelno)
            request = current_request()
            if request is not None:
                crumb = Breadcrumb(record.created, record.name, level, body)
                request.leave(crumb, limit=self._max_breadcrumbs)
            if self._take is not None:
                trace_id = request.trace_id if request is not None else None
                place = (record.module, record.funcName or "", record.lineno)
                self._take((record.created, level, body, record.name, trace_id, *place))


def _is_repeated(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return error is not None and captured_id(error) is not None


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
