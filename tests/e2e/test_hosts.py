"""Under the servers that people have: every error that a client was told of arrives, exactly once."""

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
import urllib3

from tests.cli.processes import Running, free_port, is_listening, wait_until
from tests.telemetry.sink import RecordingSink, running_sink

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

    def fail_often(self) -> list[dict[str, Any]]:
        """Make requests fail side by side."""
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(self.fail, range(ERRORS)))

    def arrived(self) -> Counter[str]:
        """Return how often each event arrived."""
        return Counter(event["event_id"] for event in self.sink.items("event"))


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
        pytest.param((*GUNICORN, "-k", "asgi"), ASGI, 2, id="gunicorn"),
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
    with host.sink.held:
        told = host.fail_often()
        host.process.send(signal.SIGTERM)
    host.process.end()

    assert host.arrived() == Counter(each["event_id"] for each in told)


def test_both_workers_report(start: Start) -> None:
    host = start(*GUNICORN, "-k", "asgi", "--preload", says=ASGI, workers=2)
    told: list[dict[str, Any]] = []
    while len({each["pid"] for each in told}) < 2:
        told += host.fail_often()
        assert len(told) < 50 * ERRORS, "one worker answers everything"

    wait_until(lambda: host.arrived() == Counter(each["event_id"] for each in told), "all of them")


def test_a_reload_loses_nothing_of_the_old_process(start: Start) -> None:
    host = start(*UVICORN, "--reload", "--reload-dir", ".", says=READY)
    with host.sink.held:
        told = host.fail_often()
        changed = (HERE / "host_app.py").read_text() + "\n# changed\n"
        (host.folder / "host_app.py").write_text(changed)
        wait_until(lambda: "Shutting down" in host.process.output, "the end of the first process")
    wait_until(lambda: host.process.output.count(READY) == 2, "the second process")
    wait_until(lambda: is_listening(host.port), "the second process")
    after = host.fail(1)

    assert after["pid"] not in {each["pid"] for each in told}
    wanted = Counter(each["event_id"] for each in [*told, after])
    wait_until(lambda: host.arrived() == wanted, "all of them")
