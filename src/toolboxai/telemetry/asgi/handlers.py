"""An application's error handlers, wrapped so that what they answer is noted: errors with a 5xx, failed validation."""

from collections.abc import Callable
from functools import partial, wraps
from inspect import iscoroutinefunction
from typing import Any

from starlette.applications import Starlette

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.current import current_request
from toolboxai.telemetry.filtering import is_fault

Handler = Callable[..., Any]
# FastAPI's, by name: no import needed.
VALIDATION_ERROR = "RequestValidationError"
_WRAPPED = "__toolboxai_noting__"


def watch_handlers(app: Starlette) -> None:
    """Let every error handler, those of mounted applications too, note the error it answers with a 5xx.

    The layer sees most of them by itself, but not from behind a ``BaseHTTPMiddleware``.
    """
    for kind, handler in list(app.exception_handlers.items()):
        app.exception_handlers[kind] = noting(handler)
    for route in app.routes:
        inner = getattr(route, "app", None)
        if isinstance(inner, Starlette):
            watch_handlers(inner)


def noting(handler: Handler) -> Handler:
    """Return ``handler``, which behaves as before; sync stays sync, and wrapping twice is wrapping once."""
    if getattr(handler, _WRAPPED, False):
        return handler
    innermost = handler
    while isinstance(innermost, partial):
        innermost = innermost.func
    is_async = iscoroutinefunction(innermost) or iscoroutinefunction(type(innermost).__call__)
    wrapped = _asynchronous(handler) if is_async else _synchronous(handler)
    setattr(wrapped, _WRAPPED, True)
    return wrapped


def _asynchronous(handler: Handler) -> Handler:
    @wraps(handler, updated=())
    async def answer(connection: object, error: Exception) -> object:
        response = await handler(connection, error)
        with quietly:
            _note(error, response)
        return response

    return answer


def _synchronous(handler: Handler) -> Handler:
    @wraps(handler, updated=())
    def answer(connection: object, error: Exception) -> object:
        response = handler(connection, error)
        with quietly:
            _note(error, response)
        return response

    return answer


def _note(error: Exception, response: object) -> None:
    request = current_request()
    status = getattr(response, "status_code", 0)
    if request is None:
        return
    if status >= 500 and is_fault(error):
        request.fail(error)
    elif type(error).__name__ == VALIDATION_ERROR:
        request.invalid = error
