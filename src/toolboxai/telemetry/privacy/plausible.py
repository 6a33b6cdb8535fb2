"""Whether a text can be what the name before it says, rather than a remark about it, a place for it, or nothing."""

import re
from collections.abc import Callable

from toolboxai.telemetry.privacy.facts import tells_nothing
from toolboxai.telemetry.privacy.keys import (
    ADDRESS,
    BIRTH,
    EMAIL,
    HEALTH,
    IDENTITY,
    IP,
    LOCATION,
    NAME,
    PERSON,
    PHONE,
    RESULT,
    SECRET,
    is_telling_word,
)
from toolboxai.telemetry.privacy.markers import is_ours

# Values that tell nothing: no value, a place for one, a type, a mark.
NOTHING = re.compile(
    r"(?i:none|null|nil|undefined|true|false|yes|no|n/a|str|int|float|bool|bytes|uuid|path|string|number|boolean|integer|object|\?|\$\d+|%s|%\(\w*\)?s?|@\w+"
    r"|:\w+|\$?\{[\w:.]*\}|<[\w ]+>|…|\.\.\.|\*+|x{3,}|[^\w\s]{1,3}|\[(?:filtered|masked|hidden|removed|redacted)\]|optional\[\w+\]|str \| none)"
)
_ABOUT_FIELD = re.compile(
    r"(?i)(?:field |value |this )*(?:is )?(?:required|missing|invalid|not .*|too .*|must .*|unknown|expected .*|empty|optional|updated|saved)"
)
_OWN_ADDRESS = re.compile(r"127\.0\.0\.1|0\.0\.0\.0|::1")
_NO_ADDRESS = re.compile(r"(?:tcp|udp|http|unix|localhost|0x)\S*|\w+://\S+")
_NO_HEALTH = re.compile(
    r"(?i)(?:ok|good|healthy|up|down|pass(?:ed|ing)?|fail(?:ed|ing)?|green|red|degraded|unhealthy|\d+(?:\.\d+)?%?)"
)
# What is said about a value instead of the value: the words of validations.
REMARK = re.compile(
    r"(?i)\b(?:required|invalid|missing|must|cannot|can't|should|not (?:a )?valid|field|is not|isn't|expected|unknown|already|exists?|failed|wrong|changed|expired|updated|verified|enabled|disabled|supported|allowed|empty|too (?:short|long)|mismatch\w*|incorrect|value|please|format|provided|set)\b"
)


def is_plausible(rule: str, name: str, text: str) -> bool:
    """Say whether ``text`` under ``name`` can be what ``rule`` stands for, rather than a remark about it or nothing."""
    text = text.strip().strip("'\"")
    if not text or is_ours(text) or tells_nothing(name, text) or NOTHING.fullmatch(text):
        return False
    is_remark = " " in text and rule not in {HEALTH, SECRET} and REMARK.search(text) is not None
    return not is_remark and _LOOKS.get(rule, _looks_like_an_id)(text)


def _digits(text: str) -> int:
    return sum(map(str.isdigit, text))


def _looks_like_mail(text: str) -> bool:
    is_spelled = any(sign in text for sign in ("@", "%40", " at ", " dot "))
    return is_spelled or re.fullmatch(r"[a-z_ ]+", text) is None


def _looks_like_health(text: str) -> bool:
    is_none = _ABOUT_FIELD.fullmatch(text) or _NO_HEALTH.fullmatch(text)
    return is_none is None and any(map(str.isalpha, text))


def _looks_like_a_place(text: str) -> bool:
    is_address = _digits(text) > 0 or text[:1].isupper()
    return is_address and _NO_ADDRESS.fullmatch(text) is None


def _looks_told(text: str) -> bool:
    return any(map(str.isalnum, text)) and not is_telling_word(text)


def _looks_like_an_id(text: str) -> bool:
    return _digits(text) > 0 or text.isupper()


_LOOKS: dict[str, Callable[[str], bool]] = {
    SECRET: bool,
    EMAIL: _looks_like_mail,
    PHONE: lambda text: _digits(text) > 4 and ":" not in text,
    BIRTH: lambda text: _digits(text) > 0,
    LOCATION: lambda text: _digits(text) > 0,
    IP: lambda text: _digits(text) > 0 and _OWN_ADDRESS.fullmatch(text) is None,
    HEALTH: _looks_like_health,
    NAME: _looks_told,
    PERSON: _looks_told,
    RESULT: _looks_told,
    ADDRESS: _looks_like_a_place,
    IDENTITY: lambda text: _looks_like_an_id(text) or REMARK.search(text) is None,
}
