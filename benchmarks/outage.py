"""An application that works for a day without its sink, in a few seconds, and then delivers.

``python -m benchmarks.outage DSN FOLDER`` with its orders as JSON on standard input; see ``Orders``. It prints a line of
JSON when the day is over, waits for a line, delivers, and prints what that took.
"""

import json
import logging
import resource
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time, sleep

from fastapi import FastAPI
from fastapi.testclient import TestClient

# Its clock has to be there before telemetry takes the time by its name.
from benchmarks import other_clock as clock  # isort: split

from toolboxai import telemetry

log = logging.getLogger("school")
KINDS = 24
EVERY_REQUESTS = 100  # so often the queues may empty: a day is shorter here than they are made for
DRAIN_SECONDS = 900.0
_ERRORS = [type(f"Lesson{kind}Error", (Exception,), {}) for kind in range(KINDS)]


@dataclass(frozen=True, slots=True)
class Orders:
    """How many errors and other requests, evenly from one moment (epoch seconds) to the other."""

    errors: int
    requests: int
    since: float
    until: float
    spool_mebibytes: int


def school() -> FastAPI:
    """Return the application: it logs a line for each lesson, and fails when told to."""
    app = FastAPI()

    @app.get("/lesson/{number}")
    async def lesson(number: int) -> dict[str, int]:
        log.info("lesson-%d was read", number)
        return {"number": number}

    @app.get("/fail/{number}")
    async def fail(number: int) -> None:
        msg = f"lesson-{number}"
        raise _ERRORS[number % KINDS](msg)

    return app


def live_through(orders: Orders, client: TestClient) -> None:
    """Let errors and requests happen in the order of their times."""
    length = orders.until - orders.since
    paths = [(n / orders.errors, f"/fail/{n}") for n in range(orders.errors)]
    paths += [(n / orders.requests, f"/lesson/{n}") for n in range(orders.requests)]
    for done, (share, path) in enumerate(sorted(paths)):
        clock.set_to(orders.since + share * length)
        client.get(path)
        while done % EVERY_REQUESTS == 0 and telemetry.measurements()["queued"]:
            sleep(0.002)
    telemetry.flush(10)  # onto the disk; there is no sink


def say(**figures: object) -> None:
    """Print a line of JSON: what is asked, and everything counted so far."""
    rss_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {**figures, "rss_mib": rss_mib, "counts": dict(telemetry.measurements())}
    print(json.dumps(told), flush=True)


def main() -> None:
    """Live, wait, deliver."""
    dsn, folder, orders = sys.argv[1], Path(sys.argv[2]), Orders(**json.loads(sys.stdin.readline()))
    logging.basicConfig(level=logging.INFO, handlers=[logging.NullHandler()])
    clock.set_to(orders.since)
    telemetry.init(
        telemetry.Options(
            dsn=dsn,
            environment="production",
            spool_dir=folder,
            spool_max_bytes=orders.spool_mebibytes * 1024 * 1024,
            storm_errors_per_minute=orders.errors,  # minutes pass too fast here to be counted
        )
    )
    app = school()
    telemetry.instrument(app)
    began = process_time()
    with TestClient(app, raise_server_exceptions=False) as client:
        live_through(orders, client)
    clock.go(0)
    say(cpu=process_time() - began)
    sys.stdin.readline()
    began, began_cpu = perf_counter(), process_time()
    is_delivered = telemetry.flush(DRAIN_SECONDS)
    say(seconds=perf_counter() - began, cpu=process_time() - began_cpu, delivered=is_delivered)
    telemetry.close()


if __name__ == "__main__":
    main()
