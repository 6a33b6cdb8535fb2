"""Real processes for the tests of the command line."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from benchmarks.processes import free_port
from tests.cli.processes import Running


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the developer's own settings and data out of the tests."""
    monkeypatch.chdir(tmp_path)
    for name in ("SENTRY_DSN", "SENTRY_ENVIRONMENT", "TOOLBOXAI_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)


class Up:
    """`toolboxai up` with ports and a folder of its own."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.port, self.monitor_port = free_port(), free_port()
        ports = ("--port", str(self.port), "--monitor-port", str(self.monitor_port))
        self.process = Running("up", *ports, "--data", "data", folder=folder, **environment)
        self.url = f"http://127.0.0.1:{self.port}"
        self.monitor_data = folder / "data/monitor"
        self.start = ""

    def wait_until_up(self) -> None:
        self.process.wait_to_say("toolboxai: up. ")
        self.process.wait_to_say("stops ")
        self.start = self.process.output


@pytest.fixture
def up(tmp_path: Path) -> Generator[Up]:
    """Return a running `toolboxai up`: monitor and server."""
    up = Up(tmp_path)
    try:
        up.wait_until_up()
        yield up
    finally:
        up.process.stop()


LATE = """
import sys

if "serve" in sys.orig_argv:
    from toolboxai.telemetry.transport import keeper

    keeper.TICK_SECONDS = 300.0
"""


@pytest.fixture
def late_up(tmp_path: Path) -> Generator[Up]:
    """Return one where what is captured stays in memory until somebody flushes."""
    path = tmp_path / "late"
    path.mkdir()
    (path / "sitecustomize.py").write_text(LATE)
    inherited = os.environ.get("PYTHONPATH", "")
    up = Up(tmp_path, PYTHONPATH=os.pathsep.join([str(path), *filter(None, [inherited])]))
    try:
        up.wait_until_up()
        yield up
    finally:
        up.process.stop()


@pytest.fixture(scope="session")
def shared_up(tmp_path_factory: pytest.TempPathFactory) -> Generator[Up]:
    """Return one that many tests use; each leaves it running, and both its children."""
    up = Up(tmp_path_factory.mktemp("up"))
    try:
        up.wait_until_up()
        yield up
    finally:
        up.process.stop()
