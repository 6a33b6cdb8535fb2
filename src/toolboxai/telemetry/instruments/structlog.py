"""structlog: each call of one of its loggers is one log line, whatever it is rendered to and whoever writes it.

The line says what the call was given, not what the renderer made of it. Where the call ends in a record of
``logging``, that record brings the line; where it ends in ``print`` or anywhere else, the line is taken here.
"""

import logging
import sys
from collections.abc import Callable, Mapping
from functools import partial
from time import time
from types import FunctionType, ModuleType
from typing import Any

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.instruments.calls import Choices
from toolboxai.telemetry.instruments.observing import Function, Patches
from toolboxai.telemetry.lines import one_line
from toolboxai.telemetry.logs import (
    MAX_BODY_CHARS,
    Call,
    LogWatch,
    Place,
    calls,
    raised_in,
    values_of,
)

_LEVELS = {
    "debug": logging.DEBUG,
    "warn": logging.WARNING,
    "warning": logging.WARNING,
    "err": logging.ERROR,
    "error": logging.ERROR,
    "exception": logging.ERROR,
    "failure": logging.ERROR,
    "critical": logging.CRITICAL,
    "fatal": logging.CRITICAL,
}
# What says how to log, not what.
_NOT_VALUES = frozenset(
    {"event", "exc_info", "logger", "logger_name", "positional_args", "stack_info", "stacklevel"}
)
_NOWHERE: Place = ("", "", 0)


def observe(module: ModuleType, patches: Patches, choices: Choices) -> None:
    """Watch what all of structlog's bound loggers have in common; do nothing if they don't any more."""
    del choices
    base = module.BoundLoggerBase
    proxy, process = vars(base).get("_proxy_to_logger"), vars(base).get("_process_event")
    if proxy is None or process is None:
        counters.add("instruments.unsupported.structlog")
        return
    patches.replace(base, "_proxy_to_logger", _watched(proxy, module))
    patches.replace(base, "_process_event", _noting_what_passes(process))


def _watched(original: Function, module: ModuleType) -> Function:
    def _proxy_to_logger(self: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - structlog's own
        watch, call, before = LogWatch.installed, None, calls.get()
        if watch is None:
            return original(self, *args, **options)
        with quietly:
            call = _call_of(self, args, options, module)
        calls.set(call)
        try:
            return original(self, *args, **options)
        finally:
            calls.set(before)
            with quietly:
                _take(watch, call)

    return _among_structlogs_own(_proxy_to_logger)


def _noting_what_passes(original: Function) -> Function:
    def _process_event(self: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - structlog's own
        processed = original(self, *args, **options)  # what is dropped doesn't come back
        call = calls.get()
        if call is not None and call.logger is self:
            call.is_wanted = True
        return processed

    return _among_structlogs_own(_process_event)


def _among_structlogs_own(function: Callable[..., Any]) -> Function:
    """Return ``function`` as if structlog had it: its search for the caller passes over its own frames only."""
    known = function.__globals__ | {"__name__": "structlog.toolboxai"}
    made = FunctionType(function.__code__, known, function.__name__, None, function.__closure__)
    made.__wrapped__ = function  # type: ignore[attr-defined]
    return made


def _call_of(
    bound: Any,  # noqa: ANN401 - one of structlog's bound loggers
    args: tuple[Any, ...],
    options: Mapping[str, Any],
    module: ModuleType,
) -> Call:
    method = str(args[0])
    event = args[1] if len(args) > 1 else options.get("event")
    # Of too many values those of the call itself stay: they come first, and overrule.
    given = {**options, **_of_the_context(bound, module), **bound._context, **options}  # noqa: SLF001
    name = given.get("logger") or given.get("logger_name")
    return Call(
        bound,
        _LEVELS.get(method, logging.INFO),
        name if isinstance(name, str) else "structlog",
        one_line(_said(event, given.get("positional_args"))[:MAX_BODY_CHARS]),
        values_of(given, _NOT_VALUES),
        _error_of(given.get("exc_info", method == "exception")) or raised_in(event),
        partial(_place, module),
    )


def _of_the_context(bound: Any, module: ModuleType) -> Mapping[str, Any]:  # noqa: ANN401
    """Return what was bound to this task or thread, if this logger shows it."""
    if module.contextvars.merge_contextvars not in bound._processors:  # noqa: SLF001
        return {}
    bound_there: Mapping[str, Any] = module.contextvars.get_contextvars()
    return bound_there


def _said(event: object, arguments: Any) -> str:  # noqa: ANN401 - whatever somebody wants to be formatted
    """Return the message; of one that can't be formatted, its template."""
    try:
        if not arguments:
            return "" if event is None else str(event)
        is_mapping = len(arguments) == 1 and isinstance(arguments[0], Mapping)
        return str(event) % (arguments[0] if is_mapping else tuple(arguments))
    except Exception:  # noqa: BLE001 - the application's own values, they may do anything
        return event if isinstance(event, str) else f"<{type(event).__name__}>"


def _error_of(told: object) -> BaseException | None:
    if isinstance(told, BaseException):
        return told
    if isinstance(told, tuple) and len(told) == 3:
        return told[1] if isinstance(told[1], BaseException) else None
    return sys.exc_info()[1] if told else None


def _take(watch: LogWatch, call: Call | None) -> None:
    """Take a call that structlog's own filters let through and that no record of ``logging`` has brought."""
    if call is None or call.is_taken or not call.is_wanted:
        return
    call.is_taken = True
    own = call.logger._logger  # type: ignore[attr-defined]  # noqa: SLF001
    is_dropped = isinstance(own, logging.Logger | logging.LoggerAdapter)  # by its own level
    if is_dropped or call.level < logging.INFO:
        return
    watch.take(
        time(), call.level, call.name, call.body, None, call.place(None), call.values, call.error
    )


def _place(module: ModuleType, of_record: Place | None) -> Place:
    """Return where structlog says that it was called, also from another thread's ``await``.

    The record knows, if structlog made its logger; any other takes structlog for the caller.
    """
    if of_record is not None and of_record[1] != "_proxy_to_logger":
        return of_record
    find = getattr(getattr(module, "_frames", None), "_find_first_app_frame_and_name", None)
    if find is None:
        return of_record or _NOWHERE
    frame, name = find(["toolboxai.telemetry", "logging"])
    return (str(name).rpartition(".")[2], frame.f_code.co_name, frame.f_lineno)
