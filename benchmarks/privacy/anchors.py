"""The scrubbers that people have: the same corpus through sentry-sdk's and, when it can be fetched, Relay's.

Both know events only, so only those are judged here. Relay's Python package is under the FSL, which isn't an open
licence: it is no dependency of ours, but fetched from PyPI, unpinned, into an environment that is thrown away.
"""

import json
import subprocess
import sys
import venv
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.privacy.corpus import Case
from benchmarks.privacy.gates import Scrub, event_scrubber, event_scrubber_recursive, library
from benchmarks.privacy.judge import judge
from benchmarks.privacy.report import Report
from benchmarks.privacy.skeletons import Payload

KNOWN_TO_ALL = frozenset({"error", "message", "transaction", "feedback"})
CONTROL = "Relay, no rule (the method's error)"
FETCH_SECONDS = 300
_WORKER = Path(__file__).with_name("relay_worker.py")


def anchors(cases: Sequence[Case]) -> Iterator[tuple[str, Report]]:
    """Yield each scrubber's name with what it makes of the events among the cases."""
    events = [case for case in cases if case.type in KNOWN_TO_ALL]
    yield "ours", judged(events, library)
    yield "EventScrubber", judged(events, event_scrubber)
    yield "EventScrubber, recursive", judged(events, event_scrubber_recursive)
    with TemporaryDirectory() as folder:
        python = _fetched(Path(folder))
        if python is None:
            print("sentry-relay could not be fetched, so it is missing here", file=sys.stderr)
            return
        yield CONTROL, judged(events, _relay(python, "none"))
        yield "Relay, default", judged(events, _relay(python, "default"))
        yield "Relay, every rule", judged(events, _relay(python, "all"))


def judged(cases: Sequence[Case], scrub: Scrub) -> Report:
    """Return what a scrubber makes of the cases."""
    scrubbed = scrub([case.payload for case in cases])
    return Report([judge(case, out) for case, out in zip(cases, scrubbed, strict=True)])


def _fetched(folder: Path) -> Path | None:
    """Return the interpreter of a new environment with Relay's package, ``None`` when there is no way to it."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    install = (python, "-m", "pip", "install", "--quiet", "sentry-relay")
    done = subprocess.run(install, capture_output=True, timeout=FETCH_SECONDS, check=False)
    return python if done.returncode == 0 else None


def _relay(python: Path, rules: str) -> Scrub:
    def scrub(payloads: Sequence[Payload]) -> list[Payload | None]:
        lines = "".join(f"{json.dumps(payload)}\n" for payload in payloads)
        done = subprocess.run(
            [python, _WORKER, rules], input=lines, capture_output=True, text=True, check=True
        )
        return [json.loads(line) for line in done.stdout.splitlines()]

    return scrub
