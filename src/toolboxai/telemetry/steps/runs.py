"""The runs of one step or job that are under way: one object may serve tasks and threads side by side."""

import asyncio
from threading import get_ident
from typing import Generic, TypeVar

R = TypeVar("R")


class Runs(Generic[R]):
    """Each run belongs to the task, else the thread, that began it."""

    def __init__(self) -> None:
        self._open: list[tuple[object, R]] = []

    def add(self, run: R) -> None:
        """Take note of a run that has begun."""
        self._open.append((_whose(), run))

    def mine(self) -> R | None:
        """Return the newest run of who asks; of what another one began, as a dependency may, the newest of all."""
        entry = self._entry()
        return None if entry is None else entry[1]

    def take(self) -> R | None:
        """Return the same, and forget it."""
        entry = self._entry()
        if entry is None:
            return None
        self._open.remove(entry)
        return entry[1]

    def _entry(self) -> tuple[object, R] | None:
        opened, who = self._open[:], _whose()
        own = [entry for entry in opened if entry[0] is who or entry[0] == who]
        entries = own or opened
        return entries[-1] if entries else None


def _whose() -> object:
    try:
        return asyncio.current_task() or get_ident()
    except RuntimeError:  # no loop runs here
        return get_ident()
