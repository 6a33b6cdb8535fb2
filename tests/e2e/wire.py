"""A recorder on the wire: passes every byte on between a client and the monitor, and keeps a copy."""

import socket
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread

_PART_BYTES = 65_536


@dataclass
class Recording:
    """What went by, both ways, and every gzip body in it unpacked."""

    port: int
    chunks: list[bytes] = field(default_factory=list)

    def everything(self) -> bytes:
        """Return the raw bytes and what they unpack to."""
        raw = b"".join(self.chunks)
        return raw + b"".join(_unpacked(raw))


def _unpacked(raw: bytes) -> Iterator[bytes]:
    position = raw.find(b"\x1f\x8b\x08")
    while position >= 0:
        with suppress(zlib.error):
            yield zlib.decompressobj(31).decompress(raw[position:])
        position = raw.find(b"\x1f\x8b\x08", position + 1)


@contextmanager
def recorded(target_port: int) -> Iterator[Recording]:
    """Listen on a port of its own and pass everything on to ``target_port``."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        recording = Recording(server.getsockname()[1])
        Thread(target=_accept, args=(server, target_port, recording), daemon=True).start()
        yield recording
        server.shutdown(socket.SHUT_RDWR)


def _accept(server: socket.socket, target_port: int, recording: Recording) -> None:
    with suppress(OSError):
        while True:
            client, _ = server.accept()
            with suppress(OSError):
                sink = socket.create_connection(("127.0.0.1", target_port))
                Thread(target=_pass_on, args=(client, sink, recording), daemon=True).start()
                Thread(target=_pass_on, args=(sink, client, Recording(0)), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket, recording: Recording) -> None:
    with suppress(OSError), source, target:
        while part := source.recv(_PART_BYTES):
            recording.chunks.append(part)
            target.sendall(part)
