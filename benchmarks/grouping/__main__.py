"""How well events are grouped: ``python -m benchmarks.grouping [--unseen] [--apart] [--cost] [--recorded FILE]``.

Pairwise precision, recall and F1 on a labelled set. The exit status is 0 when the goal is met.
"""

import argparse
import base64
import copy
import sys
from collections import Counter, defaultdict
from pathlib import Path
from statistics import mean, median
from time import perf_counter

import orjson
from sentry_sdk.envelope import Envelope

from benchmarks.grouping.held_out import HELD_OUT
from benchmarks.grouping.labelled import Labelled, all_events
from benchmarks.grouping.python_families import PYTHON
from benchmarks.grouping.python_surroundings import SURROUNDINGS
from benchmarks.grouping.scoring import by_family, score
from benchmarks.grouping.script_families import SCRIPT
from benchmarks.grouping.text_families import TEXT
from toolboxai.monitor.grouping import Grouping, group
from toolboxai.monitor.protocol import Flags, repair_event
from toolboxai.monitor.settings import Limits

GOAL_F1 = 0.95
ROUNDS = 30
NOW_MS = 1_795_000_000_000


def main() -> int:
    """Print the figures; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grouping", description=__doc__)
    parser.add_argument("--unseen", action="store_true", help="the families not used for the rules")
    parser.add_argument("--apart", action="store_true", help="tell what was split and what merged")
    parser.add_argument("--cost", action="store_true", help="measure what grouping an event costs")
    parser.add_argument("--recorded", type=Path, help="group the envelopes of a recording as well")
    chosen = parser.parse_args()
    events = repaired(
        all_events(HELD_OUT if chosen.unseen else [*PYTHON, *SURROUNDINGS, *SCRIPT, *TEXT])
    )
    found = [group(each.event) for each in events]
    total = score([each.label for each in events], [each.fingerprint for each in found])
    print(f"{len(events)} events, {len({each.label for each in events})} problems")
    for family, own, problems, groups in by_family(events, [each.fingerprint for each in found]):
        print(f"  {family:<34} F1 {own.f1:6.3f}  {problems:>3} problems in {groups:>3} groups")
    print(f"precision {total.precision:.3f}  recall {total.recall:.3f}  F1 {total.f1:.3f}")
    if chosen.apart:
        print_apart(events, found)
    if chosen.cost:
        print_cost(events)
    if chosen.recorded:
        print_recorded(chosen.recorded)
    return 0 if total.f1 >= GOAL_F1 else 1


def repaired(events: list[Labelled]) -> list[Labelled]:
    """Return the events as the monitor groups them."""
    return [Labelled(e.family, e.problem, _repaired(e.event)) for e in events]


def _repaired(event: dict[str, object]) -> dict[str, object]:
    sent = copy.deepcopy(event)
    return repair_event(sent, Flags(), received_at=NOW_MS, limits=Limits())


def print_apart(events: list[Labelled], found: list[Grouping]) -> None:
    """Tell which problems lie in several groups, and which groups hold several problems."""
    groups, problems = defaultdict(set), defaultdict(set)
    for each, grouping in zip(events, found, strict=True):
        groups[each.label].add(grouping)
        problems[grouping.fingerprint].add(each.label)
    for label, several in groups.items():
        if len({each.fingerprint for each in several}) > 1:
            print("split", label)
            by_parts = {each.fingerprint: each for each in several}
            print(*(f"    {_told(each)}" for each in by_parts.values()), sep="\n")
    for several_labels in problems.values():
        if len(several_labels) > 1:
            print("merged", *several_labels)


def _told(grouping: Grouping) -> str:
    return " | ".join(component.text for component in grouping.components)


def print_cost(events: list[Labelled]) -> None:
    """Print what grouping costs, by kind of family."""
    for kind in ("python", "javascript", "text", "other", "unseen"):
        own = [each.event for each in events if each.family.startswith(kind)]
        if own:
            print(f"cost of {kind:<10} {_cost(own)}")


def _cost(events: list[dict[str, object]]) -> str:
    """Return the median and the mean: of each event the fastest round, as the machine has other work."""
    fastest = [min(_seconds(event) for _ in range(ROUNDS)) * 1e6 for event in events]
    return f"median {median(fastest):5.1f}, mean {mean(fastest):5.1f} µs an event"


def _seconds(event: dict[str, object]) -> float:
    begin = perf_counter()
    group(event)
    return perf_counter() - begin


def print_recorded(path: Path) -> None:
    """Group the labelled errors of a recording (``{"envelopes": [{"kind", "label", "raw"}]}``)."""
    rows = [row for row in orjson.loads(path.read_bytes())["envelopes"] if row["kind"] == "error"]
    events = []
    for row in rows:
        event = Envelope.deserialize(base64.b64decode(row["raw"])).get_event()
        events.append(_repaired(orjson.loads(orjson.dumps(event))))
    found = Counter(group(event).fingerprint for event in events)
    labels = len({row["label"] for row in rows})
    print(f"recorded: {len(found)} issues for {labels} problems of {len(events)} events")
    print(f"cost of recorded   {_cost(events)}")


if __name__ == "__main__":
    sys.exit(main())
