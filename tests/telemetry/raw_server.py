"""A TCP server on 127.0.0.1 that does with each connection what a test says, down to the byte."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Condition, Event, Thread

import trustme

from toolboxai.telemetry import Options
from toolboxai.telemetry.transport.sink import Sink

WAIT_SECONDS = 10.0
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@dataclass
class Connection:
    """One caller. Every wait ends when the server does."""

    socket: socket.socket
    ended: Event

    def request(self) -> bytes:
        """Return one whole request, head and body; empty when the caller has hung up."""
        received = b""
        while b"\r\n\r\n" not in received:
            part = self.socket.recv(65_536)
            if not part:
                return b""
            received += part
        head, _, body = received.partition(b"\r\n\r\n")
        _, _, length = head.lower().partition(b"content-length:")
        while len(body) < int(length.partition(b"\r\n")[0] or 0):
            body += self.socket.recv(65_536)
        return head + b"\r\n\r\n" + body

    def say(self, words: bytes) -> None:
        """Send all of ``words``."""
        self.socket.sendall(words)

    def drip(self, words: bytes, *, every_seconds: float) -> None:
        """Send ``words`` byte by byte for ever, or until somebody has had enough."""
        while not self.ended.wait(every_seconds):
            self.socket.sendall(words[:1])
            words = words[1:] + words[:1]

    def hang(self) -> None:
        """Do nothing until the caller or the test goes away."""
        self.ended.wait(WAIT_SECONDS)


Behaviour = Callable[[Connection], None]


@dataclass
class RawServer:
    """Where it listens, and how often somebody came."""

    port: int
    behaviour: Behaviour
    callers: int = 0
    changed: Condition = field(default_factory=Condition)

    @property
    def dsn(self) -> str:
        """A DSN that leads here."""
        return f"http://publickey@127.0.0.1:{self.port}/1"


@contextmanager
def running(behaviour: Behaviour) -> Iterator[RawServer]:
    """Serve until the end of the block; each connection gets a thread and the server's current behaviour."""
    ended = Event()
    threads: list[Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = RawServer(listener.getsockname()[1], behaviour)

        def serve(caller: socket.socket) -> None:
            with caller, suppress(OSError):
                server.behaviour(Connection(caller, ended))

        def accept() -> None:
            with suppress(OSError):
                while True:
                    caller, _ = listener.accept()
                    caller.settimeout(WAIT_SECONDS)
                    with server.changed:
                        server.callers += 1
                        server.changed.notify_all()
                    thread = Thread(target=serve, args=(caller,), daemon=True)
                    threads.append(thread)
                    thread.start()

        accepting = Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield server
        finally:
            ended.set()
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join(WAIT_SECONDS)
            for thread in threads:
                thread.join(WAIT_SECONDS)


@contextmanager
def sink_at(dsn: str, *, seconds: float = 10.0, **choices: object) -> Iterator[Sink]:
    """Give a sink for ``dsn``, closed at the end."""
    sink = Sink(dsn, "test/1", Options(dsn=dsn, **choices), attempt_seconds=seconds)  # type: ignore[arg-type]
    yield sink
    sink.close()


def accept(connection: Connection) -> None:
    """Take whatever comes, over a connection that is kept."""
    while connection.request():
        connection.say(OK)


def over_tls(
    behaviour: Behaviour, authority: trustme.CA, *, name: str = "127.0.0.1", client: bool = False
) -> Behaviour:
    """Do ``behaviour`` over TLS, as ``name``; with ``client`` only with whom ``authority`` knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    if client:
        context.verify_mode = ssl.CERT_REQUIRED
        authority.configure_trust(context)

    def wrapped(connection: Connection) -> None:
        with context.wrap_socket(connection.socket, server_side=True) as inner:
            behaviour(Connection(inner, connection.ended))

    return wrapped


def secure(server: RawServer) -> str:
    """Return the server's DSN, over TLS."""
    return server.dsn.replace("http:", "https:")
