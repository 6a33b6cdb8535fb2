"""Files of facts: what one holds, and what is said of one that is wrong."""

from pathlib import Path
from random import Random

import pytest

from toolboxai.server.content.engine.curriculum import MATHEMATICS
from toolboxai.server.content.engine.lesson import Plan, write
from toolboxai.server.content.schemas import MAX_QUESTIONS
from toolboxai.server.content.subjects import SUBJECTS, SubjectError, load_subjects
from toolboxai.server.content.subjects.bank import read_subject

FACT = (
    '{ say = "A fact has number {%d}.", ask = "Which number has fact %d?", not = ["a", "b", "c"] }'
)
FACTS = ",\n".join(FACT % (number, number) for number in range(10))
GOOD = f"""
title = "History"

[[objective]]
code = "numbers"
title = "Numbers of facts"
grades = [3, 4]
idea = ["Facts have numbers.", "A fact has one number.", "It is a fact."]
facts = [
{FACTS}
]
"""


def _file(tmp_path: Path, text: str, name: str = "history.toml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_further_subject_is_one_more_file(tmp_path: Path) -> None:
    _file(tmp_path, GOOD)

    subjects = load_subjects(tmp_path)

    (objective,) = subjects["history"].objectives
    assert list(subjects) == ["mathematics", "history"]
    assert subjects["mathematics"] is MATHEMATICS
    assert (objective.code, objective.subject, objective.grades) == ("numbers", "history", (3, 4))
    assert objective.make(Random(1)).question.startswith("Which number")
    assert objective.practise is not None
    assert "___" in objective.practise(Random(1)).question


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("number {3}", "number 3", "objective 1, facts 4: .*`say` needs its answer in one pair"),
        ("number {3}", "{number} {3}", "facts 4: .*one pair of braces"),
        ("number {3}", "number 3 {3}", "facts 4: .*gives its answer away"),
        ("has fact 3?", "has fact 3", "facts 4: .*question mark"),
        ("has fact 3?", "has fact 2?", "objective 1: .*asked twice"),
        ('["a", "b", "c"]', '["a", "b"]', "facts 1, not: .*at least 3 items"),
        ('["a", "b", "c"]', '["a", "b", "A"]', "facts 1: .*option appears twice"),
        ('["a", "b", "c"]', '["a", "b", "0"]', "facts 1: .*option appears twice"),
        ("grades = [3, 4]", "grades = [3, 13]", "grades 2: .*less than or equal to 12"),
        ("grades = [3, 4]", "grades = []", "grades: .*at least 1 item"),
        ('code = "numbers"', 'code = "Numbers!"', "objective 1, code: .*pattern"),
        ('"It is a fact."', "", "idea: .*at least 3 items"),
        (f",\n{FACT % (9, 9)}", "", "facts: .*at least 10 items"),
        ('title = "History"', "", "title: Field required"),
        ('title = "History"', 'title = "History"\ncolour = 1', "colour: .*not permitted"),
        ('title = "History"', 'title = "History', "line 2"),
        ("[[objective]]", "[objective]", "objective: "),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_the_place_and_the_reason(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    assert before in GOOD
    file = _file(tmp_path, GOOD.replace(before, after, 1))

    with pytest.raises(SubjectError, match=f"history.toml: .*{said}"):
        read_subject(file)


def test_a_code_that_appears_twice_is_refused(tmp_path: Path) -> None:
    twice = GOOD + GOOD[GOOD.index("[[objective]]") :]

    with pytest.raises(SubjectError, match="a code appears twice"):
        read_subject(_file(tmp_path, twice))


@pytest.mark.parametrize("name", ["Social Studies.toml", "a_b.toml", "1a.toml"])
def test_a_file_s_name_is_the_subject_s_and_must_be_speakable(tmp_path: Path, name: str) -> None:
    with pytest.raises(SubjectError, match="joined by hyphens"):
        read_subject(_file(tmp_path, GOOD, name))


def test_everything_that_is_wrong_is_said_at_once_up_to_a_limit(tmp_path: Path) -> None:
    with pytest.raises(SubjectError) as refused:
        read_subject(_file(tmp_path, GOOD.replace("?", "").replace("History", "")))

    assert len(refused.value.problems) == 11


def test_the_longest_quiz_asks_every_fact_once() -> None:
    for objective in SUBJECTS["science"].objectives:
        plan = Plan(objective=objective, grade=objective.grades[0], seed=1, questions=MAX_QUESTIONS)

        asked = {item.exercise.question for item in write(plan).quiz}

        assert len(asked) == MAX_QUESTIONS
