"""Which rules a text is worth asking: one look at its signs and words, so that most texts are asked of hardly any."""

import re
from collections.abc import Callable, Container, Iterable, Sequence
from functools import reduce
from operator import or_

from toolboxai.telemetry.privacy.rules import Found, Rule

MAX_WORDS = 50_000
BEGINNING_CHARS = 3

# Hints that stand for more than themselves. A rule without any of its own is always asked.
DIGIT, SIX_DIGITS, PAIRS = "<digit>", "<digits>", "<pairs>"
LONG_RUN, POSTCODE = "<run>", "<code>"

_WORD = re.compile(r"[^\W\d_]+")
_PART = re.compile(r"\^?[^\W\d_]+\$?")
_INNER_BEGINNING = re.compile(r"(?<=[\W\d_])(?=[^\W\d_])")
_INNER_END = re.compile(r"(?<=[^\W\d_])(?=[\W\d_])")
_HINT_IN_WORD = re.compile(r"\^?[^\W\d_]+\$?")
_ONLY_LETTERS = "".join(char if char.isalpha() else " " for char in map(chr, range(128)))
_DIGIT = re.compile(r"\d")
# Times, UUIDs and hashes are full of digits that are nobody's.
_NOBODYS = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d[\d:.Z+-]*|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b(?=[0-9]*[a-f])[0-9a-f]{16,64}\b"
)
# Only these can be or hold one.
_MAYBE_NOBODYS = re.compile(r"[0-9a-f]{8}|\d[T ]\d")
_SIX_DIGITS = re.compile(r"\d\W{0,4}\d\W{0,4}\d\W{0,4}\d\W{0,4}\d\W{0,4}\d")
_WITH_CAPITALS = re.compile(r"[A-Z][A-Z]\d\d ?[A-Z0-9]{4}")
_WITH_SIGNS = re.compile(r"[年°]")
_PAIRS = re.compile(r"[:.-](?<=[0-9A-Fa-f].)[0-9A-Fa-f]{0,4}[:.-]")
# Only from where a run begins, or each of its characters is a beginning to try.
_LONG_RUN = re.compile(r"(?<![\w+/:.~-])[\w+/:.~-]{32}")
_POSTCODE = re.compile(r"[A-Z]\d[A-Z\d]?\s\d[A-Z]")
_AFTER_STATE = re.compile(r",\s[A-Z]{2}\s\d{5}")
_Search = Callable[[str], object]
# Each with what shows it in any text, and in one with capitals.
_FEATURES: tuple[tuple[str, tuple[_Search, ...], tuple[_Search, ...]], ...] = (
    (SIX_DIGITS, (_SIX_DIGITS.search, _WITH_SIGNS.search), (_WITH_CAPITALS.search,)),
    (PAIRS, (_PAIRS.search,), ()),
    (POSTCODE, (), (_POSTCODE.search, _AFTER_STATE.search)),
)

Mask = int
EVERY: Mask = -1
MAX_CHOICES = 2_000


def _bounded(hint: str) -> str:
    """Return a hint with ``^`` and ``$`` where words begin and end in it: `sk-` is `sk$-`."""
    return _INNER_BEGINNING.sub("^", _INNER_END.sub("$", hint))


class Asked:
    """Rules with a bit each; which of them a mask chooses is remembered: most texts call for few, and for the same."""

    def __init__(self, rules: Sequence[tuple[Rule, Mask]]) -> None:
        self._rules = rules
        self._choices: dict[Mask, tuple[Rule, ...]] = {}
        self.bits = reduce(or_, (bit for _, bit in rules), 0)

    def chosen(self, mask: Mask) -> tuple[Rule, ...]:
        """Return the rules whose bit is in ``mask``, in their order."""
        wanted = mask & self.bits
        choice = self._choices.get(wanted)
        if choice is None:
            if len(self._choices) >= MAX_CHOICES:
                self._choices.clear()
            choice = tuple(rule for rule, bit in self._rules if bit & wanted)
            self._choices[wanted] = choice
        return choice


class _Words(dict[str, Mask]):
    """What is known of words; of one that isn't known yet it is learnt."""

    def __init__(self, learn: Callable[[str], Mask]) -> None:
        super().__init__()
        self._learn = learn

    def __missing__(self, word: str) -> Mask:
        if len(self) >= MAX_WORDS:
            self.clear()
        self[word] = bits = self._learn(word)
        return bits


