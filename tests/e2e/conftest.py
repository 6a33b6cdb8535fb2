"""The whole thing as real processes: a monitor, a server, and what is needed to ask them."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
import urllib3

from benchmarks.processes import free_port
from tests.cli.processes import Running, wait_until

StartMonitor = Callable[[], "Monitor"]
StartServer = Callable[..., "Server"]
_http = urllib3.PoolManager(retries=False, timeout=30)


@dataclass
class Monitor:
    """A running monitor."""

    process: Running
    port: int
    data: Path

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def password(self) -> str:
        """What it printed on its first start."""
        found = re.search(r"password (\S+)", self.process.output)
        assert found
        return found[1]

    def tell(self, *arguments: str) -> str:
        """Return what ``toolboxai monitor …`` prints about it."""
        command = [
            sys.executable,
            "-m",
            "toolboxai",
            "monitor",
            *arguments,
            "--data",
            str(self.data),
        ]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def event_ids(self) -> set[str]:
        """Return the ids of all stored events."""
        return set(self.tell("ids").split())

    def api(self, path: str, token: str) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON at ``/api/0/…``."""
        request = Request(f"{self.url}/api/0/{path}", headers={"Authorization": f"Bearer {token}"})
        with urlopen(request, timeout=10) as answer:
            return json.load(answer)


@dataclass
class Server:
    """A running ToolboxAI server."""

    process: Running
    port: int
    data: Path

    def signed_in(self) -> dict[str, str]:
        """Return the headers of an administrator who has signed in."""
        password = "a long enough one"
        command = [sys.executable, "-m", "toolboxai", "users", "create-admin", "--password-stdin"]
        subprocess.run(
            [*command, "--school", "Hill School", "--username", "kim"],
            input=f"{password}\n",
            env=os.environ | {"TOOLBOXAI_DATA_DIR": str(self.data)},
            cwd=self.data,
            check=True,
            capture_output=True,
            text=True,
        )
        form = {"username": "kim", "password": password}
        tokens = self.ask("/auth/token", "POST", fields=form, encode_multipart=False).json()
        return {"Authorization": f"Bearer {tokens['access_token']}"}

    def ask(self, path: str, method: str = "GET", **given: Any) -> urllib3.BaseHTTPResponse:  # noqa: ANN401
        """Return the answer."""
        # uvicorn hangs up after an unhandled error, so a kept-alive connection would meet a reset.
        headers = {"Connection": "close", **given.pop("headers", {})}
        url = f"http://127.0.0.1:{self.port}{path}"
        return _http.request(method, url, headers=headers, **given)

    def fail(self) -> str:
        """Make a request fail; return the event id that its error page names."""
        answer = self.ask("/sentry-debug")
        assert answer.status == 500
        event_id: str = answer.json()["event_id"]
        return event_id

    def wait_until_spooled(self) -> None:
        """Return when nothing captured is only in memory."""
        wait_until(lambda: self.ask("/sentry/status").json()["queued"] == 0, "an empty queue")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder that server and monitor share."""
    return tmp_path / "data"


@pytest.fixture
def start_monitor(tmp_path: Path, data: Path) -> Iterator[StartMonitor]:
    """A function that starts the monitor, always on the same port and folder."""
    port, started = free_port(), list[Running]()

    def start() -> Monitor:
        folder = tmp_path / f"monitor-{len(started)}"
        folder.mkdir()
        arguments = ("monitor", "--port", str(port), "--data", str(data / "monitor"))
        process = Running(*arguments, folder=folder)
        started.append(process)
        process.wait_to_say("listens on")
        return Monitor(process, port, data / "monitor")

    yield start
    for process in started:
        process.stop()


@pytest.fixture
def start_server(tmp_path: Path, data: Path) -> Iterator[StartServer]:
    """A function that starts the server with arguments; keyword arguments are its environment."""
    started = list[Running]()

    def start(*arguments: str, **environment: str) -> Server:
        folder, port = tmp_path / f"server-{len(started)}", free_port()
        folder.mkdir()
        environment = {"TOOLBOXAI_DATA_DIR": str(data)} | environment
        process = Running("serve", "--port", str(port), *arguments, folder=folder, **environment)
        started.append(process)
        process.wait_to_say("Uvicorn running on")
        return Server(process, port, data)

    yield start
    for process in started:
        process.stop()
