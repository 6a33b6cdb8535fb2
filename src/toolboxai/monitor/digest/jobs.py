"""What the writer thread is asked to do, and how whoever asked is answered."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from toolboxai.monitor.digest.items import Submission
from toolboxai.monitor.store import Store


class NotStoredError(Exception):
    """The envelope is not durable; the client should send it again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an envelope: durable, with the id of its event if it has one, or not.

    ``dropped`` is why none of its items is kept as an event, if one should have been.
    """

    event_id: str | None = None
    error: NotStoredError | None = None
    dropped: str | None = None


# Made while there is memory.
NOT_STORED = Answer(error=NotStoredError("the monitor can't write to its data folder"))


@dataclass(frozen=True, slots=True)
class EnvelopeJob:
    """Store an envelope."""

    submission: Submission
    size: int
    resolve: Callable[[Answer], None]

    def refuse(self) -> None:
        """Say that it isn't stored."""
        self.resolve(NOT_STORED)


@dataclass(frozen=True, slots=True)
class CallJob:
    """Call something with the store."""

    run: Callable[[Store], Any]
    future: Future[Any]

    def carry_out(self, store: Store) -> None:
        """Call it; whoever waits for the result gets it, or the error."""
        try:
            self.future.set_result(self.run(store))
        except Exception as error:  # noqa: BLE001 - it is handed on
            self.future.set_exception(error)

    def refuse(self) -> None:
        """Say that it isn't done."""
        self.future.set_exception(NotStoredError("the monitor's writer has ended"))
