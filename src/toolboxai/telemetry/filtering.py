"""What isn't worth an event. Pure."""

from asyncio import CancelledError
from collections.abc import Iterator

from toolboxai.telemetry.current import noted_on

MAX_CHAIN = 50

# The other side went away. That is the weather, not a fault (compared by name: no import needed).
_DEPARTURES = frozenset({"ClientDisconnect", "WebSocketDisconnect"})
# What ends a piece of work on purpose; trio's and greenlet's by name, too. Any other BaseException is a fault:
# a panic in a library written in Rust is one.
_ENDS = (CancelledError, GeneratorExit, KeyboardInterrupt, SystemExit)
_ENDS_BY_NAME = frozenset({"Cancelled", "GreenletExit"})
_EXCUSED = "__toolboxai_excused__"


def excuse(error: BaseException) -> None:
    """Leave on ``error`` that it is nobody's fault."""
    noted_on(error)[_EXCUSED] = True


def is_fault(error: BaseException) -> bool:
    """Say whether ``error`` is anybody's fault; a group is when one of its members is."""
    if isinstance(error, BaseExceptionGroup):
        return any(is_fault(member) for member in error.exceptions)
    if isinstance(error, _ENDS) or _EXCUSED in noted_on(error):
        return False
    names = _DEPARTURES if isinstance(error, Exception) else _ENDS_BY_NAME
    return not any(kind.__name__ in names for kind in type(error).__mro__)


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    """Yield ``error``, what it was raised from and its group's members, nearest first; a circle has an end."""
    seen: set[int] = set()
    waiting = [error]
    while waiting and len(seen) < MAX_CHAIN:
        each = waiting.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting.append(each.__cause__ if each.__cause__ is not None else each.__context__)
        if isinstance(each, BaseExceptionGroup):
            waiting.extend(each.exceptions)
