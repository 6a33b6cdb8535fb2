"""What the spool costs and how much it takes: from a capture to disk, from disk to the sink, and a full one found at a start.

``python -m benchmarks.spool [--mebibytes 256] [--rate 1000] [--folder PATH]``. Envelopes of about 1 KB; the folder should be on
the disk that is meant. The sink is another process on this machine; it swallows.
"""

import argparse
import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time, sleep

from benchmarks.processes import free_port, running
from toolboxai import telemetry
from toolboxai.telemetry import setup
from toolboxai.telemetry.spool import RealDisk, Spool, claim_folder
from toolboxai.telemetry.transport.wire import Outgoing, OutgoingItem, categories_of, record

MEBIBYTE = 1024 * 1024
LOAD_SECONDS = 5.0
DRAINED = 5_000
BATCH = 100
SYNCS = 200
GIVE_UP_SECONDS = 60.0

Row = tuple[str, str]


def event(number: int) -> dict[str, object]:
    """Return an error of about 1 KB."""
    frames = [
        {"filename": f"school/lesson_{n}.py", "function": "teach", "lineno": n} for n in range(10)
    ]
    values = [{"type": "ValueError", "value": "no chalk", "stacktrace": {"frames": frames}}]
    return {"event_id": f"{number:032x}", "level": "error", "exception": {"values": values}}


def envelope(number: int, item_type: str = "event") -> bytes:
    """Return ``event`` as it is kept."""
    return record([OutgoingItem(item_type, event(number))], envelope_id=f"{number:032x}")


def spool_in(folder: Path, *, max_bytes: int = 512 * MEBIBYTE) -> Spool:
    """Return a spool that tells of losses loudly."""

    def lost(reason: str, _: bytes) -> None:
        sys.exit(f"lost: {reason}")

    return Spool(folder, max_bytes=max_bytes, lost=lost, categories_of=categories_of, rules=1)


def capture_to_durable(folder: Path, rate: int) -> Iterator[Row]:
    """Capture at ``rate`` a second and note when each is on disk; the sink is not there."""
    dsn = f"http://key@127.0.0.1:{free_port()}/1"
    telemetry.init(telemetry.Options(dsn=dsn, spool_dir=folder, environment="development"))
    transport = setup.telemetry().transport
    assert transport is not None
    durable: dict[str, float] = {}
    append = transport.spool.append

    def noting(bodies: list[bytes]) -> None:
        ids = [json.loads(body[: body.index(b"\n")])["event_id"] for body in bodies]
        append(bodies)
        durable.update(dict.fromkeys(ids, perf_counter()))

    transport.spool.append = noting  # type: ignore[method-assign]
    total = int(rate * LOAD_SECONDS)
    captured: dict[str, float] = {}
    began, began_cpu = perf_counter(), process_time()
    for number in range(total):
        sleep(max(0.0, began + number / rate - perf_counter()))
        event_id = f"{number:032x}"
        captured[event_id] = perf_counter()
        transport.put(Outgoing([OutgoingItem("event", event(number))], event_id))
    while len(durable) < total and perf_counter() < began + GIVE_UP_SECONDS:
        sleep(0.01)
    cpu = process_time() - began_cpu
    telemetry.close()
    waits = sorted(durable[event_id] - captured[event_id] for event_id in durable)
    yield (
        f"capture → durable at {rate:,}/s, {len(waits):,} of {total:,} kept",
        f"p50 {at(waits, 0.5) * 1e3:.1f} ms, p99 {at(waits, 0.99) * 1e3:.1f} ms, max {waits[-1] * 1e3:.1f} ms",
    )
    yield "CPU an envelope, captured, gated and kept", f"{cpu / total * 1e6:.0f} µs"


def at(values: list[float], share: float) -> float:
    """Return the value below which ``share`` of sorted ``values`` lie."""
    return values[min(len(values) - 1, int(len(values) * share))]


def fill(folder: Path, size_bytes: int) -> Iterator[Row]:
    """Append until the spool holds ``size_bytes``, in batches as the keeper's."""
    spool = spool_in(folder)
    bodies = [
        envelope(number, "event" if number % 10 else "transaction") for number in range(BATCH)
    ]
    began, began_cpu = perf_counter(), process_time()
    while spool.size_bytes < size_bytes:
        spool.append(list(bodies))
    seconds, cpu, total = perf_counter() - began, process_time() - began_cpu, spool.waiting
    yield f"kept, {total:,} envelopes in batches of {BATCH}", f"{total / seconds:,.0f}/s"
    yield "CPU an envelope, kept", f"{cpu / total * 1e6:.1f} µs"
    spool.close()


