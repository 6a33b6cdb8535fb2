"""Pairs of events that are one problem, and pairs that were called one."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from benchmarks.grouping.labelled import Labelled


@dataclass(frozen=True, slots=True)
class Score:
    """How many pairs are rightly together, wrongly together, and wrongly apart."""

    together: int
    merged: int
    split: int

    @property
    def precision(self) -> float:
        """The share of pairs called one problem that are."""
        called = self.together + self.merged
        return self.together / called if called else 1.0

    @property
    def recall(self) -> float:
        """The share of pairs that are one problem and are called one."""
        meant = self.together + self.split
        return self.together / meant if meant else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def score(labels: Sequence[Hashable], groups: Sequence[Hashable]) -> Score:
    """Return the score of ``groups`` for events whose problems are ``labels``."""
    together = _pairs(Counter(zip(labels, groups, strict=True)).values())
    meant, called = _pairs(Counter(labels).values()), _pairs(Counter(groups).values())
    return Score(together, merged=called - together, split=meant - together)


def by_family(
    events: Sequence[Labelled], groups: Sequence[Hashable]
) -> list[tuple[str, Score, int, int]]:
    """Return each family with its score, its problems and the groups found for them, the worst first."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, event in enumerate(events):
        places[event.family].append(place)
    rows = []
    for family, own in places.items():
        labels, found = [events[place].label for place in own], [groups[place] for place in own]
        rows.append((family, score(labels, found), len(set(labels)), len(set(found))))
    return sorted(rows, key=lambda row: row[1].f1)


def _pairs(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)
