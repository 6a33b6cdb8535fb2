"""A frame's variables → what can be shown of them without running anybody's code, within a budget of characters."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

MAX_LOCALS = 30
MAX_LOCAL_CHARS = 1_024
MAX_EVENT_LOCAL_CHARS = 64 * 1_024
MAX_CONTAINER_ITEMS = 10

_NUMBERS = frozenset({bool, int, float, type(None)})
_SEQUENCES = frozenset({list, tuple, set, frozenset})


class Budget:
    """How many characters may still be shown."""

    def __init__(self, chars: int) -> None:
        self.left = chars

    def cut(self, text: str) -> str:
        """Return as much of ``text`` as fits."""
        # Not text[:n]: a subclass of str may do anything there.
        kept = str.__getitem__(text, slice(0, max(0, self.left)))
        self.left -= len(kept)
        return kept


def locals_of(values: Mapping[str, Any], budget: Budget) -> dict[str, Any]:
    """Return what can be shown of a frame's variables without running anybody's code."""
    shown: dict[str, Any] = {}
    for name, value in islice(values.items(), MAX_LOCALS):
        if budget.left <= 0:
            break
        own = Budget(min(MAX_LOCAL_CHARS, budget.left))
        shown[name] = show(value, own)
        budget.left -= MAX_LOCAL_CHARS - own.left if own.left < MAX_LOCAL_CHARS else 1
    return shown


def show(value: object, budget: Budget, depth: int = 2) -> Any:  # noqa: ANN401 - JSON has no closer type
    """Return a primitive or short container as it is, and of anything else only its type's name."""
    kind = type(value)
    if issubclass(kind, str):
        return budget.cut(str.__str__(value))
    if kind in _NUMBERS:
        budget.left -= 8
        return value
    if depth and budget.left > 0:
        if kind is dict:
            pairs = _first(value.items(), budget)  # type: ignore[attr-defined]
            return {_key(key, budget): show(member, budget, depth - 1) for key, member in pairs}
        if kind in _SEQUENCES:
            return [show(member, budget, depth - 1) for member in _first(value, budget)]  # type: ignore[arg-type]
    return f"<{kind.__name__}>"


def _first(members: Iterable[Any], budget: Budget) -> Iterator[Any]:
    """Yield as many members as may be shown, while the budget lasts."""
    try:
        first = list(islice(members, MAX_CONTAINER_ITEMS))
    except RuntimeError:  # another thread is changing it
        return
    for member in first:
        if budget.left <= 0:
            return
        yield member


def _key(key: object, budget: Budget) -> str:
    if issubclass(type(key), str):
        return budget.cut(str.__str__(key))
    return str(key) if type(key) in _NUMBERS else f"<{type(key).__name__}>"
