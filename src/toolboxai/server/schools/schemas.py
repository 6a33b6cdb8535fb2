"""What is sent and told of schools, people and classes. Shapes only."""

from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from toolboxai.server.auth import (
    MAX_PASSWORD_CHARS,
    MAX_USERNAME_CHARS,
    MIN_USERNAME_CHARS,
)
from toolboxai.server.grades import GradeBand, grade_band_of
from toolboxai.server.models import AuditEvent, Role, School, SchoolClass, User
from toolboxai.server.models.schools import MAX_NAME_CHARS

MAX_PAGE = 200
MAX_ENROLLED_AT_ONCE = 100

PageSize = Annotated[int, Field(ge=1, le=MAX_PAGE)]
Cursor = Annotated[UUID | None, Field(description="`next` of the page before")]
Grade = Annotated[int, Field(ge=1, le=12)]
# Something to read, on one line.
Name = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_NAME_CHARS,
        pattern=r"^[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$",
    ),
]
Username = Annotated[
    str,
    Field(
        min_length=MIN_USERNAME_CHARS,
        max_length=MAX_USERNAME_CHARS,
        description="Letters, digits and . _ @ + -, the same in capitals; nobody else on this server has it",
    ),
]
Password = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_PASSWORD_CHARS,
        repr=False,
        description="At least 12 characters; 8 for a pupil",
        json_schema_extra={"format": "password"},
    ),
]
SchoolRole = Literal[Role.STUDENT, Role.TEACHER, Role.ADMIN]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class NewUser(_Sent):
    """Somebody to make an account for."""

    username: Username
    password: Password
    role: SchoolRole = Role.STUDENT
    grade: Grade | None = Field(default=None, description="A pupil's, and nobody else's")


class UserChange(_Sent):
    """What shall be different; what is left out stays."""

    username: Username | None = None
    role: SchoolRole | None = None
    grade: Grade | None = None
    is_disabled: bool | None = None


class NewPassword(_Sent):
    """A password to sign in with from now on."""

    password: Password


class UserView(BaseModel):
    """Somebody of a school."""

    id: UUID
    username: str
    role: Role
    grade: int | None
    grade_band: GradeBand | None
    is_disabled: bool
    created_at: AwareDatetime

    @classmethod
    def of(cls, user: User) -> "UserView":
        """Show what the row says."""
        return cls(
            id=user.id,
            username=user.username,
            role=Role(user.role),
            grade=user.grade,
            grade_band=None if user.grade is None else grade_band_of(user.grade),
            is_disabled=user.disabled_at is not None,
            created_at=user.created_at,
        )


class UserPage(BaseModel):
    """People, by user name."""

    items: list[UserView]
    next: UUID | None = Field(description="What to send as `cursor` for the next page")


class NewClass(_Sent):
    """A class to make."""

    name: Name
    grade: Grade
    teacher_id: UUID | None = Field(
        default=None,
        description="Who teaches it: yourself, if you don't say; only administrators may name another",
    )


class ClassChange(_Sent):
    """What shall be different; what is left out stays."""

    name: Name | None = None
    grade: Grade | None = None
    teacher_id: UUID | None = Field(default=None, description="Only administrators may change it")


class ClassView(BaseModel):
    """A class."""

    id: UUID
    name: str
    grade: int
    grade_band: GradeBand
    teacher_id: UUID
    pupils: int = Field(description="How many are in it")
    created_at: AwareDatetime

    @classmethod
    def of(cls, row: SchoolClass, pupils: int) -> "ClassView":
        """Show what the row says, and how many pupils there are."""
        return cls(
            id=row.id,
            name=row.name,
            grade=row.grade,
            grade_band=grade_band_of(row.grade),
            teacher_id=row.teacher_id,
            pupils=pupils,
            created_at=row.created_at,
        )


class ClassPage(BaseModel):
    """Classes, by name."""

    items: list[ClassView]
    next: UUID | None = Field(description="What to send as `cursor` for the next page")


class Pupils(_Sent):
    """Who shall be in a class besides those who are."""

    user_ids: list[UUID] = Field(min_length=1, max_length=MAX_ENROLLED_AT_ONCE)


class NewSchool(_Sent):
    """A school to make, with its first administrator."""

    name: Name
    admin_username: Username
    admin_password: Password


class SchoolChange(_Sent):
    """What shall be different."""

    name: Name


class SchoolView(BaseModel):
    """A school, for those who look after the server."""

    id: UUID
    name: str
    people: Mapping[Role, int] = Field(description="How many of each role may sign in")
    created_at: AwareDatetime

    @classmethod
    def of(cls, school: School, people: Mapping[Role, int]) -> "SchoolView":
        """Show what the row says, and how many people there are."""
        return cls(id=school.id, name=school.name, people=people, created_at=school.created_at)


class SchoolPage(BaseModel):
    """Schools, by name."""

    items: list[SchoolView]
    next: UUID | None = Field(description="What to send as `cursor` for the next page")


class AuditEntry(BaseModel):
    """Something that was done, or happened to somebody."""

    id: UUID
    at: AwareDatetime
    action: str = Field(description="What: user.created, session.misused")
    user_id: UUID | None = Field(description="Who did it; null if nobody is known")
    username: str | None = Field(description="What they are called today, if they are still there")
    subject_id: UUID | None = Field(description="To whom or what")
    school_id: UUID | None

    @classmethod
    def of(cls, event: AuditEvent, username: str | None) -> "AuditEntry":
        """Show what the row says."""
        return cls(
            id=event.id,
            at=event.at,
            action=event.action,
            user_id=event.user_id,
            username=username,
            subject_id=event.subject_id,
            school_id=event.school_id,
        )


class AuditPage(BaseModel):
    """What was done, the newest first."""

    items: list[AuditEntry]
    next: UUID | None = Field(description="What to send as `cursor` for the next page")
