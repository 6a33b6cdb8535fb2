"""Real processes for the tests of `up`: waiting without sleeping blindly."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

WAIT_SECONDS = 60.0  # only a failure takes as long; a busy machine is none


def wait_until(is_so: Callable[[], bool], what: str, seconds: float = WAIT_SECONDS) -> None:
    """Return as soon as ``is_so``; fail with ``what`` when it takes too long."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain for: {what}"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Say whether a process runs; one that has ended but wasn't waited for doesn't."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def is_listening(port: int) -> bool:
    """Say whether somebody accepts connections on ``port``."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Running:
    """A real process of a Python module, and what it has printed so far."""

    def __init__(
        self, *arguments: str, folder: Path, module: str = "toolboxai", **environment: str
    ) -> None:
        self.log = folder / "output.log"
        inherited = {name: value for name, value in os.environ.items() if "SENTRY" not in name}
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=folder,
                env=inherited | {"PYTHONUNBUFFERED": "1"} | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def output(self) -> str:
        """What was printed so far."""
        return self.log.read_text(encoding="utf-8")

    def wait_to_say(self, words: str) -> None:
        """Return once ``words`` were printed; fail when the process ended without them."""
        wait_until(lambda: words in self.output or not self.is_running(), words)
        assert words in self.output, self.output

    def is_running(self) -> bool:
        """Say whether the process has not ended."""
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal to this process alone."""
        self._process.send_signal(number)

    def end(self) -> int:
        """Return the exit code once the process has ended."""
        return self._process.wait(WAIT_SECONDS)

    def stop(self) -> None:
        """End the process in order, if it runs."""
        if self.is_running():
            self.send(signal.SIGTERM)
        self.end()
