"""What the agents are told and what they answer: typed, and JSON on the way to a model.

A task says everything that its answer depends on. So a model needs no memory, and the engine, which reads tasks like any
other model, gives the same answer to the same task in every process.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, TypeAdapter

from toolboxai.server.content.engine.lesson import Plan
from toolboxai.server.content.schemas import PracticeTask, QuizQuestion, WorkedExample


class Brief(BaseModel):
    """What is to be made, in the curriculum's words; nothing in it was typed by a person."""

    subject: str
    objective: str
    title: str
    grade: int
    curriculum: list[str]
    questions: int
    seed: int
    # Which try at the whole this is, and what was wrong with the one before.
    attempt: int = 0
    objections: list[str] = []

    @classmethod
    def of(cls, plan: Plan) -> "Brief":
        """Put ``plan`` into words."""
        objective = plan.objective
        return cls(
            subject=objective.subject,
            objective=objective.code,
            title=objective.title,
            grade=plan.grade,
            curriculum=list(objective.idea),
            questions=plan.questions,
            seed=plan.seed,
        )


class Outline(BaseModel):
    """The points of a lesson, in the order of teaching."""

    points: list[str] = Field(min_length=1, max_length=10)


class Text(BaseModel):
    """The part of a lesson before its quiz."""

    explanation: list[str]
    worked_examples: list[WorkedExample]
    practice: list[PracticeTask]


class Questions(BaseModel):
    """A quiz."""

    questions: list[QuizQuestion]


class Asked(BaseModel):
    """A question without its key: a reviewer answers it like a pupil."""

    question: str
    options: list[str]


class PlanTask(BaseModel):
    """Plan it."""

    step: Literal["plan"] = "plan"
    brief: Brief


class WriteTask(BaseModel):
    """Write what is explained and practised."""

    step: Literal["write"] = "write"
    brief: Brief
    points: list[str]


class QuizTask(BaseModel):
    """Ask about it."""

    step: Literal["quiz"] = "quiz"
    brief: Brief
    points: list[str]
    explanation: list[str]
    already_asked: list[str]


class ReviewTask(BaseModel):
    """Judge it."""

    step: Literal["review"] = "review"
    brief: Brief
    explanation: list[str]
    worked_examples: list[WorkedExample]
    practice: list[PracticeTask]
    quiz: list[Asked]


Task = PlanTask | WriteTask | QuizTask | ReviewTask
TASK: TypeAdapter[Task] = TypeAdapter(Annotated[Task, Field(discriminator="step")])
