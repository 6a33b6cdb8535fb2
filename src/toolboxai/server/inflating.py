"""Bodies that arrive as gzip, as Studio sends them on request. Knows bytes, not what they mean."""

import zlib

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_INFLATED_BYTES = 1024 * 1024
GZIP = frozenset({"gzip", "x-gzip"})
GZIP_WINDOW = 16 + zlib.MAX_WBITS
NOT_GZIP = "The body isn't the one whole gzip member that its Content-Encoding promises."
UNKNOWN_ENCODING = "The body may be gzip or not compressed at all, nothing else."


class InflatedBodies:
    """Inflate bodies piece by piece; refuse what is damaged, too large or in another encoding.

    How much may arrive compressed is for others to limit; what it may grow to is limited here, so
    a bomb costs no more than an honest body. The scope stays as it is: it is telemetry's, too.
    """

    def __init__(self, app: ASGIApp, max_bytes: int = MAX_INFLATED_BYTES) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            names = Headers(scope=scope).getlist("content-encoding")
            encoding = ",".join(names).strip().lower()
            if encoding not in {"", "identity"}:
                receive = _Inflater(receive, encoding, self.max_bytes)
        await self.app(scope, receive, send)


class _Inflater:
    """The ``receive`` of one request. FastAPI lets the errors through that it raises."""

    def __init__(self, receive: Receive, encoding: str, max_bytes: int) -> None:
        self._receive = receive
        self._encoding = encoding
        self._max_bytes = max_bytes
        self._stream = zlib.decompressobj(GZIP_WINDOW)
        self._has_begun = False
        self._inflated_bytes = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        body = message.get("body", b"")
        self._has_begun = self._has_begun or bool(body)
        if message["type"] != "http.request" or not self._has_begun:
            return message
        if self._encoding not in GZIP:
            raise HTTPException(415, UNKNOWN_ENCODING, headers={"Accept-Encoding": "gzip"})
        piece = self._inflate(body)
        if not (message.get("more_body") or self._stream.eof):
            raise HTTPException(400, NOT_GZIP)
        return {**message, "body": piece}

    def _inflate(self, body: bytes) -> bytes:
        allowed_bytes = self._max_bytes - self._inflated_bytes
        try:
            piece = self._stream.decompress(body, allowed_bytes + 1)
        except zlib.error as error:
            raise HTTPException(400, NOT_GZIP) from error
        if len(piece) > allowed_bytes:
            raise HTTPException(
                413, f"Inflated, the body may have {self._max_bytes:,} bytes at most."
            )
        if self._stream.unused_data:
            raise HTTPException(400, NOT_GZIP)
        self._inflated_bytes += len(piece)
        return piece
