"""Processes that `up` starts: their start, their output line by line, their health, their end."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Protocol

import urllib3

LINE_MAX_BYTES = 64 * 1024
HEALTH_TIMEOUT_SECONDS = 2.0
LAST_WORDS_SECONDS = 2.0
# What uvicorn answers to SIGTERM and SIGINT once it has finished in order: it dies of them.
ENDED_WELL = {0, -signal.SIGTERM, -signal.SIGINT}

_http = urllib3.PoolManager(retries=False, timeout=HEALTH_TIMEOUT_SECONDS)


class Hear(Protocol):
    """Take one line of a child's output."""

    def __call__(self, name: str, line: str, /) -> None: ...


class Process:
    """A module of Python that runs in a process group of its own, tethered to this one.

    Its own group, because Ctrl-C goes to all of a group at once, and the monitor has to outlive
    the server's last words.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        health_url: str,
        hear: Hear,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.exit_code: int | None = None
        self._command = [sys.executable, "-m", "toolboxai.cli.tethered", *arguments]
        self._health_url = health_url
        self._hear = hear
        self._environment = {"PYTHONUNBUFFERED": "1", **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._listener: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        """The id of the process that runs now."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process; what it prints goes to ``hear``."""
        self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | self._environment,
        )
        self._listener = threading.Thread(
            target=self._listen, args=[self._process.stdout], daemon=True
        )
        self._listener.start()

    def is_alive(self) -> bool:
        """Say whether the process runs; one that has ended is tidied away, its output heard out."""
        if self._process is None:
            return False
        code = self._process.poll()
        if code is None:
            return True
        self.exit_code = code
        self._tidy(self._process)
        self._process = None
        return False

    def is_healthy(self) -> bool:
        """Say whether the process answers its health check with a 200."""
        try:
            return _http.request("GET", self._health_url).status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def terminate(self) -> None:
        """Ask the process to finish what it does and end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the process and what it started, at once."""
        self._signal(signal.SIGKILL)

    def ended_well(self) -> bool:
        """Say whether the last process that ran ended in order."""
        return self.exit_code in ENDED_WELL

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            if number == signal.SIGKILL:
                os.killpg(self._process.pid, number)
            else:
                self._process.send_signal(number)

    def _tidy(self, process: subprocess.Popen[bytes]) -> None:
        # What it started itself must not keep its port, nor its output open.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        if process.stdin:
            process.stdin.close()
        if self._listener:
            self._listener.join(LAST_WORDS_SECONDS)

    def _listen(self, output: IO[bytes]) -> None:
        with output:
            for line in iter(lambda: output.readline(LINE_MAX_BYTES), b""):
                self._hear(self.name, line.decode(errors="replace").rstrip("\r\n"))
