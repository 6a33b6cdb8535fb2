"""Texts inside texts: what is behind %-encoding, escapes, base64, hexadecimal and JSON, so that it can be looked at too."""

from base64 import b64decode
from binascii import Error
from collections.abc import Callable
from html import unescape
from re import Match
from urllib.parse import unquote, unquote_plus

from toolboxai.telemetry.privacy.later import later
from toolboxai.telemetry.privacy.markers import marker

MAX_WRAPPINGS = 4
ENCODED = "encoded"

Look = Callable[[str], str]

_RUN = later(r"(?<![^\s\"'<>])[^\s\"'<>%+]*+[%+][^\s\"'<>]*+")
_ESCAPE = later(r"(?<!\\)\\++(?:u\{?([0-9a-fA-F]{4})\}?|x([0-9a-fA-F]{2})|U([0-9a-fA-F]{8}))")
_BYTES = later(r"(?:(?<!\\)\\{1,4}x[89a-fA-F][0-9a-fA-F])+")
# Only where the bits of the first two bytes can begin a text in UTF-8, without control characters.
_BASE64 = later(
    r"[CDI-Za-fw-z0-9+/_-](?<![A-Za-z0-9+/_-]{2})(?:(?<=[C-Za-f])[A-HM-Xc-ns-z0-389+/_-]|(?<=[w-z0-9+/_-])[I-LYZabo-r4-7])"
    r"[A-Za-z0-9+/_-]{8,}+(?:={1,2}|(?:%3[Dd]){1,2})?"
)
_HEX = later(r"(?<![0-9A-Za-z])(?:0x|\\x)?((?:[0-9a-fA-F]{2}){7,})(?![0-9A-Za-z])")
# Base64 of anything worth a look has capitals and small letters.
_LONG_RUN = later(r"[A-Za-z0-9+/_-]{10}")
_HEX_RUN = later(r"[0-9a-fA-F]{14}")
_ENTITY = later(r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[a-z]{2,8});")
_PERCENT = later(r"%[0-9A-Fa-f]{2}")
_ODD = later(r"[^\x09\x0a\x0d\x20-\x7e\u00a0-\ud7ff\uf900-\uffee]")
_FORM = later(r"(?!\w{0,32}=?sha\d)[\w.\[\]-]+=[^=&\s]*\+")


def without_wrapped(text: str, look: Look, found: Callable[[str], None]) -> str:
    """Return ``text`` where whatever is wrapped in it has been looked at: unwrapped and clean if ``look`` found something."""
    if "%" in text or "+" in text:
        text = _RUN.sub(lambda match: _unquoted(match[0], look), text)
    if "\\" in text:
        text = _if_changed(text, _ESCAPE.sub(_unescaped, _BYTES.sub(_decoded, text)), look)
    if "&" in text and _ENTITY.search(text):
        text = _if_changed(text, unescape(text), look)
    if len(text) >= 10 and _LONG_RUN.search(text):
        text = _BASE64.sub(lambda match: _opened(match, _from_base64(match[0]), look, found), text)
    if len(text) >= 14 and _HEX_RUN.search(text):
        text = _HEX.sub(lambda match: _opened(match, _from_hex(match[1]), look, found), text)
    return text


def _if_changed(text: str, unwrapped: str, look: Look) -> str:
    """Return what ``look`` makes of the unwrapped text if it finds anything there that it doesn't as it is."""
    if unwrapped == text:
        return text
    looked_at = look(unwrapped)
    return text if looked_at == unwrapped else looked_at


def _unquoted(run: str, look: Look) -> str:
    if _PERCENT.search(run):
        is_form = "+" in run
        return _if_changed(run, unquote_plus(run) if is_form else unquote(run), look)
    if "+" in run and _FORM.search(run):
        return _if_changed(run, run.replace("+", " "), look)
    return run


def _unescaped(match: Match[str]) -> str:
    number = int(match[1] or match[2] or match[3], 16)
    return chr(number) if number < 0x110000 else match[0]


def _decoded(match: Match[str]) -> str:
    """Return the text that bytes beyond ASCII were written out of."""
    try:
        return bytes.fromhex(match[0].replace("\\", "").replace("x", "")).decode()
    except UnicodeDecodeError:
        return match[0]


def as_text(told: str) -> str:
    """Return what the repr of bytes says: ``b'\\xc3\\xa9'`` is é."""
    inner = told[2:-1] if told[:2] in {"b'", 'b"'} and len(told) > 3 else told
    return _BYTES.sub(_decoded, inner) if "\\" in inner else inner


def _opened(match: Match[str], inner: str | None, look: Look, found: Callable[[str], None]) -> str:
    if inner is None or look(inner) == inner:
        return match[0]
    found(ENCODED)
    return marker(ENCODED)


def _from_base64(text: str) -> str | None:
    if text.isalpha() and text.islower():
        return None
    body = (
        text.replace("%3D", "").replace("%3d", "").rstrip("=").replace("-", "+").replace("_", "/")
    )
    try:
        return _readable(b64decode(body + "=" * (-len(body) % 4), validate=True))
    except (Error, ValueError):
        return None


def _from_hex(text: str) -> str | None:
    return _readable(bytes.fromhex(text))


def _readable(inner: bytes) -> str | None:
    try:
        text = inner.decode()
    except UnicodeDecodeError:
        return None
    return None if len(text) < 6 or _ODD.search(text) else text
