"""What watching costs a request: server CPU per request, each variant against bare, interleaved.

``python -m benchmarks.overhead [--rounds 5] [--quick]``. Prints a table; CPU is the server's own user and
system time of all threads, so what happens after the answer counts too.
"""

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from statistics import median
from tempfile import TemporaryDirectory
from time import sleep

from benchmarks.application import VARIANTS
from benchmarks.load import ask, get, run
from benchmarks.processes import free_port, running

ROUTES = {"/ping": 4_000, "/items/7": 1_600, "/generate": 800, "/boom": 400}
WARM_UP = 200
SETTLE_SECONDS = 0.4  # let threads finish what the last requests left them


@contextmanager
def servers() -> Iterator[dict[str, int]]:
    """Start one server a variant, and a sink they all report to; give the ports."""
    with ExitStack() as stack:
        sink = free_port()
        stack.enter_context(running("benchmarks.sink", str(sink), port=sink))
        ports = {}
        for variant in VARIANTS:
            folder = stack.enter_context(TemporaryDirectory())
            port = ports[variant] = free_port()
            dsn = f"http://key@127.0.0.1:{sink}/1"
            stack.enter_context(
                running("benchmarks.application", variant, str(port), dsn, folder, port=port)
            )
        yield ports


def cost(port: int, path: str, requests: int) -> tuple[float, float]:
    """Return CPU in µs a request and the p99 latency in ms."""
    before = ask(port, "/cpu")["seconds"]
    done = run(port, get(port, path), requests=requests)
    sleep(SETTLE_SECONDS)
    used = ask(port, "/cpu")["seconds"] - before
    return used / done.requests * 1e6, done.percentile(0.99) * 1e3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a tenth of the requests")
    chosen = parser.parse_args()
    with servers() as ports:
        for path, requests in ROUTES.items():
            measure(ports, path, requests // (10 if chosen.quick else 1), chosen.rounds)


def measure(ports: dict[str, int], path: str, requests: int, rounds: int) -> None:
    """Print one route's table: CPU a request, over bare as ratio and difference, p99."""
    for port in ports.values():
        run(port, get(port, path), requests=min(WARM_UP, requests))
    taken: dict[str, list[tuple[float, float]]] = {variant: [] for variant in ports}
    for _ in range(rounds):
        for variant, port in ports.items():
            taken[variant].append(cost(port, path, requests))
    bare = [cpu for cpu, _ in taken["bare"]]
    print(f"\n{path}: {requests} requests, {rounds} rounds, medians")
    print(f"{'':18}{'CPU µs':>9}{'x bare':>9}{'+ µs':>9}{'p99 ms':>9}")
    for variant, rows in taken.items():
        ratios = [cpu / base for (cpu, _), base in zip(rows, bare, strict=True)]
        extra = [cpu - base for (cpu, _), base in zip(rows, bare, strict=True)]
        row = (median(cpu for cpu, _ in rows), median(ratios), median(extra))
        print(
            f"{variant:18}{row[0]:9.0f}{row[1]:9.2f}{row[2]:+9.0f}{median(p for _, p in rows):9.1f}"
        )


if __name__ == "__main__":
    main()
