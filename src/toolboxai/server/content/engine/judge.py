"""Read a quiz as a pupil would, and answer it by another way than it was written. Pure.

Every option is read back from its text and judged by the exercise's own second way to the answer.
"""

from collections.abc import Iterator, Sequence

from toolboxai.server.content.engine.exercise import Exercise
from toolboxai.server.content.engine.lesson import Draft
from toolboxai.server.content.engine.notation import UnreadableError


def exercises_of(draft: Draft) -> dict[str, Exercise]:
    """Return everything that ``draft`` asks, by its question."""
    quiz = (item.exercise for item in draft.quiz)
    return {one.question: one for one in (*draft.examples, *draft.practice, *quiz)}


def right_options(exercise: Exercise | None, options: Sequence[str]) -> list[int]:
    """Return the index of every option that is a right answer; none for a question nobody wrote."""
    if exercise is None:
        return []
    return [index for index, option in enumerate(options) if exercise.accepts(option)]


def worth_the_same(exercise: Exercise | None, options: Sequence[str]) -> bool:
    """Say whether two options have one value, as 1/2 and 2/4 do, or one can't be read."""
    if exercise is None:
        return False
    try:
        values = {exercise.notation.read(option) for option in options}
    except UnreadableError:
        return True
    return len(values) != len(options)


def object_to_answers(draft: Draft, answers: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield what is wrong with ``answers``: pairs of a question and what it is said to be."""
    known = exercises_of(draft)
    for question, answer in answers:
        exercise = known.get(question)
        if exercise is None or not exercise.accepts(answer):
            yield f"the answer given is wrong: {question}"
