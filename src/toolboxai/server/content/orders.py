"""What is ordered, and what comes of it: the values that routes, jobs and agents share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from toolboxai.server.content.schemas import Lesson, Quiz

Kind = Literal["lesson", "quiz"]
# Called before each step: its name, how many are done, and how many there are.
Progress = Callable[[str, int, int], None]

STEPS: Final = ("plan", "write", "quiz", "review")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to make, for which school. The objective is a code or a title, checked when it is made."""

    kind: Kind
    school_id: UUID
    subject: str
    objective: str
    grade: int
    seed: int
    questions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What came of an order, and what it took. The engine uses no tokens."""

    content: Lesson | Quiz
    provider: str
    model: str
    input_tokens: int = 0
    output_tokens: int = 0
    # How often it was written until it passed its review.
    attempts: int = 1


def nobody_watches(step: str, done: int, total: int) -> None:
    """Make nothing of progress: for those who wait for the answer anyway."""


def steps_of(kind: Kind) -> tuple[str, ...]:
    """Return the steps in which content of this kind is made: a quiz alone has no text to write."""
    return STEPS if kind == "lesson" else tuple(step for step in STEPS if step != "write")
