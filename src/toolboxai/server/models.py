"""What is stored. Knows columns, not sessions."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The tables of the server."""


def utc_now() -> datetime:
    """Return the present moment, with its time zone."""
    return datetime.now(UTC)


class StoredLesson(Base):
    """A lesson as it was handed out."""

    __tablename__ = "lesson"
    __table_args__ = (CheckConstraint("grade BETWEEN 1 AND 12", name="lesson_grade"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(64))
    objective: Mapped[str] = mapped_column(String(64))
    grade: Mapped[int]
    seed: Mapped[int] = mapped_column(BigInteger)
    # Text and not JSON: a lesson is read back byte for byte as it was handed out.
    content: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=utc_now)
