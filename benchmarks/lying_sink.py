"""What a request costs while the sink lies, against one whose sink is good: in one run, interleaved.

``python -m benchmarks.lying_sink [--rounds 7] [--requests 1600] [--only KIND]``. Prints, for each kind of lie, the median of
the rounds' ratios for CPU (server's own, all threads), mean latency and p99; "good again" is the error.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle
from statistics import mean, median
from tempfile import TemporaryDirectory
from time import sleep

from benchmarks.load import ask, get, run
from benchmarks.processes import free_port, running
from benchmarks.sink import Swallow

PATH = "/items/7"  # one query and one log record: something to report in every request
WARM_UP = 200
SETTLE_SECONDS = 0.4
FLOOD = b"x" * 1_000_000


class Liar(Swallow):
    """Answers as ``lies`` say, one after the other."""

    lies: Iterator[bytes | None]

    def data_received(self, data: bytes) -> None:
        """Answer whatever comes: it may not even be complete."""
        del data
        if self._transport.is_closing():
            return
        words = next(self.lies)
        if words is None:
            self._transport.abort()
        else:
            self._transport.write(words)


def said(status: str, *headers: str) -> bytes:
    """Return a whole answer without a body."""
    return "\r\n".join([f"HTTP/1.1 {status}", "Content-Length: 0", *headers, "", ""]).encode()


LIES: dict[str, list[bytes | None]] = {
    "500": [said("500 Oops")],
    "429 for a second": [said("429 Slow", "X-Sentry-Rate-Limits: 1::organization")],
    "logs limited": [said("200 OK", "X-Sentry-Rate-Limits: 60:log_item:key")],
    "reset": [None],
    "hangs": [b""],
    "garbage": [b"\x00\xff\r\n\r\n"],
    "gigabytes": [b"HTTP/1.1 200 OK\r\nContent-Length: 4000000000\r\n\r\n" + FLOOD],
    "all in turn": [said("500 Oops"), None, b"\x00\xff\r\n\r\n", b"HTTP/1.1 2", said("200 OK")],
}


async def lie(port: int, kind: str) -> None:
    """Serve for ever."""
    Liar.lies = cycle(LIES[kind])
    server = await asyncio.get_running_loop().create_server(Liar, "127.0.0.1", port)
    await server.serve_forever()


@contextmanager
def server(kind: str) -> Iterator[int]:
    """Start an application and the sink it reports to; give the application's port, warmed up."""
    with ExitStack() as stack:
        folder, sink, port = stack.enter_context(TemporaryDirectory()), free_port(), free_port()
        if kind in LIES:
            stack.enter_context(running("benchmarks.lying_sink", str(sink), kind, port=sink))
        else:
            stack.enter_context(running("benchmarks.sink", str(sink), port=sink))
        dsn = f"http://key@127.0.0.1:{sink}/1"
        arguments = ("benchmarks.application", "ours", str(port), dsn, folder)
        stack.enter_context(running(*arguments, port=port))
        run(port, get(port, PATH), requests=WARM_UP)
        yield port


def cost(port: int, requests: int) -> tuple[float, float, float]:
    """Return CPU, mean latency and p99 latency of a request, in µs."""
    before = ask(port, "/cpu")["seconds"]
    done = run(port, get(port, PATH), requests=requests)
    sleep(SETTLE_SECONDS)
    used = ask(port, "/cpu")["seconds"] - before
    return used / done.requests * 1e6, mean(done.latencies) * 1e6, done.percentile(0.99) * 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=1_600)
    parser.add_argument("--only", choices=LIES, help="one kind of lie instead of all")
    chosen = parser.parse_args()
    print(f"{PATH}, x good, medians of {chosen.rounds} rounds of {chosen.requests} requests")
    print(f"{'':18}{'CPU':>8}{'mean':>8}{'p99':>8}{'RSS MB':>8}")
    with server("good") as good:
        for kind in ["good again", *([chosen.only] if chosen.only else LIES)]:
            with server(kind) as other:
                report(kind, good, other, rounds=chosen.rounds, requests=chosen.requests)


def report(kind: str, good: int, other: int, *, rounds: int, requests: int) -> None:
    """Measure two servers by turns and print their ratios."""
    pairs = [(cost(good, requests), cost(other, requests)) for _ in range(rounds)]
    ratios = [median(it[place] / base[place] for base, it in pairs) for place in range(3)]
    rss_mib = ask(other, "/cpu")["rss_kib"] / 1024
    print(f"{kind:18}{''.join(f'{each:8.3f}' for each in ratios)}{rss_mib:8.0f}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1].isdigit():
        asyncio.run(lie(int(sys.argv[1]), sys.argv[2]))
    else:
        main()
