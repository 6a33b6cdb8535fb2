"""Plan a lesson, then write it. Pure and repeatable: the same plan gives the same lesson."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random

from toolboxai.server.content.engine.exercise import Exercise, Mistake, Objective
from toolboxai.server.content.engine.notation import Value

# Part of what chance depends on: raise it with every change that changes a lesson's content.
ENGINE_VERSION = 1
EXAMPLES = 2
PRACTICE_TASKS = 3
OPTIONS = 4
MAX_DRAWS_PER_EXERCISE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to write: everything that decides a lesson's content."""

    objective: Objective
    grade: int
    seed: int
    questions: int

    @property
    def key(self) -> str:
        """The plan in one line; two plans with one key give the same lesson."""
        return f"{ENGINE_VERSION}/{self.objective.code}/{self.grade}/{self.questions}/{self.seed}"


@dataclass(frozen=True, slots=True)
class QuizItem:
    """A question to choose an answer for; ``feedback`` says something about each option."""

    exercise: Exercise
    options: tuple[str, ...]
    answer: int
    feedback: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A lesson that is not checked yet."""

    plan: Plan
    examples: tuple[Exercise, ...]
    practice: tuple[Exercise, ...]
    quiz: tuple[QuizItem, ...]


def write(plan: Plan, *, attempt: int = 0) -> Draft:
    """Write the lesson; another ``attempt`` at the same plan draws other exercises."""
    draw = Random(f"{plan.key}/{attempt}")
    seen: set[str] = set()

    def drawn(make: Callable[[Random], Exercise], wanted: int) -> tuple[Exercise, ...]:
        return tuple(islice(_exercises(make, draw, seen, wanted), wanted))

    objective = plan.objective
    practised = drawn(objective.practise or objective.make, EXAMPLES + PRACTICE_TASKS)
    asked = drawn(objective.make, plan.questions)
    quiz = tuple(_quiz_item(exercise, draw) for exercise in asked)
    return Draft(plan, practised[:EXAMPLES], practised[EXAMPLES:], quiz)


def _exercises(
    make: Callable[[Random], Exercise], draw: Random, seen: set[str], wanted: int
) -> Iterator[Exercise]:
    """Draw exercises with different questions, each with enough wrong answers to offer."""
    for _ in range(MAX_DRAWS_PER_EXERCISE * wanted):
        exercise = make(draw)
        if exercise.question not in seen and len(_distractors(exercise)) == OPTIONS - 1:
            seen.add(exercise.question)
            yield exercise


def _distractors(exercise: Exercise) -> list[Mistake]:
    """Return the first mistakes that differ in value from the answer and from each other."""
    tidy = exercise.notation.tidy
    taken: set[Value] = {tidy(exercise.answer)}
    chosen: list[Mistake] = []
    for mistake in exercise.mistakes:
        if (value := tidy(mistake.value)) not in taken:
            taken.add(value)
            chosen.append(mistake)
    return chosen[: OPTIONS - 1]


def _quiz_item(exercise: Exercise, draw: Random) -> QuizItem:
    right = (exercise.answer_text, "That is right.")
    show = exercise.notation.show
    choices = [right, *((show(wrong.value), wrong.slip) for wrong in _distractors(exercise))]
    draw.shuffle(choices)
    options, feedback = zip(*choices, strict=True)
    return QuizItem(exercise, options, choices.index(right), feedback)
