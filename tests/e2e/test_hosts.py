"""Under the servers that people have: every error that a client was told of arrives, exactly once.

The application keeps what it captures in memory until a flush: without that at its end everything is lost.
"""

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
import urllib3

from benchmarks.processes import free_port
from tests.cli.processes import Running, is_listening, wait_until
from tests.telemetry.sink import RecordingSink, answer, items_of, running_sink
from toolboxai.telemetry.spool import waiting_in
from toolboxai.telemetry.transport.wire import categories_of

HERE = Path(__file__).parent
ERRORS = 40
_http = urllib3.PoolManager(retries=False, timeout=30, maxsize=8)


@dataclass
class Host:
    """A server with two workers, or one that reloads, and the sink it reports to."""

    process: Running
    port: int
    folder: Path
    sink: RecordingSink

    def fail(self, number: int) -> dict[str, Any]:
        """Make a request fail; return what the client was told."""
        # A server may wait half a minute for kept-alive connections before it stops.
        url, headers = f"http://127.0.0.1:{self.port}/fail/{number}", {"Connection": "close"}
        answer = _http.request("GET", url, headers=headers)
        assert answer.status == 500
        told: dict[str, Any] = answer.json()
        assert told["event_id"]
        return told

    def fail_often(self, workers: int) -> list[str]:
        """Make requests fail side by side in every worker; return the events' ids."""
        told: list[dict[str, Any]] = []
        with ThreadPoolExecutor(8) as pool:
            while len({each["pid"] for each in told}) < workers:
                assert len(told) < 50 * ERRORS, "one worker answers everything"
                told += pool.map(self.fail, range(ERRORS))
        return [each["event_id"] for each in told]

    def stop(self) -> None:
        """Stop as an operator does."""
        self.process.send(signal.SIGTERM)
        self.process.end()

    def arrived(self) -> Counter[str]:
        """Return how often each event arrived."""
        return Counter(event["event_id"] for event in self.sink.items("event"))

    def kept(self) -> Counter[str]:
        """Return how often each event waits on disk for the next start."""
        folders = self.folder.glob(".toolboxai/spool/*/worker-*")
        waiting = [
            each.record.body for folder in folders for each in waiting_in(folder, categories_of)
        ]
        items = [item for body in waiting for item in items_of(body)]
        return Counter(each.payload["event_id"] for each in items if each.header["type"] == "event")


Start = Callable[..., Host]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """A function that starts a server on the application; arguments are the server's."""
    started: list[Running] = []
    with running_sink() as sink:

        def begin(module: str, *arguments: str, says: str, workers: int = 1) -> Host:
            port, folder = free_port(), tmp_path / "host"
            folder.mkdir()
            copy(HERE / "host_app.py", folder / "host_app.py")
            given = [argument.format(port=port) for argument in arguments]
            environment = {"SENTRY_DSN": sink.dsn, "HOME": str(folder)}  # gunicorn writes there
            process = Running(*given, folder=folder, module=module, **environment)
            started.append(process)
            # All of them: a worker of gunicorn's that is told to stop while it boots takes half a minute.
            wait_until(lambda: process.output.count(says) == workers, f"{says}: {process.output}")
            wait_until(lambda: is_listening(port), "the port")
            return Host(process, port, folder, sink)

        yield begin
        for process in started:
            process.stop()


GUNICORN = ("gunicorn", "host_app:app", "--bind", "127.0.0.1:{port}", "--workers", "2")
UVICORN = ("uvicorn", "host_app:app", "--port", "{port}")
# The class moved to a package of its own, `uvicorn-worker`; older uvicorns have it themselves.
UVICORN_WORKER = "uvicorn_worker" if find_spec("uvicorn_worker") else "uvicorn.workers"
ASGI, READY = "ASGI server listening", "Application startup complete"
needs_uvicorn_worker = pytest.mark.skipif(
    not find_spec("uvicorn_worker") and not find_spec("uvicorn.workers"),
    reason="uvicorn's worker for gunicorn is not installed",
)


@pytest.mark.parametrize(
    ("arguments", "says", "workers"),
    [
        pytest.param((*GUNICORN, "-k", "asgi", "--preload"), ASGI, 2, id="gunicorn preload"),
        pytest.param(
            (*GUNICORN, "-k", f"{UVICORN_WORKER}.UvicornWorker"),
            READY,
            2,
            id="gunicorn with uvicorn",
            marks=needs_uvicorn_worker,
        ),
        pytest.param(
            (*GUNICORN, "-k", f"{UVICORN_WORKER}.UvicornWorker", "--preload"),
            READY,
            2,
            id="gunicorn with uvicorn, preload",
            marks=needs_uvicorn_worker,
        ),
        pytest.param((*UVICORN, "--workers", "2"), READY, 2, id="uvicorn workers"),
        pytest.param(UVICORN, READY, 1, id="uvicorn"),
    ],
)
def test_every_error_arrives_once_although_the_server_is_stopped_at_once(
    start: Start, arguments: tuple[str, ...], says: str, workers: int
) -> None:
    host = start(*arguments, says=says, workers=workers)
    told = host.fail_often(workers)
    assert not host.arrived()

    host.stop()

    assert host.arrived() == Counter(told)
    assert not host.kept()


def test_every_error_is_on_disk_when_the_sink_takes_nothing(start: Start) -> None:
    host = start(*GUNICORN, "-k", "asgi", says=ASGI, workers=2)
    host.sink.behaviour = partial(answer, status=503)
    told = host.fail_often(2)

    host.stop()

    assert host.kept() == Counter(told)


def test_a_reload_loses_nothing_of_the_old_process(start: Start) -> None:
    host = start(*UVICORN, "--reload", "--reload-dir", ".", says=READY)
    told = host.fail_often(1)
    changed = (HERE / "host_app.py").read_text() + "\n# changed\n"
    (host.folder / "host_app.py").write_text(changed)
    wait_until(lambda: host.process.output.count(READY) == 2, "the second process")
    wait_until(lambda: is_listening(host.port), "the second process")
    assert host.arrived() == Counter(told)

    told += host.fail_often(1)
    host.stop()

    assert host.arrived() == Counter(told)
    assert not host.kept()
