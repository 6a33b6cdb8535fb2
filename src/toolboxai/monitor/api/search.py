"""What one may write into ``?query=``. Pure."""

import re
from dataclasses import dataclass

# A key and a value; a URL is text, and so is whatever stands in quotes.
TERM = re.compile(r'"[^"]*"|(?<!\S)(!?)([A-Za-z][\w.\[\]-]*):(?!//)(\S+)')
# What an issue can be, and what it can be in Sentry only.
STATUSES = frozenset({"unresolved", "resolved"})
STATES = ("unresolved", "resolved", "archived", "ignored")


class SearchError(Exception):
    """The query can't be answered; the message says why."""


@dataclass(frozen=True, slots=True)
class Search:
    """A free text, and which statuses are asked for."""

    text: str = ""
    statuses: frozenset[str] = STATUSES

    @classmethod
    def of(cls, query: str) -> "Search":
        """Return what ``query`` asks for; refuse terms that would be ignored."""
        terms = [term for term in TERM.finditer(query) if term[2]]
        statuses = STATUSES.intersection(*(_statuses(*term.groups()) for term in terms))
        text = query
        for term in reversed(terms):
            text = f"{text[: term.start()].rstrip()} {text[term.end() :].lstrip()}"
        text = text.strip()
        if re.fullmatch(r'"[^"]*"', text):
            text = text[1:-1]
        return cls(text, statuses)


def _statuses(negation: str, key: str, value: str) -> frozenset[str]:
    if key != "is" or value not in STATES:
        msg = (
            f"Invalid query: {f'{key}:{value}'[:100]!r} can't be searched for. There are "
            f"{', '.join(f'is:{state}' for state in STATES)}; put a text with a colon in quotes."
        )
        raise SearchError(msg)
    return STATUSES - {value} if negation else STATUSES & {value}
