"""What callers send and get. Shapes only."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from toolboxai.server.content.engine.exercise import Exercise, Objective
from toolboxai.server.content.engine.lesson import QuizItem
from toolboxai.server.content.provider import ProviderName
from toolboxai.server.grades import GradeBand, grade_band_of
from toolboxai.server.models.lessons import MAX_CODE_CHARS

# The greatest whole number that JavaScript, and so the Studio plugin's tools, can hold.
MAX_SEED = 2**53 - 1
MAX_OBJECTIVE_CHARS = 100
MIN_QUESTIONS = 3
MAX_QUESTIONS = 10

Grade = Annotated[int, Field(ge=1, le=12, description="School grade")]


class LessonRequest(BaseModel):
    """What to make a lesson or a quiz about."""

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
    questions: int = Field(
        default=5,
        ge=MIN_QUESTIONS,
        le=MAX_QUESTIONS,
        description="How many questions the quiz has",
    )
    subject: str = Field(
        default="mathematics",
        min_length=1,
        max_length=MAX_CODE_CHARS,
        description="One of those that GET /objectives lists",
    )


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


class Usage(BaseModel):
    """The tokens that a model outside counted. The curriculum engine uses none."""

    input_tokens: int = 0
    output_tokens: int = 0


class _Content(BaseModel):
    """What lessons and quizzes say about themselves."""

    id: UUID
    title: str
    objective: str
    subject: str
    grade: int
    grade_band: GradeBand
    provider: ProviderName
    model: str
    ai_generated: bool
    fallback_reason: str | None = Field(
        default=None, description="Why the engine wrote it, where a model outside was asked first"
    )
    seed: int
    usage: Usage = Usage()


class Lesson(_Content):
    """A lesson with its quiz, as it was stored."""

    sections: Sections
    quiz: list[QuizQuestion]
    validity: Validity


class Quiz(_Content):
    """Questions alone, as they were stored."""

    questions: list[QuizQuestion]
    validity: Validity


class ObjectiveSummary(BaseModel):
    """Something that a lesson can be made about."""

    code: str
    title: str
    subject: str
    grades: list[int]
    grade_bands: list[GradeBand]

    @classmethod
    def of(cls, objective: Objective) -> "ObjectiveSummary":
        """Summarise ``objective``."""
        bands = dict.fromkeys(grade_band_of(grade) for grade in objective.grades)
        return cls(
            code=objective.code,
            title=objective.title,
            subject=objective.subject,
            grades=list(objective.grades),
            grade_bands=list(bands),
        )
