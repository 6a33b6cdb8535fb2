"""Laws that hold for every objective of every subject and every seed."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolboxai.server.content.agents.answers import Answers
from toolboxai.server.content.agents.tasks import Brief
from toolboxai.server.content.checks import CHECKS, Material, check
from toolboxai.server.content.engine import lesson
from toolboxai.server.content.engine.curriculum import MATHEMATICS
from toolboxai.server.content.engine.exercise import Objective, exercise
from toolboxai.server.content.engine.lesson import Plan, write
from toolboxai.server.content.subjects import SUBJECTS
from toolboxai.server.grades import GradeBand, grade_band_of

OBJECTIVES = {
    objective.code: objective for subject in SUBJECTS.values() for objective in subject.objectives
}
seeds = st.integers(0, 2**53 - 1)
# Ten exercises each and fifty objectives: that makes fifteen thousand exercises a law.
few = settings(max_examples=30)
every_objective = pytest.mark.parametrize("objective", OBJECTIVES.values(), ids=OBJECTIVES)


def _plan(objective: Objective, seed: int = 1, questions: int = 10) -> Plan:
    return Plan(objective=objective, grade=objective.grades[0], seed=seed, questions=questions)


def _whole(objective: Objective, seed: int = 1, questions: int = 10) -> Material:
    """Return the reviewed lesson that the engine writes."""
    return Answers(SUBJECTS).whole(Brief.of(_plan(objective, seed, questions)))


@every_objective
@few
@given(seed=seeds)
def test_every_quiz_question_has_exactly_one_right_answer(objective: Objective, seed: int) -> None:
    for item in write(_plan(objective, seed)).quiz:
        verdicts = [item.exercise.accepts(option) for option in item.options]

        assert verdicts.count(True) == 1
        assert verdicts.index(True) == item.answer
        assert item.options[item.answer] == item.exercise.answer_text


@every_objective
@few
@given(seed=seeds)
def test_no_two_options_are_worth_the_same(objective: Objective, seed: int) -> None:
    for item in write(_plan(objective, seed)).quiz:
        assert len({item.exercise.notation.read(option) for option in item.options}) == 4
        assert len(set(item.options)) == 4
        assert len(item.feedback) == 4


@every_objective
@few
@given(seed=seeds, questions=st.integers(3, 10))
def test_every_lesson_passes_its_checks_at_the_first_attempt(
    objective: Objective, seed: int, questions: int
) -> None:
    findings = check(_whole(objective, seed, questions))

    assert [finding for finding in findings if not finding.passed] == []
    assert [finding.check for finding in findings] == list(CHECKS)


@every_objective
@few
@given(seed=seeds)
def test_the_same_plan_gives_the_same_lesson(objective: Objective, seed: int) -> None:
    assert _whole(objective, seed) == _whole(objective, seed)


def test_another_seed_gives_another_lesson() -> None:
    lessons = {write(_plan(OBJECTIVES["times-tables"], seed)).quiz[0].options for seed in range(20)}

    assert len(lessons) > 10


def test_another_attempt_draws_other_exercises() -> None:
    plan = _plan(OBJECTIVES["derivatives"])

    questions = [write(plan, attempt=n).quiz[0].exercise.question for n in range(3)]

    assert len(set(questions)) == 3


def test_the_right_answer_is_not_always_in_the_same_place() -> None:
    items = write(_plan(OBJECTIVES["adding-decimals"])).quiz

    assert len({item.answer for item in items}) > 1


def test_content_changes_only_with_the_engines_version() -> None:
    """If this fails, lessons changed: raise ENGINE_VERSION, then put the new digest here."""
    digest = hashlib.sha256()
    for code in sorted(OBJECTIVES):
        digest.update(repr(_whole(OBJECTIVES[code]).texts).encode())

    assert (lesson.ENGINE_VERSION, digest.hexdigest()[:12]) == (1, "8108dd194653")


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("grade", range(1, 13))
def test_every_grade_has_at_least_two_objectives(subject: str, grade: int) -> None:
    assert len(SUBJECTS[subject].for_grade(grade)) >= 2


@pytest.mark.parametrize(
    "name", ["times-tables", "Times tables", "TIMES TABLES", " times   tables ", "Times-Tables"]
)
def test_an_objective_is_found_by_code_and_by_title(name: str) -> None:
    assert MATHEMATICS.find(name) is OBJECTIVES["times-tables"]


def test_a_title_that_is_not_the_code_in_words_is_found_too() -> None:
    assert MATHEMATICS.find("the slope of a LINE") is OBJECTIVES["slope-of-a-line"]


def test_what_is_not_taught_is_not_found() -> None:
    assert MATHEMATICS.find("alchemy") is None


@pytest.mark.parametrize(
    ("grade", "band"),
    [
        (1, GradeBand.EARLY),
        (2, GradeBand.EARLY),
        (3, GradeBand.ELEMENTARY),
        (5, GradeBand.ELEMENTARY),
        (6, GradeBand.MIDDLE),
        (8, GradeBand.MIDDLE),
        (9, GradeBand.HIGH),
        (12, GradeBand.HIGH),
    ],
)
def test_a_grade_lies_in_its_band(grade: int, band: GradeBand) -> None:
    assert grade_band_of(grade) is band


def test_an_objective_that_runs_out_of_questions_gives_a_short_lesson() -> None:
    only = exercise(
        "What is 1 + 1?",
        2,
        is_right=lambda total: total == 2,
        mistakes=[(1, "a"), (3, "b"), (4, "c")],
        steps=["Count."],
    )
    poor = Objective("poor", "Poor", (1,), ("An idea.",), lambda _: only)

    draft = write(_plan(poor))

    assert (len(draft.examples), len(draft.practice), len(draft.quiz)) == (1, 0, 0)


def test_an_exercise_without_enough_wrong_answers_is_not_asked() -> None:
    vague = exercise(
        "What is 1 + 1?",
        2,
        is_right=lambda total: total == 2,
        mistakes=[(1, "a"), (2, "right after all"), (1, "again"), (3, "b")],
        steps=["Count."],
    )
    poor = Objective("poor", "Poor", (1,), ("An idea.",), lambda _: vague)

    assert write(_plan(poor)).quiz == ()
