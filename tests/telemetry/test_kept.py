"""What is read of an answer without urllib3 is what urllib3 reads of it."""

from threading import Semaphore

import pytest

from tests.telemetry.raw_server import Behaviour, Connection, running, sink_at
from toolboxai.telemetry.transport.kept import parsed
from toolboxai.telemetry.transport.sink import Answer

ANSWERS = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 429 Slow\r\nretry-AFTER:  7\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 429\r\nX-Sentry-Rate-Limits: 1:a\r\nX-Sentry-Rate-Limits: 2:b\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 204 Empty\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX: folded\r\n  line\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
]


def answering(words: bytes, *, at_once: bool) -> Behaviour:
    def behaviour(connection: Connection) -> None:
        while connection.request():
            head, end, body = words.partition(b"\r\n\r\n")
            for part in [words] if at_once else [head[:9], head[9:] + end, body]:
                connection.say(part)

    return behaviour


@pytest.mark.parametrize("words", ANSWERS)
@pytest.mark.parametrize("at_once", [True, False])
def test_the_second_answer_over_a_connection_says_what_the_first_did(
    *, words: bytes, at_once: bool
) -> None:
    with running(answering(words, at_once=at_once)) as server, sink_at(server.dsn) as sink:
        first, *others = [sink(b"x") for _ in range(4)]

    assert others == [first] * 3


@pytest.mark.parametrize("words", ANSWERS[:5])
def test_it_comes_over_the_same_connection(words: bytes) -> None:
    with running(answering(words, at_once=True)) as server, sink_at(server.dsn) as sink:
        for _ in range(4):
            sink(b"x")

    assert server.callers == 1


@pytest.mark.parametrize("words", ANSWERS[3:])
def test_what_is_out_of_the_ordinary_is_left_to_those_who_know_it(words: bytes) -> None:
    assert parsed(words) is None


def test_who_hangs_up_meanwhile_is_called_again() -> None:
    gone = Semaphore(0)

    def once(connection: Connection) -> None:
        connection.request()
        connection.say(ANSWERS[0])
        connection.socket.close()
        gone.release()

    with running(once) as server, sink_at(server.dsn) as sink:
        for _ in range(3):
            assert sink(b"x") == Answer(200)
            gone.acquire()
