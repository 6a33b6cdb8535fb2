"""The audit's own server: its start by the settings of this machine, the end of its deliveries, its stop."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import urllib3

from toolboxai.cli.audit.recorder import HOST, Recording
from toolboxai.cli.children import Process
from toolboxai.cli.errors import CommandError
from toolboxai.cli.ports import free_port
from toolboxai.server.audit.app import SEED_VARIABLE
from toolboxai.server.audit.canaries import Canaries

START_SECONDS = 60.0
DELIVERY_SECONDS = 120.0
STOP_SECONDS = 15.0
PAUSE_SECONDS = 0.1
QUIET_SECONDS = 3.0
MAX_LINES_KEPT = 200

_http = urllib3.PoolManager(retries=False, timeout=10)


@contextmanager
def audited_server(
    dsn: str, canaries: Canaries, environment: str, pseudonym_key: str
) -> Generator[str]:
    """Run the server by the settings of this machine, but with a sink, folder and database of its own; its address."""
    port, lines = free_port(HOST), list[str]()
    url = f"http://{HOST}:{port}"
    with TemporaryDirectory(prefix="toolboxai-audit-") as folder:
        process = Process(
            "audited server",
            ["toolboxai.server.audit.app", str(port)],
            health_url=f"{url}/health",
            hear=lambda _, line: lines.append(line) if len(lines) < MAX_LINES_KEPT else None,
            environment={
                "DATABASE_URL": "",
                "SENTRY_DSN": dsn,
                "SENTRY_ENVIRONMENT": environment,
                "SENTRY_TRACES_SAMPLE_RATE": "1",
                "TOOLBOXAI_DATA_DIR": str(Path(folder) / "data"),
                "TOOLBOXAI_PSEUDONYM_KEY": pseudonym_key,
                SEED_VARIABLE: canaries.seed,
            },
        )
        process.start()
        try:
            _wait(lambda: process.is_healthy() or not process.is_alive(), START_SECONDS, "to start")
            if not process.is_alive():
                message = "the audit's server did not start:\n" + "\n".join(lines[-20:])
                raise CommandError(message, exit_code=2)
            yield url
            process.terminate()
            _wait(lambda: not process.is_alive(), STOP_SECONDS, "to stop")
        finally:
            process.kill()


def wait_until_delivered(url: str) -> None:
    """Return once the server has nothing more to send."""

    def is_delivered() -> bool:
        status = _http.request("GET", f"{url}/sentry/status").json()
        return not status["queued"] and not status["spool"]["waiting"]

    _wait(is_delivered, DELIVERY_SECONDS, "to deliver")


def wait_until_quiet(wire: Recording) -> None:
    """Return once nothing more arrives. Raises ``CommandError`` when nothing ever did."""
    if not wire.wait_for_any(DELIVERY_SECONDS):
        message = f"nothing reached the recorder; start the server with SENTRY_DSN={wire.dsn}"
        raise CommandError(message)
    seen = 0
    while seen < len(wire.bodies):
        seen = len(wire.bodies)
        time.sleep(QUIET_SECONDS)


def _wait(is_so: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            message = f"the audit's server took more than {seconds:g} s {what}"
            raise CommandError(message)
        time.sleep(PAUSE_SECONDS)
