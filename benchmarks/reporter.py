"""A process that reports without end and says what it was promised, until somebody ends it.

``python -m benchmarks.reporter DSN FOLDER NUMBER``. It counts on from NUMBER: each is one error and one log record.
It prints ``ready``, ``tries NUMBER`` before it reports one, and ``promised NUMBER`` once that one is on disk.
SIGTERM lets it deliver what is left and stop.
"""

import logging
import os
import signal
import sys
from itertools import count
from pathlib import Path
from random import Random
from time import monotonic, sleep

from toolboxai import telemetry

log = logging.getLogger("school")
MAX_BURST = 5
GIVE_UP_SECONDS = 60.0


def say(words: str) -> None:
    """Print a line, whole: who is killed in the middle of one must not have said half of it."""
    os.write(1, f"{words}\n".encode())


def fail(number: int) -> None:
    """Meet an error and log it."""
    try:
        raise ValueError(f"lesson-{number}")  # noqa: EM102, TRY301 - the number is what is looked for later
    except ValueError:
        log.exception("no lesson-%d", number)


def report_burst(numbers: range) -> None:
    """Report a few at once and wait until they are on disk."""
    for number in numbers:
        say(f"tries {number}")
        fail(number)
    while telemetry.measurements()["queued"]:
        sleep(0.001)
    for number in numbers:
        say(f"promised {number}")


def main() -> None:
    """Report until told to stop."""
    dsn, folder, first = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: asked.append(number))
    logging.basicConfig(handlers=[logging.NullHandler()])
    telemetry.init(telemetry.Options(dsn=dsn, environment="development", spool_dir=folder))
    say("ready")
    chance, number = Random(first), first
    for size in (chance.randint(1, MAX_BURST) for _ in count()):
        if asked:
            break
        report_burst(range(number, number + size))
        number += size
        sleep(chance.uniform(0, 0.02))
    deadline = monotonic() + GIVE_UP_SECONDS
    while not telemetry.flush() and monotonic() < deadline:
        sleep(0.05)  # one attempt that fails is enough for a flush: the monitor may be starting
    say("delivered" if telemetry.flush() else "not delivered")
    telemetry.close()


if __name__ == "__main__":
    main()
