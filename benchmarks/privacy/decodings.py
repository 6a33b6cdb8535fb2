"""Every text that a text may be read as: what a scrubber must not leave for somebody with a decoder."""

import base64
import binascii
import html
import json
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote, unquote_plus

MAX_DEPTH = 6
MAX_READINGS = 200
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_BYTES = re.compile(r"(?:\\x[0-9a-fA-F]{2})+")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([\\\"'/nrtbf]))")
_NAMED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def strings(value: object) -> Iterator[str]:
    """Yield every string of JSON, keys and numbers as well; as deep as it goes."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str(text):
                yield text
            case dict(mapping):
                waiting += [*mapping, *mapping.values()]
            case list(entries):
                waiting += entries
            case int(number) | float(number):
                yield str(number)


def readings(text: str) -> set[str]:
    """Return the text and all that it decodes to, ``MAX_DEPTH`` steps deep, at most ``MAX_READINGS``."""
    seen = {text}
    newest = {text}
    for _ in range(MAX_DEPTH):
        newest = {each for old in newest for each in _steps(old)} - seen
        if not newest or len(seen) > MAX_READINGS:
            break
        seen |= newest
    return seen


def readable(payload: object) -> str:
    """Return all that can be read in a payload, as one comparable text."""
    texts = {reading for text in set(strings(payload)) for reading in readings(text)}
    return comparable("\0".join(texts))


def comparable(text: str) -> str:
    """Return the text as it is compared: one form of every accent, no case."""
    return unicodedata.normalize("NFC", text).casefold()


def _steps(text: str) -> Iterator[str]:
    if "%" in text or "+" in text:
        yield unquote(text)
        yield unquote_plus(text)
    if "\\" in text:
        yield _unescaped(text)
    if "&" in text:
        yield html.unescape(text)
    if "''" in text:
        yield text.replace("''", "'")
    if text[:1] in '{["':
        yield from _nested(text)
    for run in _BASE64.findall(text):
        yield from _from_base64(run)


def _nested(text: str) -> Iterator[str]:
    try:
        yield from strings(json.loads(text))
    except (ValueError, RecursionError):
        return


def _from_base64(run: str) -> Iterator[str]:
    plain = run.rstrip("=").replace("-", "+").replace("_", "/")
    whole = plain[: len(plain) - (len(plain) % 4 == 1)]
    try:
        yield base64.b64decode(whole + "=" * (-len(whole) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return


def _unescaped(text: str) -> str:
    r"""Return the text without one layer of ``\uXXXX``, ``\xNN``, ``\"`` and ``\n``."""
    joined = _BYTES.sub(
        lambda run: bytes.fromhex(run[0].replace("\\x", "")).decode(errors="replace"), text
    )
    plain = _ESCAPE.sub(
        lambda found: chr(int(found[1], 16)) if found[1] else _NAMED.get(found[2], found[2]), joined
    )
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
