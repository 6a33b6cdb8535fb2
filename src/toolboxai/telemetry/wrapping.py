"""A context manager around each call of a function, plain or ``async``."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import Any, TypeVar, cast

from toolboxai.telemetry.border import quietly

F = TypeVar("F", bound=Callable[..., Any])


def around(function: F, make: Callable[[], AbstractContextManager[Any]]) -> F:
    """Return ``function`` within what ``make`` returns, anew for each call.

    Raises ``TypeError`` for a generator, which may be left half-way and never end.
    """
    if isgeneratorfunction(function) or isasyncgenfunction(function):
        msg = f"{function.__qualname__} is a generator: use `with` inside it, not the decorator"
        raise TypeError(msg)
    return cast(
        "F",
        _asynchronous(function, make) if iscoroutinefunction(function) else _plain(function, make),
    )


def _made(make: Callable[[], AbstractContextManager[Any]]) -> AbstractContextManager[Any]:
    """Return what ``make`` returns, or what does nothing."""
    with quietly:
        return make()
    return nullcontext()


def _plain(function: F, make: Callable[[], AbstractContextManager[Any]]) -> Callable[..., Any]:
    @wraps(function)
    def run(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever the function's are
        with _made(make):
            return function(*args, **options)

    return run


def _asynchronous(
    function: F, make: Callable[[], AbstractContextManager[Any]]
) -> Callable[..., Any]:
    @wraps(function)
    async def run(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever the function's are
        with _made(make):
            return await function(*args, **options)

    return run
