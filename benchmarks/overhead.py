"""What watching costs a request: server CPU per request, each variant against bare, interleaved.

``python -m benchmarks.overhead [--rounds 5] [--quick] [--only /ping] [--without VARIANT]``. Prints a table; CPU is the
server's own user and system time of all threads, so what happens after the answer counts too. Beside it what of
it was the event loop's thread, and telemetry's two.
"""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from statistics import median
from tempfile import TemporaryDirectory
from time import sleep
from typing import NamedTuple

from benchmarks.application import VARIANTS
from benchmarks.load import ask, get, run
from benchmarks.processes import free_port, running

THREADS = ("MainThread", "keeper", "sender")

ROUTES = {"/ping": 4_000, "/items/7": 1_600, "/generate": 800, "/boom": 400}
WARM_UP = 200
SETTLE_SECONDS = 0.4  # let threads finish what the last requests left them


@contextmanager
def servers(variants: Iterable[str]) -> Iterator[dict[str, int]]:
    """Start one server a variant, and a sink they all report to; give the ports."""
    with ExitStack() as stack:
        sink = free_port()
        stack.enter_context(running("benchmarks.sink", str(sink), port=sink))
        ports = {}
        for variant in variants:
            folder = stack.enter_context(TemporaryDirectory())
            port = ports[variant] = free_port()
            dsn = f"http://key@127.0.0.1:{sink}/1"
            stack.enter_context(
                running("benchmarks.application", variant, str(port), dsn, folder, port=port)
            )
        yield ports


class Cost(NamedTuple):
    """CPU in µs a request, of all threads and of the named ones, and the p99 latency in ms."""

    cpu: float
    threads: Sequence[float]
    p99: float


def cost(port: int, path: str, requests: int) -> Cost:
    """Return what a request takes."""
    before = ask(port, "/cpu")
    done = run(port, get(port, path), requests=requests)
    sleep(SETTLE_SECONDS)
    after = ask(port, "/cpu")

    def used(name: str) -> float:
        return (after.get(name, 0.0) - before.get(name, 0.0)) / done.requests * 1e6

    return Cost(used("seconds"), [used(name) for name in THREADS], done.percentile(0.99) * 1e3)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a tenth of the requests")
    parser.add_argument("--only", choices=ROUTES, help="one route")
    parser.add_argument(
        "--without", action="append", choices=VARIANTS, default=[], help="leave out"
    )
    chosen = parser.parse_args()
    with servers(name for name in VARIANTS if name not in chosen.without) as ports:
        for path, requests in ROUTES.items():
            if chosen.only in {None, path}:
                measure(ports, path, requests // (10 if chosen.quick else 1), chosen.rounds)


def measure(ports: dict[str, int], path: str, requests: int, rounds: int) -> None:
    """Print one route's table: CPU a request, over bare as ratio and difference, that of threads, p99."""
    for port in ports.values():
        run(port, get(port, path), requests=min(WARM_UP, requests))
    taken: dict[str, list[Cost]] = {variant: [] for variant in ports}
    for _ in range(rounds):
        for variant, port in ports.items():
            taken[variant].append(cost(port, path, requests))
    bare = [row.cpu for row in taken["bare"]]
    print(f"\n{path}: {requests} requests, {rounds} rounds, medians")
    print(
        f"{'':18}{'CPU µs':>9}{'x bare':>9}{'+ µs':>9}{'loop':>9}{'keeper':>9}{'sender':>9}{'p99 ms':>9}"
    )
    for variant, rows in taken.items():
        ratio = median(row.cpu / base for row, base in zip(rows, bare, strict=True))
        extra = median(row.cpu - base for row, base in zip(rows, bare, strict=True))
        threads = [median(column) for column in zip(*(row.threads for row in rows), strict=True)]
        print(
            f"{variant:18}{median(row.cpu for row in rows):9.0f}{ratio:9.2f}{extra:+9.0f}"
            f"{''.join(f'{used:9.0f}' for used in threads)}{median(row.p99 for row in rows):9.1f}"
        )


if __name__ == "__main__":
    main()
