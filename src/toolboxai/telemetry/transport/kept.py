"""The next request over a connection that has served one: one write and, mostly, one or two reads.

urllib3 opens each connection and asks first over it: it knows proxies, TLS and what may go wrong with either. But it takes
three times the CPU of all else that sending costs. What is read here without it is the ordinary answer: HTTP/1.1, a
short body of a length that is told. Any other is read again by `http.client`, from its first byte.
"""

import io
import re
from contextlib import suppress
from http.client import HTTPException
from socket import socket
from typing import Any, NamedTuple, cast

import urllib3
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ProtocolError

from toolboxai.telemetry.transport.head import WholeHead

MAX_ORDINARY_BYTES = 16 * 1024
_RECEIVE_BYTES = 64 * 1024
_STATUS = re.compile(rb"HTTP/1\.1 ([2-5]\d\d)(?: [^\r\n]*)?")
_END = b"\r\n\r\n"


class Ordinary(NamedTuple):
    """The head of an ordinary answer: its status, its headers by lower-case name, where its body ends."""

    status: int
    headers: dict[bytes, bytes]
    end: int

    def get(self, name: bytes) -> str | None:
        """Return a header's value."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")


def ask(connection: HTTPConnection, request: bytes) -> tuple[Ordinary | urllib3.HTTPResponse, bool]:
    """Send ``request``; return its answer, or as far as it came one that isn't ordinary, for somebody to read on.

    And whether more can be asked once it is read. Raises ``OSError`` or urllib3's ``HTTPError`` when there is none.
    """
    opened = cast("socket", connection.sock)
    with suppress(BrokenPipeError, ConnectionResetError):  # who hangs up may have said why
        opened.sendall(request)
    answer, read = _ordinary(opened)
    return (answer, True) if answer else _anything_else(opened, read)


def _ordinary(opened: socket) -> tuple[Ordinary | None, bytes]:
    """Return the answer, if it is ordinary, and what was read."""
    read, answer = b"", None
    with suppress(TimeoutError):  # whoever reads on will notice as well
        while len(read) < MAX_ORDINARY_BYTES and (part := opened.recv(_RECEIVE_BYTES)):
            read += part
            if _END not in read:
                continue
            answer = parsed(read)
            if answer is None or answer.end <= len(read):
                break
    return (answer if answer and answer.end == len(read) else None), read


def parsed(read: bytes) -> Ordinary | None:
    """Return the head of ``read``, if that is an ordinary one."""
    lines, _, _ = read.partition(_END)
    first, *rest = lines.split(b"\r\n")
    status = _STATUS.fullmatch(first)
    headers: dict[bytes, bytes] = {}
    for line in rest:
        name, colon, value = line.partition(b":")
        if not colon or not name or name != name.strip() or b"\n" in line:
            return None
        name, value = name.lower(), value.strip()
        headers[name] = headers[name] + b", " + value if name in headers else value
    length = headers.get(b"content-length", b"")
    is_kept = headers.get(b"connection", b"keep-alive").lower() == b"keep-alive"
    if not status or not length.isdigit() or len(length) > 5 or not is_kept:
        return None
    if b"transfer-encoding" in headers or status[1] in {b"204", b"304"}:
        return None
    return Ordinary(int(status[1]), headers, len(lines) + len(_END) + int(length))


def _anything_else(opened: socket, read: bytes) -> tuple[urllib3.HTTPResponse, bool]:
    head = WholeHead(cast("Any", _Begun(opened, read)), method="POST")
    try:
        head.begin()
    except HTTPException as error:
        raise ProtocolError(str(error), error) from error
    response = urllib3.HTTPResponse(
        body=head,
        headers=urllib3.HTTPHeaderDict(head.headers.items()),
        status=head.status,
        preload_content=False,
        original_response=cast("Any", head),
        request_method="POST",
    )
    return response, not head.will_close


class _Begun(io.RawIOBase):
    """A socket from which something was read already, as `http.client` wants it."""

    def __init__(self, opened: socket, read: bytes) -> None:
        self._opened = opened
        self._read = io.BytesIO(read)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return what can be read, from the first byte on."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """Return true."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - the base's own signature
        """Read again what was read, then on."""
        return self._read.readinto(buffer) or self._opened.recv_into(buffer)
