"""Forks of the SDK's scopes that are made when somebody first looks at them: most requests never do."""

from threading import RLock
from typing import Any, ClassVar, cast

from sentry_sdk import Scope

_SLOTS = {name: getattr(Scope, name) for name in Scope.__slots__}


class Fork(Scope):
    """A fork of ``base``, until it is made: then ``None``.

    Where nobody has put anything a slot is empty, and Python asks ``__getattr__`` for what is in it.
    """

    __slots__ = ("base",)
    base: Scope | None
    _making: ClassVar = RLock()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever is in that slot
        with Fork._making:  # else what another thread has just put into it would be lost
            base = self.base if name != "base" else None
            if base is not None:
                made = base.fork()
                for slot in _SLOTS.values():
                    try:
                        slot.__get__(self)
                    except AttributeError:
                        slot.__set__(self, slot.__get__(made))
                self.base = None
            return object.__getattribute__(self, name)

    def __copy__(self) -> "Fork":
        """Return a fork of this, made."""
        made: Any = super().__copy__()
        made.base = None
        return cast("Fork", made)


def forked_later(base: Scope) -> Scope:
    """Return a fork of ``base``, yet to be made."""
    fork: Fork = Fork.__new__(Fork)
    fork.base = base
    return fork


def peek(scope: Scope, slot: str) -> Any:  # noqa: ANN401 - whatever is in that slot
    """Return what is in a slot, for somebody who won't change it: no fork is made for that."""
    if type(scope) is Fork and (base := scope.base) is not None:
        try:
            return _SLOTS[slot].__get__(scope)
        except AttributeError:
            return getattr(base, slot)
    return getattr(scope, slot)
