"""Reading values of which nothing is certain: whatever comes in, something short and printable comes out."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice

MAX_TEXT_CHARS = 2_000
MAX_NESTING_LEVELS = 6
MAX_NESTED_ENTRIES = 50
_CUT = " … cut, {:,} characters in all"

# What a terminal would obey or what reverses reading order must be seen, not obeyed.
_OBEYED = [*range(0x20), 0x7F, *range(0x80, 0xA0)]
_REORDERING = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_VISIBLE = {code: f"\\x{code:02x}" for code in _OBEYED if chr(code) not in "\n\t"} | {
    code: f"\\u{code:04x}" for code in _REORDERING
}


def printable(text: str, *, max_chars: int = MAX_TEXT_CHARS) -> str:
    """Return ``text`` cut to ``max_chars``, with every character that isn't harmless spelled out."""
    cut = text[:max_chars]
    if len(text) > max_chars:
        cut += _CUT.format(len(text))
    # A lone surrogate cannot be sent as UTF-8.
    return cut.translate(_VISIBLE).encode("utf-8", "backslashreplace").decode()


def text_of(value: object, *, max_chars: int = MAX_TEXT_CHARS) -> str:
    """Return a scalar as text; nothing for ``None``; JSON for anything with parts."""
    if value is None:
        return ""
    if isinstance(value, str):
        return printable(value, max_chars=max_chars)
    return shown(value, max_chars=max_chars)


def shown(value: object, *, max_chars: int = MAX_TEXT_CHARS) -> str:
    """Return any value as a person wants to read it: strings plain, everything else as JSON."""
    if isinstance(value, str):
        return printable(value, max_chars=max_chars)
    plain = _bounded(value, MAX_NESTING_LEVELS, max_chars)
    return printable(json.dumps(plain, ensure_ascii=False, default=str), max_chars=max_chars)


def _bounded(value: object, levels: int, max_chars: int) -> object:
    if isinstance(value, str):
        return value[: max_chars + 1]
    if not isinstance(value, dict | list | tuple):
        return value
    if levels == 0:
        return f"… {len(value)} more inside"
    if isinstance(value, dict):
        pairs = islice(value.items(), MAX_NESTED_ENTRIES)
        return {str(key)[:max_chars]: _bounded(part, levels - 1, max_chars) for key, part in pairs}
    return [_bounded(part, levels - 1, max_chars) for part in value[:MAX_NESTED_ENTRIES]]


def mapping_of(value: object) -> dict[str, object]:
    """Return ``value`` if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def list_of(value: object) -> list[object]:
    """Return ``value`` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def values_of(value: object) -> list[object]:
    """Return the entries of Sentry's ``{"values": [...]}``, which old clients send as a bare list."""
    return list_of(value) or list_of(mapping_of(value).get("values"))


def pairs_of(value: object) -> Iterable[tuple[object, object]]:
    """Yield the pairs of a mapping, of ``[[key, value]]`` or of ``[{"key": …, "value": …}]``."""
    if isinstance(value, dict):
        yield from value.items()
    for entry in list_of(value):
        match entry:
            case [key, part]:
                yield key, part
            case {"key": key, "value": part}:
                yield key, part


def number_of(value: object) -> int | None:
    """Return ``value`` if it is a whole number that a line can have."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9:
        return value
    return None


def moment_of(value: object) -> datetime | None:
    """Return the time in an ISO text or in seconds since 1970, in UTC; ``None`` if it is neither."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None
