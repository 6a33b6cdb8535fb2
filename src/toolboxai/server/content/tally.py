"""How much was made, and what became of it: Prometheus counters. Never by class, user or school."""

from collections.abc import Generator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge

from toolboxai.server.error_handling import CallerError
from toolboxai.server.grades import grade_band_of


class LessonTally:
    """Counts lessons and quizzes by kind, subject, grade band and outcome."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._lessons = Counter(
            "toolboxai_lessons",
            "Lessons and quizzes asked for",
            ["kind", "subject", "grade_band", "outcome"],
            registry=registry,
        )

    @contextmanager
    def count(self, kind: str, subject: str, grade: int) -> Generator[None]:
        """Count the block as made, refused (the caller's fault) or failed (ours)."""
        outcome = "failed"
        try:
            yield
            outcome = "made"
        except CallerError:
            outcome = "refused"
            raise
        finally:
            self._lessons.labels(kind, subject, grade_band_of(grade).value, outcome).inc()


class ModelTally:
    """Counts what the model outside did, and shows whether it is left alone."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._written = Counter(
            "toolboxai_model_orders",
            "Orders that a model outside was asked for first",
            ["outcome"],
            registry=registry,
        )
        self._tokens = Counter(
            "toolboxai_model_tokens",
            "Tokens that the model outside counted",
            ["direction"],
            registry=registry,
        )
        self._rests = Gauge(
            "toolboxai_model_resting",
            "1 while the model outside is left alone after failures",
            registry=registry,
        )

    def count(self, outcome: str) -> None:
        """Count an order by its outcome: ``made``, or the code of what went wrong."""
        self._written.labels(outcome).inc()

    def spend(self, input_tokens: int, output_tokens: int) -> None:
        """Count tokens."""
        self._tokens.labels("input").inc(input_tokens)
        self._tokens.labels("output").inc(output_tokens)

    def show(self, *, rests: bool) -> None:
        """Show whether it is left alone."""
        self._rests.set(rests)
