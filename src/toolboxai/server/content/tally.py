"""How many lessons were asked for, and what became of them: one Prometheus counter."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry, Counter

from toolboxai.server.error_handling import CallerError
from toolboxai.server.grades import grade_band_of


class LessonTally:
    """Counts lessons by grade band and outcome; never by class or user."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._lessons = Counter(
            "toolboxai_lessons",
            "Lessons asked for",
            ["grade_band", "outcome"],
            registry=registry,
        )

    @contextmanager
    def count(self, grade: int) -> Generator[None]:
        """Count the block as made, refused (the caller's fault) or failed (ours)."""
        outcome = "failed"
        try:
            yield
            outcome = "made"
        except CallerError:
            outcome = "refused"
            raise
        finally:
            self._lessons.labels(grade_band_of(grade).value, outcome).inc()


def tally_of(request: Request) -> LessonTally:
    """Return the tally that the application was started with."""
    tally: LessonTally = request.app.state.lesson_tally
    return tally


TallyDep = Annotated[LessonTally, Depends(tally_of)]
