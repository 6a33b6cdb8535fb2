"""What every lesson and quiz must hold to, whoever wrote it. Pure.

Each check yields its objections, in words that tell a writer what to change.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from toolboxai.server.content.checks.material import Material
from toolboxai.server.content.checks.reading import WORD, grade_level_of, sentences_of
from toolboxai.server.content.engine.lesson import EXAMPLES, OPTIONS, PRACTICE_TASKS
from toolboxai.server.grades import GradeBand, grade_band_of

# The highest grade of the band, and one or two more: terms of a subject count as hard words.
MAX_GRADE_LEVEL = {
    GradeBand.EARLY: 4.0,
    GradeBand.ELEMENTARY: 7.0,
    GradeBand.MIDDLE: 10.0,
    GradeBand.HIGH: 14.0,
}
MAX_WORDS_PER_SENTENCE = {
    GradeBand.EARLY: 15,
    GradeBand.ELEMENTARY: 17,
    GradeBand.MIDDLE: 20,
    GradeBand.HIGH: 24,
}
MIN_SENTENCES = 2
MAX_PARAGRAPHS = 12
MAX_TEXT_CHARS = 600
MAX_QUESTION_CHARS = 300
MAX_OPTION_CHARS = 120
# Of what a curriculum says about an objective, a lesson about something else has next to nothing.
MIN_TERMS_SHARE = 0.25
MIN_TERM_LETTERS = 4
STEM_LETTERS = 5
ADDRESS = re.compile(r"https?://|www\.|\S@\S+\.\w|\b\w+\.(?:com|net|org|io)\b", re.IGNORECASE)
# Tags by name: mathematics has its own use for the sign.
MARKUP = re.compile(
    r"</?(?:br|div|em|h[1-6]|iframe|img|li|ol|script|span|strong|style|svg|table|ul)\b|<a\s+href|<!--|```|\]\(",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict of one check: passed if there is nothing to object to."""

    check: str
    objections: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Say whether the check found nothing wrong."""
        return not self.objections


Check = Callable[[Material], Iterator[str]]


def check(material: Material) -> tuple[Finding, ...]:
    """Return what each check says about ``material`` with its reviewer's verdict."""
    return tuple(Finding(name, tuple(object_to(material))) for name, object_to in CHECKS.items())


def object_to_text(material: Material) -> list[str]:
    """Return what is wrong with the text, before there are questions."""
    return [words for object_to in TEXT.values() for words in object_to(material)]


def object_to_quiz(material: Material) -> list[str]:
    """Return what is wrong with the questions, before they are reviewed."""
    alone = replace(material, explanation=(), worked_examples=(), practice=(), has_text=False)
    return [words for object_to in QUIZ.values() for words in object_to(alone)]


def _right_length(material: Material) -> Iterator[str]:
    if material.has_text:
        sentences = sum(len(sentences_of(text)) for text in material.explanation)
        if sentences < MIN_SENTENCES or len(material.explanation) > MAX_PARAGRAPHS:
            yield f"the explanation needs {MIN_SENTENCES} sentences and at most {MAX_PARAGRAPHS} parts"
    for text in material.texts:
        if not text.strip():
            yield "a text is empty"
        elif len(text) > MAX_TEXT_CHARS:
            yield f"longer than {MAX_TEXT_CHARS} characters: {text[:60]}"
    for one in material.quiz:
        if len(one.question) > MAX_QUESTION_CHARS:
            yield f"a question is longer than {MAX_QUESTION_CHARS} characters: {one.question[:60]}"
        if max(map(len, one.options), default=0) > MAX_OPTION_CHARS:
            yield f"an option is longer than {MAX_OPTION_CHARS} characters: {one.question[:60]}"


def _complete_text(material: Material) -> Iterator[str]:
    if material.has_text:
        yield from _missing("worked examples", len(material.worked_examples), EXAMPLES)
        yield from _missing("practice tasks", len(material.practice), PRACTICE_TASKS)


def _complete_quiz(material: Material) -> Iterator[str]:
    yield from _missing("quiz questions", len(material.quiz), material.questions)
    for one in material.quiz:
        if len(one.feedback) != len(one.options):
            yield f"each option needs its feedback: {one.question[:60]}"


def _missing(what: str, found: int, wanted: int) -> Iterator[str]:
    if found != wanted:
        yield f"{found} {what} instead of {wanted}"


