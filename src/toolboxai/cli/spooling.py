"""What `toolboxai spool` tells of the reports that wait on this machine, and how it throws them away."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson

from toolboxai.cli.amounts import shown_bytes, shown_duration
from toolboxai.cli.environment import read_settings
from toolboxai.cli.errors import CommandError
from toolboxai.cli.folders import workers_below
from toolboxai.cli.gates import gate_for
from toolboxai.cli.tables import aligned
from toolboxai.cli.waits import reasons
from toolboxai.telemetry.spool import Waiting, Worker, damaged_in, discard, waiting_in
from toolboxai.telemetry.transport.regate import items_of, regated
from toolboxai.telemetry.transport.wire import categories_of, stamped

MIN_ID_CHARS = 4
_HEADERS = ("sink", "worker", "category", "waiting", "size", "oldest")
DAMAGED = "(damaged)"
_HEADERS_ALL = ("id", "sink", "worker", "category", "size", "age")

Say = Callable[[str], None]


@dataclass(slots=True)
class Sum:
    """How much of one kind waits in one folder."""

    count: int = 0
    size_bytes: int = 0
    oldest_ns: int = 0

    def add(self, waiting: Waiting) -> None:
        """Count one more."""
        written_ns = waiting.record.written_ns
        self.oldest_ns = min(self.oldest_ns, written_ns) if self.count else written_ns
        self.count += 1
        self.size_bytes += waiting.size_bytes


def run_list(say: Say, *, is_all: bool) -> int:
    """Say what waits: a line for each sink, worker and category, or for each report."""
    workers = workers_below(read_settings().spool_dir)
    now_ns = time.time_ns()
    rows = list(_each(workers, now_ns) if is_all else _sums(workers, now_ns))
    why = list(reasons(workers, now=now_ns / 1e9))
    if not rows:
        say("nothing waits on disk" if why else "nothing waits")
        for reason in why:
            say(reason)
        return 0
    for line in aligned([_HEADERS_ALL if is_all else _HEADERS, *rows]):
        say(line)
    _explain(workers, say)
    for reason in why:
        say(reason)
    if any(DAMAGED in cell for row in rows for cell in row):
        say(
            "damaged: can't be read any more; counted as spool_damaged by whoever takes the folder up"
        )
    return 0


def _sums(workers: Sequence[Worker], now_ns: int) -> Iterator[tuple[str, ...]]:
    for worker in workers:
        sums: dict[str, Sum] = {}
        for waiting in waiting_in(worker.folder, categories_of):
            sums.setdefault(_category(waiting.record.categories), Sum()).add(waiting)
        for category, total in sorted(sums.items()):
            size, age = shown_bytes(total.size_bytes), _age(total.oldest_ns, now_ns)
            yield worker.sink, _name(worker), category, f"{total.count:,}", size, age
        damaged = Counter(_category(categories) for categories in damaged_in(worker.folder))
        for category, count in sorted(damaged.items()):
            yield worker.sink, _name(worker), f"{category} {DAMAGED}", f"{count:,}", "-", "-"


def _each(workers: Sequence[Worker], now_ns: int) -> Iterator[tuple[str, ...]]:
    for worker in workers:
        for waiting in waiting_in(worker.folder, categories_of):
            size, age = shown_bytes(waiting.size_bytes), _age(waiting.record.written_ns, now_ns)
            yield (
                _id(waiting),
                worker.sink,
                _name(worker),
                _category(waiting.record.categories),
                size,
                age,
            )


def _explain(workers: Sequence[Worker], say: Say) -> None:
    """Say why what waits waits, as far as can be seen from here."""
    if any(worker.is_running for worker in workers):
        say("running: its process sends them when the sink takes them; /sentry/status says more")
    if any(not worker.is_running for worker in workers):
        say(
            "ended: a process of the same sink takes them over, or the next start; or toolboxai spool drain"
        )


def _name(worker: Worker) -> str:
    return f"{worker.folder.name} ({'running' if worker.is_running else 'ended'})"


def _category(categories: frozenset[str]) -> str:
    return "+".join(sorted(categories)) or "unknown"


def _age(written_ns: int, now_ns: int) -> str:
    return shown_duration((now_ns - written_ns) / 1e9)


def _id(waiting: Waiting) -> str:
    header, _, _ = waiting.record.body.partition(b"\n")
    return str(orjson.loads(header)["envelope_id"])


def run_show(say: Say, asked_id: str) -> int:
    """Print one report as it would leave, as JSON."""
    if len(asked_id) < MIN_ID_CHARS:
        message = f"give at least {MIN_ID_CHARS} characters of the id; toolboxai spool list --all shows it"
        raise CommandError(message)
    settings = read_settings()
    found = [
        waiting
        for worker in workers_below(settings.spool_dir)
        for waiting in waiting_in(worker.folder, categories_of)
        if _id(waiting).startswith(asked_id)
    ]
    if len(found) != 1:
        what = f"{len(found)} reports have" if found else "no report that waits has"
        message = f"{what} an id that begins with {asked_id}; see toolboxai spool list --all"
        raise CommandError(message, exit_code=1)
    kept, gate = found[0].record.body, gate_for(settings)
    if found[0].record.rules != gate.rules:
        kept = regated(kept, gate)
    say(orjson.dumps(_opened(kept), option=orjson.OPT_INDENT_2).decode())
    return 0


def _opened(kept: bytes) -> dict[str, Any] | None:
    """Return an envelope as one piece of JSON; ``None`` when nothing of it may leave."""
    if not kept:
        return None
    header = orjson.loads(stamped(kept, now=time.time()).partition(b"\n")[0])
    items = [
        {"type": item.type, **item.headers, "payload": _shown(item.payload)}
        for item in items_of(kept)
    ]
    return {**header, "items": items}


def _shown(payload: object) -> object:
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else payload


def run_discard(say: Say, ask: Callable[[str], bool], *, older_than: timedelta) -> int:
    """Throw away what no process sends and is older than that, once somebody has agreed."""
    before_ns = time.time_ns() - int(older_than.total_seconds() * 1e9)
    workers = workers_below(read_settings().spool_dir)
    ended = [worker for worker in workers if not worker.is_running]
    for worker in workers:
        if worker.is_running and (count := _old_in([worker], before_ns).count):
            say(f"skipped {count:,} of {_name(worker)}: its process sends them")
    old = _old_in(ended, before_ns)
    if not old.count:
        say("nothing to discard")
        return 0
    if not ask(f"discard {old.count:,} reports ({shown_bytes(old.size_bytes)})?"):
        say("nothing was discarded")
        return 1
    for category, count in sorted(_discarded(ended, before_ns).items()):
        say(f"discarded {count:,} of {category}")
    return 0


def _old_in(workers: Sequence[Worker], before_ns: int) -> Sum:
    total = Sum()
    for worker in workers:
        for waiting in waiting_in(worker.folder, categories_of):
            if waiting.record.written_ns < before_ns:
                total.add(waiting)
    return total


def _discarded(workers: Sequence[Worker], before_ns: int) -> Counter[str]:
    return Counter(
        _category(record.categories)
        for worker in workers
        for record in discard(worker.folder, categories_of, before_ns=before_ns) or []
    )
