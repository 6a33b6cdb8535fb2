"""What telemetry says of itself, over all workers: in short for anybody, in detail for operators."""

import os
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from time import time
from typing import Any

from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.figures import (
    Family,
    Figures,
    Moment,
    Sketch,
    added_up,
    families_of,
    gauge,
)
from toolboxai.telemetry.figures.durations import durations
from toolboxai.telemetry.options import Options
from toolboxai.telemetry.process import REPLACED, Telemetry
from toolboxai.telemetry.profiling import PROFILED
from toolboxai.telemetry.setup import current_telemetry


def status() -> dict[str, Any]:
    """Return what anybody may know: whether reporting is on and works, else why not. Never the DSN."""
    active = current_telemetry()
    return _status(active, added_up(_of_all(active)))


def details() -> dict[str, Any]:
    """Return what operators may know: queue, spool, what was sent, lost and redacted, and the choices made.

    Counts are those of all live workers, since each started.
    """
    active = current_telemetry()
    everybody = _of_all(active)
    all_of_them = added_up(everybody)
    told = _status(active, all_of_them) | _counted(all_of_them)
    if active is None:
        return told
    return told | {
        "workers": _workers(everybody),
        "processes": [_process(each) for each in everybody],
        "spool": _spool(all_of_them, active.options.spool_max_bytes * len(everybody)),
        "server_name": active.server_name,
        "sampling": _sampling(active, all_of_them),
        "options": _plain(active.options),
    }


def measurements() -> Mapping[str, int | float]:
    """Return flat numbers of this process alone: what it has counted and what waits now."""
    active = current_telemetry()
    own = _own(active)
    numbers: dict[str, int | float] = {"enabled": int(active is not None and active.is_active)}
    if active is not None and active.is_active:
        numbers |= {
            "healthy": int(own.trouble is None),
            "queued": own.queued,
            "spool_waiting": own.spool_waiting,
            "spool_size_bytes": own.spool_size_bytes,
        }
    return {**numbers, **own.counts}


def metrics(*, everything: bool = True) -> list[Family]:
    """Return the families of a metrics page; without ``everything``, only what anybody may know."""
    active = current_telemetry()
    everybody = _of_all(active)
    all_of_them = added_up(everybody)
    is_active = active is not None and active.is_active
    families = [gauge("enabled", "Whether a DSN is set.", int(is_active))]
    if is_active:
        healthy = int(all_of_them.trouble is None)
        families.append(gauge("healthy", "Whether what is captured arrives.", healthy))
    if everything:
        families += families_of(all_of_them, workers=_workers(everybody), now=time())
    return families


def _of_all(active: Telemetry | None) -> list[Figures]:
    """Return the figures of each process: this one's as of now, the others' as they last shared them."""
    others = active.transport.others() if active is not None and active.transport else []
    return [_own(active), *others]


def _own(active: Telemetry | None) -> Figures:
    if active is not None and active.transport is not None:
        return active.transport.figures()
    # Without a DSN there is no spool to share anything in, and each process speaks for itself.
    return Figures(
        pid=os.getpid(),
        serves=durations.serves,
        counts=counters.snapshot(),
        durations=durations.snapshot(),
    )


def _workers(everybody: list[Figures]) -> int:
    return sum(each.serves for each in everybody)


def _status(active: Telemetry | None, all_of_them: Figures) -> dict[str, Any]:
    if active is None or not active.is_active:
        reason = "no DSN is set: monitoring is off" if active else "telemetry.init was not called"
        environment = active.options.environment if active else None
        return {"enabled": False, "healthy": False, "environment": environment, "reason": reason}
    trouble = REPLACED if active.is_replaced else all_of_them.trouble
    return {
        "enabled": True,
        "healthy": trouble is None,
        **({"reason": trouble} if trouble else {}),
        "environment": active.options.environment,
        "release": active.options.release,
        "last_delivery": (_moment(all_of_them.last_success) or {}).get("at"),
    }


def _counted(figures: Figures) -> dict[str, Any]:
    return {
        "requests": _requests(figures.durations),
        "queued": figures.queued,
        "sent": _by_category(figures.counts, "sent"),
        "dropped": _dropped(figures.counts),
        "redacted": _by_category(figures.counts, "redacted"),
        "last_success": _moment(figures.last_success),
        "last_failure": _moment(figures.last_failure),
        "last_error": figures.last_error,
        "failures_in_a_row": figures.failures_in_a_row,
        "limited": _limited(figures.limited),
        "counts": dict(sorted(figures.counts.items())),
    }


def _limited(limits: Mapping[str, float]) -> dict[str, Any]:
    """Return until when the sink wants none of a category, and for how long still; ``all`` is any category."""
    return {
        category: {"until": _iso(until), "seconds": round(max(0.0, until - time()), 3)}
        for category, until in sorted(limits.items())
    }


def _requests(durations_of: Mapping[Any, Sketch]) -> int:
    return sum(sketch.count for sketch in durations_of.values())


def _by_category(counts: Mapping[str, int], group: str) -> dict[str, int]:
    """Return the counts of ``group`` by what follows its dot."""
    found = ((name.partition("."), count) for name, count in sorted(counts.items()))
    return {rest: count for (first, _, rest), count in found if first == group}


def _dropped(counts: Mapping[str, int]) -> dict[str, dict[str, int]]:
    by_reason: dict[str, Counter[str]] = {}
    for name, count in _by_category(counts, "dropped").items():
        reason, _, category = name.partition(".")
        by_reason.setdefault(reason, Counter())[category] += count
    return {reason: dict(categories) for reason, categories in by_reason.items()}


def _process(figures: Figures) -> dict[str, Any]:
    return {
        "pid": figures.pid,
        "started": _iso(figures.started),
        "serves": figures.serves,
        "healthy": figures.trouble is None,
        "requests": _requests(figures.durations),
        "queued": figures.queued,
        "last_error": figures.last_error,
    }


def _spool(figures: Figures, max_bytes: int) -> dict[str, Any]:
    oldest = figures.oldest_waiting_at
    return {
        "waiting": figures.spool_waiting,
        "held": figures.spool_held,
        "size_bytes": figures.spool_size_bytes,
        "max_bytes": max_bytes,
        "oldest_waiting_seconds": None if oldest is None else round(max(0.0, time() - oldest), 3),
    }


def _sampling(active: Telemetry, all_of_them: Figures) -> dict[str, float | None]:
    limit = active.options.effective_storm_limit
    requests = _requests(all_of_them.durations)
    return {
        "traces_sample_rate": active.reporting.traces_sample_rate,
        "profiles_sample_rate": active.options.effective_profiles_sample_rate,
        "profiled_share_of_requests": all_of_them.counts.get(PROFILED, 0) / requests
        if requests
        else 0.0,
        "slow_request_seconds": active.reporting.slow_request_seconds,
        "storm_errors_per_minute": None if limit == sys.maxsize else limit,
    }


def _plain(options: Options) -> dict[str, Any]:
    """Return the choices that are numbers or flags: no text, so no address, path or key."""
    return {
        name: value
        for name in type(options).__dataclass_fields__
        if isinstance(value := getattr(options, name), int | float)
    }


def _moment(moment: Moment | None) -> dict[str, Any] | None:
    return None if moment is None else asdict(moment) | {"at": _iso(moment.at)}


def _iso(seconds: float) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds else None
