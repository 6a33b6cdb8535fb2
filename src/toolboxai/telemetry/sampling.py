"""Which requests have their trace kept. Pure: facts in, a decision out."""

# A probe every few seconds says nothing about the service and would drown what does.
HEALTH_CHECKS = frozenset(
    {
        "/health",
        "/health/live",
        "/health/ready",
        "/healthz",
        "/livez",
        "/readyz",
        "/metrics",
        "/sentry/status",
    }
)


def rate_for(path: str, *, default: float) -> float:
    """Return the share of requests to ``path`` whose trace is kept."""
    return 0.0 if path in HEALTH_CHECKS else default


def is_sampled(*, rate: float, parent_sampled: bool | None, chance: float) -> bool:
    """Decide for one request; ``chance`` is drawn evenly from 0 to 1.

    Who started the trace has decided for all of it, except that rate 0 is never overruled.
    """
    if rate <= 0:
        return False
    return chance < rate if parent_sampled is None else parent_sampled


def is_kept_anyway(
    *,
    status: int | None,
    raised: bool,
    seconds: float,
    slow_seconds: float,
    is_only_counted: bool = False,
) -> bool:
    """Say whether a request is kept whatever chance said: it failed and more than a count tells of it, or it was slow.

    All of these are kept, so each stands for itself alone; the others stand for ``1 / rate`` of their
    kind. That is how percentiles stay true.
    """
    has_failed = raised or (status or 0) >= 500
    return (has_failed and not is_only_counted) or seconds >= slow_seconds
