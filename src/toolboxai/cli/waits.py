"""Why reports wait, in sentences: what sinks asked for, what went wrong last, what the disk refuses."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from toolboxai.cli.amounts import shown_duration
from toolboxai.telemetry.figures import Figures, figures_in
from toolboxai.telemetry.spool import Worker
from toolboxai.telemetry.transport.limit_file import LIMITS_NAME, LimitFile
from toolboxai.telemetry.transport.limits import ALL


def reasons(workers: Sequence[Worker], *, now: float) -> Iterator[str]:
    """Yield what can be seen from the folders of all workers, at ``now`` (since 1970)."""
    for home, sink in {worker.folder.parent: worker.sink for worker in workers}.items():
        yield from limits_said(sink, limits_in(home), now=now)
    for worker in workers:
        if worker.is_running and (figures := figures_in(worker.folder)):
            name = f"{worker.sink} {worker.folder.name}"
            yield from (f"{name}: {reason}" for reason in failures_said(figures, now=now))


def limits_in(home: Path) -> Mapping[str, float]:
    """Return what the sink whose workers are in ``home`` has asked for, and until when."""
    return LimitFile(home / LIMITS_NAME).in_force()


def limits_said(sink: str, limits: Mapping[str, float], *, now: float) -> Iterator[str]:
    """Yield a sentence for each category of which the sink wants none."""
    for category, until in sorted(limits.items()):
        what = "nothing" if category == ALL else f"no {category}"
        yield f"{sink} wants {what} for {shown_duration(until - now)}, until {_clock(until)}"


def failures_said(figures: Figures, *, now: float) -> Iterator[str]:
    """Yield what keeps a worker from delivering, if anything does."""
    if figures.spool_held:
        yield f"{figures.spool_held:,} in memory only: {figures.trouble}"
    if figures.last_error and (last := figures.last_failure):
        ago = shown_duration(now - last.at)
        yield f"{last.what} {ago} ago, at {_clock(last.at)}; {figures.failures_in_a_row:,} in a row"


def _clock(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
