"""How fast a backlog gets into a monitor over one connection and over several, by turns.

``python -m benchmarks.connections [--rounds 9] [--envelopes 300] [--folder PATH]``. Errors of about 1 KB that have waited for a
minute, one monitor. Compare the ratios: each is of two drains that followed each other.
"""

import argparse
from collections.abc import Iterator
from contextlib import closing, contextmanager
from math import inf
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time, time, time_ns
from uuid import uuid4

from benchmarks.kills import told_dsn
from benchmarks.night import cpu_of
from benchmarks.processes import free_port, running
from benchmarks.spool import MEBIBYTE, event
from toolboxai.telemetry import Options
from toolboxai.telemetry.spool import Spool
from toolboxai.telemetry.transport.courier import Courier
from toolboxai.telemetry.transport.limit_file import LimitFile
from toolboxai.telemetry.transport.sink import Sink
from toolboxai.telemetry.transport.wire import OutgoingItem, categories_of, record

CONNECTIONS = (1, 2, 4, 8)
WAITED_NS = 60 * 1_000_000_000

Figures = tuple[float, float]


def envelopes(count: int) -> Iterator[bytes]:
    """Yield errors that nobody has seen before."""
    for number in range(count):
        payload = event(number) | {"event_id": uuid4().hex, "timestamp": time()}
        yield record([OutgoingItem("event", payload)], envelope_id=uuid4().hex)


@contextmanager
def backlog(folder: Path, count: int) -> Iterator[Spool]:
    """Give a spool of errors that have waited."""

    def opened(*, ago_ns: int) -> Spool:
        return Spool(
            folder,
            max_bytes=256 * MEBIBYTE,
            lost=lambda _reason, _body: None,
            categories_of=categories_of,
            now_ns=lambda: time_ns() - ago_ns,
        )

    folder.mkdir()
    with closing(opened(ago_ns=WAITED_NS)) as before:
        before.append(list(envelopes(count)))
    with closing(opened(ago_ns=0)) as spool:
        spool.recover()
        yield spool


def drain(dsn: str, folder: Path, *, connections: int, count: int) -> Figures:
    """Return envelopes a second, and the CPU of one in µs. Raises ``RuntimeError`` if not all arrive."""
    sinks = [Sink(dsn, "benchmark", Options()) for _ in range(connections)]
    with backlog(folder, count) as spool:
        courier = Courier(spool, sinks, LimitFile(None), gap_seconds=0.0)
        began, began_cpu = perf_counter(), process_time()
        while courier.advance() != inf:
            pass
        seconds, cpu = perf_counter() - began, process_time() - began_cpu
        if spool.waiting or not courier.delivery.is_healthy:
            msg = f"{spool.waiting} still wait: {courier.delivery.last_error}"
            raise RuntimeError(msg)
    for sink in sinks:
        sink.close()
    return count / seconds, cpu / count * 1e6


def main() -> None:
    """Drain by turns, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--envelopes", type=int, default=300)
    parser.add_argument("--folder", type=Path, default=None, help="on the disk that is meant")
    asked = parser.parse_args()
    found: dict[int, list[tuple[Figures, float]]] = {each: [] for each in CONNECTIONS}
    with TemporaryDirectory(dir=asked.folder) as name:
        folder, port = Path(name), free_port()
        dsn = told_dsn(folder / "monitor", port)
        arguments = ("toolboxai", "monitor", "--port", str(port), "--data", str(folder / "monitor"))
        with running(*arguments, port=port) as monitor:
            drain(dsn, folder / "warm-up", connections=1, count=asked.envelopes)
            for turn in range(asked.rounds):
                for each in CONNECTIONS:
                    before, place = cpu_of(monitor.pid), folder / f"{turn}-{each}"
                    figures = drain(dsn, place, connections=each, count=asked.envelopes)
                    used = (cpu_of(monitor.pid) - before) / asked.envelopes * 1e6
                    found[each].append((figures, used))
    report(found)


def report(found: dict[int, list[tuple[Figures, float]]]) -> None:
    """Print medians, and the ratio to one connection in the same round."""
    print("| connections | envelopes/s | to one | CPU here | CPU in the monitor |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for each, rounds in found.items():
        pairs = zip(rounds, found[CONNECTIONS[0]], strict=True)
        ratios = sorted(mine[0][0] / one[0][0] for mine, one in pairs)
        rate = median(figures[0] for figures, _ in rounds)
        here = median(figures[1] for figures, _ in rounds)
        there = median(used for _, used in rounds)
        spread = f"{median(ratios):.2f} × ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        print(f"| {each} | {rate:,.0f} | {spread} | {here:.0f} µs | {there:.0f} µs |")


if __name__ == "__main__":
    main()
