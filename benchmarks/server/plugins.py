"""Plugins that wait for messages: many long polls at once, held open by one thread."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from time import monotonic, perf_counter

from benchmarks.load import Client, get, post
from benchmarks.server.school import Studio
from benchmarks.server.target import Target

ANSWER_SECONDS = 30.0
ARRIVE_SECONDS = 60.0
LOOK_SECONDS = 0.2
QUIET_CPU_PERCENT = 30.0


@contextmanager
def waiting(
    server: Target, studios: Sequence[Studio], *, wait_seconds: int
) -> Iterator[list[socket.socket]]:
    """Let each Studio wait for messages in the block, which begins once the server has taken all of them in."""
    path = f"/plugin/messages?wait={wait_seconds}"
    with ExitStack() as stack:
        polls = []
        for studio in studios:
            address = ("127.0.0.1", server.port)
            poll = stack.enter_context(socket.create_connection(address, timeout=ANSWER_SECONDS))
            poll.sendall(get(server.port, path, token=studio.token))
            polls.append(poll)
        deadline = monotonic() + ARRIVE_SECONDS
        while server.cpu_percent(LOOK_SECONDS) > QUIET_CPU_PERCENT and monotonic() < deadline:
            pass
        yield polls


def still_waiting(polls: Sequence[socket.socket]) -> int:
    """Return how many have no answer yet."""
    return sum(map(_is_silent, polls))


def _is_silent(poll: socket.socket) -> bool:
    poll.settimeout(0)
    try:
        poll.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    finally:
        poll.settimeout(ANSWER_SECONDS)
    return False


def seconds_to_reach(server: Target, studio: Studio, poll: socket.socket, *, token: str) -> float:
    """Return how long it takes from sending a notice until the Studio's waiting poll brings it.

    Raises ``RuntimeError`` if the poll ends otherwise.
    """
    path = f"/api/v1/plugin/sessions/{studio.id}/messages"
    teacher = Client(server.port)
    began = perf_counter()
    teacher.send(post(server.port, path, b'{"kind": "notice", "text": "Hello"}', token=token))
    answer = poll.recv(1_024)
    taken = perf_counter() - began
    teacher.close()
    if not answer.startswith(b"HTTP/1.1 200"):
        msg = f"the poll ended with {answer[:40]!r} and not with a message"
        raise RuntimeError(msg)
    return taken
