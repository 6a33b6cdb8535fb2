"""What of the planted is on the wire, in whatever wrapping. Pure: envelopes in, findings out."""

import base64
import binascii
import html
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote_plus

import orjson

from toolboxai.server.audit.canaries import Canary
from toolboxai.telemetry.privacy.markers import IS_MARKER, IS_SHAPE
from toolboxai.telemetry.transport.wire import items_in

MAX_READINGS = 200
MAX_UNWRAPPED = 4
MIN_SQUEEZED_CHARS = 12
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){8,}")
_ESCAPED = re.compile(r"\\(?:u(?=[0-9a-fA-F]{4})|x)([0-9a-fA-F]{2}(?:(?<=u..)..)?)")
_SPACING = re.compile(r"[\s().\-/\0]+")
HEADER = "envelope header"
SHAPE = "kind and length"


@dataclass(slots=True)
class Texts:
    """All that the items of one type say, or what stands around items: as it came, and in every reading."""

    item_type: str
    strings: dict[str, None] = field(default_factory=dict)
    folded: str = ""
    squeezed: str = ""

    def read(self) -> None:
        """Unwrap everything, as far as anybody might."""
        found = dict.fromkeys(reading for string in self.strings for reading in readings(string))
        self.folded = "\0".join(found).casefold()
        self.squeezed = _SPACING.sub("", self.folded)


def texts_of(heads: Sequence[bytes], bodies: Sequence[bytes]) -> list[Texts]:
    """Return everything that reached the sink, by type of item."""
    found: dict[str, Texts] = {HEADER: Texts(HEADER)}
    for head in [*heads, *(body.partition(b"\n")[0] for body in bodies)]:
        found[HEADER].strings[head.decode("utf-8", "replace")] = None
    for body in bodies:
        for header, payload in items_in(body):
            name = str(header.get("type"))
            texts = found.setdefault(name, Texts(name))
            texts.strings |= dict.fromkeys([*_strings(header), *_strings_in(payload)])
    for texts in found.values():
        texts.read()
    return list(found.values())


def _strings_in(payload: bytes) -> Iterator[str]:
    try:
        yield from _strings(orjson.loads(payload))
    except orjson.JSONDecodeError:
        yield payload.decode("utf-8", "replace")


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, member in value.items():
            # Together, so that the tag in a key and the marker in its value are seen as one place.
            if isinstance(member, str):
                yield f"{key}={member}"
            else:
                yield key
                yield from _strings(member)
    elif isinstance(value, list):
        for member in value:
            yield from _strings(member)
    elif value is not None:
        yield str(value)


@lru_cache(maxsize=50_000)
def readings(string: str) -> tuple[str, ...]:
    """Return a string, and what it says to who undoes percent, HTML, backslash, base64 and hex encoding, also twice."""
    found, newest = {string: None}, [string]
    for _ in range(MAX_UNWRAPPED):
        inner = dict.fromkeys(each for text in newest for each in _unwrapped(text))
        newest = [text for text in inner if text not in found][: MAX_READINGS - len(found)]
        found |= dict.fromkeys(newest)
    return tuple(found)


def _unwrapped(text: str) -> Iterator[str]:
    if "%" in text or "+" in text:
        yield unquote_plus(text)
    if "&" in text:
        yield html.unescape(text)
    if "\\" in text:
        yield _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text).replace("\\", "")
    for match in _BASE64.finditer(text):
        plain = match[0].rstrip("=").translate({ord("-"): "+", ord("_"): "/"})
        try:
            yield base64.b64decode(plain + "=" * (-len(plain) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
    for match in _HEX.finditer(text):
        try:
            yield bytes.fromhex(match[0]).decode()
        except UnicodeDecodeError:
            continue


def is_in(canary: Canary, texts: Texts) -> bool:
    """Say whether something of a canary can be read; spaces and dashes between its signs don't hide it."""
    for needle in map(str.casefold, canary.needles):
        squeezed = _SPACING.sub("", needle)
        # Fewer signs could also come together by chance, where a number ends and the next begins.
        if needle in texts.folded or (
            len(squeezed) >= MIN_SQUEEZED_CHARS and squeezed in texts.squeezed
        ):
            return True
    return False


def leaks(canaries: Sequence[Canary], wire: Sequence[Texts]) -> list[tuple[Canary, str]]:
    """Return each canary that can be read on the wire, with the type of item that it is in."""
    return [
        (canary, texts.item_type) for texts in wire for canary in canaries if is_in(canary, texts)
    ]


def reached(tag: str, wire: Sequence[Texts]) -> Counter[str] | None:
    """Return what stands in the place of the values beside ``tag``: rules by name, and shapes; ``None`` without a place."""
    found = [string for texts in wire for string in texts.strings if tag in string]
    if not found:
        return None
    counted = Counter(match for string in found for match in IS_MARKER.findall(string))
    if shapes := sum(len(IS_SHAPE.findall(string)) for string in found):
        counted[SHAPE] = shapes
    return counted
