"""Real monitors for tests: in a thread of this process, or as a process that can be killed."""

import gzip
import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import uvicorn

from toolboxai.monitor.app import create_app
from toolboxai.monitor.queries import Queries
from toolboxai.monitor.settings import MonitorSettings

START_TIMEOUT_SECONDS = 20.0

PROGRAM = """
import sys
from pathlib import Path
from toolboxai.monitor.app import run
from toolboxai.monitor.settings import MonitorSettings
run(MonitorSettings(data=Path(sys.argv[1]), port=0))
"""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the monitor answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Monitor:
    """A monitor that listens."""

    data: Path
    port: int

    @property
    def dsn(self) -> str:
        return (self.data / "dsn").read_text().strip()

    @property
    def key(self) -> str:
        return self.dsn.partition("://")[2].partition("@")[0]

    def request(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with closing(connection):
            connection.request(method, path, body=body, headers=dict(headers or {}))
            response = connection.getresponse()
            lowered = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, lowered, response.read())

    def post(self, body: bytes | Iterable[bytes], **headers: str) -> Reply:
        """Post an envelope with the right key."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("POST", f"/api/1/envelope/?sentry_key={self.key}", body, names)

    def questions(self) -> Queries:
        return Queries(self.data)


def envelope(*items: tuple[dict[str, Any], bytes], header: dict[str, Any] | None = None) -> bytes:
    """Return an envelope with exact lengths."""
    lines = [json.dumps(header or {}).encode()]
    for headers, payload in items:
        lines += [json.dumps({"length": len(payload), **headers}).encode(), payload]
    return b"\n".join(lines)


def event_envelope(event_id: str | None = None, **fields: object) -> bytes:
    """Return an envelope with one event."""
    event = {"event_id": event_id or uuid4().hex, "message": "it broke", **fields}
    return envelope(({"type": "event"}, json.dumps(event).encode()))


def zipped(body: bytes) -> bytes:
    return gzip.compress(body)


@contextmanager
def monitor_in_thread(settings: MonitorSettings) -> Generator[Monitor]:
    """Run a monitor in a thread of this process."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        app = create_app(replace(settings, port=port))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not server.started and thread.is_alive() and time.monotonic() < deadline:
            thread.join(0.01)
        try:
            assert server.started
            yield Monitor(settings.data, port)
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def monitor_process(data: Path, *prefix: str) -> Generator[tuple[Monitor, subprocess.Popen[str]]]:
    """Run a monitor as a process of its own, to be killed."""
    process = subprocess.Popen(
        [*prefix, sys.executable, "-c", PROGRAM, str(data)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "listens on" in line, line
        yield Monitor(data, int(line.rpartition(":")[2])), process
    finally:
        process.kill()
        process.communicate()