class Sieve:
    """Gives every rule a bit, and says of a text which bits it has.

    Hints are looked for in words, and what a word has is remembered. One of several words and signs has a bit of its
    own: only where its longest word stands is it looked for whole. Those without a word to go by have a sign.
    """

    def __init__(self) -> None:
        self._bits = 1
        self._always = 0
        self._features: dict[str, Mask] = {}
        # By their first letters: a word is only asked for those that could begin at one of its own.
        self._in_words: dict[str, list[tuple[str, Mask]]] = {}
        self._of_several: dict[Mask, tuple[str, Mask]] = {}
        self._several = 0
        self._by_sign: dict[str, list[tuple[str, Mask]]] = {}
        self._of_words: list[tuple[Container[str], Callable[[str], bool], Mask]] = []
        # What rules need besides a hint: the bit of that, and of those rules.
        self._needs: dict[tuple[str, ...], tuple[Mask, Mask]] = {}
        self._known = _Words(self._learnt)

    def bit(self) -> Mask:
        """Return a bit that nothing has yet."""
        self._bits <<= 1
        return self._bits

    def add(self, rules: Iterable[Rule]) -> Asked:
        """Return the rules with a bit each."""
        return Asked([(rule, self._add_rule(rule)) for rule in rules])

    def _add_rule(self, rule: Rule) -> Mask:
        bit = self._add(rule.hints)
        if rule.needs:
            needed, by = self._needs.get(rule.needs) or (self._add(rule.needs), 0)
            self._needs[rule.needs] = (needed, by | bit)
        return bit

    def of_words(
        self, words: Container[str], is_telling: Callable[[str], bool] = lambda _: False
    ) -> Mask:
        """Return a bit that a text has for one of ``words``, or of a word beyond ASCII that ``is_telling``."""
        bit = self.bit()
        self._of_words.append((words, is_telling, bit))
        return bit

    def _add(self, hints: Sequence[str]) -> Mask:
        bit = self.bit()
        for hint in hints:
            word = max(_PART.findall(_bounded(hint)), key=len, default="")
            if hint == "":
                self._always |= bit
            elif hint.startswith("<") and hint.endswith(">"):
                self._features[hint] = self._features.get(hint, 0) | bit
            elif _HINT_IN_WORD.fullmatch(hint):
                self._add_word(hint, bit)
            elif len(word) >= BEGINNING_CHARS:
                several = self.bit()
                self._of_several[several] = (hint, bit)
                self._several |= several
                self._add_word(word, several)
            else:
                sign = next(char for char in hint if not char.isalpha())
                self._by_sign.setdefault(sign, []).append((hint, bit))
        return bit

    def _add_word(self, word: str, bit: Mask) -> None:
        if word.isascii() and len(word) < BEGINNING_CHARS:
            message = f"{word!r} is in too many words to be a hint; say where: ^{word}, {word}$"
            raise ValueError(message)
        self._in_words.setdefault(word[:BEGINNING_CHARS], []).append((word, bit))

    def mask(self, text: str, folded: str) -> Mask:
        """Return the bits of ``text``, which is ``folded`` in lower case."""
        is_plain = folded.isascii()
        words = folded.translate(_ONLY_LETTERS).split() if is_plain else _WORD.findall(folded)
        mask = reduce(or_, filter(None, map(self._known.__getitem__, words)), self._always)
        left = mask & self._several
        while left:
            several = left & -left
            left ^= several
            hint, bit = self._of_several[several]
            if hint in folded:
                mask |= bit
        for sign, hints in self._by_sign.items():
            if sign in folded:
                for hint, bit in hints:
                    if hint in folded:
                        mask |= bit
        if len(text) >= 32 and _LONG_RUN.search(text):
            mask |= self._features.get(LONG_RUN, 0)
        mask |= self._of_digits(text, has_capitals=text != folded)
        for needed, by in self._needs.values():
            if not mask & needed:
                mask &= ~by
        return mask

    def _of_digits(self, text: str, *, has_capitals: bool) -> Mask:
        features = self._features
        if not _DIGIT.search(text):
            return features.get(PAIRS, 0) if ":" in text and _PAIRS.search(text) else 0
        mask, rest = features.get(DIGIT, 0), None
        for name, in_any, in_capitals in _FEATURES:
            for search in (*in_any, *in_capitals) if has_capitals else in_any:
                if not search(text):
                    continue
                if rest is None:
                    rest = _NOBODYS.sub(" ", text) if _MAYBE_NOBODYS.search(text) else text
                if rest is text or search(rest):
                    mask |= features.get(name, 0)
                    break
        return mask

    def _learnt(self, word: str) -> Mask:
        bits, is_plain = 0, word.isascii()
        for words, is_telling, bit in self._of_words:
            if word in words or (not is_plain and is_telling(word)):
                bits |= bit
        bounded, in_words = f"^{word}$", self._in_words
        for size in (BEGINNING_CHARS,) if is_plain else range(1, BEGINNING_CHARS + 1):
            for start in range(len(bounded) - size + 1):
                beginning = bounded[start : start + size]
                if beginning in in_words:
                    for hint, bit in in_words[beginning]:
                        if hint in bounded:
                            bits |= bit
        return bits


def ask(asked: Asked, text: str, mask: Mask, found: Found) -> str:
    """Return ``text`` after those rules whose bit is in ``mask``."""
    if mask & asked.bits:
        for rule in asked.chosen(mask):
            text = rule.without(text, found)
    return text
