"""How long from a raise to an issue that can be seen, server and monitor as two processes on this machine.

``python -m benchmarks.visible [--errors 200]``. The clock starts before the failing request is sent and stops
when the monitor's web API answers 200 for its event.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

from benchmarks.load import Client, get
from benchmarks.processes import free_port, running

POLL_SECONDS = 0.001
GIVE_UP_SECONDS = 10.0
EVENT = "/api/0/projects/toolboxai/server/events/{}/"


def token_of(data: Path) -> str:
    """Return a new token for the monitor's API."""
    command = [sys.executable, "-m", "toolboxai", "monitor", "token", "--data", str(data)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def measure(server: int, monitor: int, token: str) -> float:
    """Make one request fail; return the seconds until its event is visible."""
    failing, asking = Client(server), Client(monitor)
    began = perf_counter()
    _, body = failing.send(get(server, "/sentry-debug"))
    path = EVENT.format(json.loads(body)["event_id"])
    question = get(monitor, path).replace(
        b"\r\n\r\n", f"\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    )
    while asking.send(question)[0] != 200:
        if perf_counter() - began > GIVE_UP_SECONDS:
            sys.exit(f"{path} didn't become visible within {GIVE_UP_SECONDS:g} s")
        sleep(POLL_SECONDS)
    taken = perf_counter() - began
    failing.close()
    asking.close()
    return taken


def main() -> None:
    """Start both, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--errors", type=int, default=200)
    errors = parser.parse_args().errors
    server, monitor = free_port(), free_port()
    with TemporaryDirectory() as folder:
        up = (
            "toolboxai",
            "up",
            "--port",
            str(server),
            "--monitor-port",
            str(monitor),
            "--data",
            folder,
        )
        with running(*up, port=server):
            token = token_of(Path(folder) / "monitor")
            taken = sorted(measure(server, monitor, token) for _ in range(errors))
    p50, p95, most = taken[len(taken) // 2], taken[int(len(taken) * 0.95)], taken[-1]
    print(
        f"raise to visible, {errors} errors: p50 {p50 * 1e3:.0f} ms, p95 {p95 * 1e3:.0f} ms, max {most * 1e3:.0f} ms"
    )


if __name__ == "__main__":
    main()
