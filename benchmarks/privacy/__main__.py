"""What the privacy gate lets out and what it takes too much of: ``python -m benchmarks.privacy [--misses] [--taken] [--cost] [--anchors]``.

The exit status is 0 when every goal is met.
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from benchmarks.privacy.anchors import CONTROL, KNOWN_TO_ALL, anchors, judged
from benchmarks.privacy.chart import Bars, drawn
from benchmarks.privacy.corpus import KINDS, Case, corpus
from benchmarks.privacy.cost import costs, sizes
from benchmarks.privacy.gates import GATES
from benchmarks.privacy.report import told
from toolboxai import telemetry


def main() -> int:
    """Print the figures; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.privacy", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gate", choices=GATES, default="library")
    parser.add_argument("--misses", action="store_true", help="list the needles that are left")
    parser.add_argument("--taken", action="store_true", help="list the harmless values taken")
    parser.add_argument("--cost", action="store_true", help="measure what our gate costs as well")
    parser.add_argument("--anchors", action="store_true", help="judge what others have beside it")
    parser.add_argument("--chart", type=Path, help="draw what --anchors found into this SVG")
    chosen = parser.parse_args()
    cases = corpus(chosen.seed)
    print(
        f"seed {chosen.seed}: {len(cases)} payloads, {sum(len(c.needles) for c in cases):,} needles "
        f"in {len(KINDS)} categories, {sum(len(c.straws) for c in cases):,} harmless values"
    )
    begin = perf_counter()
    report = judged(cases, GATES[chosen.gate])
    # Another checkout's gate is easily measured by mistake: an editable install is found without PYTHONPATH.
    print(f"telemetry from {Path(telemetry.__file__).parent}")
    print(f"gate {chosen.gate}: scrubbed and judged in {perf_counter() - begin:.1f} s")
    print(*report.tables(), sep="\n")
    print(*report.broken(), sep="\n")
    if chosen.misses:
        print("\nmissed", *told(report.missed), sep="\n")
    if chosen.taken:
        print("\ntaken", *told(report.taken), sep="\n")
    print("\ngoals")
    for goal in report.goals():
        mark = "met" if goal.is_met else "MISSED"
        print(f"  {mark:<6} {goal.name:<40} {goal.share}  (at least {goal.at_least:.1%})")
    if chosen.anchors:
        print_anchors(cases, chosen.chart)
    met = all(goal.is_met for goal in report.goals())
    return 0 if (not chosen.cost or printed_costs()) and met else 1


def print_anchors(cases: list[Case], chart: Path | None) -> None:
    """Print what other scrubbers make of the events among the cases, and draw it."""
    print(
        f"\nothers, on events only {'recall':>20} {'false redaction':>18} {'structure intact':>18}"
    )
    rows = []
    for name, report in anchors(cases):
        recall, *_, structure, _, _ = (goal.share.value for goal in report.goals())
        row = Bars(name, recall, 1 - report.kept.value)
        print(f"  {name:<36} {row.caught:>8.1%} {row.taken:>18.1%} {structure:>18.1%}")
        if name != CONTROL:
            rows.append(row)
    if chart:
        today = datetime.now(UTC).date()
        needles = sum(len(case.needles) for case in cases if case.type in KNOWN_TO_ALL)
        note = f"{needles:,} planted in errors, messages, transactions and feedback; {today}"
        chart.write_text(drawn(rows, note), encoding="utf-8")


def printed_costs() -> bool:
    """Print what our gate costs; return whether that is little enough."""
    print(
        "\ncost, json.dumps of the same event = 1;",
        *(f"{k} {v:,} bytes" for k, v in sizes().items()),
    )
    met = True
    for cost in costs():
        print(cost)
        met = met and cost.is_met
    return met


if __name__ == "__main__":
    sys.exit(main())
