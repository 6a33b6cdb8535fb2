"""A deployment's own pattern → one that is safe to search any text with, or the reason why it isn't."""

import re
from collections.abc import Iterator
from functools import lru_cache
from math import inf
from time import thread_time
from typing import NoReturn

MAX_PATTERN_CHARS = 500
MAX_REPEATS = 256
MAX_TEXT_CHARS = 8_192
MAX_SEARCH_SECONDS = 0.05
# Below this a search is fast enough however it grows; four times the text may take eight times as long.
IGNORED_SECONDS = 0.002
GROWTH, MAX_SLOWDOWN = 4, 8

_TOKEN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|(?P<open>\(\??)|(?P<close>\))"
    r"|(?P<repeat>[*+?]|\{\d+(?:,\d*)?\}|\{,\d+\})(?P<mode>[+?]?)|.",
    re.DOTALL,
)
_LITERAL = re.compile(r"(?:\\\W|[\w\s:;,'\"=#@/-])*(?![*+?{])")
_SIGNS = {"*": (0, inf), "+": (1, inf), "?": (0, 1)}
_BETTER = r"\w{1,40} for \w+"
_INSTEAD = "let that repeat be possessive, as in (?:[a-z]{1,9}-)++, or leave one of both out"
_COMMON = 'aA0 -_.@/:="\n'
MAX_HOSTILE_CHARS, HOSTILE_RUN_CHARS = 40, 100


class UnsafePatternError(ValueError):
    """A pattern can't be used; says what is wrong with it and what to write instead."""


@lru_cache(maxsize=256)
def checked(text: str) -> re.Pattern[str]:
    """Return ``text`` compiled. Raises ``UnsafePatternError`` when it is none, matches nothing, or may be slow."""
    if len(text) > MAX_PATTERN_CHARS:
        _refuse(f"has {len(text):,} characters; write it in at most {MAX_PATTERN_CHARS:,}")
    try:
        pattern = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        _refuse(f"is no regular expression: {error}; Python's re module says what one looks like")
    if pattern.search(""):
        _refuse("matches the empty text, so everywhere; let it ask for at least one character")
    _check_repeats(text)
    for unit, prefix in _hostile(text):
        if any(not match[0] for match in pattern.finditer(f"{prefix}{unit * 3}")):
            _refuse("can match without taking anything; let it ask for at least one character")
        if _is_slow(pattern, prefix, unit):
            _refuse(
                f"is slow on long text that nearly matches; shorten its repeats, as in {_BETTER}"
            )
    return pattern


def _check_repeats(text: str) -> None:
    """Refuse what backtracks too much: a repeat without an end, and one of what varies in itself."""
    varies = [False]  # for each group that is open: whether it can match in more than one way
    last_varies = False
    for token in _TOKEN.finditer(text):
        closes, last_varies = last_varies, False
        if token["open"]:
            varies.append(False)
        elif token["close"] and len(varies) > 1:
            last_varies = varies.pop()
            varies[-1] |= last_varies
        elif token["repeat"] and token["mode"] != "+":
            least, most = _bounds(token["repeat"])
            varies[-1] |= most not in {least, 1}
            if most > MAX_REPEATS:
                _refuse(
                    f"repeats without an end, or more than {MAX_REPEATS} times; say how often at most, as in {_BETTER}"
                )
            if closes and most > 1:
                _refuse(f"repeats a group that varies in itself; {_INSTEAD}")
        elif token[0] == "|":
            varies[-1] = True


def _bounds(repeat: str) -> tuple[int, float]:
    """Return how often at least and at most."""
    if repeat in _SIGNS:
        return _SIGNS[repeat]
    least, comma, most = repeat.strip("{}").partition(",")
    return int(least or 0), float((most or inf) if comma else least)


def _hostile(text: str) -> Iterator[tuple[str, str]]:
    """Yield what to repeat and what to put before it: characters that the pattern itself names, and common ones."""
    literal = _LITERAL.match(text)
    beginning = re.sub(r"\\(\W)", r"\1", literal[0]) if literal else ""
    for character in list(dict.fromkeys(_COMMON + text))[:MAX_HOSTILE_CHARS]:
        yield character, ""
        if beginning:
            yield character, beginning
            yield beginning + character * HOSTILE_RUN_CHARS, ""
    if beginning:
        yield beginning, ""


def _is_slow(pattern: re.Pattern[str], prefix: str, unit: str) -> bool:
    """Say whether searching takes too long, or grows faster than the text does.

    The text grows little by little: of what doubles with each character, no step may take minutes.
    """
    for chars in (*range(2, 64, 2), *(64 << step for step in range(7))):
        if _seconds(pattern, prefix, unit, chars) > MAX_SEARCH_SECONDS:
            return True
    long = _seconds(pattern, prefix, unit, MAX_TEXT_CHARS)
    if long < IGNORED_SECONDS:
        return False
    short = _seconds(pattern, prefix, unit, MAX_TEXT_CHARS // GROWTH)
    return long > MAX_SEARCH_SECONDS or long > short * MAX_SLOWDOWN


def _seconds(pattern: re.Pattern[str], prefix: str, unit: str, chars: int) -> float:
    """Return the processor's time that a search takes, so that a busy machine changes nothing."""
    text = prefix + (unit * chars)[:chars] + "\0"
    started = thread_time()
    for _ in pattern.finditer(text):
        pass
    return thread_time() - started


def _refuse(reason: str) -> NoReturn:
    raise UnsafePatternError(reason)
