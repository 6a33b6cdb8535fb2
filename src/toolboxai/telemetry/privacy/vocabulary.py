"""The word lists beside this module."""

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
