"""An envelope's bytes → its header and its items, as they are. Nothing is repaired here."""

from codecs import BOM_UTF8
from dataclasses import dataclass
from typing import Any

import orjson

from toolboxai.monitor.protocol.errors import Damage, Part, ProtocolError, TooLargeError
from toolboxai.monitor.settings import Limits

MAX_TYPE_CHARS = 64


@dataclass(frozen=True, slots=True)
class Item:
    """One item as received."""

    type: str
    headers: dict[str, Any]
    payload: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A header and items."""

    headers: dict[str, Any]
    items: tuple[Item, ...]

    def header_text(self, name: str) -> str | None:
        """Return a header that is a text, else None."""
        value = self.headers.get(name)
        return value if isinstance(value, str) else None


def envelope_header(body: bytes | bytearray, limits: Limits) -> tuple[dict[str, Any], int]:
    """Return the envelope's header and where what follows it begins. A byte order mark before it says nothing."""
    start = len(BOM_UTF8) if body.startswith(BOM_UTF8) else 0
    return _header_line(body, start, Part.HEADER, limits)


def parse_envelope(body: bytes, limits: Limits) -> Envelope:
    """Cut an envelope into its items; refuse one whose framing is damaged."""
    headers, at = envelope_header(body, limits)
    items: list[Item] = []
    while at < len(body):
        # Clients may end with one newline or several.
        if body[at : at + 1] == b"\n":
            at += 1
            continue
        if len(items) == limits.max_envelope_items:
            raise TooLargeError(Part.ENVELOPE, limits.max_envelope_items, "items")
        item, at = _item(body, at, len(items) + 1, limits)
        items.append(item)
    return Envelope(headers, tuple(items))


def _item(body: bytes, start: int, number: int, limits: Limits) -> tuple[Item, int]:
    headers, at = _header_line(body, start, Part.ITEM_HEADER, limits)
    kind = headers.get("type")
    if not isinstance(kind, str) or not kind:
        msg = f"item {number} has no type"
        raise ProtocolError(Damage.HEADER, msg)
    end = _payload_end(body, at, headers.get("length"), number)
    item = Item(kind[:MAX_TYPE_CHARS], headers, body[at:end])
    return item, end + 1


def _payload_end(body: bytes, start: int, length: object, number: int) -> int:
    if length is None:
        newline = body.find(b"\n", start)
        return len(body) if newline < 0 else newline
    if not isinstance(length, int) or isinstance(length, bool) or length < 0:
        msg = f"item {number} has the length {str(length)[:40]!r}, which is no size"
        raise ProtocolError(Damage.LENGTH, msg)
    end = start + length
    if end > len(body):
        left = max(len(body) - start, 0)
        msg = f"item {number} should have {length} bytes, the envelope has only {left} left"
        raise ProtocolError(Damage.LENGTH, msg)
    if body[end : end + 1] not in (b"", b"\n"):
        msg = f"item {number} doesn't end with a newline after its {length} bytes"
        raise ProtocolError(Damage.LENGTH, msg)
    return end


def _header_line(
    body: bytes | bytearray, start: int, part: Part, limits: Limits
) -> tuple[dict[str, Any], int]:
    newline = body.find(b"\n", start, start + limits.max_header_bytes + 1)
    end = newline if newline >= 0 else len(body)
    if end - start > limits.max_header_bytes:
        raise TooLargeError(part, limits.max_header_bytes)
    try:
        headers = orjson.loads(memoryview(body)[start:end])
    except orjson.JSONDecodeError as error:
        msg = f"{part} is not JSON: {error}"
        raise ProtocolError(Damage.HEADER, msg) from error
    if not isinstance(headers, dict):
        msg = f"{part} is not a JSON object"
        raise ProtocolError(Damage.HEADER, msg)
    return headers, end + 1
