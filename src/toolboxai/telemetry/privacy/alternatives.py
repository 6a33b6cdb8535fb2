"""Many words as one pattern that tries only those with the right next letter, not one after the other. Pure."""

import re
from collections.abc import Iterable


def any_of(words: Iterable[str]) -> str:
    """Return a pattern for any of ``words``, the longest that fits first."""
    by_first: dict[str, set[str]] = {}
    for word in words:
        by_first.setdefault(word[:1], set()).add(word[1:])
    may_end = by_first.pop("", None) is not None
    parts = [re.escape(first) + any_of(rest) for first, rest in sorted(by_first.items())]
    if not parts:
        return ""
    return f"(?:{'|'.join(parts)}){'?' if may_end else ''}"
