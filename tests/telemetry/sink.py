"""A sink over real HTTP that keeps what it receives and answers as it is told."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Lock, Thread
from typing import Any

import orjson

WAIT_SECONDS = 10.0
Behaviour = Callable[[BaseHTTPRequestHandler], None]


def accept(request: BaseHTTPRequestHandler) -> None:
    """Say 200."""
    answer(request, 200)


def answer(request: BaseHTTPRequestHandler, status: int, **headers: str) -> None:
    """Say ``status``, in one packet."""
    lines = [f"HTTP/1.1 {status} X", "Content-Length: 2"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    request.wfile.write(("\r\n".join(lines) + "\r\n\r\n{}").encode())


@dataclass
class Item:
    """One item of an envelope."""

    header: dict[str, Any]
    payload: Any


@dataclass
class RecordingSink:
    """What arrived, as bytes and taken apart. ``behaviour`` may be changed at any time."""

    behaviour: Behaviour = accept
    bodies: list[bytes] = field(default_factory=list)
    attempts: int = 0
    last_body: bytes = b""
    changed: Condition = field(default_factory=Condition)
    dsn: str = ""
    held: Lock = field(default_factory=Lock)  # whoever has it makes clients wait

    def items(self, item_type: str) -> list[Any]:
        """Return the payloads of all items of a type, in the order in which they happened."""
        found = [item for body in list(self.bodies) for item in items_of(body)]
        payloads = [item.payload for item in found if item.header["type"] == item_type]
        return sorted(payloads, key=_happened_at)

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Return as soon as ``condition`` holds; fail if it doesn't within ten seconds."""
        with self.changed:
            assert self.changed.wait_for(condition, WAIT_SECONDS), "it never came"

    def headers(self) -> list[dict[str, Any]]:
        """Return the envelope headers."""
        return [orjson.loads(body.partition(b"\n")[0]) for body in self.bodies]


def _happened_at(payload: dict[str, Any]) -> float:
    """Return the time of an event: they arrive newest first, ours with a number and the SDK's with a text."""
    said = payload.get("timestamp", 0.0)
    return datetime.fromisoformat(said).timestamp() if isinstance(said, str) else float(said)


def items_of(envelope: bytes) -> Iterator[Item]:
    """Yield the items of an envelope."""
    position = envelope.index(b"\n") + 1
    while position < len(envelope):
        end = envelope.index(b"\n", position)
        header = orjson.loads(envelope[position:end])
        payload = envelope[end + 1 : end + 1 + header["length"]]
        is_file = header["type"] == "attachment"
        yield Item(header, payload if is_file else orjson.loads(payload))
        position = end + 1 + header["length"] + 1


@contextmanager
def running_sink() -> Iterator[RecordingSink]:
    """Serve a sink on a free port of 127.0.0.1."""
    sink = RecordingSink()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers["Content-Encoding"] == "gzip":
                body = gzip.decompress(body)
            with sink.held:
                behaviour = sink.behaviour
            with sink.changed:
                sink.attempts += 1
                sink.last_body = body
                if behaviour is accept:
                    sink.bodies.append(body)
                sink.changed.notify_all()
            behaviour(self)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    sink.dsn = f"http://publickey@127.0.0.1:{server.server_port}/1"
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
