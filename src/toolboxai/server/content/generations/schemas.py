"""What is sent to order content, and what is told of an order. Shapes only."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from toolboxai.server.content.orders import Kind
from toolboxai.server.content.schemas import LessonRequest
from toolboxai.server.grades import GradeBand, grade_band_of
from toolboxai.server.models import Generation, GenerationStatus

MAX_PAGE = 100


class GenerationRequest(LessonRequest):
    """What to make: a lesson with its quiz, or a quiz alone."""

    kind: Kind = "lesson"


class Progress(BaseModel):
    """Which step is being done, and how many are behind it."""

    step: str = Field(description="Empty before the first step and after the last")
    done: int
    total: int = Field(description="0 until the first step has begun")


class FailureReason(BaseModel):
    """Why nothing came of an order."""

    code: str = Field(description="Stays the same for the same reason")
    detail: str
    event_id: str | None = Field(description="Under which it was reported, if it was")


class GenerationView(BaseModel):
    """An order: what was asked for, how far it is, and what came of it."""

    id: UUID
    status: GenerationStatus
    kind: Kind
    subject: str
    objective: str
    grade: int
    grade_band: GradeBand
    seed: int
    questions: int
    progress: Progress
    attempts: int = Field(
        description="How often it was begun; more than once after a server was lost"
    )
    content: str | None = Field(description="Where to read what was made, once it is done")
    provider: str | None
    model: str | None
    input_tokens: int | None
    output_tokens: int | None
    error: FailureReason | None
    created_at: AwareDatetime
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None

    @classmethod
    def of(cls, order: Generation) -> "GenerationView":
        """Show what the row says."""
        error = None
        if order.error_code is not None:
            error = FailureReason(
                code=order.error_code, detail=order.error or "", event_id=order.event_id
            )
        facts = {name: getattr(order, name) for name in _AS_STORED}
        return cls.model_validate(
            {
                **facts,
                "grade_band": grade_band_of(order.grade),
                "progress": Progress(step=order.step, done=order.steps_done, total=order.steps),
                "content": _address_of(order),
                "error": error,
            }
        )


_AS_STORED = GenerationView.model_fields.keys() - {"grade_band", "progress", "content", "error"}


class GenerationPage(BaseModel):
    """Orders of a school, the newest first."""

    items: list[GenerationView]
    next: str | None = Field(
        description="What to send as `cursor` for the next page; null at the end"
    )


def _address_of(order: Generation) -> str | None:
    if order.lesson_id is None:
        return None
    return f"/{'quizzes' if order.kind == 'quiz' else 'lessons'}/{order.lesson_id}"


PageSize = Annotated[int, Field(ge=1, le=MAX_PAGE)]
