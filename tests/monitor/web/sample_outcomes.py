"""What became of a school day's reports: most are stored, some weren't."""

from toolboxai.monitor.models import OutcomeSteps
from toolboxai.monitor.queries.windows import Window

_PER_STEP = {
    ("log", "accepted", ""): 900,
    ("transaction", "accepted", ""): 410,
    ("error", "accepted", ""): 12,
    ("transaction", "discarded by client", "cache_overflow"): 3,
    ("envelope", "rejected", "too large"): 1,
    ("error", "repeated", "event id"): 1,
    ("error", "overflow", "new issues per hour"): 2,
}


def over(window: Window) -> list[OutcomeSteps]:
    """Return them over a window, more in its middle, and nothing lost in its first half."""
    steps = window.asked.steps
    shape = [min(place, steps - 1 - place) for place in range(steps)]
    found = [
        OutcomeSteps(
            category=category,
            outcome=outcome,
            reason=reason,
            quantity=sum(quantities),
            steps=quantities,
        )
        for (category, outcome, reason), many in _PER_STEP.items()
        if (
            quantities := tuple(
                many * often if outcome == "accepted" or place > steps // 2 else 0
                for place, often in enumerate(shape)
            )
        )
    ]
    return sorted(found, key=lambda one: -one.quantity)
