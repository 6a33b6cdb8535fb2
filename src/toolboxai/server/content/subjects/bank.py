"""A file of facts → a curriculum. What is wrong with a file is said by objective and fact.

A fact is a sentence with a gap, a question whose answer fills the gap, and wrong answers. Its question is asked
in quizzes, its sentence is practised: so a pupil meets a fact in two ways, and never one question twice.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from toolboxai.server.content.engine.curriculum import Curriculum
from toolboxai.server.content.engine.exercise import Exercise, Objective, exercise
from toolboxai.server.content.engine.lesson import OPTIONS
from toolboxai.server.content.engine.notation import Notation, UnreadableError, Value
from toolboxai.server.content.schemas import MAX_QUESTIONS
from toolboxai.server.models.lessons import MAX_CODE_CHARS

GAP = re.compile(r"\{([^{}]+)\}")
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
MAX_PROBLEMS_TOLD = 20

Text = Annotated[str, Field(min_length=1, max_length=300)]


class SubjectError(Exception):
    """A file of facts can't be used; the message says where in it and why."""

    def __init__(self, file: Path, problems: Sequence[str]) -> None:
        super().__init__("\n".join(f"{file.name}: {problem}" for problem in problems))
        self.problems = tuple(problems)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Fact(_Strict):
    say: Text
    ask: Text
    wrong: Annotated[tuple[Text, ...], Field(min_length=OPTIONS - 1, alias="not")]

    @model_validator(mode="after")
    def _has_one_answer(self) -> Self:
        if len(GAP.findall(self.say)) != 1:
            reason = "`say` needs its answer in one pair of braces"
            raise ValueError(reason)
        if len({option.casefold() for option in self.options}) != len(self.options):
            reason = "an option appears twice among the answer and `not`"
            raise ValueError(reason)
        if self.answer.casefold() in GAP.sub("", self.say).casefold().split():
            reason = "`say` gives its answer away beside the gap"
            raise ValueError(reason)
        if not self.ask.endswith("?"):
            reason = "`ask` needs a question mark at its end"
            raise ValueError(reason)
        return self

    @property
    def answer(self) -> str:
        return str(GAP.findall(self.say)[0])

    @property
    def options(self) -> tuple[str, ...]:
        return (self.answer, *self.wrong)

    @property
    def sentence(self) -> str:
        return GAP.sub(r"\1", self.say)


class _Entry(_Strict):
    code: Annotated[str, Field(pattern=f"^{NAME.pattern}$", max_length=MAX_CODE_CHARS)]
    title: Text
    grades: Annotated[tuple[Annotated[int, Field(ge=1, le=12)], ...], Field(min_length=1)]
    idea: Annotated[tuple[Text, ...], Field(min_length=3, max_length=8)]
    # The longest quiz asks each of them once.
    facts: Annotated[tuple[_Fact, ...], Field(min_length=MAX_QUESTIONS)]

    @model_validator(mode="after")
    def _asks_once(self) -> Self:
        if len({fact.ask for fact in self.facts}) != len(self.facts):
            reason = "a question is asked twice"
            raise ValueError(reason)
        return self


class _File(_Strict):
    title: Text
    objective: Annotated[tuple[_Entry, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _has_each_code_once(self) -> Self:
        if len({entry.code for entry in self.objective}) != len(self.objective):
            reason = "a code appears twice"
            raise ValueError(reason)
        return self


def read_subject(file: Path) -> Curriculum:
    """Return what ``file`` teaches, or raise `SubjectError`. The subject's name is the file's."""
    if NAME.fullmatch(file.stem) is None:
        raise SubjectError(file, ["its name must be words in lower case, joined by hyphens"])
    try:
        found = _File.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SubjectError(file, [str(error)]) from None
    except ValidationError as error:
        raise SubjectError(file, list(_problems_of(error))[:MAX_PROBLEMS_TOLD]) from None
    return Curriculum(_objective_of(entry, file.stem) for entry in found.objective)


def _problems_of(error: ValidationError) -> Iterator[str]:
    """Yield what is wrong and where; not that a list lacks what is wrong in it."""
    found = error.errors()
    places = [one["loc"] for one in found]
    for one in found:
        place = one["loc"]
        if not any(len(other) > len(place) and other[: len(place)] == place for other in places):
            yield f"{_place_of(place)}: {one['msg']}"


def _place_of(path: Sequence[str | int]) -> str:
    """Return where something is, counted as people count: ``objective 2, facts 1, say``."""
    words: list[str] = []
    for part in path:
        if isinstance(part, int) and words:
            words[-1] += f" {part + 1}"
        else:
            words.append(str(part))
    return ", ".join(words) or "file"


def _objective_of(entry: _Entry, subject: str) -> Objective:
    return Objective(
        code=entry.code,
        title=entry.title,
        grades=entry.grades,
        idea=entry.idea,
        make=_any_of(entry.facts, _asked),
        subject=subject,
        practise=_any_of(entry.facts, _practised),
    )


def _any_of(
    facts: Sequence[_Fact], show: Callable[[_Fact, Random], Exercise]
) -> Callable[[Random], Exercise]:
    return lambda draw: show(draw.choice(facts), draw)


def _asked(fact: _Fact, draw: Random) -> Exercise:
    return _exercise(fact.ask, fact, draw.sample(range(1, len(fact.options)), OPTIONS - 1))


def _practised(fact: _Fact, draw: Random) -> Exercise:
    del draw  # the same gap with other options would be the same question again
    wrong = list(islice(range(1, len(fact.options)), OPTIONS - 1))
    choices = sorted(fact.options[index] for index in (0, *wrong))
    gapped = GAP.sub("___", fact.say)
    return _exercise(f"Fill the gap: {gapped} ({', '.join(choices)})", fact, wrong)


def _exercise(question: str, fact: _Fact, wrong: Sequence[int]) -> Exercise:
    return exercise(
        question,
        0,
        # By the sentence, which a reviewer can read, not by the place in the list.
        is_right=lambda index: GAP.sub(fact.options[int(index)], fact.say) == fact.sentence,
        mistakes=[(index, f"Look again. {fact.sentence}") for index in wrong],
        steps=[fact.sentence],
        notation=_one_of(fact.options),
    )


def _one_of(texts: Sequence[str]) -> Notation:
    """Return the notation in which a value is the place of a text among ``texts``."""

    def show(value: Value) -> str:
        return texts[int(value[0])]

    def read(text: str) -> Value:
        if text not in texts:
            raise UnreadableError(text)
        return (texts.index(text),)

    return Notation(show, read)
