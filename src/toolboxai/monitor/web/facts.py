"""Named values for the tables of an event: tags, request, user, contexts. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from toolboxai.monitor.web.lenient import mapping_of, pairs_of, shown, text_of

MAX_FACTS = 100
MAX_GROUPS = 30
MAX_NAME_CHARS = 120

_REQUEST_PARTS = {"method": "Method", "url": "URL", "query_string": "Query", "data": "Body"}
_REQUEST_TABLES = {"headers": "Headers", "cookies": "Cookies", "env": "Environment"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One named value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactGroup:
    """Named values that belong together, and how many more there were."""

    title: str
    facts: tuple[Fact, ...]
    left_out: int = 0


def facts_of(value: object, *, max_facts: int = MAX_FACTS) -> tuple[Fact, ...]:
    """Return the first pairs of anything that has pairs."""
    return tuple(
        Fact(name=text_of(name, max_chars=MAX_NAME_CHARS), value=shown(part))
        for name, part in islice(pairs_of(value), max_facts)
    )


def group_of(title: str, value: object) -> FactGroup:
    """Return the pairs in ``value`` under ``title``."""
    facts = facts_of(value)
    left_out = max(0, sum(1 for _ in pairs_of(value)) - MAX_FACTS)
    return FactGroup(title=title, facts=facts, left_out=left_out)


def request_groups(request: object) -> list[FactGroup]:
    """Return what was asked of the server: the line itself, then its tables."""
    parts = mapping_of(request)
    line = {title: parts[name] for name, title in _REQUEST_PARTS.items() if parts.get(name)}
    tables = {title: parts.get(name) for name, title in _REQUEST_TABLES.items()}
    return _filled([group_of("Request", line), *_groups(tables)])


def context_groups(contexts: object) -> list[FactGroup]:
    """Return one table a context, in the order in which they were sent."""
    named = {
        text_of(name, max_chars=MAX_NAME_CHARS): {
            key: part
            for key, part in mapping_of(context).items()
            if key != "type" and part is not None
        }
        for name, context in islice(mapping_of(contexts).items(), MAX_GROUPS)
    }
    return _filled(_groups(named))


def _groups(tables: Mapping[str, object]) -> list[FactGroup]:
    return [group_of(title, table) for title, table in tables.items()]


def _filled(groups: Iterable[FactGroup]) -> list[FactGroup]:
    return [group for group in groups if group.facts]
