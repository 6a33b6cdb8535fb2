"""Who works here: schools, their people, and their classes."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from toolboxai.server.models.base import Base, Moment, new_id, utc_now

MAX_NAME_CHARS = 100


class Role(StrEnum):
    """What somebody may do. An operator looks after the server, and belongs to no school."""

    STUDENT = "student"
    TEACHER = "teacher"
    ADMIN = "admin"
    OPERATOR = "operator"


class School(Base):
    """A school; everything else belongs to one."""

    __tablename__ = "school"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(MAX_NAME_CHARS), unique=True)
    created_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)


class User(Base):
    """Somebody who can sign in. Of a pupil a user name and the grade are stored, and nothing else."""

    __tablename__ = "user"
    __table_args__ = (
        CheckConstraint("grade IS NULL OR grade BETWEEN 1 AND 12", name="grade"),
        CheckConstraint("(role = 'operator') = (school_id IS NULL)", name="school"),
        Index("ix_user_school", "school_id", "username"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    school_id: Mapped[UUID | None] = mapped_column(ForeignKey("school.id"))
    # Unique over all schools, in lower case: people sign in without naming their school.
    username: Mapped[str] = mapped_column(String(MAX_NAME_CHARS), unique=True)
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(200))
    grade: Mapped[int | None]
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)


class SchoolClass(Base):
    """A class of a school, and who teaches it."""

    __tablename__ = "class"
    __table_args__ = (
        UniqueConstraint("school_id", "name"),
        CheckConstraint("grade BETWEEN 1 AND 12", name="grade"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    school_id: Mapped[UUID] = mapped_column(ForeignKey("school.id"))
    name: Mapped[str] = mapped_column(String(MAX_NAME_CHARS))
    grade: Mapped[int]
    teacher_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)


class Enrollment(Base):
    """A pupil in a class."""

    __tablename__ = "enrollment"

    class_id: Mapped[UUID] = mapped_column(
        ForeignKey("class.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("user.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class RefreshToken(Base):
    """A token that can be traded in once; used twice, its whole family ends."""

    __tablename__ = "refresh_token"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    family: Mapped[UUID] = mapped_column(index=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    # The token itself is with its owner alone.
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class AuditEvent(Base):
    """Something that an administrator must be able to look up later: who did what to whom."""

    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_school", "school_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    school_id: Mapped[UUID | None] = mapped_column(ForeignKey("school.id"))
    user_id: Mapped[UUID | None]
    action: Mapped[str] = mapped_column(String(64))
    subject_id: Mapped[UUID | None]
    at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
