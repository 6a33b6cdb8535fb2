"""Records in a segment file: marked, measured, checksummed. Pure: bytes in, bytes out.

A record is the mark, the length and the checksum of what follows; then when it was written, under which
rules, its categories, and the body. Those of the first version hold the body alone.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from zlib import crc32

MARK = b"\xf5TB2"
OLD_MARK = b"\xf5TBX"
MAX_RECORD_BYTES = 64 * 1024 * 1024
MAX_LABEL_BYTES = 1_024  # of a damaged record: what is longer is no list of categories
MAX_BODY_BYTES = MAX_RECORD_BYTES - 64 * 1024  # leaves room for categories, whatever their names
_ANY_MARK = b"\xf5TB"
_MARKS = frozenset({MARK, OLD_MARK})
_HEADER = struct.Struct("<4sII")
_DETAILS = struct.Struct("<QII")
_LENGTH = struct.Struct("<I")


class Record(NamedTuple):
    """A body and what was known when it was written. Rules 0 and no time: a record of the first version."""

    body: bytes
    categories: frozenset[str] = frozenset()
    written_ns: int = 0
    rules: int = 0


def framed(record: Record) -> bytes:
    """Return ``record`` as bytes. Raises ``ValueError`` over ``MAX_RECORD_BYTES``."""
    label = ",".join(sorted(record.categories)).encode()
    held = _DETAILS.pack(record.written_ns, record.rules, len(label)) + label + record.body
    if len(held) > MAX_RECORD_BYTES:
        msg = f"a record holds at most {MAX_RECORD_BYTES:,} bytes, got {len(held):,}"
        raise ValueError(msg)
    return _HEADER.pack(MARK, len(held), crc32(held)) + held


def found_in(segment: bytes) -> Iterator[tuple[int, int]]:
    """Yield start and end of each whole record.

    Damage (a torn tail, a flipped bit) is stepped over to the next mark: it costs what it hit, no more.
    """
    view = memoryview(segment)
    position = segment.find(_ANY_MARK)
    while position >= 0:
        end = _end_of(view, position)
        if end is None:
            position = segment.find(_ANY_MARK, position + 1)
            continue
        yield position, end
        position = segment.find(_ANY_MARK, end)


def _end_of(segment: memoryview, position: int) -> int | None:
    """Return where the record at ``position`` ends, or ``None`` if it isn't whole."""
    start = position + _HEADER.size
    if start > len(segment):
        return None
    mark, length, checksum = _HEADER.unpack_from(segment, position)
    end = start + int(length)
    if mark not in _MARKS or length > MAX_RECORD_BYTES or end > len(segment):
        return None
    return end if crc32(segment[start:end]) == checksum else None


def damaged_in(
    segment: bytes, whole: Iterable[tuple[int, int]]
) -> Iterator[tuple[int, frozenset[str]]]:
    """Yield where a record begins that isn't whole any more, and its categories as far as they can be read.

    ``whole`` is what ``found_in`` found. A write at the end that was never finished isn't damage: nobody was
    told that it was kept.
    """
    position = 0
    for start, end in (*whole, (len(segment), len(segment))):
        if start > position:
            yield from _damaged_between(segment, position, start)
        position = end


def _damaged_between(segment: bytes, start: int, end: int) -> Iterator[tuple[int, frozenset[str]]]:
    is_last = end == len(segment)
    at = segment.find(_ANY_MARK, start, end)
    at = start if at < 0 else at  # its mark is damaged
    while at >= 0:
        if not (is_last and _is_unfinished(segment, at)):
            yield at, _categories_at(segment, at)
        at = segment.find(_ANY_MARK, at + 1, end)


def _is_unfinished(segment: bytes, start: int) -> bool:
    # A power cut may leave a file as long as it was to become, but for what was to be in it.
    written = len(segment.rstrip(b"\0")) - start - _HEADER.size
    if written < 0:
        return True
    mark, length, _ = _HEADER.unpack_from(segment, start)
    return mark in _MARKS and written < int(length) <= MAX_RECORD_BYTES


def _categories_at(segment: bytes, start: int) -> frozenset[str]:
    try:
        return categories_in((label_of(segment, start) or b"")[:MAX_LABEL_BYTES])
    except (struct.error, UnicodeDecodeError):
        return frozenset()


def label_of(segment: bytes, start: int) -> bytes | None:
    """Return the categories of the whole record at ``start`` as they are written; ``None`` if it has none."""
    if not segment.startswith(MARK, start):
        return None
    at = start + _HEADER.size + _DETAILS.size
    (length,) = _LENGTH.unpack_from(segment, at - _LENGTH.size)
    return segment[at : at + int(length)]


def categories_in(label: bytes) -> frozenset[str]:
    """Return the categories that ``label_of`` returned."""
    return frozenset(label.decode().split(",")) if label else frozenset()


def record_at(segment: bytes, start: int = 0) -> Record | None:
    """Return the record at ``start``, or ``None`` if it isn't whole."""
    end = _end_of(memoryview(segment), start)
    if end is None:
        return None
    label = label_of(segment, start)
    at = start + _HEADER.size
    if label is None:
        return Record(segment[at:end])
    written_ns, rules, _ = _DETAILS.unpack_from(segment, at)
    return Record(
        segment[at + _DETAILS.size + len(label) : end], categories_in(label), written_ns, rules
    )


def batches(bodies: list[bytes], *, max_bytes: int) -> Iterator[list[bytes]]:
    """Yield ``bodies`` in parts of at most ``max_bytes``, or of one body that is larger."""
    batch: list[bytes] = []
    for body in bodies:
        if batch and sum(map(len, batch)) + len(body) > max_bytes:
            yield batch
            batch = []
        batch.append(body)
    if batch:
        yield batch
