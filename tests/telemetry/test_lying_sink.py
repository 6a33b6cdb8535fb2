"""Whatever a sink answers, over real sockets: nothing lost, nothing sent again once taken, memory bounded."""

import socket
import struct
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from threading import Lock

import pytest
import trustme
import urllib3
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.telemetry.raw_server import OK, Connection, accept, over_tls, running, secure, sink_at
from toolboxai.telemetry import Options
from toolboxai.telemetry.spool import Spool
from toolboxai.telemetry.transport.courier import Courier
from toolboxai.telemetry.transport.limit_file import LimitFile
from toolboxai.telemetry.transport.sender import Sender
from toolboxai.telemetry.transport.sink import Answer, Sink
from toolboxai.telemetry.transport.wire import OutgoingItem, categories_of, record

NOW = 1_800_000_000.0
NO_ANSWER = (OSError, urllib3.exceptions.HTTPError)
MANY = 12
Lie = Callable[[Connection], None]


def saying(status: str, *headers: str) -> Lie:
    lines = [f"HTTP/1.1 {status}", "Content-Length: 0", *headers]
    words = ("\r\n".join(lines) + "\r\n\r\n").encode()
    return lambda connection: connection.say(words)


def reset(connection: Connection) -> None:
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.socket.close()


def hang(connection: Connection) -> None:
    connection.hang()


def hang_up(connection: Connection) -> None:
    connection.socket.shutdown(socket.SHUT_RDWR)


def breaking_off(words: bytes) -> Lie:
    def lie(connection: Connection) -> None:
        connection.say(words)
        hang_up(connection)

    return lie


