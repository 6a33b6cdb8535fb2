"""What a labelled event is, and how families of them are collected."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Event = dict[str, Any]
# Problems by name, each with the events that a person would call the same problem.
Problems = dict[str, list[Event]]


@dataclass(frozen=True, slots=True)
class Labelled:
    """An event and the problem that it belongs to. Problems of two families are never the same."""

    family: str
    problem: str
    event: Event

    @property
    def label(self) -> tuple[str, str]:
        """What makes two events one problem."""
        return self.family, self.problem


@dataclass(frozen=True, slots=True)
class Family:
    """Problems that are hard to tell apart, or to hold together, for one reason."""

    name: str
    make: Callable[[], Problems]

    def events(self) -> Iterator[Labelled]:
        """Yield the family's events."""
        for problem, events in self.make().items():
            yield from (Labelled(self.name, problem, event) for event in events)


def all_events(families: Iterable[Family]) -> list[Labelled]:
    """Return the events of all families."""
    return [event for family in families for event in family.events()]
