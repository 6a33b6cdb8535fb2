"""What isn't worth an event. Pure."""

# The other side went away. That is the weather, not a fault (compared by name: no import needed).
_DEPARTURES = frozenset({"ClientDisconnect", "WebSocketDisconnect"})


def is_fault(error: BaseException) -> bool:
    """Say whether ``error`` is anybody's fault at all."""
    return isinstance(error, Exception) and not any(
        kind.__name__ in _DEPARTURES for kind in type(error).__mro__
    )
