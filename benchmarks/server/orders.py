"""A burst of orders, and how long it takes until all of them are done."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from time import monotonic, sleep
from typing import Any

from benchmarks.load import get, run
from benchmarks.server.target import CONNECTIONS, Figures, Target, refuse_refusals

GENERATIONS = "/api/v1/generations"
MOST_AT_ONCE = 100  # so many may wait of one school, and so many has a page
FINISH_SECONDS = 300.0
LOOK_AGAIN_SECONDS = 0.25


def burst(server: Target, requests: Sequence[bytes], *, token: str, count: int) -> Figures:
    """Order so many at once; return how fast they were made, and how long each took from the order to its end.

    The times are the server's own. Raises ``RuntimeError`` when one is refused, fails, or isn't made in time.
    """
    before = server.cpu_seconds()
    ordered = run(server.port, *requests, requests=count, connections=CONNECTIONS)
    refuse_refusals(ordered)
    made = _made(server, get(server.port, f"{GENERATIONS}?limit={ordered.requests}", token=token))
    used = server.cpu_seconds() - before
    taken = sorted(_moment(each["finished_at"]) - _moment(each["created_at"]) for each in made)
    began = min(_moment(each["created_at"]) for each in made)
    ended = max(_moment(each["finished_at"]) for each in made)
    return {
        "per_second": ordered.requests / (ended - began),
        "p50_ms": taken[len(taken) // 2] * 1e3,
        "p95_ms": taken[int(len(taken) * 0.95)] * 1e3,
        "cpu_ms": used / ordered.requests * 1e3,
    }


def _made(server: Target, page: bytes) -> Sequence[Mapping[str, Any]]:
    deadline = monotonic() + FINISH_SECONDS
    while monotonic() < deadline:
        orders: Sequence[Mapping[str, Any]] = server.ask(page)["items"]
        if all(each["finished_at"] for each in orders):
            if any(each["status"] != "done" for each in orders):
                msg = f"orders ended as {sorted({each['status'] for each in orders})}"
                raise RuntimeError(msg)
            return orders
        sleep(LOOK_AGAIN_SECONDS)
    msg = f"the orders weren't made within {FINISH_SECONDS:g} s"
    raise RuntimeError(msg)


def _moment(told: str) -> float:
    return datetime.fromisoformat(told).timestamp()
