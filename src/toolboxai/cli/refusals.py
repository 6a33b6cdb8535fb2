"""How often the sink has said a final no to this process, by the status it said it with."""

from collections import Counter

from toolboxai import telemetry

REFUSED = "envelopes.refused."


def refusals() -> Counter[str]:
    """Return how many envelopes were refused so far, by HTTP status."""
    counts = telemetry.measurements().items()
    return Counter(
        {
            name.removeprefix(REFUSED): int(count)
            for name, count in counts
            if name.startswith(REFUSED)
        }
    )