half_an_answer = breaking_off(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\nhalf")
garbage = breaking_off(b"\x00\xff\r\n\r\n" * 100)
# A head without its end, half a chunk, another protocol, impossible lengths.
HALVES_AND_NONSENSE = [
    breaking_off(words)
    for words in (
        b"HTTP/1.1 200 O",
        b"HTTP/1.1 200 OK\r\nServer: nginx\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\nhalf",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\nContent-Length: 7, 8\r\n\r\n",
    )
]


def drip(connection: Connection) -> None:
    connection.drip(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 9_999, every_seconds=0.02)


def a_line_without_end(connection: Connection) -> None:
    while True:
        connection.say(b"HTTP/1.1 200 " + b"x" * 100_000)


def headers_without_end(connection: Connection) -> None:
    connection.say(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.say(b"X-More: " + b"x" * 60_000 + b"\r\n")


NOT_TAKEN = [
    saying("500 Oops"),
    saying("502 Bad Gateway", "Retry-After: 120"),
    saying("503 Busy", "Retry-After: 0"),
    saying("503 Busy", "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT"),
    saying("503 Busy", "Retry-After: Wed, 31 Oct 9999 07:28:00 GMT"),
    saying("408 Timeout"),
    saying("425 Too Early"),
    saying("429 Slow"),
    saying("429 Slow", "Retry-After: 2.5"),
    saying("429 Slow", "Retry-After: soon"),
    saying("429 Slow", "X-Sentry-Rate-Limits: 60:error;transaction:key, 5::organization"),
    saying("429 Slow", "X-Sentry-Rate-Limits: 9e999:error, -1:, ::::, nan::, 60:hologram"),
    saying("429 Slow", "X-Sentry-Rate-Limits: " + "1:error," * 5_000),
    saying("302 Found", "Location: http://127.0.0.1:1/sign-in"),
    saying("307 Again", "Location: /api/1/envelope/"),
    reset,
    hang,
    hang_up,
    half_an_answer,
    drip,
    garbage,
    *HALVES_AND_NONSENSE,
    a_line_without_end,
    headers_without_end,
]


class Liar:
    """Does to each envelope what is next on its list, and takes it when there is nothing left."""

    def __init__(self, lies: list[Lie]) -> None:
        self.lies = list(lies)
        self.came: list[str] = []
        self.taken: list[str] = []
        self._lock = Lock()

    def __call__(self, connection: Connection) -> None:
        while request := connection.request():
            name = request.partition(b"X-Name: ")[2].partition(b"\r\n")[0].decode()
            with self._lock:
                self.came.append(name)
                lie = self.lies.pop() if self.lies else None
            if lie is not None:
                lie(connection)
            else:
                connection.say(OK)
                self.taken.append(name)


class NamingSink(Sink):
    """Says in a header which envelope it is: a liar doesn't unpack."""

    def __call__(self, body: bytes, /) -> Answer:
        self._headers["X-Name"] = body.split(b'"envelope_id":"')[1].split(b'"')[0].decode()
        return super().__call__(body)


class Delivering:
    """Spool, courier and sender towards a DSN, with attempts of a fifth of a second and a clock in our hand."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.now = NOW
        self.lost: list[str] = []
        self.spool = Spool(
            folder,
            max_bytes=1024 * 1024,
            lost=lambda reason, _body: self.lost.append(reason),
            categories_of=categories_of,
        )
        self.sink = NamingSink(dsn, "test/1", Options(dsn=dsn), attempt_seconds=0.2)
        limits = LimitFile(folder / "limits.json", now=lambda: self.now)
        self.courier = Courier(
            self.spool, [self.sink], limits, gap_seconds=0.0, now=lambda: self.now
        )
        self.sender = Sender(self.spool, self.courier)

    def keep(self, names: list[str]) -> None:
        """Put an envelope a name into the spool, errors and traces by turns."""
        for kind, name in zip(cycle(["event", "transaction"]), names, strict=False):
            item = OutgoingItem(kind, {"message": "x" * 1_000})
            self.spool.append([record([item], envelope_id=name)])

    def until_all_is_sent(self) -> None:
        """Let the time pass that the sink asks for, as often as it does."""
        for _ in range(200):
            if self.sender.drain(20):
                return
            self.now += 24 * 3_600
        pytest.fail(f"{self.spool.waiting} are still waiting")


@contextmanager
def delivering(dsn: str, folder: Path) -> Iterator[Delivering]:
    """Deliver for the block."""
    under_way = Delivering(dsn, folder)
    under_way.sender.start()
    yield under_way
    under_way.sender.stop(10)
    under_way.spool.close()
    under_way.sink.close()


def test_nothing_is_lost_to_a_liar_and_nothing_sent_again_that_it_took(tmp_path: Path) -> None:
    liar, names = Liar(NOT_TAKEN), [f"{number:032d}" for number in range(MANY)]

    with running(liar) as server, delivering(server.dsn, tmp_path) as way:
        way.keep(names)
        way.until_all_is_sent()

    assert sorted(liar.taken) == names
    assert way.lost == []
    assert liar.lies == []
    assert len(liar.came) == len(NOT_TAKEN) + MANY, "an attempt for each lie, one for each envelope"
    last = {name: place for place, name in enumerate(liar.came)}
    assert [liar.came[place] for place in sorted(last.values())] == liar.taken


def test_what_a_liar_never_took_outlives_a_restart(tmp_path: Path) -> None:
    liar, names = Liar([reset] * 3), [f"{number:032d}" for number in range(MANY)]
    with running(liar) as server:
        with delivering(server.dsn, tmp_path) as before:
            before.keep(names)
            before.sender.drain(10)
        with delivering(server.dsn, tmp_path) as after:
            after.until_all_is_sent()

    assert Counter(liar.taken) == Counter(names)


def test_a_port_that_speaks_no_tls_gets_nothing(tmp_path: Path) -> None:
    with running(garbage) as server, delivering(secure(server), tmp_path) as way:
        way.keep(["x"])

        assert not way.sender.drain(10)
        assert way.spool.waiting == 1


def test_a_liar_over_tls_gets_the_same_patience(
    tmp_path: Path, authority: trustme.CA, ca_certs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_certs))
    lies = [half_an_answer, hang, garbage, drip, saying("500 Oops")]
    liar, names = Liar(lies), [f"{number:032d}" for number in range(4)]

    with running(over_tls(liar, authority)) as server, delivering(secure(server), tmp_path) as way:
        way.keep(names)
        way.until_all_is_sent()

    assert Counter(liar.taken) == Counter(names)


@pytest.mark.parametrize("lie", [a_line_without_end, headers_without_end])
def test_no_answer_fills_the_memory(lie: Lie) -> None:
    def behaviour(connection: Connection) -> None:
        connection.request()
        lie(connection)

    with running(behaviour) as server, sink_at(server.dsn, seconds=2) as sink:
        tracemalloc.start()
        try:
            with pytest.raises(NO_ANSWER):
                sink(b"x")
            _, peak_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert peak_bytes < 16_000_000


@pytest.fixture(scope="module")
def echo() -> Iterator[tuple[list[bytes], Sink]]:
    """A sink that answers with the bytes in the list and hangs up."""
    words = [b""]

    def behaviour(connection: Connection) -> None:
        connection.request()
        connection.say(words[0])
        hang_up(connection)

    with running(behaviour) as server, sink_at(server.dsn) as sink:
        yield words, sink


HEADS = st.builds(
    lambda *parts: b"".join(parts),
    st.sampled_from([b"HTTP/1.1 ", b"HTTP/1.0 ", b"HTTP/9 ", b"ICY ", b""]),
    st.sampled_from([b"200", b"429", b"503", b"099", b"-1", b"999", b"100", b"204", b"\xb2", b""]),
    st.sampled_from([b" OK\r\n", b"\r\n", b"\n", b" \x00\r\n"]),
    st.lists(
        st.sampled_from(
            [
                b"Content-Length: 0\r\n",
                b"Content-Length: 99999999999999999999\r\n",
                b"Content-Length: nan\r\n",
                b"Transfer-Encoding: chunked\r\n",
                b"Content-Encoding: gzip\r\n",
                b"Retry-After: \xff\xfe\r\n",
                b"X-Sentry-Rate-Limits: \xff:\x00;\r\n",
                b": no name\r\n",
                b" folded\r\n",
                b"Connection: close\r\n",
            ]
        ),
        max_size=4,
    ).map(b"".join),
    st.binary(max_size=30),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.binary(max_size=300) | HEADS)
@example(words=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
@example(words=b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot gzip")
def test_any_bytes_are_an_answer_or_none(echo: tuple[list[bytes], Sink], words: bytes) -> None:
    said, sink = echo
    said[0] = words

    try:
        answer = sink(b"x")
    except NO_ANSWER:
        return

    assert words.startswith((b"HTTP/", b"ICY")) or b"HTTP/" in words
    assert isinstance(answer.status, int)


def test_a_sink_that_has_lied_is_believed_again(tmp_path: Path) -> None:
    with running(garbage) as server, delivering(server.dsn, tmp_path) as way:
        way.keep(["one"])
        assert not way.sender.drain(10)
        assert not way.courier.delivery.is_healthy

        server.behaviour = accept
        way.until_all_is_sent()

        assert way.courier.delivery.is_healthy
