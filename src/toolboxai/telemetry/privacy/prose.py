"""Secrets that are told in a sentence: ``the password is Sunflower#55``, ``token "a1B2…" was refused``."""

import re
from re import Match

from toolboxai.telemetry.privacy.keys import SECRET, rule_for
from toolboxai.telemetry.privacy.rules import Rule

HINTS = ("pass", "secret", "token", "key", "pin", "otp", "credential", "code", "pwd", "cookie", "session", "auth", "seed", "kennwort", "contrase", "mot de passe", "signature", "sid")
_TOLD = re.compile(
    r"(?<![\w.-])(?P<name>[\w.-]{2,64})\s(?:(?i:is|was|are|were|of|to|set to|changed to|reset to|now|equals|value|field|for [\w.@-]{1,40} is|ist|es|est)\s){0,2}(?:[:=]\s?)?"
    r"[\"'`“]?(?P<value>(?<=[\"'`“])[^\"'`”\n]{1,256}(?=[\"'`”])|[^\s\"'`,;]{4,512})"
)
_CHOSEN = ("pass", "pwd", "pin", "kennwort", "contrase", "secret", "otp", "passwort")


def _is_random(text: str) -> bool:
    """Say whether it can't be a word: digits among letters, capitals inside, signs."""
    has_digit, has_letter = any(map(str.isdigit, text)), any(map(str.isalpha, text))
    inner = text[1:-1]
    is_mixed = any(map(str.isupper, inner)) and any(map(str.islower, text)) and not re.search(r"[()./:]", text)
    return (has_digit and has_letter and len(text) > 5) or (is_mixed and len(text) > 7) or (text.isdigit() and 4 <= len(text) <= 10)


def _is_told(match: Match[str]) -> bool:
    name = match["name"]
    if rule_for(name) != SECRET:
        return False
    value = match["value"].rstrip(".!?)")
    if not value or value.startswith(("[redacted", "<", "{", "%", "$", "(", "p1_", "http")):
        return False
    before = match.string[match.end("name") : match.start("value")]
    if before[-1] in "\"'`“":
        is_chosen = any(stem in name.lower() for stem in _CHOSEN)
        is_one_word = " " not in value and len(value) > 3 and not _A_WORD.fullmatch(value)
        return (is_chosen and is_one_word) or _is_random(value)
    if len(before) < 2 and (len(value) < 12 or not any(map(str.isdigit, value))):
        return False
    return _is_random(value) and not _A_NUMBER.fullmatch(value)


_A_WORD = re.compile(r"(?i)[a-z_]*(?:password|passwd|required|missing|invalid|token|secret|body|header|field|string|pin)[a-z_]*|[)}\]:;,.]{1,3}")
_A_NUMBER = re.compile(r"v?\d{1,3}(?:[.,:/-]\d+)*(?:ms|s|px|kb|mb|%)?|[A-Z]\d{1,3}|\d+(?:st|nd|rd|th)|\d{4}-\d\d-\d\dT?.*")


PROSE = (Rule(SECRET, HINTS, _TOLD, _is_told),)
