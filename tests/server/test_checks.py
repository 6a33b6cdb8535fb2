"""What may be handed out: each check finds what it is for, and leaves a good lesson alone."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.server.content.agents.answers import Answers
from toolboxai.server.content.agents.tasks import Brief
from toolboxai.server.content.checks import CHECKS, Material, Verdict, check
from toolboxai.server.content.checks.checks import MAX_GRADE_LEVEL
from toolboxai.server.content.checks.reading import grade_level_of, sentences_of, syllables_in
from toolboxai.server.content.engine.lesson import Plan
from toolboxai.server.content.subjects import SUBJECTS
from toolboxai.server.grades import GradeBand, grade_band_of

Spoil = Callable[[Material], Material]


def _lesson(subject: str, code: str) -> Material:
    objective = SUBJECTS[subject].find(code)
    assert objective is not None
    plan = Plan(objective=objective, grade=objective.grades[0], seed=1, questions=5)
    return Answers(SUBJECTS).whole(Brief.of(plan))


GOOD = _lesson("mathematics", "equivalent-fractions")


def _first_question(**changes: Any) -> Spoil:  # noqa: ANN401 - the values of any field
    def spoil(material: Material) -> Material:
        first, *others = material.quiz
        return replace(material, quiz=[first.model_copy(update=changes), *others])

    return spoil


def _explanation(*sentences: str) -> Spoil:
    return lambda material: replace(material, explanation=sentences)


def _more(sentence: str) -> Spoil:
    return lambda material: replace(material, explanation=[*material.explanation, sentence])


def _verdict(**changes: Any) -> Spoil:  # noqa: ANN401 - the values of any field
    def spoil(material: Material) -> Material:
        assert material.verdict is not None
        return replace(material, verdict=material.verdict.model_copy(update=changes))

    return spoil


def _right(*options: int) -> Spoil:
    def spoil(material: Material) -> Material:
        assert material.verdict is not None
        _, *others = material.verdict.right_options
        return _verdict(right_options=[list(options), *others])(material)

    return spoil


@pytest.mark.parametrize(
    ("spoil", "failed"),
    [
        pytest.param(_right(), {"one right answer", "the key is right"}, id="no option is right"),
        pytest.param(_right(0, 1, 2, 3), {"one right answer"}, id="all options are right"),
        pytest.param(
            _first_question(answer=(GOOD.quiz[0].answer + 1) % 4),
            {"the key is right"},
            id="a wrong key",
        ),
        pytest.param(_first_question(answer=4), {"the key is right"}, id="a key to nothing"),
        pytest.param(_first_question(answer=-1), {"the key is right"}, id="a key from behind"),
        pytest.param(
            _first_question(options=["1/2", "1/2 ", "1/3", "1/4"]),
            {"different options"},
            id="an option twice",
        ),
        pytest.param(
            _first_question(options=["1/2", "1/3", "1/4"], feedback=["a", "b", "c"]),
            {"different options"},
            id="only three options",
        ),
        pytest.param(_first_question(feedback=["no"]), {"complete quiz"}, id="missing feedback"),
        pytest.param(
            lambda material: replace(material, quiz=material.quiz[:-1]),
            {"complete quiz"},
            id="a question short",
        ),
        pytest.param(
            _first_question(question=GOOD.quiz[1].question.upper()),
            {"different questions"},
            id="a question twice",
        ),
        pytest.param(
            _first_question(question=GOOD.practice[0].question),
            {"different questions"},
            id="a question that was practised",
        ),
        pytest.param(
            lambda material: replace(material, practice=material.practice[1:]),
            {"complete text"},
            id="a task short",
        ),
        pytest.param(_first_question(explanation=" "), {"right length"}, id="an empty text"),
        pytest.param(_first_question(question="x" * 301), {"right length"}, id="a long question"),
        pytest.param(
            _first_question(options=["1", "2", "3", "4" * 121]),
            {"right length"},
            id="a long option",
        ),
        pytest.param(
            _explanation("Multiply the top and the bottom by one number, and the amount stays."),
            {"right length"},
            id="one sentence",
        ),
        pytest.param(
            _more("This sentence goes " + "on and on " * 6 + "for too long."),
            {"readable"},
            id="a long sentence",
        ),
        pytest.param(
            _explanation(
                "Equivalent fractions necessitate multiplicative manipulation.",
                "Numerators and denominators undergo identical multiplication.",
            ),
            {"readable"},
            id="hard words",
        ),
        pytest.param(
            _explanation("The king had a red coat.", "He rode to the big town."),
            {"objective covered"},
            id="about something else",
        ),
        pytest.param(
            _verdict(covers_objective=False), {"objective covered"}, id="says the reviewer"
        ),
        pytest.param(_verdict(objections=["unclear"]), {"no objection"}, id="an objection"),
        pytest.param(
            lambda material: replace(material, verdict=None),
            {"no objection", "one right answer", "the key is right"},
            id="no review",
        ),
        pytest.param(_more("Do not be an IDIOT."), {"suitable"}, id="a bad word"),
        pytest.param(_more("See https://example.org now."), {"suitable"}, id="a link"),
        pytest.param(_more("See www.example.org now."), {"suitable"}, id="a bare link"),
        pytest.param(_more("Write to a@example.org now."), {"suitable"}, id="a mail address"),
        pytest.param(_more("Now <script>go</script>."), {"suitable"}, id="a script"),
        pytest.param(_more('Now <a href="x">go</a>.'), {"suitable"}, id="markup"),
    ],
)
def test_a_check_finds_what_it_is_for(spoil: Spoil, failed: set[str]) -> None:
    found = {finding.check for finding in check(spoil(GOOD)) if not finding.passed}

    assert found == failed


@pytest.mark.parametrize(
    "sentence",
    [
        "So a<b and c>d.",
        "If x < y, then x/2 < y/2.",
        "The class of Essex grapes has 1/2.",
        "Mrs. Smith has 3.5 m.",
    ],
)
def test_signs_and_words_that_only_look_bad_pass(sentence: str) -> None:
    assert all(finding.passed for finding in check(_more(sentence)(GOOD)))


def test_a_quiz_alone_is_not_asked_for_its_text() -> None:
    quiz = replace(GOOD, explanation=(), worked_examples=(), practice=(), has_text=False)

    findings = check(quiz)

    assert [finding.check for finding in findings] == list(CHECKS)
    assert all(finding.passed for finding in findings)


def test_a_reviewer_who_answers_fewer_questions_leaves_the_others_without_a_right_answer() -> None:
    short = _verdict(right_options=[])(GOOD)

    findings = {finding.check: finding for finding in check(short)}

    assert len(findings["one right answer"].objections) == len(GOOD.quiz)


@given(
    st.builds(
        Verdict,
        covers_objective=st.booleans(),
        right_options=st.lists(st.lists(st.integers(-2, 6), max_size=5), max_size=12),
    )
)
def test_whatever_a_reviewer_says_is_judged_and_never_raised(verdict: Verdict) -> None:
    findings = check(replace(GOOD, verdict=verdict))

    agrees = verdict == GOOD.verdict
    assert all(finding.passed for finding in findings) or not agrees


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("cat", 1),
        ("make", 1),
        ("table", 2),
        ("shapes", 1),
        ("boxes", 2),
        ("lived", 1),
        ("needed", 2),
        ("the", 1),
        ("whole", 1),
        ("water", 2),
        ("photosynthesis", 5),
        ("Earth's", 1),
        ("rhythm", 1),
    ],
)
def test_syllables_are_counted(word: str, syllables: int) -> None:
    assert syllables_in(word) == syllables


def test_the_reading_level_is_the_formula_of_flesch_and_kincaid() -> None:
    # 2 sentences, 7 words, 8 syllables.
    expected = 0.39 * 7 / 2 + 11.8 * 8 / 7 - 15.59

    assert grade_level_of("The cat sat. It saw the water!") == pytest.approx(expected)


def test_longer_words_and_sentences_are_harder() -> None:
    easy = "The sun is hot. It is big."
    longer = "The sun is hot and it is big and it is far."
    harder = "Stellar luminosity originates from thermonuclear processes. It is considerable."

    assert grade_level_of(easy) < grade_level_of(longer) < grade_level_of(harder)


@pytest.mark.parametrize("text", ["", "  ", "1/2 + 3/4 = 5/4", "?!."])
def test_a_text_without_words_has_no_level(text: str) -> None:
    assert grade_level_of(text) == 0


def test_a_quotation_mark_after_a_full_stop_belongs_to_its_sentence() -> None:
    assert len(sentences_of('He said "go." She went. Why? ')) == 3


def test_what_the_curriculum_explains_is_within_the_bounds_it_sets() -> None:
    for subject in SUBJECTS.values():
        for objective in subject.objectives:
            band = grade_band_of(objective.grades[0])

            assert grade_level_of(" ".join(objective.idea)) <= MAX_GRADE_LEVEL[band], objective.code


def test_the_bounds_rise_with_the_grades() -> None:
    assert [MAX_GRADE_LEVEL[band] for band in GradeBand] == sorted(MAX_GRADE_LEVEL.values())
