"""Where the value behind a name ends: with its quotes, its bracket, its line, its clause or its word."""

import re
from re import Match

from toolboxai.telemetry.privacy.keys import (
    ADDRESS,
    BANK,
    BIRTH,
    HEALTH,
    LOCATION,
    NAME,
    NATIONAL,
    PERSON,
    PHONE,
    RESULT,
    SECRET,
)
from toolboxai.telemetry.privacy.markers import IS_MARKER

_OPENING = re.compile(r"(?:[A-Za-z]{0,2}(?P<slashes>\\*)(?P<quote>\"\"\"|'''|[\"']))?")
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_BARE = re.compile(r"[^\s&;\"'})\]>]*+")
# A person's value in prose goes on over spaces, up to the next name or the end of the clause.
_CLAUSE = re.compile(
    r"(?:(?![;|\n\t<>&]|(?<!\w)[\"']|[\"'](?!\w)|,[ ][\w.-]{1,40}[ ]?=|[ ][\w.-]{1,40}=|,?[ ](?:[\w-]{1,20}[ ])?[\w.-]{1,40}:(?:[ ]|$)|\s[(\[|]|\s[-–—]\s|\\+[rn]"
    r"|\s(?:and|but|und|is|was|has|could|did|from|failed|with|not)\s|(?<=\w{4})\.\s|\.\Z|\)\s|[)\]}]).){1,160}"
)
# A line that begins with the name, in a text of several lines: YAML, headers.
_YAML = re.compile(r"\n[ \t-]*\Z")
_PART = re.compile(r"(?:(?!\\+[rn]|\r?\n).)*+")
_TAG = re.compile(r"[^<]*+")
_BRACKET = re.compile(r"[()\[\]{}]")
_LINE = re.compile(r"[^\r\n]*+")
# After these the rest of the line is one value, spaces and all.
_WHOLE_LINE = ("authorization", "cookie", "passphrase")
_QUOTE = {quote: re.compile(rf"(?P<slashes>\\*){quote}") for quote in ('"""', "'''", '"', "'")}
_SPACED = frozenset({ADDRESS, NATIONAL, BANK, BIRTH, HEALTH, NAME, PERSON, PHONE, RESULT, LOCATION})


def span(text: str, match: Match[str], name: str, rule: str) -> tuple[int, int, bool]:
    """Return where the value behind a name begins and ends without its quotes, and whether it had any."""
    start = match.end()
    if match["part"] or match["tag"]:
        return start, _end(_PART if match["part"] else _TAG, text, start), True
    if (
        rule != PHONE
        and text[start : start + 1] in {"(", "[", "{"}
        and not IS_MARKER.match(text, start)
    ):
        return start, _closed(text, start), True
    opening = _OPENING.match(text, start)
    if opening is not None and opening["quote"] is not None and not _is_line(name):
        return opening.end(), _closing(text, opening), True
    return start, _end_of_bare(text, match, name, rule), False


def _is_line(name: str) -> bool:
    return name.lower().endswith(_WHOLE_LINE)


def _end_of_bare(text: str, match: Match[str], name: str, rule: str) -> int:
    """Return where a value without quotes ends: with the line, the clause or the word."""
    start = match.end()
    is_yaml = match[0].endswith(": ") and _YAML.search(
        text, max(0, match.start() - 64), match.start()
    )
    if _is_line(name) or (rule == SECRET and is_yaml):
        return _end(_LINE, text, start)
    if (found := IS_MARKER.match(text, start)) is not None:
        # What stands right behind a marker belongs to the same value: it was cut too early.
        return _end(_BARE, text, found.end())
    return _end(_CLAUSE if rule.strip() in _SPACED else _BARE, text, start)


def _closing(text: str, opening: Match[str]) -> int:
    """Return where the quote that was opened is closed; the end, if it never is."""
    for closing in _QUOTE[opening["quote"]].finditer(text, opening.end()):
        # With other slashes before it, it is part of the value.
        if closing["slashes"] == opening["slashes"]:
            return closing.start()
    return len(text)


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
