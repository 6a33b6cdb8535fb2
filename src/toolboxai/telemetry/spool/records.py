"""Records in a segment file: marked, measured, checksummed. Pure: bytes in, bytes out."""

from collections.abc import Iterator
from struct import Struct
from zlib import crc32

MARK = b"\xf5TBX"
MAX_RECORD_BYTES = 64 * 1024 * 1024
_HEADER = Struct("<4sII")
HEADER_BYTES = _HEADER.size


def framed(body: bytes) -> bytes:
    """Return ``body`` as a record. Raises ``ValueError`` over ``MAX_RECORD_BYTES``."""
    if len(body) > MAX_RECORD_BYTES:
        msg = f"a record holds at most {MAX_RECORD_BYTES:,} bytes, got {len(body):,}"
        raise ValueError(msg)
    return _HEADER.pack(MARK, len(body), crc32(body)) + body


def found_in(segment: bytes) -> Iterator[tuple[int, int]]:
    """Yield offset and length of each whole record's body.

    Damage (a torn tail, a flipped bit) is stepped over to the next mark: it costs what it hit, no more.
    """
    position = segment.find(MARK)
    while position >= 0:
        end = _end_of(segment, position)
        if end is None:
            position = segment.find(MARK, position + 1)
            continue
        yield position + HEADER_BYTES, end - position - HEADER_BYTES
        position = segment.find(MARK, end)


def _end_of(segment: bytes, position: int) -> int | None:
    """Return where the record at ``position`` ends, or ``None`` if it isn't whole."""
    start = position + HEADER_BYTES
    if start > len(segment):
        return None
    _, length, checksum = _HEADER.unpack_from(segment, position)
    end = start + int(length)
    if length > MAX_RECORD_BYTES or end > len(segment):
        return None
    return end if crc32(memoryview(segment)[start:end]) == checksum else None
