"""The figures of a run: counted by class, category, type, place and wrapping, and held against the goals."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from benchmarks.privacy.corpus import Needle
from benchmarks.privacy.judge import Found, Verdict
from benchmarks.privacy.kinds import Class

RECALL = 0.995
RECALL_OF_CLASS = {Class.SECRET: 0.999, Class.PATTERN: 0.995, Class.CONTEXTUAL: 0.985}
RECALL_OF_WORST_TYPE = 0.99
FALSE_REDACTION = 0.003
_TOLD_CHARS = 160


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    @property
    def value(self) -> float:
        """The share, 1 of nothing."""
        return self.part / self.whole if self.whole else 1.0

    def __str__(self) -> str:
        return f"{self.value:8.2%}  {self.part:>5,} of {self.whole:,}"


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure and what it has to be."""

    name: str
    share: Share
    at_least: float

    @property
    def is_met(self) -> bool:
        """Whether it is what it has to be."""
        return self.share.value >= self.at_least


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a corpus."""

    verdicts: Sequence[Verdict]

    @property
    def missed(self) -> list[Found]:
        """The needles that are still there."""
        return list(chain.from_iterable(verdict.missed for verdict in self.verdicts))

    @property
    def taken(self) -> list[Found]:
        """The harmless values that are not whole any more."""
        return list(chain.from_iterable(verdict.taken for verdict in self.verdicts))

    def recall(self, of: Callable[[Needle], str]) -> dict[str, Share]:
        """Return the share of needles that went, by what ``of`` says of each."""
        planted = Counter(of(each) for verdict in self.verdicts for each in verdict.case.needles)
        left = Counter(of(each.what) for each in self.missed if isinstance(each.what, Needle))
        return {name: Share(count - left[name], count) for name, count in planted.items()}

    @property
    def kept(self) -> Share:
        """The share of harmless values that stayed whole."""
        straws = sum(len(verdict.case.straws) for verdict in self.verdicts)
        return Share(straws - len(self.taken), straws)

    def goals(self) -> list[Goal]:
        """Return every goal with the figure reached."""
        (whole,) = self.recall(lambda _: "all").values()
        classes = self.recall(lambda needle: needle.klass)
        types = self.recall(lambda needle: needle.type)
        worst = min(types, key=lambda name: types[name].value)
        return [
            Goal("recall", whole, RECALL),
            *(
                Goal(f"recall of {klass}", classes[klass], goal)
                for klass, goal in RECALL_OF_CLASS.items()
            ),
            Goal(f"recall in the worst type, {worst}", types[worst], RECALL_OF_WORST_TYPE),
            Goal("harmless values kept", self.kept, 1 - FALSE_REDACTION),
            Goal("structure intact", self._without(lambda verdict: bool(verdict.broken)), 1),
            Goal("user context kept", self._without(lambda verdict: bool(verdict.lost_context)), 1),
            Goal("without a raw user id", self._without(lambda verdict: verdict.has_raw_id), 1),
        ]

    def _without(self, is_bad: Callable[[Verdict], bool]) -> Share:
        return Share(sum(not is_bad(each) for each in self.verdicts), len(self.verdicts))

    def tables(self) -> Iterator[str]:
        """Yield the lines of the tables, worst first."""
        by: dict[str, Callable[[Needle], str]] = {
            "class": lambda needle: needle.klass,
            "type": lambda needle: needle.type,
            "place": lambda needle: needle.place,
            "wrapping": lambda needle: needle.wrapping,
            "category": lambda needle: f"{needle.klass}: {needle.category}",
        }
        for title, of in by.items():
            yield f"\nrecall by {title}"
            shares = self.recall(of)
            for name in sorted(shares, key=lambda name: (shares[name].value, name)):
                yield f"  {name:<36} {shares[name]}"
        yield "\nfalse redactions by category"
        for name, count in Counter(each.what.category for each in self.taken).most_common():
            yield f"  {name:<36} {count:>5}"

    def broken(self) -> Iterator[str]:
        """Yield a line for each kind of damage to structure or user context."""
        for title, paths in (
            ("structure broken at", Counter(p for v in self.verdicts for p in v.broken)),
            ("user context lost at", Counter(p for v in self.verdicts for p in v.lost_context)),
        ):
            for path, count in paths.most_common(20):
                yield f"  {title} {'.'.join(map(str, path))} in {count} payloads"


def told(found: Sequence[Found]) -> Iterator[str]:
    """Yield a line for each, with what lies at its place now."""
    for each in found:
        how = each.what.wrapping if isinstance(each.what, Needle) else repr(each.what.value)
        yield f"  {each.what.type} · {each.what.place} · {each.what.category} · {how}"
        yield f"    now: {str(each.now)[:_TOLD_CHARS]!r}"
