"""What can be entered or put around a function, plain or ``async``, as often as somebody likes."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar, cast

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.steps.runs import Runs

F = TypeVar("F", bound=Callable[..., Any])


class Run(Protocol):
    """Something that has begun."""

    def end(self, error: BaseException | None) -> None: ...


class Repeatable(ABC):
    """A context manager that is a decorator, too. Whatever happens to its runs, the application doesn't notice."""

    def __init__(self) -> None:
        with quietly:
            self._runs: Runs[Any] = Runs()

    @abstractmethod
    def begin(self) -> Run | None:
        """Return a new run, or ``None`` when there is nothing to do."""

    @abstractmethod
    def again(self) -> "Repeatable":
        """Return the same, to be run once more."""

    def __enter__(self) -> Self:
        """Begin."""
        with quietly:
            run = self.begin()
            if run is not None:
                self._runs.add(run)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """End; an error is looked at, and passes."""
        with quietly:
            if run := self._runs.take():
                run.end(error)

    def __call__(self, function: F) -> F:
        """Return ``function`` within this, anew for each call. Raises ``TypeError`` for a generator."""
        return around(function, self.again)


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
