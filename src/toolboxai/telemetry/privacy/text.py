"""Secrets and persons inside free text. Pure, and linear in the length of the text."""

import re
from collections.abc import Callable
from re import Match, Pattern

MARKER = "[redacted:{}]"
_NOTHING = frozenset({"none", "null", "true", "false", "…"})

_WORDS = "passw(?:or)?d|passwd|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key|authorization|cookie|session(?:id)?"


# Each with a bounded repetition at every unbounded place, so that no text makes them slow.
_RULES: tuple[tuple[str, Pattern[str]], ...] = (
    (
        "private-key",
        re.compile(
            r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]{0,8192}?(?:-----END [A-Z ]{0,40}-----|\Z)"
        ),
    ),
    ("jwt", re.compile(r"\beyJ[\w-]{6,2048}\.[\w-]{4,4096}(?:\.[\w-]{0,2048})?")),
    (
        "auth-header",
        re.compile(r"\b(?:bearer|basic|digest)\s{1,8}(?![=:])[\w.~+/=-]{6,4096}", re.IGNORECASE),
    ),
    (
        "provider-token",
        re.compile(
            r"\b(?:sk-(?:ant-|proj-|live-|test-)?[\w-]{16,200}|[sr]k_(?:live|test)_\w{10,200}|pk_live_\w{10,200}"
            r"|gh[pousr]_\w{20,255}|github_pat_\w{20,255}|glpat-[\w-]{16,64}|xox[abeoprs]-[\w-]{8,200}"
            r"|AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|AIza[\w-]{30,60}|ya29\.[\w-]{20,400}"
            r"|SG\.[\w-]{16,64}\.[\w-]{16,64}|npm_\w{30,64}|pypi-[\w-]{20,400}|hf_\w{20,64}|sntry[su]_[\w=+/-]{20,400})"
            r"|_\|WARNING:-DO-NOT-SHARE-THIS[^\s\"']{0,2048}"
        ),
    ),
    ("url-credentials", re.compile(r"(?<=://)[^\s/@:\"']{1,256}:[^\s/@\"']{1,256}(?=@)")),
    (
        "email",
        re.compile(r"[^\s@<>\"'(),:;\[\]\\=/?&]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}\b"),
    ),
)
# name=value, "name": "value", name: value. The name stays, so that one sees what was there.
_PAIR = re.compile(
    rf"(?P<name>[\w.-]{{0,32}}(?:{_WORDS})[\w-]{{0,16}})(?P<mid>\\?[\"']?\s{{0,4}}(?:=>|[:=])\s{{0,4}})"
    r"(?P<value>b?\\?\"(?:[^\"\\]|\\.){0,2048}\\?\"?|b?\\?'(?:[^'\\]|\\.){0,2048}\\?'?|[^\s,;&\"'}\])]{1,2048})",
    re.IGNORECASE,
)
# A cheap look first: text without any of these has nothing that a rule above could find.
_HINTS = (
    "@", "://", "eyj", "-----begin", "bearer", "basic", "digest", "sk-", "sk_", "rk_", "pk_", "ghp_", "gho_",
    "ghu_", "ghs_", "ghr_", "github_pat", "glpat", "xox", "akia", "asia", "aiza", "ya29", "sg.", "npm_", "pypi-",
    "hf_", "sntry", "_|warning", "passw", "pwd", "passphrase", "secret", "token", "apikey", "api_key", "api-key",
    "accesskey", "access_key", "access-key", "authorization", "cookie", "session",
)  # fmt: skip


def _may_hold_something(text: str) -> bool:
    folded = text.lower() if text.isascii() else text.casefold()
    return any(hint in folded for hint in _HINTS)


def redact(text: str, *, found: Callable[[str], None], pairs: bool = True) -> str:
    """Return ``text`` with what must not leave replaced by the name of the rule that said so.

    ``found`` is called with that name for each replacement. ``pairs`` also cuts the value of
    ``password=…`` and its like. Doing it twice changes nothing more.
    """
    if not _may_hold_something(text):
        return text
    for name, pattern in _RULES:
        text = pattern.sub(_replace(name, found), text)
    return _PAIR.sub(lambda match: _pair(match, found), text) if pairs else text


def _replace(rule: str, found: Callable[[str], None]) -> Callable[[Match[str]], str]:
    def replace(_match: Match[str]) -> str:
        found(rule)
        return MARKER.format(rule)

    return replace


def _pair(match: Match[str], found: Callable[[str], None]) -> str:
    value = match["value"].strip("\\\"'")
    if not value or value.startswith("[redacted") or value.lower() in _NOTHING:
        return match[0]
    return match["name"] + match["mid"] + _replace("key-value", found)(match)
