"""Functions that raise: every one of telemetry's can be made to, wherever it is already referred to."""

import importlib
import inspect
import pkgutil
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

_STDLIB = sysconfig.get_path("stdlib")


class Broken(Exception):  # noqa: N818 - what telemetry is
    """An error that no handler of any application knows."""


class Point(NamedTuple):
    """A function, and the caches to be emptied so that it is called again."""

    name: str
    function: FunctionType
    forget: Callable[[], object] | None = None


def modules_below(package: ModuleType) -> list[ModuleType]:
    """Return all modules of ``package``, imported."""
    names = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return [importlib.import_module(info.name) for info in names]


def points_of(modules: Iterable[ModuleType]) -> dict[str, Point]:
    """Return every function and method that ``modules`` define, by module and qualified name."""
    return {point.name: point for module in modules for point in _of_module(module)}


def _of_module(module: ModuleType) -> Iterator[Point]:
    for value in vars(module).values():
        if getattr(value, "__module__", "") != module.__name__:
            continue
        if inspect.isclass(value):
            for member in vars(value).values():
                yield from _point(module, member)
        else:
            yield from _point(module, value)


def _point(module: ModuleType, value: Any) -> Iterator[Point]:  # noqa: ANN401 - anything at all
    forget = getattr(value, "cache_clear", None)
    for function in (
        value,
        getattr(value, "fget", None),
        getattr(value, "__func__", None),
        getattr(value, "__wrapped__", None),
    ):
        if isinstance(function, FunctionType) and not _is_pythons_own(function):
            yield Point(f"{module.__name__}:{function.__qualname__}", function, forget)
            return


def _is_pythons_own(function: FunctionType) -> bool:
    file = function.__code__.co_filename
    return file.startswith(_STDLIB) and "site-packages" not in file


_ANYTHING = compile("def broken(*given, **named): raise 'x'", "<broken>", "exec").co_consts[0]


def _raising(original: CodeType) -> CodeType:
    """Return code that raises ``Broken`` at once, whatever it is called with."""
    constants = tuple(Broken if constant == "x" else constant for constant in _ANYTHING.co_consts)
    code: CodeType = _ANYTHING.replace(co_consts=constants, co_freevars=original.co_freevars)
    return code


@contextmanager
def broken(points: Iterable[Point]) -> Iterator[None]:
    """Let ``points`` raise. Their code is exchanged, so that whoever holds a reference is met too."""
    undo = []
    for point in points:
        undo.append(partial(setattr, point.function, "__code__", point.function.__code__))
        function: Any = point.function
        function.__code__ = _raising(function.__code__)
        if point.forget is not None:
            point.forget()
    try:
        yield
    finally:
        for put_back in undo:
            put_back()
