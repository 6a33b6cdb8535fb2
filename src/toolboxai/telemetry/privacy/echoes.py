"""What stood under a telling name is removed wherever else it stands: whole, and of a name also its parts."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from toolboxai.telemetry.privacy.keys import EMAIL, HEALTH, IDENTITY, NAME, SECRET, is_telling_word
from toolboxai.telemetry.privacy.markers import IS_MARKER, IS_SHAPE, marker
from toolboxai.telemetry.privacy.names import is_common, is_no_name
from toolboxai.telemetry.privacy.rules import Found
from toolboxai.telemetry.privacy.tokens import WORD

ECHO = "echo"
MAX_ECHOES = 512
MAX_ECHO_CHARS = 200
MIN_CHARS = {SECRET: 6, NAME: 3, IDENTITY: 4, HEALTH: 4}
MIN_MIXED_CHARS = 5
_MIN_CHARS = 4

_NO_WORDS = re.compile(r"[@/\\:=\d]")
_JOINTS = (" ", ".", "_", "-", "+", "", ", ")


class Needle(NamedTuple):
    """A text to look for, in lower case; ``exact`` is how it has to be written, if that matters: Will, not will."""

    folded: str
    exact: str | None = None


class Echoes:
    """The values of one payload that were taken for their names, and how they are found again."""

    def __init__(self) -> None:
        self._needles: set[Needle] = set()
        self._sorted: list[Needle] = []

    def remember(self, rule: str, text: str, *, is_alone: bool = True) -> None:
        """Keep ``text``, which stood under a name of ``rule``; ``is_alone`` says that nothing else stood there."""
        text = text.strip().strip("'\"")
        if len(self._needles) >= MAX_ECHOES or not 2 < len(text) <= MAX_ECHO_CHARS:
            return
        if IS_MARKER.search(text) or IS_SHAPE.search(text):
            return
        if is_telling_word(text, of_secrets=rule == SECRET):
            return
        words = WORD.findall(text) if rule == NAME and not _NO_WORDS.search(text) else []
        if len(words) > 1:
            self._needles.update(_forms_of(words))
        if _is_odd(rule, text, is_alone=is_alone):
            self._needles.add(_needle(text, is_name=rule == NAME))
        if rule == EMAIL and "@" in text:
            local = text.partition("@")[0]
            if len(local) >= MIN_MIXED_CHARS and not local.isalpha():
                self._needles.add(Needle(local.lower()))

    def all(self) -> Sequence[Needle]:
        """Return all of them, the longest first."""
        if len(self._sorted) != len(self._needles):
            self._sorted = sorted(self._needles, key=lambda one: (-len(one.folded), one))
        return self._sorted

    def within(self, texts: Iterable[str]) -> Sequence[Needle]:
        """Return those that stand in any of ``texts``."""
        if not self._needles:
            return ()
        plain: list[str] = []
        others: list[str] = []  # apart: in characters of several bytes looking takes longer
        for text in texts:
            (plain if text.isascii() else others).append(text)
        joined, rest = "\0".join(plain).lower(), "\0".join(others).lower()
        return [needle for needle in self.all() if needle[0] in joined or needle[0] in rest]


def without_echoes(text: str, needles: Sequence[Needle], found: Found) -> str:
    """Return ``text`` with a marker for each needle that stands in it by itself, not inside a word."""
    folded = text.lower()
    for needle in [one for one in needles if one[0] in folded]:  # mostly none
        if needle.folded in folded:
            text = _without(text, folded, needle, found)
            folded = text.lower()
    return text


def _without(text: str, folded: str, needle: Needle, found: Found) -> str:
    if len(folded) != len(text):  # a letter whose small form is two: only as it is written
        folded, wanted = text, needle.exact or needle.folded
    else:
        wanted = needle.folded
    parts, position, size = [], 0, len(wanted)
    start = folded.find(wanted)
    while start >= 0:
        end = start + size
        is_alone = (
            not (start and folded[start - 1].isalnum()) and not folded[end : end + 1].isalnum()
        )
        if is_alone and (needle.exact is None or text[start:end] == needle.exact):
            found(ECHO)
            parts += [text[position:start], marker(ECHO)]
            position = end
        start = folded.find(wanted, end if is_alone else start + 1)
    return "".join([*parts, text[position:]])


def _is_odd(rule: str, text: str, *, is_alone: bool) -> bool:
    """Say whether ``text`` is odd enough to be looked for everywhere: a short plain word means something else elsewhere."""
    if len(text) < MIN_CHARS.get(rule, _MIN_CHARS) and not (rule == SECRET and _is_mixed(text)):
        return False
    if _is_mixed(text):
        return True
    if text.isdigit():
        return len(text) >= (MIN_CHARS[IDENTITY] if rule != SECRET else MIN_CHARS[SECRET])
    if rule == NAME:
        return not is_no_name(text.lower())
    return is_alone


def _is_mixed(text: str) -> bool:
    return len(text) >= MIN_MIXED_CHARS and not text.isalpha() and not text.isdigit()


def _forms_of(words: list[str]) -> Iterator[Needle]:
    """Yield the ways in which a name of several words is written elsewhere, and its parts."""
    first, last = words[0], words[-1]
    for joint in _JOINTS:
        yield Needle(joint.join(words).lower())
        yield Needle(f"{first}{joint}{last}".lower())
        yield Needle(f"{last}{joint}{first}".lower())
    for joint in (".", ". ", " ", "", "_"):
        yield Needle(f"{first[0]}{joint}{last}".lower())
        yield Needle(f"{first}{joint}{last[0]}".lower())
    for word in words:
        if len(word) >= MIN_CHARS[NAME] and not is_no_name(word.lower()):
            yield _needle(word, is_name=True)


def _needle(text: str, *, is_name: bool) -> Needle:
    folded = text.lower()
    return Needle(folded, text if is_name and is_common(folded) else None)
