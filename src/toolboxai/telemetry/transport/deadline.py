"""Sockets that keep one deadline for all of an attempt, whichever part of it is slow.

urllib3's timeouts are for one read: a sink that sends a byte a second would hold an attempt for ever.
"""

import socket
import ssl
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Any


class Deadline:
    """When the attempt under way must have ended."""

    def __init__(self, *, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._ends_at = inf

    def begin(self, seconds: float) -> None:
        """Begin an attempt that may take so long."""
        self._ends_at = self._now() + seconds

    def left(self) -> float:
        """Return the seconds that are left. Raises ``TimeoutError`` when there are none."""
        left = self._ends_at - self._now()
        if left <= 0:
            msg = "the attempt as a whole took too long"
            raise TimeoutError(msg)
        return left


class _Plain(socket.socket):
    """A socket, each of whose operations gets what is left."""

    deadline: Deadline

    def recv(self, *arguments: Any) -> bytes:  # noqa: ANN401 - the socket's own signature
        self.settimeout(self.deadline.left())
        return super().recv(*arguments)

    def recv_into(self, *arguments: Any) -> int:  # noqa: ANN401
        self.settimeout(self.deadline.left())
        return super().recv_into(*arguments)

    def sendall(self, *arguments: Any) -> None:  # noqa: ANN401
        self.settimeout(self.deadline.left())
        return super().sendall(*arguments)


class _Tls(ssl.SSLSocket):
    """The same over TLS. Python sends its parts one by one there, each with a timeout of its own."""

    deadline: Deadline

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - the socket's own signature
        self.settimeout(self.deadline.left())
        super().do_handshake(block)

    def recv(self, *arguments: Any) -> bytes:  # noqa: ANN401
        self.settimeout(self.deadline.left())
        return super().recv(*arguments)

    def recv_into(self, *arguments: Any) -> int:  # noqa: ANN401
        self.settimeout(self.deadline.left())
        return super().recv_into(*arguments)

    def send(self, *arguments: Any) -> int:  # noqa: ANN401
        self.settimeout(self.deadline.left())
        return super().send(*arguments)


def tls_sockets_keep(deadline: Deadline, context: ssl.SSLContext) -> ssl.SSLContext:
    """Make the sockets that ``context`` wraps keep ``deadline``; return it."""
    context.sslsocket_class = type("Tls", (_Tls,), {"deadline": deadline})
    return context


Address = tuple[Any, ...]
"""What ``socket.getaddrinfo`` gives: family, type, protocol, canonical name, address."""


def connect(addresses: list[Address], deadline: Deadline) -> socket.socket:
    """Return a socket connected to the first address that answers; a dead one costs its share of the time.

    Raises ``OSError``, that of the last address.
    """
    trouble: OSError = OSError("the name has no address")
    for tried, (family, kind, protocol, _, address) in enumerate(addresses):
        opened = _Plain(family, kind, protocol)
        opened.deadline = deadline
        try:
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            opened.settimeout(deadline.left() / (len(addresses) - tried))
            opened.connect(address)
        except OSError as error:
            opened.close()
            trouble = error
        else:
            return opened
    raise trouble
