"""Starts what is measured, waits for it, and ends it; nothing is left behind."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import choice  # pytest-randomly seeds the other one alike in all workers
from time import monotonic, sleep

HERE = Path(__file__).parent.parent
START_SECONDS = 20.0
END_SECONDS = 60.0
# Below those that a system gives to whoever asks for any: what is free now isn't given away before it is used.
PORTS = range(10_240, 32_768)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on, also while its user is starting again."""
    while True:
        port = choice(PORTS)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class Told:
    """``python -m ARGUMENTS`` under way, which does as it is told and says how it went, a line each."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=HERE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, line: str) -> None:
        """Write a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def says(self) -> str:
        """Return what it says next."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def end(self) -> str:
        """Tell it nothing more and wait for its end; return what it still says."""
        return self._process.communicate(timeout=END_SECONDS)[0]


@contextmanager
def running(
    *arguments: str, port: int, variables: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``python -m ARGUMENTS`` for the block, from the moment it listens on ``port``.

    ``variables`` are set in its environment, beside those of this process.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **(variables or {})},
    )
    try:
        wait_for(port, process)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return once something listens; raise ``RuntimeError`` when it never will."""
    deadline = monotonic() + START_SECONDS
    while monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        sleep(0.01)
    msg = f"{process.args!r} doesn't listen on {port}"
    raise RuntimeError(msg)
