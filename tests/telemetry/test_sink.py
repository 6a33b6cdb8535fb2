"""An attempt to deliver ends in time, whatever the other side does; and what is said is understood."""

import gzip
import socket
from pathlib import Path
from random import Random
from threading import Event
from time import monotonic

import pytest
import trustme
import urllib3

from tests.telemetry.raw_server import (
    Behaviour,
    Connection,
    accept,
    over_tls,
    running,
    sink_at,
)
from toolboxai.telemetry.transport.deadline import Address, Deadline, connect
from toolboxai.telemetry.transport.resolving import Resolver
from toolboxai.telemetry.transport.sink import Answer

ATTEMPT_SECONDS = 0.2
# Far below what the slow ones would take, far above what a busy machine adds.
MOST_SECONDS = 3.0
DRIP_SECONDS = 0.02  # ten bytes an attempt: every single read is in time
NO_ANSWER = (OSError, urllib3.exceptions.HTTPError)
MORE_THAN_SOCKETS_TAKE = Random(7).randbytes(16 * 1_024 * 1_024)  # gzip makes nothing of it


def answering(words: bytes) -> Behaviour:
    def behaviour(connection: Connection) -> None:
        while connection.request():
            connection.say(words)

    return behaviour


def drip_the_head(connection: Connection) -> None:
    connection.request()
    connection.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 10_000, every_seconds=DRIP_SECONDS)


def drip_interim_answers(connection: Connection) -> None:
    connection.request()
    connection.drip(b"HTTP/1.1 100 Continue\r\n\r\n", every_seconds=DRIP_SECONDS)


def answer_interim_without_end(connection: Connection) -> None:
    connection.request()
    while not connection.ended.is_set():
        connection.say(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def never_read(connection: Connection) -> None:
    connection.hang()


def read_slowly(connection: Connection) -> None:
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    while not connection.ended.wait(DRIP_SECONDS):
        connection.socket.recv(1)


def hang(connection: Connection) -> None:
    connection.request()
    connection.hang()


@pytest.mark.parametrize(
    "behaviour",
    [
        drip_the_head,
        drip_interim_answers,
        answer_interim_without_end,
        hang,
        never_read,
        read_slowly,
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_attempt_as_a_whole_ends_in_time(
    behaviour: Behaviour, scheme: str, authority: trustme.CA, ca_certs: Path
) -> None:
    served = behaviour if scheme == "http" else over_tls(behaviour, authority)
    body = MORE_THAN_SOCKETS_TAKE if behaviour in {never_read, read_slowly} else b"x"
    with running(served) as server:
        dsn = server.dsn.replace("http:", f"{scheme}:")
        with sink_at(dsn, seconds=ATTEMPT_SECONDS, ca_certs=ca_certs) as sink:
            began = monotonic()
            with pytest.raises(NO_ANSWER):
                sink(body)

            assert ATTEMPT_SECONDS <= monotonic() - began < MOST_SECONDS


def test_a_handshake_that_never_ends_is_given_up_in_time() -> None:
    with (
        running(hang) as server,
        sink_at(server.dsn.replace("http:", "https:"), seconds=ATTEMPT_SECONDS) as sink,
    ):
        began = monotonic()
        with pytest.raises(NO_ANSWER):
            sink(b"x")

        assert monotonic() - began < MOST_SECONDS


def test_a_name_that_is_looked_up_for_ever_is_given_up_in_time_and_asked_for_once() -> None:
    asked, found = [], Event()

    def slow(host: str, port: int) -> list[Address]:
        asked.append((host, port))
        found.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 1))]

    resolve = Resolver(slow)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            resolve("slow.test", 80, timeout_seconds=0.01)
    found.set()

    assert resolve("slow.test", 80, timeout_seconds=10)[0][4] == ("127.0.0.1", 1)
    assert asked == [("slow.test", 80)]


@pytest.mark.parametrize("host", ["nobody.invalid", "a" * 64 + ".test", "..", "\x00"])
def test_a_name_that_nobody_has_is_no_answer(host: str) -> None:
    def unknown(host: str, port: int) -> list[Address]:
        if host == "nobody.invalid":
            raise socket.gaierror(-2, "Name or service not known")
        return list(socket.getaddrinfo(host, port))

    with pytest.raises(OSError):  # noqa: PT011 - its text is the system's
        Resolver(unknown)(host, 80, timeout_seconds=10)


def test_a_dead_address_leaves_time_for_the_next() -> None:
    with running(accept) as server, socket.socket() as dead:
        # A listener whose queue is full drops what comes: connecting hangs.
        dead.bind(("127.0.0.1", 0))
        dead.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)  # noqa: FBT003
            one.connect_ex(dead.getsockname())
        addresses = [
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", address)
            for address in (dead.getsockname(), ("127.0.0.1", server.port))
        ]
        deadline = Deadline()
        deadline.begin(1.0)

        connected = connect(addresses, deadline)

        assert connected.getpeername()[1] == server.port
        for one in (connected, *waiting):
            one.close()


def test_an_answer_is_known_before_its_body_has_come() -> None:
    def slow_body(connection: Connection) -> None:
        connection.request()
        connection.say(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n")
        connection.drip(b"x", every_seconds=DRIP_SECONDS)

    with running(slow_body) as server, sink_at(server.dsn, seconds=ATTEMPT_SECONDS) as sink:
        assert sink(b"x") == Answer(200, is_short=False)


def test_gigabytes_are_not_listened_to() -> None:
    heard = []

    def flood(connection: Connection) -> None:
        connection.request()
        connection.say(b"HTTP/1.1 200 OK\r\nContent-Length: 4000000000\r\n\r\n")
        said = 0
        try:
            while said < 4_000_000_000:
                connection.say(b"x" * 1_000_000)
                said += 1_000_000
        finally:
            heard.append(said)

    with running(flood) as server, sink_at(server.dsn) as sink:
        assert sink(b"x") == Answer(200, is_short=False)

    assert heard[0] < 100_000_000


def test_a_bomb_of_an_answer_is_not_unpacked() -> None:

    bomb = gzip.compress(bytes(50_000_000))[: 12 * 1_024]
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"

    with running(answering(head.encode() + bomb)) as server, sink_at(server.dsn) as sink:
        assert sink(b"x").status == 200
        assert sink(b"x").status == 200
        assert server.callers == 1, "it was read to its end as it came"


def test_a_connection_is_kept() -> None:
    with running(accept) as server, sink_at(server.dsn) as sink:
        assert [sink(b"x").status for _ in range(3)] == [200] * 3
        assert server.callers == 1


def test_what_an_answer_asks_for_is_handed_on() -> None:
    said = (
        b"X-Sentry-Rate-Limits: 60:error:key\r\nRetry-After: 7\r\nX-Sentry-Rate-Limits: 5::org\r\n"
    )
    head = b"HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n" + said + b"\r\n"

    with running(answering(head)) as server, sink_at(server.dsn) as sink:
        assert sink(b"x") == Answer(429, "60:error:key, 5::org", "7")
