"""What `toolboxai spool drain` does: sends what a process left that is no more, and shows how far it is."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from toolboxai import telemetry
from toolboxai.cli.environment import read_settings
from toolboxai.cli.errors import CommandError
from toolboxai.cli.folders import workers_below
from toolboxai.cli.refusals import refusals
from toolboxai.server.sentry_config import telemetry_options
from toolboxai.telemetry.spool import Worker, home_of, waiting_in
from toolboxai.telemetry.transport.wire import categories_of

LOOK_SECONDS = 0.05
RECOVERED = "envelopes.recovered"

Say = Callable[[str], None]


def run_drain(say: Say, *, timeout_seconds: float) -> int:
    """Send what no process sends; 0 when all of it arrived."""
    settings = read_settings()
    options = telemetry_options(settings)
    if options.dsn is None:
        message = "there is no sink to send to: set SENTRY_DSN, or start the monitor: toolboxai up"
        raise CommandError(message)
    home = home_of(settings.spool_dir, options.dsn)
    total = sum(
        count
        for worker in workers_below(settings.spool_dir)
        if (count := _count(worker)) and not _is_skipped(worker, count, home, say)
    )
    if not total:
        say("nothing to send")
        return 0
    recovered_before, refused_before = telemetry.measurements().get(RECOVERED, 0), refusals()
    try:
        telemetry.init(replace(options, enable_logs=False))
    except OSError as error:
        message = f"the spool can't be used: {error}"
        raise CommandError(message, exit_code=1) from error
    try:
        waiting = _watch(total, timeout_seconds, recovered_before)
        return _say_how_it_went(total, waiting, refused_before, say)
    finally:
        telemetry.close()


def _count(worker: Worker) -> int:
    return sum(1 for _ in waiting_in(worker.folder, categories_of))


def _is_skipped(worker: Worker, count: int, home: Path, say: Say) -> bool:
    """Say whether others have to send what is in a folder, and tell people why."""
    if worker.folder.parent != home:
        say(f"skipped {count:,} for {worker.sink}: SENTRY_DSN names another sink")
    elif worker.is_running:
        say(f"skipped {count:,} of {worker.folder.name} (running): its process sends them")
    else:
        return False
    return True


def _watch(total: int, timeout_seconds: float, recovered_before: float) -> int:
    """Show how far it is until all is sent or time is up; return how many still wait."""
    deadline = time.monotonic() + timeout_seconds
    waiting = total
    with _progress(total) as show:
        while waiting and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
            numbers = telemetry.measurements()
            # Of much that was left only so much is taken in at a time as there is room for.
            recovered = int(numbers.get(RECOVERED, 0) - recovered_before)
            waiting = total - max(0, recovered - int(numbers["spool_waiting"]))
            show(max(0, total - waiting))
    return waiting


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """Give a function that shows how many are done: a bar on a terminal, else a line for each tenth."""
    console = Console()
    if console.is_terminal:
        with Progress(console=console) as bar:
            task = bar.add_task("reports", total=total)
            yield lambda done: bar.update(task, completed=done)
        return
    shown = 0

    def show(done: int) -> None:
        nonlocal shown
        if done * 10 // total > shown:
            shown = done * 10 // total
            console.print(f"{done} of {total} reports", highlight=False)

    yield show


def _say_how_it_went(total: int, waiting: int, before: Counter[str], say: Say) -> int:
    refused = refusals() - before
    say(f"{total - waiting - refused.total():,} of {total:,} reports were delivered")
    for status, count in refused.items():
        say(f"{count:,} were refused for good: HTTP {status}; compare SENTRY_DSN with the project")
    if waiting:
        why = telemetry.details().get("last_error") or "time is up"
        say(f"{waiting:,} still wait ({why}); they are kept: try again later, or with --timeout")
    return 1 if waiting or refused else 0
