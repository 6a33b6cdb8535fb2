"""Secrets and persons inside free text. Pure, and linear in the length of the text."""

import re
from collections.abc import Callable
from re import Match

from toolboxai.telemetry.privacy.keys import MAX_NAME_CHARS, SECRET, is_telling_word, rule_for

MARKER = "[redacted:{}]"
IS_MARKER = re.compile(r"\[redacted:[\w-]{1,32}\]")
Found = Callable[[str], None]

# Values that tell nothing: no value, a place for one, a type, a mark.
_NOTHING = re.compile(
    r"(?i:none|null|true|false|str|int|float|bool|bytes|uuid|path|string|number|boolean|\?|\$\d+|%s|%\(\w*\)s"
    r"|:\w+|\{[\w:.]*\}|<\w+>|…|[^\w\s]{1,3})"
)
_PROVIDER_HINTS = (
    "sk-", "sk_", "rk_", "pk_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat", "glpat", "xox", "akia",
    "asia", "aiza", "ya29", "sg.", "npm_", "pypi-", "hf_", "sntry", "_|warning", "gsk_",
    "xai-", "whsec_", "hooks.slack.com", "-u ",
)  # fmt: skip
# Each begins at a place that can't lie inside its own match, or repeats possessively: no text makes
# them slow. Each with the hints without one of which there is nothing for it to find.
_RULES = (
    (
        "private-key",
        ("-----begin",),
        r"-----BEGIN [A-Z0-9 ]{0,40}(?:PRIVATE KEY|MESSAGE)[A-Z0-9 ]{0,10}-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,50}-----|\Z)",
    ),
    ("jwt", ("eyj",), r"(?<![\w-])eyJ[\w-]{6,}+\.[\w-]{4,}+(?:\.[\w-]*+)?"),
    (
        "auth-header",
        ("bearer", "basic", "digest"),
        r"\b(?i:bearer|basic|digest)\s{1,8}(?![=:])(?=[\w.~+/=-]{0,64}[A-Z\d=._~+/])[\w.~+/=-]{6,}+",
    ),
    (
        "provider-token",
        _PROVIDER_HINTS,
        (
            r"(?<![A-Za-z0-9])(?:sk-[\w-]{16,}+|[srp]k_(?:live|test)_\w{10,}+|gh[pousr]_\w{20,}+"
            r"|github_pat_\w{20,}+|glpat-[\w-]{16,}+|xox[abeoprs]-[\w-]{8,}+|A[KS]IA[0-9A-Z]{16,}+"
            r"|AIza[\w-]{30,}+|ya29\.[\w-]{20,}+|SG\.[\w-]{16,}+\.[\w-]{16,}+|npm_\w{30,}+"
            r"|pypi-[\w-]{20,}+|hf_\w{20,}+|sntry[su]_[\w=+/-]{20,}+)"
            r"|(?<![A-Za-z0-9])(?:gsk_|xai-|whsec_)\w{16,}+|(?<=hooks\.slack\.com/services/)\S++"
            r"|(?<=\s-u )[^\s:]{1,256}:\S++"
            r"|_\|WARNING:-DO-NOT-SHARE-THIS[^\s\"']*+"
        ),
    ),
    ("url-credentials", ("://",), r"(?<=://)[^\s/:\"'<>@]{0,512}:[^\s/\"'<>]{1,8192}(?=@)"),
    ("bound-parameters", ("[parameters:",), r"(?<=\[parameters: ).+"),
    ("input", ("input_value=",), r"(?<=input_value=).+?(?=, input_type=|\n|\Z)"),
    (
        "email",
        ("@",),
        r"(?<![^\s@<>\"'(),:;\[\]\\=/?&|{}])[^\s@<>\"'(),:;\[\]\\=/?&|{}]++@(?!\d+\.\d)(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}\b",
    ),
)
_COMPILED = tuple((name, hints, re.compile(pattern)) for name, hints, pattern in _RULES)

