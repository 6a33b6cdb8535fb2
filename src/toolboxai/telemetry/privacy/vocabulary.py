"""The word lists beside this module."""

from collections.abc import Container
from functools import cache
from pathlib import Path

# Read with the module: later the process may have given up the rights to its own files.
_LISTS = {
    path.stem: path.read_text(encoding="utf-8")
    for path in Path(__file__).with_name("words").glob("*.txt")
}


@cache
def words(name: str) -> frozenset[str]:
    """Return the entries of ``words/NAME.txt``: lower case, one a line, ``#`` begins a comment.

    Raises ``KeyError`` when there is no such list.
    """
    return frozenset(line for line in _LISTS[name].splitlines() if line and line[0] != "#")


class AnyOf:
    """What is in one of some sets, as one: the lists are long, and a set of all of them would be as large again."""

    def __init__(self, *sets: Container[str]) -> None:
        self._sets = sets

    def __contains__(self, word: object) -> bool:
        return any(word in some for some in self._sets)
