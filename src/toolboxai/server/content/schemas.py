"""What callers send and get. Shapes only."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from toolboxai.server.content.engine.exercise import Exercise, Objective
from toolboxai.server.content.engine.lesson import QuizItem
from toolboxai.server.grades import GradeBand, grade_band_of

# The greatest whole number that JavaScript, and so the Studio plugin's tools, can hold.
MAX_SEED = 2**53 - 1
MAX_OBJECTIVE_CHARS = 100

Grade = Annotated[int, Field(ge=1, le=12, description="School grade")]


class LessonRequest(BaseModel):
    """What to make a lesson about."""

    model_config = ConfigDict(extra="forbid", strict=True)

    grade: Grade
    objective: str = Field(
        min_length=1,
        max_length=MAX_OBJECTIVE_CHARS,
        description="Code or title of an objective, as GET /objectives lists them",
    )
    seed: int | None = Field(
        default=None,
        ge=0,
        le=MAX_SEED,
        description="The same request with the same seed gives the same lesson;"
        " without one, one is drawn",
    )
    questions: int = Field(default=5, ge=3, le=10, description="How many questions the quiz has")
    subject: Literal["mathematics"] = "mathematics"


class WorkedExample(BaseModel):
    """A solved exercise, step by step."""

    question: str
    steps: list[str]
    answer: str

    @classmethod
    def of(cls, exercise: Exercise) -> "WorkedExample":
        """Show how ``exercise`` is solved."""
        steps = list(exercise.steps)
        return cls(question=exercise.question, steps=steps, answer=exercise.answer_text)


class PracticeTask(BaseModel):
    """An exercise to try alone."""

    question: str
    answer: str

    @classmethod
    def of(cls, exercise: Exercise) -> "PracticeTask":
        """Ask ``exercise``."""
        return cls(question=exercise.question, answer=exercise.answer_text)


class QuizQuestion(BaseModel):
    """A question with four options; ``answer`` is the index of the right one."""

    question: str
    options: list[str]
    answer: int
    explanation: str
    feedback: list[str] = Field(description="What to tell a pupil who chose this option")

    @classmethod
    def of(cls, item: QuizItem) -> "QuizQuestion":
        """Ask ``item``."""
        return cls(
            question=item.exercise.question,
            options=list(item.options),
            answer=item.answer,
            explanation=" ".join(item.exercise.steps),
            feedback=list(item.feedback),
        )


class Sections(BaseModel):
    """The parts of a lesson, in the order of teaching."""

    explanation: list[str]
    worked_examples: list[WorkedExample]
    practice: list[PracticeTask]


class Check(BaseModel):
    """One check that the lesson went through."""

    name: str
    passed: bool


class Validity(BaseModel):
    """What was checked before the lesson was handed out."""

    valid: bool
    checks: list[Check]


class Lesson(BaseModel):
    """A lesson with its quiz, as it was stored."""

    id: UUID
    title: str
    objective: str
    subject: Literal["mathematics"]
    grade: int
    grade_band: GradeBand
    provider: Literal["toolbox-offline"]
    ai_generated: Literal[False]
    seed: int
    sections: Sections
    quiz: list[QuizQuestion]
    validity: Validity


class Quiz(BaseModel):
    """Questions alone, as they were stored."""

    id: UUID
    title: str
    objective: str
    subject: Literal["mathematics"]
    grade: int
    grade_band: GradeBand
    provider: Literal["toolbox-offline"]
    ai_generated: Literal[False]
    seed: int
    questions: list[QuizQuestion]
    validity: Validity


class ObjectiveSummary(BaseModel):
    """Something that a lesson can be made about."""

    code: str
    title: str
    subject: Literal["mathematics"] = "mathematics"
    grades: list[int]
    grade_bands: list[GradeBand]

    @classmethod
    def of(cls, objective: Objective) -> "ObjectiveSummary":
        """Summarise ``objective``."""
        bands = dict.fromkeys(grade_band_of(grade) for grade in objective.grades)
        return cls(
            code=objective.code,
            title=objective.title,
            grades=list(objective.grades),
            grade_bands=list(bands),
        )


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    trace_id: str | None = None
    request_id: str | None = None
    event_id: str | None = None