# A name and what puts a value behind it: `password=`, `"password": `, `token[0]=`, `--password `,
# `('password', `, `<password>`.
_NAMED = re.compile(
    r"(?<![\w.-])(?P<name>[\w.-]++)(?:\[(?P<index>[\w.-]{0,64})\]|\])?\\*[\"']?\s{0,8}"
    r"(?::=|=>|->|={1,3}|:|%3[Dd])\s{0,8}"
    r"|(?<![\w-])--(?P<flag>[\w-]{1,64})\s{1,8}(?!-)"
    r"|[\"'](?P<pair>[\w.-]{1,64})\\*[\"']\s{0,4},\s{0,4}(?=[A-Za-z]{0,2}\\*[\"'])"
    r"|<(?P<tag>[\w.-]{1,64})>(?=[^<])"
)
_OPENING = re.compile(r"(?:[A-Za-z]{0,2}(?P<slashes>\\*)(?P<quote>\"\"\"|'''|[\"']))?")
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_BARE = re.compile(r"[^\s&;\"'})\]>]*+")
_BRACKET = re.compile(r"[()\[\]{}]")
_LINE = re.compile(r"[^\r\n]*+")
# After these the rest of the line is one value, spaces and all.
_WHOLE_LINE = ("authorization", "cookie", "passphrase")
_QUOTE = {quote: re.compile(rf"(?P<slashes>\\*){quote}") for quote in ('"""', "'''", '"', "'")}


_SIGNS = ("=", ":", "--", "%3", ",", ">")


def redact(text: str, *, found: Found, pairs: bool = True) -> str:
    """Return ``text`` with what must not leave replaced by the name of the rule that said so.

    ``found`` is called with that name for each replacement. ``pairs`` also cuts the value of
    ``password=…`` and its like. Doing it twice changes nothing more.
    """
    folded = text.lower() if text.isascii() else text.casefold()
    for name, hints, pattern in _COMPILED:
        if any(hint in folded for hint in hints):
            text = pattern.sub(_replace(name, found), text)
    if pairs and any(sign in text for sign in _SIGNS):
        return _without_named(text, found)
    return text


def _replace(rule: str, found: Found) -> Callable[[Match[str]], str]:
    def replace(match: Match[str]) -> str:
        if IS_MARKER.fullmatch(match[0]):
            return match[0]
        found(rule)
        return MARKER.format(rule)

    return replace


def _without_named(text: str, found: Found) -> str:
    """Return ``text`` without the values behind telling names; the names stay."""
    parts, position = [], 0
    for match in _NAMED.finditer(text):
        if match.start() < position or not _tells(match, text):
            continue
        start, end = _span(text, match.end(), match["name"] or "")
        end = start + len(text[start:end].rstrip(",."))
        value = text[start:end]
        if _NOTHING.fullmatch(value.strip()) or not value.strip() or IS_MARKER.fullmatch(value):
            continue
        if match["pair"] and is_telling_word(value):
            continue  # a list of names
        found("key-value")
        parts += [text[position:start], MARKER.format("key-value")]
        position = end
    return "".join([*parts, text[position:]])


def _tells(match: Match[str], text: str) -> bool:
    """Say whether what follows a name is a secret; of a validation error also the rejected input."""
    names = (match[group] for group in ("name", "index", "flag", "pair", "tag"))
    if any(name and rule_for(name[-MAX_NAME_CHARS:]) == SECRET for name in names):
        return True
    return match["name"] == "input" and "loc" in text


def _span(text: str, start: int, name: str) -> tuple[int, int]:
    """Return where the value that begins at ``start`` begins and ends without its quotes."""
    if name.lower().endswith(_WHOLE_LINE):
        return start, _end(_LINE, text, start)
    marker = IS_MARKER.match(text, start)
    if marker is not None:
        # What stands right behind a marker belongs to the same value: it was cut too early.
        return start, _end(_BARE, text, marker.end())
    if text[start : start + 1] in _BRACKETS:
        return start, _closed(text, start)
    opening = _OPENING.match(text, start)
    if opening is None or opening["quote"] is None:
        return start, _end(_BARE, text, start)
    for closing in _QUOTE[opening["quote"]].finditer(text, opening.end()):
        if (
            closing["slashes"] == opening["slashes"]
        ):  # with others before it, it is part of the value
            return opening.end(), closing.start()
    return opening.end(), len(text)


def _closed(text: str, start: int) -> int:
    """Return where the bracket that opens at ``start`` has been closed; the end, if it never is."""
    depth = 0
    for match in _BRACKET.finditer(text, start):
        depth += 1 if match[0] in _BRACKETS else -1
        if depth <= 0:
            return match.end()
    return len(text)


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start
