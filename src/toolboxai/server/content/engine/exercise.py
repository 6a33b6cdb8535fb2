"""What an objective is, and one exercise for it. Pure values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from toolboxai.server.content.engine.notation import (
    NUMBER,
    Notation,
    Number,
    UnreadableError,
    Value,
)


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong answer, and the slip that leads a pupil to it."""

    value: Value
    slip: str


@dataclass(frozen=True, slots=True)
class Exercise:
    """A question with its computed answer.

    ``is_right`` must reach its verdict by another way than the one that computed ``answer``, for
    example by putting a solution into the equation, so that one mistake can't hide in both.
    """

    question: str
    answer: Value
    is_right: Callable[..., bool]
    mistakes: tuple[Mistake, ...]
    steps: tuple[str, ...]
    notation: Notation

    @property
    def answer_text(self) -> str:
        """The answer as a pupil reads it."""
        return self.notation.show(self.answer)

    def accepts(self, text: str) -> bool:
        """Say whether ``text``, read as a pupil would, is a right answer."""
        try:
            return self.is_right(*self.notation.read(text))
        except UnreadableError:
            return False


def exercise(
    question: str,
    answer: Number | Value,
    *,
    is_right: Callable[..., bool],
    mistakes: Sequence[tuple[Number | Value, str]],
    steps: Sequence[str],
    notation: Notation = NUMBER,
) -> Exercise:
    """Return an exercise; a plain number stands for a value of one number."""
    return Exercise(
        question,
        _as_value(answer),
        is_right,
        tuple(Mistake(_as_value(value), slip) for value, slip in mistakes),
        tuple(steps),
        notation,
    )


def _as_value(value: Number | Value) -> Value:
    return value if isinstance(value, tuple) else (value,)


@dataclass(frozen=True, slots=True)
class Objective:
    """One thing to learn: its name, its age, the idea in plain words, and its exercises."""

    code: str
    title: str
    grades: tuple[int, ...]
    idea: tuple[str, ...]
    make: Callable[[Random], Exercise]
    subject: str = "mathematics"
    # What is practised before the quiz, where that is not more of the same.
    practise: Callable[[Random], Exercise] | None = None


def objective(
    title: str, *, grades: Sequence[int], idea: Sequence[str]
) -> Callable[[Callable[[Random], Exercise]], Objective]:
    """Make the decorated function an objective; its name, with hyphens, is the code."""

    def wrap(make: Callable[[Random], Exercise]) -> Objective:
        code = make.__name__.replace("_", "-")
        return Objective(code, title, tuple(grades), tuple(idea), make)

    return wrap
