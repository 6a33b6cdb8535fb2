"""What stood under a telling name is removed wherever else it stands: whole, and of a name also its parts."""

import re
from collections.abc import Iterable
from re import Pattern

from toolboxai.telemetry.privacy.keys import EMAIL, HEALTH, IDENTITY, NAME, SECRET, is_telling_word
from toolboxai.telemetry.privacy.markers import IS_MARKER, IS_SHAPE
from toolboxai.telemetry.privacy.names import WORD, is_common, is_no_name

MAX_ECHOES = 256
MAX_ECHO_CHARS = 200
MIN_CHARS = {SECRET: 6, NAME: 3, IDENTITY: 4, HEALTH: 4}
MIN_MIXED_CHARS = 5
_MIN_CHARS = 4


_NO_WORDS = re.compile(r"[@/\\:=\d]")


class Echoes:
    """The values of one payload that were taken for their names, and the pattern that finds them again."""

    def __init__(self) -> None:
        self._patterns: set[str] = set()
        self._compiled: Pattern[str] | None = None
        self._compiled_of = 0

    def remember(self, rule: str, text: str, *, is_alone: bool = True) -> None:
        """Keep ``text``, which stood under a name of ``rule``; ``is_alone`` says that nothing else stood there."""
        text = text.strip().strip("'\"")
        if len(self._patterns) >= MAX_ECHOES or not 2 < len(text) <= MAX_ECHO_CHARS:
            return
        if (
            IS_MARKER.search(text)
            or IS_SHAPE.search(text)
            or is_telling_word(text, of_secrets=rule == SECRET)
        ):
            return
        words = WORD.findall(text) if rule == NAME and not _NO_WORDS.search(text) else []
        if len(words) > 1:
            self._patterns.update(_forms_of(words))
        if _is_odd(rule, text, is_alone=is_alone):
            form = re.escape(text).replace("\\ ", r"[\s_.+-]{1,3}")
            self._patterns.add(
                _as_written(form) if rule == NAME and is_common(text.lower()) else form
            )
        if rule == EMAIL and "@" in text:
            local = text.partition("@")[0]
            if len(local) >= MIN_MIXED_CHARS and not local.isalpha():
                self._patterns.add(re.escape(local))

    def pattern(self) -> Pattern[str] | None:
        """Return what finds them, or ``None`` when nothing is remembered."""
        if self._patterns and self._compiled_of != len(self._patterns):
            longest_first = sorted(self._patterns, key=lambda one: (-len(one), one))
            whole = rf"(?<![^\W_])(?:{'|'.join(longest_first)})(?![^\W_])"
            self._compiled, self._compiled_of = (
                re.compile(whole, re.IGNORECASE),
                len(self._patterns),
            )
        return self._compiled


def _is_odd(rule: str, text: str, *, is_alone: bool) -> bool:
    """Say whether ``text`` is odd enough to be looked for everywhere: a short plain word means something else elsewhere."""
    if len(text) < MIN_CHARS.get(rule, _MIN_CHARS) and not (rule == SECRET and _is_mixed(text)):
        return False
    if _is_mixed(text):
        return True
    if text.isdigit():
        return len(text) >= (MIN_CHARS[IDENTITY] if rule != SECRET else 6)
    if rule == NAME:
        return not is_no_name(text.lower())
    return is_alone and (rule != SECRET or len(text) >= MIN_CHARS[SECRET])


def _is_mixed(text: str) -> bool:
    return len(text) >= MIN_MIXED_CHARS and not text.isalpha() and not text.isdigit()


def _forms_of(words: list[str]) -> Iterable[str]:
    """Yield the ways in which a name of several words is written elsewhere, and its parts."""
    first, last = words[0], words[-1]
    between = r"[\s._+,-]{0,3}"
    yield between.join(map(re.escape, words))
    yield rf"{re.escape(first)}{between}{re.escape(last)}"
    yield rf"{re.escape(last)},?{between}{re.escape(first)}"
    yield rf"{re.escape(first[0])}[\s._-]{{0,2}}{re.escape(last)}"
    yield rf"{re.escape(first)}[\s._-]{{0,2}}{re.escape(last[0])}\.?"
    for word in words:
        if len(word) >= MIN_CHARS[NAME] and not is_no_name(word.lower()):
            form = re.escape(word)
            yield _as_written(form) if is_common(word.lower()) else form


def _as_written(form: str) -> str:
    """Return a form that only matches in the same case: Will, not will."""
    return f"(?-i:{form})"
