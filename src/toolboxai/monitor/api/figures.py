"""How long things take and what became of them, as JSON. Durations are in ms; what sampling left out is counted in."""

from typing import Any

from toolboxai.monitor.models import OutcomeSteps, SlowEvent, TimedSeries, Timing
from toolboxai.monitor.queries.windows import Window

Json = dict[str, Any]


def timing(value: Timing, minutes: float) -> Json:
    """Return figures, with the throughput of so many minutes."""
    return {
        "count": value.count,
        "extrapolatedCount": value.extrapolated,
        "throughput": value.extrapolated / minutes,
        "failureRate": value.failure_rate,
        "totalDuration": value.total_ms,
        "p50": value.p50_ms,
        "p95": value.p95_ms,
        "p99": value.p99_ms,
    }


def series(value: TimedSeries, minutes: float) -> Json:
    """Return a transaction, or a kind of span."""
    return {
        "id": str(value.id),
        "projectId": str(value.project_id),
        "name": value.name,
        "op": value.op,
        "environment": value.environment or None,
        **timing(value.timing, minutes),
    }


def slow(value: SlowEvent) -> Json:
    """Return one of the slowest."""
    return {
        "eventId": value.event_id,
        "traceId": value.trace_id or None,
        "duration": value.duration_ms,
        "timestamp": value.at.isoformat().replace("+00:00", "Z"),
    }


def outcome(value: OutcomeSteps, window: Window) -> Json:
    """Return how many of a kind met one fate, in all and in each step by its start (s since 1970)."""
    return {
        "category": value.category,
        "outcome": value.outcome,
        "reason": value.reason or None,
        "quantity": value.quantity,
        "series": [
            {"time": start // 1_000, "quantity": quantity}
            for start, quantity in zip(window.starts, value.steps, strict=True)
        ],
    }


def steps(values: list[Timing], window: Window) -> list[Json]:
    """Return the figures of each step by its start (s since 1970), as Sentry's series have it."""
    minutes = window.asked.step / 60_000
    return [
        {"time": start // 1_000, **timing(each, minutes)}
        for start, each in zip(window.starts, values, strict=True)
    ]
