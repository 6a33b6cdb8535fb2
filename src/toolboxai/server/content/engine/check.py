"""Judge a draft by what it says, not by how it was made. Pure.

Every option is read back from its text and judged by the exercise's own second way to the answer.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from toolboxai.server.content.engine.exercise import Exercise
from toolboxai.server.content.engine.lesson import (
    EXAMPLES,
    OPTIONS,
    PRACTICE_TASKS,
    Draft,
    QuizItem,
)
from toolboxai.server.content.engine.notation import UnreadableError
from toolboxai.server.grades import GradeBand, grade_band_of

MAX_WORDS_PER_SENTENCE = {
    GradeBand.EARLY: 15,
    GradeBand.ELEMENTARY: 17,
    GradeBand.MIDDLE: 20,
    GradeBand.HIGH: 24,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict of one check: passed if there is nothing to object to."""

    check: str
    objections: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Say whether the check found nothing wrong."""
        return not self.objections


def check(draft: Draft) -> tuple[Finding, ...]:
    """Return what each check says about ``draft``."""
    return tuple(Finding(name, tuple(object_to(draft))) for name, object_to in CHECKS.items())


def _one_right_answer(draft: Draft) -> Iterator[str]:
    for item in draft.quiz:
        right = sum(item.exercise.accepts(option) for option in item.options)
        if right != 1:
            yield f"{right} options are right: {item.exercise.question}"


def _key_is_right(draft: Draft) -> Iterator[str]:
    for item in draft.quiz:
        if not item.exercise.accepts(item.options[item.answer]):
            yield f"the key points to a wrong option: {item.exercise.question}"


def _distinct_options(draft: Draft) -> Iterator[str]:
    for item in draft.quiz:
        if len(_values_of(item)) != OPTIONS or len(item.options) != OPTIONS:
            yield f"not {OPTIONS} options of different value: {item.exercise.question}"


def _values_of(item: QuizItem) -> set[object]:
    try:
        return {item.exercise.notation.read(option) for option in item.options}
    except UnreadableError:
        return set()


def _distinct_questions(draft: Draft) -> Iterator[str]:
    questions = [exercise.question for exercise in _all_exercises(draft)]
    for question in {one for one in questions if questions.count(one) > 1}:
        yield f"asked more than once: {question}"


def _answers_recomputed(draft: Draft) -> Iterator[str]:
    for exercise in (*draft.examples, *draft.practice):
        if not exercise.accepts(exercise.answer_text):
            yield f"the answer given is wrong: {exercise.question}"


def _complete(draft: Draft) -> Iterator[str]:
    for part, found, wanted in (
        ("worked examples", len(draft.examples), EXAMPLES),
        ("practice tasks", len(draft.practice), PRACTICE_TASKS),
        ("quiz questions", len(draft.quiz), draft.plan.questions),
    ):
        if found != wanted:
            yield f"{found} {part} instead of {wanted}"
    texts = [*draft.plan.objective.idea, *(exercise.question for exercise in _all_exercises(draft))]
    if not all(text.strip() for text in texts):
        yield "a text is empty"


def _readable(draft: Draft) -> Iterator[str]:
    limit = MAX_WORDS_PER_SENTENCE[grade_band_of(draft.plan.grade)]
    for sentence in re.split(r"(?<=[.?!]) ", " ".join(draft.plan.objective.idea)):
        if len(sentence.split()) > limit:
            yield f"more than {limit} words: {sentence}"


def _all_exercises(draft: Draft) -> Iterator[Exercise]:
    yield from draft.examples
    yield from draft.practice
    yield from (item.exercise for item in draft.quiz)


CHECKS: dict[str, Callable[[Draft], Iterator[str]]] = {
    "one right answer": _one_right_answer,
    "the key is right": _key_is_right,
    "different options": _distinct_options,
    "different questions": _distinct_questions,
    "answers recomputed": _answers_recomputed,
    "complete": _complete,
    "readable": _readable,
}
