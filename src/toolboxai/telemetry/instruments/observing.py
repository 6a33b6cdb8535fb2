"""Puts an observer around a library's function. Whatever happens to the observer, the call doesn't notice."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, Generic, Protocol, TypeVar

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.current import Request, current_request

Function = Callable[..., Any]
Call = TypeVar("Call")


class Observer(Protocol, Generic[Call]):
    """Sees a call begin and end."""

    def begin(
        self, request: Request, args: tuple[Any, ...], options: Mapping[str, Any]
    ) -> Call | None:
        """Return what ``end`` needs, or ``None`` to leave this call alone."""

    def end(self, call: Call, result: object, error: BaseException | None) -> None:
        """See how the call went; called exactly once for each that ``begin`` took."""


@dataclass(slots=True)
class Watch:
    """Who observes a function; nobody any more once it was put back."""

    observer: Observer[Any] | None


def observed(original: Function, watch: Watch) -> Function:
    """Return ``original`` with ``watch``'s observer around it, inside requests only."""
    wrap = _observed_async if iscoroutinefunction(original) else _observed_sync
    return wrap(original, watch)


def _observed_sync(original: Function, watch: Watch) -> Function:
    @wraps(original)
    def call(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever the library's are
        request, observer, begun = current_request(), watch.observer, None
        if request is None or observer is None:
            return original(*args, **options)
        with quietly:
            begun = observer.begin(request, args, options)
        if begun is None:
            return original(*args, **options)
        try:
            result = original(*args, **options)
        except BaseException as error:
            with quietly:
                observer.end(begun, None, error)
            raise
        with quietly:
            observer.end(begun, result, None)
        return result

    return call


def _observed_async(original: Callable[..., Coroutine[Any, Any, Any]], watch: Watch) -> Function:
    @wraps(original)
    async def call(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever the library's are
        request, observer, begun = current_request(), watch.observer, None
        if request is None or observer is None:
            return await original(*args, **options)
        with quietly:
            begun = observer.begin(request, args, options)
        if begun is None:
            return await original(*args, **options)
        try:
            result = await original(*args, **options)
        except BaseException as error:
            with quietly:
                observer.end(begun, None, error)
            raise
        with quietly:
            observer.end(begun, result, None)
        return result

    return call


@dataclass(frozen=True, slots=True)
class _Patch:
    owner: type
    name: str
    original: Function
    replacement: Function
    watch: Watch


class Patches:
    """The functions that were replaced, and how to put them back."""

    def __init__(self) -> None:
        self._patches: list[_Patch] = []
        self._undoing: list[Callable[[], object]] = []

    def observe(self, owner: type, name: str, observer: Observer[Any]) -> None:
        """Observe ``owner``'s own method ``name``; does nothing where it has none, or is observed already."""
        original = vars(owner).get(name)
        if original is None or any(original is patch.replacement for patch in self._patches):
            return
        watch = Watch(observer)
        self._put(_Patch(owner, name, original, observed(original, watch), watch))

    def replace(self, owner: type, name: str, replacement: Function) -> None:
        """Put ``replacement`` in the place of ``owner``'s own ``name``."""
        self._put(_Patch(owner, name, vars(owner)[name], replacement, Watch(None)))

    def also_undo(self, undo: Callable[[], object]) -> None:
        """Call ``undo`` when everything is put back."""
        self._undoing.append(undo)

    def _put(self, patch: _Patch) -> None:
        setattr(patch.owner, patch.name, patch.replacement)
        self._patches.append(patch)

    def undo(self) -> None:
        """Put everything back. Where somebody has wrapped ours meanwhile, it stays and does nothing."""
        for patch in reversed(self._patches):
            patch.watch.observer = None
            if vars(patch.owner).get(patch.name) is patch.replacement:
                setattr(patch.owner, patch.name, patch.original)
        self._patches.clear()
        while self._undoing:
            with quietly:
                self._undoing.pop()()
