"""What isn't worth an event. Pure."""

from collections.abc import Iterator

MAX_CHAIN = 50

# The other side went away. That is the weather, not a fault (compared by name: no import needed).
_DEPARTURES = frozenset({"ClientDisconnect", "WebSocketDisconnect"})


def is_fault(error: BaseException) -> bool:
    """Say whether ``error`` is anybody's fault; a group is when one of its members is."""
    if isinstance(error, BaseExceptionGroup):
        return any(is_fault(member) for member in error.exceptions)
    return isinstance(error, Exception) and not any(
        kind.__name__ in _DEPARTURES for kind in type(error).__mro__
    )


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    """Yield ``error`` and what it was raised from, newest first; a circle has an end."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen and len(seen) < MAX_CHAIN:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
