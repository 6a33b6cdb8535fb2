"""How many errors a second the monitor makes durable, and what one costs in CPU.

Method: a monitor in a process of its own, its data in a new folder on the disk of the temporary
directory. Real envelopes: the official SDK captures exceptions through six code paths, with
locals and source context; each is sent with a fresh event id, gzip level 6, made before the clock
starts. CONNECTIONS keep-alive connections send as fast as they are answered (closed loop), from
one asyncio process on the same machine, for COUNT errors. An error counts when its 200 arrived,
which is after the commit. CPU is the monitor's own (user and system, all threads), from /proc.
At the end what is stored is counted. Bounded: COUNT envelopes, loopback only.

Run: python -m benchmarks.ingest [COUNT] [CONNECTIONS]
"""

import asyncio
import gzip
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import orjson
import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from toolboxai.monitor import admin
from toolboxai.monitor.settings import MonitorSettings

START = """
import sys
from pathlib import Path
from toolboxai.monitor.app import run
from toolboxai.monitor.settings import MonitorSettings
run(MonitorSettings(data=Path(sys.argv[1]), port=0))
"""
MAX_COUNT = 50_000


class Recorder(Transport):
    """Keeps what the SDK would send."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[bytes] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        """Keep the event of an envelope."""
        event = envelope.get_event()
        if event:
            self.events.append(orjson.dumps(event))


def record() -> list[bytes]:
    """Return events of six code paths as the SDK makes them."""
    recorder = Recorder()
    sentry_sdk.init(
        dsn="http://key@127.0.0.1/1", transport=recorder, auto_enabling_integrations=False
    )
    for failing in ("1 / 0", "{}['x']", "[][1]", "int('x')", "None.x", "open('/nowhere')"):
        try:
            deeper(failing, 12)
        except Exception:  # noqa: BLE001 - whatever was raised is what is measured
            sentry_sdk.capture_exception()
    return recorder.events


def deeper(failing: str, levels: int) -> object:
    """Raise some frames further in, with locals as an application has them."""
    facts = {"level": levels, "names": ["ada", "grace", "barbara"], "text": "lesson " * 9}
    if levels:
        return deeper(failing, levels - 1), facts
    return eval(failing, {}, facts)  # noqa: S307 - our own six expressions


@dataclass(frozen=True, slots=True)
class Prepared:
    """Requests, ready to be written to a socket."""

    requests: list[bytes]
    mean_body_bytes: int


def prepare(events: list[bytes], dsn: str, count: int) -> Prepared:
    """Return ``count`` requests with fresh ids."""
    key = urlsplit(dsn).username or ""
    requests: list[bytes] = []
    size = 0
    for number in range(count):
        event = orjson.loads(events[number % len(events)])
        event_id = event["event_id"] = uuid4().hex
        event["timestamp"] = time.time()
        payload = orjson.dumps(event)
        header = orjson.dumps({"event_id": event_id})
        item = orjson.dumps({"type": "event", "length": len(payload)})
        body = gzip.compress(b"\n".join((header, item, payload)), 6)
        size += len(body)
        head = (
            f"POST /api/1/envelope/ HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\n"
            f"X-Sentry-Auth: Sentry sentry_key={key}, sentry_version=7\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        requests.append(head.encode() + body)
    return Prepared(requests, size // count)


async def send(requests: list[bytes], port: int, connections: int) -> list[float]:
    """Send all; return how long each took."""
    waiting = iter(requests)
    took: list[float] = []

    async def sender() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in waiting:
            begin = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                message = f"the monitor answered {head[:40]!r}"
                raise RuntimeError(message)
            await reader.readuntil(b"}")
            took.append(time.perf_counter() - begin)
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(sender() for _ in range(connections)))
    return took


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mib(pid: int) -> int:
    """Return the most memory a process has had."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def measure(count: int, connections: int) -> None:
    """Run once and print the figures."""
    events = record()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        process = subprocess.Popen(
            [sys.executable, "-c", START, str(data)], stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout
            port = int(process.stdout.readline().rpartition(":")[2])
            dsn = (data / "dsn").read_text().strip()
            prepared = prepare(events, dsn, count)
            cpu, begin = cpu_seconds(process.pid), time.perf_counter()
            took = sorted(asyncio.run(send(prepared.requests, port, connections)))
            seconds = time.perf_counter() - begin
            cpu, peak = cpu_seconds(process.pid) - cpu, peak_mib(process.pid)
        finally:
            process.terminate()
            process.wait(timeout=20)
            process.communicate()
        stored = admin.counts(MonitorSettings(data=data))["error"]
        disk = sum(path.stat().st_size for path in data.rglob("*") if path.is_file())
    mean = sum(map(len, events)) // len(events)
    print(
        f"{len(events)} kinds of errors, {mean:,} bytes each, {prepared.mean_body_bytes:,} gzipped"
    )
    print(f"{count / seconds:,.0f} durable errors/s, {connections} connections")
    print(f"{cpu / count * 1e6:,.0f} µs CPU an error, {peak} MiB peak, {disk / count:,.0f} B disk")
    print(f"p50 {took[count // 2] * 1e3:.1f} ms, p99 {took[count * 99 // 100] * 1e3:.1f} ms")
    print(f"{stored} of {count} stored")


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:3]]
    asked, at_once = [*arguments, *(10_000, 32)[len(arguments) :]]
    measure(min(asked, MAX_COUNT), at_once)
