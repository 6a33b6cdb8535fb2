"""JSON that may be damaged → a value that can be stored. What is repaired is flagged by its path.

The fast way is one call of orjson. Only when that refuses is the slow way gone, which repairs
instead of refusing: a report of an error is worth more than its perfection.
"""

import json
import math
import re
from codecs import BOM_UTF8
from dataclasses import dataclass, field
from typing import Any

import orjson

from toolboxai.monitor.protocol.walking import Path, Walk

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
NUL = b"\\u0000"

MAX_FLAGS = 100
MAX_FLAG_PATH_CHARS = 400
# orjson refuses to write what is nested deeper; wrapping a value makes it measure any depth below.
ORJSON_MAX_DEPTH = 254

_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)

# A value has at most a key and itself in quotes.
QUOTES_PER_VALUE = 4


class NotRepairableError(Exception):
    """Nothing can be made of this; ``reason`` is one of a closed set."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Flags:
    """What was repaired, to be kept in the event's ``_meta``."""

    reasons: dict[Path, str] = field(default_factory=dict)

    def add(self, path: Path, reason: str) -> None:
        """Remember what was wrong at ``path``."""
        if len(self.reasons) < MAX_FLAGS:
            # Keys are as long as the sender likes; then it is flagged above them.
            while sum(map(len, path)) > MAX_FLAG_PATH_CHARS:
                path = path[:-1]
            self.reasons.setdefault(path, reason)

    def as_meta(self, known: object = None) -> dict[str, Any]:
        """Return Sentry's ``_meta`` tree: the event's shape, with errors under the key ``""``."""
        tree: dict[str, Any] = known if isinstance(known, dict) else {}
        for path, reason in self.reasons.items():
            node = tree
            for step in (*path, ""):
                child = node.get(step)
                if not isinstance(child, dict):
                    child = node[step] = {}
                node = child
            errors = node.get("err")
            node["err"] = [*(errors if isinstance(errors, list) else ()), reason]
        return tree


def loads(body: bytes, flags: Flags, *, max_depth: int, max_values: int) -> Any:  # noqa: ANN401 - JSON
    """Return the JSON value in ``body``, repaired where that is possible."""
    if _has_too_many_values(body, max_values):
        reason = "too many values"
        raise NotRepairableError(reason)
    try:
        if NUL not in body:
            return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    return _repair(_loads_slowly(body, flags, max_depth), flags, max_depth)


def _has_too_many_values(body: bytes, max_values: int) -> bool:
    """Count before anything is made of it: a value takes two bytes here, but hundreds in memory."""
    if len(body) < max_values or _separators(body) < max_values:
        return False
    # Perhaps most of them are within strings.
    plain = body.replace(rb"\\", b"").replace(rb"\"", b"")
    if plain.count(b'"') > QUOTES_PER_VALUE * max_values:
        return True
    return _separators(b"".join(plain.split(b'"')[::2])) >= max_values


def _separators(body: bytes) -> int:
    return body.count(b",") + body.count(b"[") + body.count(b"{")


def dumps(value: Any, flags: Flags, *, max_depth: int) -> bytes:  # noqa: ANN401 - JSON
    """Return ``value`` as JSON that is nested ``max_depth`` levels at most."""
    margin = ORJSON_MAX_DEPTH - max_depth
    try:
        return orjson.dumps(_wrapped(value, margin))[margin:-margin]
    except orjson.JSONEncodeError:
        return orjson.dumps(_repair(value, flags, max_depth))


def _wrapped(value: Any, levels: int) -> Any:  # noqa: ANN401 - JSON
    for _ in range(levels):
        value = [value]
    return value


def _loads_slowly(body: bytes, flags: Flags, max_depth: int) -> object:
    body = body.removeprefix(BOM_UTF8)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = body.decode(errors="replace")
        flags.add((), "invalid_utf8")
    try:
        return json.loads(text, strict=False, parse_int=_integer)
    except RecursionError:
        flags.add((), "nested_too_deep")
    except ValueError as error:
        reason = "not json"
        raise NotRepairableError(reason) from error
    try:
        return json.loads(_shallow(text, max_depth), strict=False, parse_int=_integer)
    except ValueError as error:
        reason = "nested too deep"
        raise NotRepairableError(reason) from error


def _shallow(text: str, max_depth: int) -> str:
    """Return JSON with null in the place of all that is nested deeper; what never ends stays without an end."""
    parts, depth, begin = [], 0, 0
    for match in _STRING_OR_BRACKET.finditer(text):
        if match[0] in {"[", "{"}:
            if depth == max_depth:
                parts += [text[begin : match.start()], "null"]
            depth += 1
        elif match[0] in {"]", "}"}:
            depth -= 1
            if depth == max_depth:
                begin = match.end()
    return "".join([*parts, text[begin:] if depth <= max_depth else ""])


def _integer(digits: str) -> int | float:
    # Longer ones fit no column, and Python refuses thousands of digits.
    return int(digits) if len(digits) < 19 else float(digits)


def _repair(root: Any, flags: Flags, max_depth: int) -> Any:  # noqa: ANN401 - JSON
    holder: dict[str, Any] = {"": root}
    walk = Walk(holder)
    for parent, key, value in walk:
        reason = _what_is_wrong(value, walk.depth, max_depth)
        if reason:
            flags.add(walk.path[1:], reason)
            parent[key] = _in_place_of(value)
        elif isinstance(value, dict):
            _repair_keys(value, walk, flags)
    return holder[""]


def _what_is_wrong(value: object, depth: int, max_depth: int) -> str | None:
    if isinstance(value, str):
        return None if _is_storable(value) else "unstorable_character"
    if isinstance(value, float):
        return None if math.isfinite(value) else "not_a_number"
    if isinstance(value, (dict, list)) and depth >= max_depth:
        return "nested_too_deep"
    return None


def _in_place_of(value: object) -> str | None:
    return _storable(value) if isinstance(value, str) else None


def _repair_keys(value: dict[str, Any], walk: Walk, flags: Flags) -> None:
    for key in [key for key in value if not _is_storable(key)]:
        flags.add((*walk.path[1:], _storable(key)), "unstorable_character")
        value[_storable(key)] = value.pop(key)


def _is_storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _storable(text: str) -> str:
    # Joins the halves of a surrogate pair; what is still alone is replaced.
    joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return joined.replace("\0", REPLACEMENT)