def _readable(material: Material) -> Iterator[str]:
    band = grade_band_of(material.grade)
    words = MAX_WORDS_PER_SENTENCE[band]
    text = " ".join(material.explanation)
    for sentence in sentences_of(text):
        if len(sentence.split()) > words:
            yield f"more than {words} words: {sentence}"
    if (level := grade_level_of(text)) > MAX_GRADE_LEVEL[band]:
        limit = MAX_GRADE_LEVEL[band]
        yield f"the explanation reads like grade {level:.0f}; use shorter words, up to {limit:.0f}"


def _covered(material: Material) -> Iterator[str]:
    wanted = _terms_of(material.objective.title) | _terms_of(" ".join(material.objective.idea))
    if material.has_text:
        found = wanted & _terms_of(" ".join(material.explanation))
        if len(found) < MIN_TERMS_SHARE * len(wanted):
            yield f"the explanation is hardly about {material.objective.title}"
    if material.verdict is not None and not material.verdict.covers_objective:
        yield f"the reviewer says that it is not about {material.objective.title}"


def _terms_of(text: str) -> set[str]:
    words = (word.lower() for word in WORD.findall(text))
    return {word[:STEM_LETTERS] for word in words if len(word) >= MIN_TERM_LETTERS}


def _suitable(material: Material) -> Iterator[str]:
    for text in material.texts:
        if unsuitable_words().search(text):
            yield "it has words that have no place in a lesson"
        if ADDRESS.search(text):
            yield "it has an address; a lesson sends nobody anywhere"
        if MARKUP.search(text):
            yield "it has markup; write plain text"


@cache
def unsuitable_words() -> re.Pattern[str]:
    """Return what finds a word of the list, in any case."""
    lines = Path(__file__).with_name("unsuitable.txt").read_text(encoding="utf-8").splitlines()
    words = [re.escape(line.strip()) for line in lines if line.strip() and line[0] != "#"]
    return re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE)


def _different_options(material: Material) -> Iterator[str]:
    for one in material.quiz:
        if (
            len({_plainly(option) for option in one.options}) != OPTIONS
            or len(one.options) != OPTIONS
        ):
            yield f"not {OPTIONS} different options: {one.question[:60]}"


def _different_questions(material: Material) -> Iterator[str]:
    asked = [*(one.question for one in material.tasks), *(one.question for one in material.quiz)]
    plain = [_plainly(question) for question in asked]
    for question in dict.fromkeys(one for one in plain if plain.count(one) > 1):
        yield f"asked more than once: {question[:60]}"


def _plainly(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".?!")


def _has_key(material: Material) -> Iterator[str]:
    for one in material.quiz:
        if not 0 <= one.answer < len(one.options):
            yield f"the key points to no option: {one.question[:60]}"


def _one_right_answer(material: Material) -> Iterator[str]:
    for question, right in _reviewed(material):
        if len(right) != 1:
            yield f"the reviewer finds {len(right)} options right: {question[:60]}"


def _key_is_right(material: Material) -> Iterator[str]:
    yield from _has_key(material)
    for one, (_, right) in zip(material.quiz, _reviewed(material), strict=False):
        if one.answer not in right:
            yield f"the reviewer does not find the key's option right: {one.question[:60]}"


def _reviewed(material: Material) -> list[tuple[str, frozenset[int]]]:
    """Return each question with what the reviewer finds right; one that was passed over has nothing right."""
    found = [] if material.verdict is None else material.verdict.right_options
    padded = [*found, *[[]] * len(material.quiz)]
    return [
        (one.question, frozenset(right)) for one, right in zip(material.quiz, padded, strict=False)
    ]


def _no_objection(material: Material) -> Iterator[str]:
    if material.verdict is None:
        yield "nobody has reviewed it"
    else:
        yield from material.verdict.objections


TEXT: Mapping[str, Check] = {
    "complete text": _complete_text,
    "right length": _right_length,
    "readable": _readable,
    "objective covered": _covered,
    "suitable": _suitable,
}
QUIZ: Mapping[str, Check] = {
    "complete quiz": _complete_quiz,
    "right length": _right_length,
    "different options": _different_options,
    "different questions": _different_questions,
    "has a key": _has_key,
    "suitable": _suitable,
}
CHECKS: Mapping[str, Check] = {
    "one right answer": _one_right_answer,
    "the key is right": _key_is_right,
    "different options": _different_options,
    "different questions": _different_questions,
    "complete text": _complete_text,
    "complete quiz": _complete_quiz,
    "right length": _right_length,
    "readable": _readable,
    "objective covered": _covered,
    "suitable": _suitable,
    "no objection": _no_objection,
}
