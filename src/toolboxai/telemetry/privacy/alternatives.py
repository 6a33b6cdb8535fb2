"""Many words asked for at once, by trying only those with the right next letters, not one after the other. Pure."""

import re
from collections.abc import Callable, Iterable


def any_of(words: Iterable[str], *, in_any_case: bool = False) -> str:
    """Return a pattern for any of ``words``, the longest that fits first; ``in_any_case`` however they are written."""
    by_first: dict[str, set[str]] = {}
    for word in words:
        by_first.setdefault(word[:1], set()).add(word[1:])
    may_end = by_first.pop("", None) is not None
    parts = [
        _letter(first, in_any_case=in_any_case) + any_of(rest, in_any_case=in_any_case)
        for first, rest in sorted(by_first.items())
    ]
    if not parts:
        return ""
    return f"(?:{'|'.join(parts)}){'?' if may_end else ''}"


def _letter(char: str, *, in_any_case: bool) -> str:
    # Not by (?i:…): before a class of characters the engine sees at once that a branch can't fit.
    if in_any_case and char.upper() != char and len(char.upper()) == 1:
        return f"[{char}{char.upper()}]"
    return re.escape(char)


def any_within(words: Iterable[str]) -> Callable[[str], bool]:
    """Return what says whether one of ``words``, of two letters at least, stands within a text.

    Of a short text that is as quick as a pattern, and there is none to compile: that of our names' stems took 18 ms.
    """
    by_start: dict[str, tuple[str, ...]] = {}
    for word in words:
        by_start[word[:2]] = (*by_start.get(word[:2], ()), word)

    def has_one(text: str) -> bool:
        for place in range(len(text) - 1):
            some = by_start.get(text[place : place + 2])
            if some is not None and text.startswith(some, place):
                return True
        return False

    return has_one
