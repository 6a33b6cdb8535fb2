"""What was made: lessons, and the orders that led to them."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from toolboxai.server.models.base import Base, Moment, new_id, utc_now

MAX_CODE_CHARS = 64


class StoredLesson(Base):
    """A lesson or a quiz as it was handed out, to the school that asked for it."""

    __tablename__ = "lesson"
    __table_args__ = (
        CheckConstraint("grade BETWEEN 1 AND 12", name="grade"),
        Index("ix_lesson_school", "school_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    # Lessons from before there were schools belong to nobody, and nobody sees them.
    school_id: Mapped[UUID | None] = mapped_column(ForeignKey("school.id"))
    kind: Mapped[str] = mapped_column(String(16), default="lesson")
    subject: Mapped[str] = mapped_column(String(MAX_CODE_CHARS))
    objective: Mapped[str] = mapped_column(String(MAX_CODE_CHARS))
    grade: Mapped[int]
    seed: Mapped[int] = mapped_column(BigInteger)
    # Text and not JSON: a lesson is read back byte for byte as it was handed out.
    content: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)


class GenerationStatus(StrEnum):
    """How far an order is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL = (GenerationStatus.DONE, GenerationStatus.FAILED, GenerationStatus.CANCELLED)


class Generation(Base):
    """An order for content. The row is the truth; whoever works on it holds it until ``held_until``."""

    __tablename__ = "generation"
    __table_args__ = (
        # Ids sort by when they were made, so a page of the newest is a walk along this index.
        Index("ix_generation_school", "school_id", "id"),
        Index("ix_generation_waiting", "status", "created_at"),
        UniqueConstraint("user_id", "request_key"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    school_id: Mapped[UUID] = mapped_column(ForeignKey("school.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    # Of who ordered, at that time: reports from the work carry it.
    role: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(MAX_CODE_CHARS))
    objective: Mapped[str] = mapped_column(String(100))
    grade: Mapped[int]
    seed: Mapped[int] = mapped_column(BigInteger)
    questions: Mapped[int]
    # A hash of what the caller named this request, so that sending it twice is one order.
    request_key: Mapped[str | None] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(16), default=GenerationStatus.QUEUED)
    # Grows with every change that a reader can see.
    version: Mapped[int] = mapped_column(default=1)
    # Which step it is at, and how many of how many are done.
    step: Mapped[str] = mapped_column(String(32), default="")
    steps_done: Mapped[int] = mapped_column(default=0)
    steps: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    held_by: Mapped[str | None] = mapped_column(String(64))
    held_until: Mapped[datetime | None] = mapped_column(Moment)
    lesson_id: Mapped[UUID | None] = mapped_column(ForeignKey("lesson.id"))
    provider: Mapped[str | None] = mapped_column(String(64))
    model: Mapped[str | None] = mapped_column(String(200))
    input_tokens: Mapped[int | None]
    output_tokens: Mapped[int | None]
    error_code: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str | None] = mapped_column(String(500))
    # Under which the error was reported.
    event_id: Mapped[str | None] = mapped_column(String(32))
    # The request that asked, so that the work's trace can link to it.
    trace: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)


class TokenUse(Base):
    """What a school's orders have used of a model outside on one day of UTC."""

    __tablename__ = "token_use"

    day: Mapped[date] = mapped_column(primary_key=True)
    school_id: Mapped[UUID] = mapped_column(ForeignKey("school.id"), primary_key=True)
    input_tokens: Mapped[int] = mapped_column(BigInteger)
    output_tokens: Mapped[int] = mapped_column(BigInteger)
