"""Connections that ask for nothing: closed, few of one address, and not a line of log for each."""

import logging
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.monitor.running import Monitor, event_envelope
from toolboxai.monitor.serving import _Heads, _Seldom

PROGRAM = """
import sys
from pathlib import Path
import uvicorn.config
from toolboxai.monitor import serving
from toolboxai.monitor.settings import Limits, MonitorSettings
if sys.argv[2] == "h11":
    from uvicorn.protocols.http.h11_impl import H11Protocol
    serving.AutoHTTPProtocol = H11Protocol
limits = Limits(head_timeout_seconds=0.5, max_connections_per_address=20, max_connections=100)
serving.serve(MonitorSettings(data=Path(sys.argv[1]), port=0, limits=limits))
"""


@contextmanager
def small_monitor(data: Path, http: str) -> Generator[tuple[Monitor, subprocess.Popen[str]]]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(data), http],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield Monitor(data, int(line.rpartition(":")[2])), process
    finally:
        process.kill()
        process.communicate()


def half_a_head(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(b"POST /api/1/envelope/ HTTP/1.1\r\nHost: x\r\n")
    return connection


def is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("http", ["httptools", "h11"])
def test_heads_that_never_end_are_let_go(tmp_path: Path, http: str) -> None:
    with small_monitor(tmp_path, http) as (monitor, _), ExitStack() as open_connections:
        halves = [open_connections.enter_context(half_a_head(monitor.port)) for _ in range(10)]
        meanwhile = monitor.post(event_envelope())

        assert all(is_closed(each) for each in halves)
        assert (meanwhile.status, monitor.post(event_envelope()).status) == (200, 200)


def test_one_address_gets_only_so_many_connections(tmp_path: Path) -> None:
    with small_monitor(tmp_path, "httptools") as (monitor, process):
        with ExitStack() as open_connections:
            idle = [
                open_connections.enter_context(
                    socket.create_connection(("127.0.0.1", monitor.port), timeout=10)
                )
                for _ in range(60)
            ]
            # From the 21st on they end at once; another address isn't concerned.
            assert all(is_closed(each) for each in idle[20:])
            elsewhere = open_connections.enter_context(
                socket.create_connection(
                    ("127.0.0.1", monitor.port), timeout=10, source_address=("127.0.0.2", 0)
                )
            )
            elsewhere.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            assert elsewhere.recv(12) == b"HTTP/1.1 200"
        assert monitor.post(event_envelope()).status == 200
        process.terminate()
        _, said = process.communicate(timeout=20)

    assert said.count("\n") < 3


@dataclass
class Transport:
    aborted: int = 0

    def abort(self) -> None:
        self.aborted += 1


@dataclass
class Cycle:
    response_complete: bool = False


@dataclass(eq=False)
class Connection:
    cycle: Cycle | None = None
    transport: Transport = field(default_factory=Transport)


def test_only_a_connection_that_waits_for_a_head_is_closed() -> None:
    silent, working, returning = (
        Connection(),
        Connection(Cycle()),
        Connection(Cycle(response_complete=True)),
    )
    heads = _Heads(timeout_seconds=10)

    heads.check([silent, working, returning], 0)
    returning.cycle = Cycle(response_complete=True)  # it asked something in between
    heads.check([silent, working, returning], 6)
    heads.check([silent, working, returning], 12)

    aborted = [each.transport.aborted for each in (silent, working, returning)]
    assert aborted == [1, 0, 0]


def test_the_same_warning_is_written_once_a_minute() -> None:
    seldom = _Seldom()

    def passes(level: int, at: float, *args: object) -> bool:
        record = logging.LogRecord("uvicorn.error", level, "", 1, "Refused %s", args, None)
        record.created = at
        return seldom.filter(record)

    assert [passes(logging.WARNING, at) for at in (100, 101, 159, 160)] == [
        True,
        False,
        False,
        True,
    ]
    assert passes(logging.ERROR, 101)
    assert passes(logging.WARNING, 101, "a detail")
