"""A line to a service that can be cut, held and mended, so that the service itself, which others use, goes on."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from urllib.parse import urlsplit

from benchmarks.processes import free_port

CHUNK_BYTES = 65_536
Address = tuple[str, int]


class Forwarder:
    """Listens on a port of 127.0.0.1 and passes everything on, both ways, until it is told otherwise."""

    def __init__(self, target: Address) -> None:
        self.port = free_port()
        self._target = target
        self._lock = Lock()
        self._open: set[socket.socket] = set()
        self._flows = Event()
        self._flows.set()
        self._door: socket.socket | None = None
        self.mend()

    @property
    def is_used(self) -> bool:
        """Whether somebody is connected."""
        with self._lock:
            return bool(self._open)

    def cut(self) -> None:
        """Hang up on everybody and refuse who comes: the service has ended."""
        self._flows.set()
        if self._door is not None:
            _end(self._door)
            self._door = None
        with self._lock:
            for each in self._open:
                _end(each)
            self._open.clear()

    def hold(self) -> None:
        """Let everybody in and pass nothing on: the service hangs."""
        self._flows.clear()

    def mend(self) -> None:
        """Be as if nothing had been."""
        self._flows.set()
        if self._door is None:
            self._door = socket.create_server(("127.0.0.1", self.port), backlog=64)
            Thread(target=self._welcome, args=(self._door,), daemon=True).start()

    def _welcome(self, door: socket.socket) -> None:
        with suppress(OSError):
            while True:
                caller, _ = door.accept()
                Thread(target=self._connect, args=(caller,), daemon=True).start()

    def _connect(self, caller: socket.socket) -> None:
        self._flows.wait()
        try:
            service = socket.create_connection(self._target)
        except OSError:
            _end(caller)
            return
        with self._lock:
            self._open |= {caller, service}
        for source, target in ((caller, service), (service, caller)):
            Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK_BYTES):
                self._flows.wait()
                target.sendall(data)
        for each in (source, target):
            _end(each)
        with self._lock:
            self._open -= {source, target}


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


@contextmanager
def line_to(url: str, default_port: int) -> Iterator[tuple[Forwarder, str]]:
    """Give a line to the service at ``url``, and the address of its beginning."""
    parts = urlsplit(url)
    forwarder = Forwarder((parts.hostname or "127.0.0.1", parts.port or default_port))
    who = parts.netloc.rpartition("@")[0]
    place = f"127.0.0.1:{forwarder.port}"
    try:
        yield forwarder, parts._replace(netloc=f"{who}@{place}" if who else place).geturl()
    finally:
        forwarder.cut()
