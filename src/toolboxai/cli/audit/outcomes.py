"""What was planted and what is on the wire → what became of it, place by place. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from toolboxai.cli.audit.searching import Texts, leaks, reached
from toolboxai.server.audit import places
from toolboxai.server.audit.canaries import Canary
from toolboxai.telemetry.privacy import Pseudonym

MAX_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the canaries of one place."""

    place: str
    planted: int
    reached: str
    leaked: bool


def outcomes_of(
    planted: Sequence[Canary], wire: Sequence[Texts], pseudonym: Pseudonym
) -> Iterator[Outcome]:
    """Yield what became of each place's canaries."""
    found = leaks(planted, wire)
    # By chance two places may get the same birth date: then nobody can tell whose pseudonym it is.
    often = Counter(canary.value for canary in planted)
    for place in dict.fromkeys(canary.place for canary in planted):
        own = [canary for canary in planted if canary.place == place]
        leaked = {f"{canary.kind.name} ({kind})" for canary, kind in found if canary.place == place}
        if leaked:
            yield Outcome(place, len(own), f"LEAKED: {', '.join(sorted(leaked))}", leaked=True)
        else:
            names = [pseudonym(one.value) for one in own if often[one.value] == 1]
            known = sum(any(name in texts.folded for texts in wire) for name in names)
            yield Outcome(place, len(own), _instead(place, wire, known), leaked=False)


def _instead(place: str, wire: Sequence[Texts], pseudonyms_seen: int) -> str:
    """Say what arrived in the place of the values."""
    marks = reached(places.tag_of(place), wire)
    if marks is None and not pseudonyms_seen:
        return "nothing"
    told = [f"pseudonym {pseudonyms_seen}"] if pseudonyms_seen else []
    told += [f"{mark} {count:,}" for mark, count in (marks or Counter()).most_common()]
    if not told:
        return "its place, without a value"
    return ", ".join(told[:MAX_SHOWN]) + (" …" if len(told) > MAX_SHOWN else "")
