"""A sink that keeps what it is sent: everything that leaves a process whose DSN names it."""

import gzip
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread

HOST = "127.0.0.1"
MAX_KEPT_BYTES = 512 * 1024 * 1024


@dataclass
class Recording:
    """What arrived: heads as they were, bodies unpacked."""

    dsn: str
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    kept_bytes: int = 0
    changed: Condition = field(default_factory=Condition)

    def keep(self, head: bytes, body: bytes) -> bool:
        """Keep a request; say whether there was room for it."""
        with self.changed:
            if self.kept_bytes + len(body) > MAX_KEPT_BYTES:
                return False
            self.kept_bytes += len(body)
            self.heads.append(head)
            self.bodies.append(body)
            self.changed.notify_all()
        return True

    def wait_for_any(self, seconds: float) -> bool:
        """Return once something has arrived; say whether it has."""
        with self.changed:
            return self.changed.wait_for(lambda: bool(self.bodies), seconds)


@contextmanager
def recording(port: int = 0) -> Generator[Recording]:
    """Listen on this machine, on a free port if none is given, for as long as the block lasts."""
    kept = Recording("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            head = f"{self.requestline}\n{self.headers}".encode("utf-8", "surrogateescape")
            self.send_response(200 if kept.keep(head, body) else 507)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_args: object) -> None:
            """Say nothing: the audit speaks."""

    server = ThreadingHTTPServer((HOST, port), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    kept.dsn = f"http://audit@{HOST}:{server.server_port}/1"
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
