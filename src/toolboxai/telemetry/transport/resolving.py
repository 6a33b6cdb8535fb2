"""Names → addresses in a given time: in a thread, as the system's own look-up takes as long as it likes."""

# Python imports it at the first look-up. If a process forked meanwhile, the child would wait for ever for
# that import to end: the thread that had begun it is the parent's.
import encodings.idna  # noqa: F401
import socket
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import Thread

from toolboxai.telemetry.transport.deadline import Address

LookUp = Callable[[str, int], list[Address]]


def look_up(host: str, port: int) -> list[Address]:
    """Ask the system. Raises ``socket.gaierror`` for a name nobody knows."""
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


class Resolver:
    """Looks up one name at a time. One that hangs is waited for again, not asked for a second time."""

    def __init__(self, look_up: LookUp = look_up) -> None:
        self._look_up = look_up
        self._pending: Future[list[Address]] | None = None

    def __call__(self, host: str, port: int, *, timeout_seconds: float) -> list[Address]:
        """Return the addresses. Raises ``OSError``: ``gaierror`` for no such name, ``TimeoutError``."""
        numeric = socket.AI_NUMERICHOST
        with suppress(socket.gaierror, UnicodeError):  # raised at once for what isn't an address
            return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=numeric))
        pending = self._pending = self._pending or self._begin(host, port)
        found = pending.exception(timeout_seconds)
        self._pending = None
        if found is not None:
            raise found
        return pending.result()

    def _begin(self, host: str, port: int) -> "Future[list[Address]]":
        pending: Future[list[Address]] = Future()
        Thread(
            target=self._answer, args=(pending, host, port), name="telemetry-resolver", daemon=True
        ).start()
        return pending

    def _answer(self, pending: "Future[list[Address]]", host: str, port: int) -> None:
        try:
            pending.set_result(self._look_up(host, port))
        except UnicodeError as error:  # a label that no name can have
            pending.set_exception(socket.gaierror(str(error)))
        except BaseException as error:  # noqa: BLE001 - it goes on in the thread that waits
            pending.set_exception(error)
