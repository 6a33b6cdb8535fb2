"""What is checked, and what a reviewer says about it. Plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, Field

from toolboxai.server.content.engine.exercise import Objective
from toolboxai.server.content.schemas import PracticeTask, QuizQuestion, WorkedExample

MAX_OBJECTIONS = 20
MAX_OBJECTION_CHARS = 500

Objection = Annotated[str, Field(max_length=MAX_OBJECTION_CHARS)]


class Verdict(BaseModel):
    """What a reviewer found who was shown everything but the key of the quiz."""

    covers_objective: bool = Field(description="Whether text and questions are about the objective")
    right_options: list[list[int]] = Field(
        description="For each question in its order, the index of every option that is right"
    )
    objections: list[Objection] = Field(
        default=[], max_length=MAX_OBJECTIONS, description="What is wrong or unclear, if anything"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A lesson or a quiz that is not checked yet, and what it is meant to be."""

    objective: Objective
    grade: int
    questions: int
    explanation: Sequence[str] = ()
    worked_examples: Sequence[WorkedExample] = ()
    practice: Sequence[PracticeTask] = ()
    quiz: Sequence[QuizQuestion] = ()
    # A quiz alone has no text to look for.
    has_text: bool = True
    verdict: Verdict | None = None

    @property
    def tasks(self) -> list[WorkedExample | PracticeTask]:
        """What is practised before the quiz."""
        return [*self.worked_examples, *self.practice]

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything that a pupil reads as text."""
        tasks = self.tasks
        steps = [step for example in self.worked_examples for step in example.steps]
        answers = [text for task in tasks for text in (task.question, task.answer)]
        return (*self.explanation, *answers, *steps, *self.quiz_texts)

    @property
    def quiz_texts(self) -> tuple[str, ...]:
        """Everything that a pupil reads of the quiz."""
        asked = [text for one in self.quiz for text in (one.question, *one.options)]
        told = [text for one in self.quiz for text in (one.explanation, *one.feedback)]
        return (*asked, *told)