def recover(folder: Path) -> dict[str, float]:
    """Take in what is in ``folder``, in this process; return what it took."""
    before = resident()
    spool = spool_in(folder)
    began, began_cpu = perf_counter(), process_time()
    waiting = spool.recover()
    seconds, cpu = perf_counter() - began, process_time() - began_cpu
    grown = resident() - before
    began = process_time()
    taken = sum(
        spool.take(lambda categories: "error" not in categories) is not None for _ in range(1_000)
    )
    return {
        "waiting": waiting,
        "seconds": seconds,
        "cpu": cpu,
        "grown": grown,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before,
        "take": (process_time() - began) / taken,
    }


def resident() -> int:
    """Return this process's resident memory in bytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def recovery(folder: Path) -> Iterator[Row]:
    """Recover in a process of its own, so that its memory is seen alone."""
    command = [sys.executable, "-m", "benchmarks.spool", "--recover", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    took = json.loads(done.stdout)
    yield (
        f"recovery of {took['waiting']:,} envelopes",
        f"{took['seconds']:.2f} s, CPU {took['cpu']:.2f} s",
    )
    yield (
        "memory of their index, and at most on the way",
        f"{took['grown'] / MEBIBYTE:.1f} MiB, {took['peak'] / MEBIBYTE:.1f} MiB",
    )
    yield "CPU of taking one of them while errors are refused", f"{took['take'] * 1e6:.0f} µs"


def draining(folder: Path) -> Iterator[Row]:
    """Send what an earlier process left to a sink that swallows."""
    port = free_port()
    dsn = f"http://key@127.0.0.1:{port}/1"
    slot = claim_folder(folder, dsn)
    spool = spool_in(slot.folder)
    spool.append([envelope(number) for number in range(DRAINED)])
    spool.close()
    slot.release()
    with running("benchmarks.sink", str(port), port=port):
        began, began_cpu = perf_counter(), process_time()
        telemetry.init(telemetry.Options(dsn=dsn, spool_dir=folder, environment="development"))
        while delivered() < DRAINED and perf_counter() < began + GIVE_UP_SECONDS:
            sleep(0.005)
        seconds, cpu, sent = perf_counter() - began, process_time() - began_cpu, delivered()
        telemetry.close()
    yield f"drained, {sent:,} envelopes over one connection", f"{sent / seconds:,.0f}/s"
    yield "CPU an envelope, taken, packed, sent and acknowledged", f"{cpu / sent * 1e6:.0f} µs"


def delivered() -> int:
    """Return how many envelopes the sink took."""
    return int(telemetry.measurements().get("envelopes.delivered", 0))


def syncing(folder: Path) -> Iterator[Row]:
    """Time the disk alone, without which the other figures say little."""
    appender = RealDisk().create(folder / "alone")
    waits = []
    for _ in range(SYNCS):
        began = perf_counter()
        appender.write(bytes(20_000))
        appender.sync()
        waits.append(perf_counter() - began)
        sleep(0.01)
    appender.close()
    waits.sort()
    yield (
        "this disk alone: 20 KB written and synced",
        f"p50 {at(waits, 0.5) * 1e3:.1f} ms, p99 {at(waits, 0.99) * 1e3:.1f} ms",
    )


def measure(folder: Path, mebibytes: int, rate: int) -> Iterator[Row]:
    """Yield what is measured, and what came out."""
    yield from syncing(folder)
    yield from capture_to_durable(folder / "captured", rate)
    full = folder / "full"
    full.mkdir()
    yield from fill(full, mebibytes * MEBIBYTE)
    yield from recovery(full)
    yield from draining(folder / "draining")


def main() -> None:
    """Measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mebibytes", type=int, default=256)
    parser.add_argument("--rate", type=int, default=1_000)
    parser.add_argument("--folder", type=Path, default=None, help="on the disk that is meant")
    parser.add_argument("--recover", type=Path, default=None, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.recover:
        print(json.dumps(recover(asked.recover)))
        return
    with TemporaryDirectory(dir=asked.folder) as folder:
        print(f"envelopes of {len(envelope(1)):,} bytes\n\n| question | figure |\n| --- | --- |")
        for question, figure in measure(Path(folder), asked.mebibytes, asked.rate):
            print(f"| {question} | {figure} |", flush=True)


if __name__ == "__main__":
    main()
