"""How long orders took, and what became of them, for Prometheus; never by class, user or school."""

from prometheus_client import CollectorRegistry, Gauge, Histogram

from toolboxai.server.grades import grade_band_of
from toolboxai.server.models import Generation, GenerationStatus

# From what the engine makes in milliseconds to what an outside model takes its time for.
BUCKETS_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class GenerationTally:
    """Counts orders by kind, subject, grade band and outcome."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ["kind", "subject", "grade_band", "outcome"]
        self._seconds = Histogram(
            "toolboxai_generation_seconds",
            "From order to end, the wait included",
            labels,
            registry=registry,
            buckets=BUCKETS_SECONDS,
        )
        self._waited = Histogram(
            "toolboxai_generation_wait_seconds",
            "From order to the latest begin of work",
            ["kind"],
            registry=registry,
            buckets=BUCKETS_SECONDS,
        )
        self._waiting = Gauge(
            "toolboxai_generations_waiting", "Orders that wait, of all workers", registry=registry
        )

    def ended(self, order: Generation) -> None:
        """Count an order that has ended."""
        if order.finished_at is None:
            return
        band = grade_band_of(order.grade).value
        seconds = self._seconds.labels(order.kind, order.subject, band, _outcome_of(order))
        seconds.observe(max(0.0, (order.finished_at - order.created_at).total_seconds()))
        if order.started_at is not None:
            waited = (order.started_at - order.created_at).total_seconds()
            self._waited.labels(order.kind).observe(max(0.0, waited))

    def waiting(self, count: int) -> None:
        """Note how many orders wait."""
        self._waiting.set(count)


def _outcome_of(order: Generation) -> str:
    return "made" if order.status == GenerationStatus.DONE else str(order.status)
