"""The words of a text as names are spelled, with what stands between them."""

from collections.abc import Sequence
from re import Match
from unicodedata import normalize

from toolboxai.telemetry.privacy.later import later

# Letters, with the marks that some scripts write above and below them: whatever isn't a digit, a sign or a space.
_OTHER = (
    r"[^\s\d_\x00-\u024f\u1e00-\u1eff\u2000-\u200b\u200e-\u206f\u20a0-\u2bff"
    r"\u3000-\u3004\u3008-\u3020\u3030\u303f\ufe10-\ufe4f\uff00-\uff20\uff3b-\uff40\uff5b-\uff65\ufff9-\uffff]"
)
_LATIN = r"[A-Za-z\xaa\xb5\xba\xc0-\xd6\xd8-\xf6\xf8-\u024f\u1e00-\u1eff\u0300-\u036f]"
WORD = later(rf"{_LATIN}+(?:['’`´-]{_LATIN}+)*|{_OTHER}+(?:['’-]{_OTHER}+)*")

_ASCII_WORD = later(r"[A-Za-z]+(?:['`-][A-Za-z]+)*")

# L'élève, d'Aubigné, and the marks of Python's texts: b'Frau.
_ELISIONS = frozenset(
    {"l", "d", "m", "s", "n", "qu", "j", "c", "t", "un", "dell", "all", "sant", "b", "r", "u", "f", "rb"}
)  # fmt: skip


def bare(word: str) -> str:
    """Return a word as the lists spell it: Zeynep'in is zeynep, O'Neil is oneil."""
    if word.isascii() and word.isalpha():
        return word.lower()
    low = word.replace("İ", "i").lower()
    low = normalize("NFC", low).replace("’", "'").replace("`", "'").replace("´", "'")
    head, apostrophe, rest = low.partition("'")
    if not apostrophe:
        return low
    if head in _ELISIONS:
        return rest
    return head if len(head) > 2 else head + rest


_ELIDED = frozenset({"d'", "d’", "l'", "l’", "b'"})


class Tokens:
    """The words of a text, with what stands between them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.matches: Sequence[Match[str]] = list(
            (_ASCII_WORD if text.isascii() else WORD).finditer(text)
        )
        self.low = [bare(match[0]) for match in self.matches]

    def between(self, index: int) -> str:
        """Return what stands between a word and the next."""
        if index + 1 >= len(self.matches):
            return "\n"
        return self.text[self.matches[index].end() : self.matches[index + 1].start()]

    def before(self, index: int) -> str:
        """Return the character before a word."""
        start = self.matches[index].start()
        return self.text[start - 1 : start]

    def after(self, index: int) -> str:
        """Return the character after a word."""
        end = self.matches[index].end()
        return self.text[end : end + 1]

    def is_capital(self, index: int) -> bool:
        """Say whether a word begins with a capital, or is of a script that has none."""
        word = self.matches[index][0]
        first = word.replace("’", "'").partition("'")[2][:1] if word[:2] in _ELIDED else word[0]
        return not first.islower()
