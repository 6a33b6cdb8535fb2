"""Patterns that are compiled when a text first asks for them: there are hundreds, and a process meets few of their hints."""

import re
from re import Pattern
from typing import cast

_METHODS = (
    "findall", "finditer", "flags", "fullmatch", "groupindex", "groups", "match", "search", "split", "sub", "subn",
)  # fmt: skip


class _Later:
    """Looks like the pattern, and is as quick as one from the second use on."""

    def __init__(self, text: str, flags: re.RegexFlag) -> None:
        self.pattern = text
        self._flags = flags

    def __getattr__(self, name: str) -> object:
        if name not in _METHODS:
            raise AttributeError(name)
        compiled = re.compile(self.pattern, self._flags)
        vars(self).update({method: getattr(compiled, method) for method in _METHODS})
        return getattr(compiled, name)


def later(text: str, flags: re.RegexFlag = re.NOFLAG) -> Pattern[str]:
    """Return the pattern, compiled at its first use. A mistake in ``text`` shows only then, as ``re.error``."""
    return cast("Pattern[str]", _Later(text, flags))
