"""Compressed bytes in, plain bytes out, within limits that hold while it inflates."""

import zlib
from collections.abc import Callable
from typing import Protocol

import brotli
import zstandard

from toolboxai.monitor.protocol.errors import (
    Damage,
    EncodingError,
    Part,
    ProtocolError,
    TooLargeError,
)
from toolboxai.monitor.settings import Limits

# Input is cut into blocks of this size whatever the network made of it, so that the answer
# depends on the bytes alone.
BLOCK_BYTES = 16 * 1024
OUTPUT_BYTES = 256 * 1024
GZIP = frozenset({"gzip", "x-gzip"})
GZIP_WINDOW = 16 + zlib.MAX_WBITS
# The lowest four bits of a zlib stream's first byte say "deflate"; the first two bytes are a
# multiple of 31 (RFC 1950).
ZLIB_METHOD, ZLIB_CHECK = 8, 31
DAMAGED = (zlib.error, zstandard.ZstdError, brotli.error)


class _Stream(Protocol):
    """What inflates one block, in pieces."""

    @property
    def eof(self) -> bool: ...

    @property
    def unconsumed_tail(self) -> bytes: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class Inflater:
    """Takes a body in chunks; holds what it inflates to."""

    def __init__(self, encoding: str, limits: Limits) -> None:
        self._limits = limits
        self._pending = bytearray()
        self._received = 0
        self._inflated = bytearray()
        self._open = _OPEN.get(check_encoding(encoding), _open_gzip)
        self._has_members = check_encoding(encoding) in GZIP
        self._members = 1
        self._is_plain = check_encoding(encoding) == "identity"
        self._stream: _Stream | None = None

    @property
    def received_bytes(self) -> int:
        """How much came in."""
        return self._received

    @property
    def inflated(self) -> bytearray:
        """What has been inflated so far, nothing after ``finish``. Don't keep a view of it."""
        return self._inflated

    def feed(self, chunk: bytes) -> None:
        """Take the next chunk."""
        self._received += len(chunk)
        if self._received > self._limits.max_compressed_bytes:
            raise TooLargeError(Part.BODY, self._limits.max_compressed_bytes)
        if self._is_plain:
            self._keep(chunk)
            return
        self._pending += chunk
        while len(self._pending) >= BLOCK_BYTES:
            block = bytes(self._pending[:BLOCK_BYTES])
            del self._pending[:BLOCK_BYTES]
            self._inflate(block)

    def finish(self) -> bytes:
        """Return the whole body; refuse one that stops in the middle."""
        if not self._is_plain:
            self._inflate(bytes(self._pending))
            self._pending.clear()
            if self._received and (self._stream is None or not self._stream.eof):
                msg = f"the compressed body ends too early, after {self._received:,} bytes"
                raise ProtocolError(Damage.TRUNCATED, msg)
        body, self._inflated = bytes(self._inflated), bytearray()
        return body

    def _inflate(self, block: bytes) -> None:
        if not block:
            return
        if self._stream is None:
            self._stream = self._open(block)
        piece = b""
        # A full piece may have more behind it, even when all input is consumed.
        while block or len(piece) >= OUTPUT_BYTES:
            if self._stream.eof and block:
                self._stream = self._next_member(block)
            try:
                piece = self._stream.decompress(block, OUTPUT_BYTES)
            except DAMAGED as error:
                msg = f"the compressed body is damaged: {error}"
                raise ProtocolError(Damage.BODY, msg) from error
            self._keep(piece)
            self._check_ratio()
            block = self._stream.unconsumed_tail or self._stream.unused_data

    def _next_member(self, block: bytes) -> _Stream:
        """Return what takes what follows the end: gzip, and only that, is allowed to go on."""
        if not self._has_members:
            msg = "there are bytes after the end of the compressed body"
            raise ProtocolError(Damage.BODY, msg)
        self._members += 1
        if self._members > self._limits.max_gzip_members:
            raise TooLargeError(Part.BODY, self._limits.max_gzip_members, "gzip members")
        return self._open(block)

    def _keep(self, piece: bytes) -> None:
        self._inflated += piece
        if len(self._inflated) > self._limits.max_inflated_bytes:
            raise TooLargeError(Part.INFLATED, self._limits.max_inflated_bytes)

    def _check_ratio(self) -> None:
        consumed = self._received - len(self._pending)
        allowed = max(
            self._limits.inflate_ratio_floor_bytes, consumed * self._limits.max_inflate_ratio
        )
        if len(self._inflated) > allowed:
            raise TooLargeError(Part.RATIO, self._limits.max_inflate_ratio, "times its size")


class _Zstd:
    """A zstd stream. Its library knows no bound on the output, so it gets the input in crumbs."""

    # 128 bytes are at most 42 blocks of 128 KiB.
    CRUMB_BYTES = 128
    MAX_WINDOW_BYTES = 8 * 1024 * 1024

    def __init__(self) -> None:
        self._stream = zstandard.ZstdDecompressor(
            max_window_size=self.MAX_WINDOW_BYTES
        ).decompressobj()
        self.unconsumed_tail = b""

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Inflate the first crumb; ``max_length`` can't be kept to."""
        del max_length
        self.unconsumed_tail = data[self.CRUMB_BYTES :]
        return self._stream.decompress(data[: self.CRUMB_BYTES])


class _Brotli:
    """A brotli stream. Of a piece it gives at least what was asked for, and somewhat more, when there is more."""

    unused_data = b""  # what follows the end is an error to its library

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()
        self.unconsumed_tail = b""

    @property
    def eof(self) -> bool:
        is_over: bool = self._stream.is_finished()
        return is_over

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Give what is ready of what came before, else inflate ``data``."""
        takes: bool = self._stream.can_accept_more_data()
        self.unconsumed_tail = b"" if takes else data
        piece: bytes = self._stream.process(data if takes else b"", output_buffer_limit=max_length)
        return piece


def _open_gzip(_: bytes) -> _Stream:
    return zlib.decompressobj(GZIP_WINDOW)


def _open_deflate(block: bytes) -> _Stream:
    """HTTP says zlib, and some send a raw deflate stream under that name."""
    is_zlib = (
        len(block) > 1
        and block[0] % 16 == ZLIB_METHOD
        and int.from_bytes(block[:2], "big") % ZLIB_CHECK == 0
    )
    return zlib.decompressobj(zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)


def _open_zstd(_: bytes) -> _Stream:
    return _Zstd()


def _open_brotli(_: bytes) -> _Stream:
    return _Brotli()


_OPEN: dict[str, Callable[[bytes], _Stream]] = {
    "gzip": _open_gzip,
    "x-gzip": _open_gzip,
    "deflate": _open_deflate,
    "br": _open_brotli,
    "zstd": _open_zstd,
}


def check_encoding(encoding: str) -> str:
    """Return the encoding's name in lower case, or refuse it."""
    name = encoding.strip().lower() or "identity"
    if name != "identity" and name not in _OPEN:
        raise EncodingError(encoding)
    return name
