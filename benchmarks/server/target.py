"""The server that is measured: asked, and looked at from outside."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Any

from benchmarks.load import Client, Round, run
from benchmarks.night import cpu_of

CONNECTIONS = 4
MEBIBYTE_KIBIBYTES = 1024

Figures = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Target:
    """A server in a process of its own."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """Return the CPU that it has used."""
        return cpu_of(self.pid)

    def cpu_percent(self, seconds: float) -> float:
        """Return what of a core it uses in the next ``seconds``."""
        before = self.cpu_seconds()
        sleep(seconds)
        return (self.cpu_seconds() - before) / seconds * 100

    def memory_mib(self) -> float:
        """Return its resident memory."""
        lines = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
        (line,) = (line for line in lines if line.startswith("VmRSS:"))
        return int(line.split()[1]) / MEBIBYTE_KIBIBYTES

    def ask(self, request: bytes) -> Any:  # noqa: ANN401 - the JSON of any answer
        """Return the JSON of an answer. Raises ``RuntimeError`` if it is a refusal."""
        client = Client(self.port)
        status, body = client.send(request)
        client.close()
        if status >= 300:
            msg = f"the server answered {status}: {body[:200]!r}"
            raise RuntimeError(msg)
        return json.loads(body)

    def pace(self, *requests: bytes, count: int, connections: int = CONNECTIONS) -> Figures:
        """Send ``count`` requests; return how fast they were answered, and the CPU of one.

        Raises ``RuntimeError`` if any is refused.
        """
        before = self.cpu_seconds()
        done = run(self.port, *requests, requests=count, connections=connections)
        refuse_refusals(done)
        return {
            "per_second": done.requests / done.seconds,
            "p50_ms": done.percentile(0.5) * 1e3,
            "p95_ms": done.percentile(0.95) * 1e3,
            "cpu_ms": (self.cpu_seconds() - before) / done.requests * 1e3,
        }


def refuse_refusals(done: Round) -> None:
    """Raise ``RuntimeError`` if not everything was answered well: how fast a refusal is, nobody asked."""
    refused = {status: times for status, times in done.statuses.items() if status >= 300}
    if refused:
        msg = f"{sum(refused.values())} of {done.requests} requests were refused, by status: {refused}"
        raise RuntimeError(msg)
