"""A closed loop of requests over kept-alive sockets, cheap enough to leave the machine to the server."""

import json
import socket
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from threading import Thread
from time import perf_counter

CONNECTIONS = 8
_RECEIVE_BYTES = 65_536


@dataclass
class Round:
    """What one run of requests took."""

    requests: int
    seconds: float
    latencies: list[float]
    statuses: Counter[int]

    def percentile(self, share: float) -> float:
        """Return a latency in seconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Client:
    """One connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket = self._connect()

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self._port), timeout=30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def send(self, request: bytes) -> tuple[int, bytes]:
        """Return status and body of the answer."""
        self._socket.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._receive()
        head, _, body = answer.partition(b"\r\n\r\n")
        while len(body) < _content_length(head):
            body += self._receive()
        status = int(head[9:12])
        if status >= 500:  # uvicorn hangs up after an unhandled error, without saying so
            self._socket.close()
            self._socket = self._connect()
        return status, body

    def _receive(self) -> bytes:
        part = self._socket.recv(_RECEIVE_BYTES)
        if not part:
            msg = "the server hung up"
            raise ConnectionError(msg)
        return part


def _content_length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0] or 0)


def get(port: int, path: str, *, token: str = "") -> bytes:
    """Return a GET request, of whoever has the token."""
    return _request(f"GET {path}", port, token)


def post(port: int, path: str, body: bytes, *, token: str = "", kind: str = "json") -> bytes:
    """Return a POST request."""
    about = f"Content-Type: application/{kind}\r\nContent-Length: {len(body)}\r\n"
    return _request(f"POST {path}", port, token, about) + body


def _request(what: str, port: int, token: str, about: str = "") -> bytes:
    who = f"Authorization: Bearer {token}\r\n" if token else ""
    return f"{what} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{who}{about}\r\n".encode()


def ask(port: int, path: str) -> dict[str, float]:
    """Return the JSON at ``path``."""
    client = Client(port)
    _, body = client.send(get(port, path))
    client.close()
    answer: dict[str, float] = json.loads(body)
    return answer


def run(
    port: int, *requests_in_turn: bytes, requests: int, connections: int = CONNECTIONS
) -> Round:
    """Send ``requests`` requests over a few connections at once: all alike, or several in turn."""
    latencies: list[float] = []
    statuses: list[int] = []
    share = requests // connections
    threads = []
    for number in range(connections):
        # Each begins elsewhere, so that no two say the same at the same time.
        first = number * len(requests_in_turn) // connections
        turn = islice(cycle(requests_in_turn), first, first + share)
        arguments = (port, list(turn), latencies, statuses)
        threads.append(Thread(target=_loop, args=arguments))
    began = perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Round(share * connections, perf_counter() - began, latencies, Counter(statuses))


def _loop(
    port: int, requests: Sequence[bytes], latencies: list[float], statuses: list[int]
) -> None:
    client = Client(port)
    for request in requests:
        began = perf_counter()
        status, _ = client.send(request)
        latencies.append(perf_counter() - began)
        statuses.append(status)
    client.close()
