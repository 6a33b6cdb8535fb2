"""Kills a reporting process and a monitor at random points, then compares what was promised with what is there.

``python -m benchmarks.kills [--kills 100] [--seed 1] [--folder PATH]``. Exits with 1 when something that was promised is
missing, anything is there twice, anything was never captured, or the monitor's own counts say otherwise.
"""

import argparse
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import monotonic, perf_counter, sleep

from benchmarks.processes import HERE, free_port
from benchmarks.stored import Stored, stored_in

VICTIMS = (("reporter",), ("monitor",), ("reporter", "monitor"))
# Most kills meet a reporter at work; so many a start, and what is recovered there.
SHARE_OF_STARTS = 0.25
MOST_SECONDS_AT_WORK, MOST_SECONDS_OF_A_START = 0.4, 1.0
NUMBERS_PER_LIFE = 1_000_000
GIVE_UP_SECONDS = 90.0
_LINE = re.compile(r"^(tries|promised) (\d+)$", re.MULTILINE)


@dataclass
class Mortal:
    """A process that is started as often as it is killed; what it printed is kept."""

    arguments: Callable[[int], list[str]]
    log: Path
    lives: int = 0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin another life."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self.arguments(self.lives)],
                cwd=HERE,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self.lives += 1

    def end(self, how: signal.Signals) -> None:
        """Send a signal and wait for the end."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(GIVE_UP_SECONDS)

    @property
    def said(self) -> str:
        """What it has printed in all its lives."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""


@dataclass
class Truth:
    """What was tried and promised, and what the monitor has of it."""

    kills: Counter[str] = field(default_factory=Counter)
    tried: set[int] = field(default_factory=set)
    promised: set[int] = field(default_factory=set)
    stored: Stored = field(default_factory=Stored)

    @property
    def faults(self) -> list[str]:
        """What is wrong, in words; empty when all is as promised."""
        found = []
        for kind, numbers in (("error", self.stored.errors), ("log record", self.stored.logs)):
            missing, strange = self.promised - numbers.keys(), numbers.keys() - self.tried
            repeated = [number for number, times in numbers.items() if times > 1]
            for what, wrong in (
                ("missing", sorted(missing)),
                ("never captured", sorted(strange)),
                ("more than once", repeated),
            ):
                if wrong:
                    found.append(f"{kind}: {len(wrong)} {what}, for example {wrong[:3]}")
        return found + self.stored.contradictions


def survive(folder: Path, *, kills: int, seed: int) -> Truth:
    """Kill so many times, let the last lives end in order, and return what came of it.

    Raises ``TimeoutError`` when what waits isn't delivered in the end.
    """
    port, chance, truth = free_port(), Random(seed), Truth()
    data = folder / "monitor"
    dsn = told_dsn(data, port)
    mortals = {
        "monitor": Mortal(
            lambda _: ["toolboxai", "monitor", "--port", str(port), "--data", str(data)],
            folder / "monitor.log",
        ),
        "reporter": Mortal(
            lambda life: [
                "benchmarks.reporter",
                dsn,
                str(folder / "spool"),
                str(life * NUMBERS_PER_LIFE),
            ],
            folder / "reporter.log",
        ),
    }
    try:
        for mortal in mortals.values():
            mortal.start()
        for _ in range(kills):
            live_on(mortals["reporter"], chance)
            victims = chance.choice(VICTIMS)
            truth.kills["+".join(victims)] += 1
            for name in victims:
                mortals[name].end(signal.SIGKILL)
            for name in victims:
                mortals[name].start()
        finish(mortals["reporter"])
    finally:
        for mortal in reversed(mortals.values()):
            mortal.end(signal.SIGTERM)
    for what, number in _LINE.findall(mortals["reporter"].said):
        (truth.tried if what == "tries" else truth.promised).add(int(number))
    truth.stored = stored_in(data)
    return truth


def told_dsn(data: Path, port: int) -> str:
    """Return the DSN of a monitor that is going to run."""
    command = [sys.executable, "-m", "toolboxai", "monitor", "dsn", "--data", str(data)]
    told = subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=HERE
    ).stdout.strip()
    return re.sub(r":\d+/", f":{port}/", told)


def live_on(reporter: Mortal, chance: Random) -> None:
    """Let some time pass: of its work, now and then only of its start."""
    if chance.random() < SHARE_OF_STARTS:
        sleep(chance.uniform(0, MOST_SECONDS_OF_A_START))
        return
    wait_until(lambda: is_at_work(reporter))
    sleep(chance.uniform(0, MOST_SECONDS_AT_WORK))


def finish(reporter: Mortal) -> None:
    """Let the reporter work once more, deliver what is left, and end."""
    wait_until(lambda: is_at_work(reporter))
    reporter.end(signal.SIGTERM)
    if not reporter.said.rstrip().endswith("\ndelivered"):
        msg = f"what waits was not delivered; the reporter said last: {reporter.said[-2_000:]}"
        raise TimeoutError(msg)


def is_at_work(reporter: Mortal) -> bool:
    """Say whether this life has promised something."""
    first = (reporter.lives - 1) * NUMBERS_PER_LIFE
    return f"promised {first}\n" in reporter.said


def wait_until(is_so: Callable[[], bool]) -> None:
    """Return as soon as it is so. Raises ``TimeoutError``."""
    deadline = monotonic() + GIVE_UP_SECONDS
    while not is_so():
        if monotonic() > deadline:
            msg = f"it didn't happen within {GIVE_UP_SECONDS:g} s"
            raise TimeoutError(msg)
        sleep(0.02)


def main() -> None:
    """Kill, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=None, help="on the disk that is meant")
    asked = parser.parse_args()
    began = perf_counter()
    with TemporaryDirectory(dir=asked.folder) as folder:
        truth = survive(Path(folder), kills=asked.kills, seed=asked.seed)
    stored = truth.stored
    print(f"{asked.kills} kills in {perf_counter() - began:.0f} s: {dict(truth.kills)}")
    print(f"tried {len(truth.tried):,}, promised {len(truth.promised):,}")
    print(f"there: {len(stored.errors):,} errors and {len(stored.logs):,} log records, each once")
    print(f"the monitor counts {stored.counts}; sent again and recognised: {stored.repeated:,}")
    if truth.faults:
        sys.exit("\n".join(truth.faults))


if __name__ == "__main__":
    main()
