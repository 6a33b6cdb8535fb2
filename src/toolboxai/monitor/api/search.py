"""What one may write into ``?query=``. Pure."""

import re
from dataclasses import dataclass

# A key and a value; a URL is text, and so is whatever stands in quotes.
TERM = re.compile(r'"[^"]*"|(?<!\S)(!?)([A-Za-z][\w.\[\]-]*):(?!//)(\S+)')
STATES = {"unresolved": True, "resolved": False, "archived": False, "ignored": False}


class SearchError(Exception):
    """The query can't be answered; the message says why."""


@dataclass(frozen=True, slots=True)
class Search:
    """A free text, and whether unresolved issues (for now, all are) are asked for."""

    text: str = ""
    finds_unresolved: bool = True

    @classmethod
    def of(cls, query: str) -> "Search":
        """Return what ``query`` asks for; refuse terms that would be ignored."""
        terms = [term for term in TERM.finditer(query) if term[2]]
        finds = [_finds_unresolved(*term.groups()) for term in terms]
        text = query
        for term in reversed(terms):
            text = f"{text[: term.start()].rstrip()} {text[term.end() :].lstrip()}"
        text = text.strip()
        if re.fullmatch(r'"[^"]*"', text):
            text = text[1:-1]
        return cls(text, all(finds))


def _finds_unresolved(negation: str, key: str, value: str) -> bool:
    if key != "is" or value not in STATES:
        msg = (
            f"Invalid query: {f'{key}:{value}'[:100]!r} can't be searched for. There are "
            f"{', '.join(f'is:{state}' for state in STATES)}; put a text with a colon in quotes."
        )
        raise SearchError(msg)
    return STATES[value] is not bool(negation)
