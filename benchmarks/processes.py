"""Starts what is measured, waits for it, and ends it; nothing is left behind."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

HERE = Path(__file__).parent.parent
START_SECONDS = 20.0


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def running(*arguments: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``python -m ARGUMENTS`` for the block, from the moment it listens on ``port``."""
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
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
