"""What the API's documentation shows of schools, people, classes and the trail."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi.openapi.models import Example
from pydantic import BaseModel

from toolboxai.server.auth import Action
from toolboxai.server.grades import GradeBand
from toolboxai.server.models import Role
from toolboxai.server.problems import documented
from toolboxai.server.schools.classes import MAX_PUPILS_PER_CLASS
from toolboxai.server.schools.errors import (
    ClassFullError,
    ClassNameTakenError,
    ClassNotFoundError,
    OwnAccountError,
    SchoolNameTakenError,
    SchoolNotFoundError,
    UsernameTakenError,
    UserNotFoundError,
)
from toolboxai.server.schools.schemas import (
    AuditEntry,
    AuditPage,
    ClassPage,
    ClassView,
    SchoolPage,
    SchoolView,
    UserPage,
    UserView,
)

_SCHOOL_ID = UUID("01932f5e-7b10-7c2d-8e63-2a9f4d5b6c71")
_TEACHER_ID = UUID("01932f5e-8c41-7a3b-9d52-6f0e1b7c2a90")
_PUPIL_ID = UUID("01932f5e-9a52-7d4c-8a61-7e1f2c8d3ba1")
_CLASS_ID = UUID("01932f5e-a163-7e5d-9b72-8f203d9e4cb2")
_AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

_PUPIL = UserView(
    id=_PUPIL_ID,
    username="blue.otter@hill",
    role=Role.STUDENT,
    grade=4,
    grade_band=GradeBand("3-5"),
    is_disabled=False,
    created_at=_AT,
)
_CLASS = ClassView(
    id=_CLASS_ID,
    name="4b",
    grade=4,
    grade_band=GradeBand("3-5"),
    teacher_id=_TEACHER_ID,
    pupils=24,
    created_at=_AT,
)
_SCHOOL = SchoolView(
    id=_SCHOOL_ID,
    name="Hill School",
    people={Role.STUDENT: 240, Role.TEACHER: 18, Role.ADMIN: 2},
    created_at=_AT,
)
_ENTRY = AuditEntry(
    id=UUID("01932f60-51c3-7b1e-8f42-3c5d6e7f8091"),
    at=_AT,
    action=Action.USER_DISABLED,
    user_id=_TEACHER_ID,
    username="m.okafor",
    subject_id=_PUPIL_ID,
    school_id=_SCHOOL_ID,
)

Responses = dict[int | str, dict[str, Any]]
_LOCATION = {"Location": {"description": "Where it is", "schema": {"type": "string"}}}
_REFUSED = documented(
    422,
    "The request can't be used as it is. Look at: grade.",
    kind="invalid-input",
    description="A field can't be used; `errors` says which and why",
    instance="/api/v1/users",
    errors=[{"field": "grade", "reason": "a pupil needs one", "kind": "unusable"}],
)
_NOT_JSON = documented(
    415,
    "The body must be JSON. Send it with the header Content-Type: application/json.",
    kind="unsupported-media-type",
    description="The body is no JSON",
    instance="/api/v1/users",
)


def _shown(view: BaseModel) -> dict[str, Any]:
    return {"content": {"application/json": {"example": view.model_dump(mode="json")}}}


def _made(view: BaseModel) -> dict[str, Any]:
    return {**_shown(view), "headers": _LOCATION}


def _not_found(
    error: UserNotFoundError | ClassNotFoundError | SchoolNotFoundError, kind: str
) -> dict[str, Any]:
    return documented(404, str(error), kind=kind, instance=f"/api/v1/users/{_PUPIL_ID}")


_NO_USER = _not_found(UserNotFoundError(), "user-not-found")
_NO_CLASS = _not_found(ClassNotFoundError(), "class-not-found")
_NO_SCHOOL = _not_found(SchoolNotFoundError(), "school-not-found")
_USERNAME_TAKEN = documented(409, str(UsernameTakenError()), kind="username-taken")
_CANT_CHANGE = documented(
    409,
    str(OwnAccountError()),
    kind="own-account",
    description="The user name is taken, the account is your own, or they still teach classes",
)
_SCHOOL_TAKEN = documented(
    409,
    str(SchoolNameTakenError()),
    kind="school-name-taken",
    description="The school's name or its administrator's is taken",
)
_CLASS_TAKEN = documented(409, str(ClassNameTakenError()), kind="class-name-taken")
_CLASS_FULL = documented(409, str(ClassFullError(MAX_PUPILS_PER_CLASS)), kind="class-full")

NEW_USERS = {
    "pupil": Example(
        summary="A pupil",
        value={"username": "blue.otter@hill", "password": "seven small boats", "grade": 4},
    ),
    "teacher": Example(
        summary="A teacher",
        value={"username": "m.okafor", "password": "a long sentence helps", "role": "teacher"},
    ),
}
USER_CHANGES = {
    "year": Example(summary="A pupil goes up a grade", value={"grade": 5}),
    "leave": Example(summary="Somebody leaves", value={"is_disabled": True}),
}
NEW_PASSWORDS = {"new": Example(summary="A new one", value={"password": "nine tall trees"})}
NEW_CLASSES = {"class": Example(summary="A class of yours", value={"name": "4b", "grade": 4})}
CLASS_CHANGES = {"year": Example(summary="The next year", value={"name": "5b", "grade": 5})}
PUPILS = {"pupils": Example(summary="One pupil", value={"user_ids": [str(_PUPIL_ID)]})}
NEW_SCHOOLS = {
    "school": Example(
        summary="A school",
        value={
            "name": "Hill School",
            "admin_username": "office@hill",
            "admin_password": "a long sentence helps",
        },
    )
}
SCHOOL_CHANGES = {"name": Example(summary="Another name", value={"name": "Upper Hill School"})}

_BODY: Responses = {415: _NOT_JSON, 422: _REFUSED}
USERS: Responses = {200: _shown(UserPage(items=[_PUPIL], next=None)), 422: _REFUSED}
USER: Responses = {200: _shown(_PUPIL), 404: _NO_USER, 422: _REFUSED}
USER_CREATED: Responses = {201: _made(_PUPIL), 409: _USERNAME_TAKEN, **_BODY}
USER_CHANGED: Responses = {200: _shown(_PUPIL), 404: _NO_USER, 409: _CANT_CHANGE, **_BODY}
PASSWORD_SET: Responses = {404: _NO_USER, **_BODY}
CLASSES: Responses = {200: _shown(ClassPage(items=[_CLASS], next=None)), 422: _REFUSED}
CLASS: Responses = {200: _shown(_CLASS), 404: _NO_CLASS, 422: _REFUSED}
CLASS_CREATED: Responses = {201: _made(_CLASS), 409: _CLASS_TAKEN, **_BODY}
CLASS_CHANGED: Responses = {200: _shown(_CLASS), 404: _NO_CLASS, 409: _CLASS_TAKEN, **_BODY}
CLASS_REMOVED: Responses = {404: _NO_CLASS, 422: _REFUSED}
ENROLLED: Responses = {200: _shown(_CLASS), 404: _NO_CLASS, 409: _CLASS_FULL, **_BODY}
UNENROLLED: Responses = {
    404: {**_NO_CLASS, "description": "No class of yours has this id, or the pupil isn't in it"},
    422: _REFUSED,
}
SCHOOLS: Responses = {200: _shown(SchoolPage(items=[_SCHOOL], next=None)), 422: _REFUSED}
SCHOOL: Responses = {200: _shown(_SCHOOL), 404: _NO_SCHOOL, 422: _REFUSED}
SCHOOL_CREATED: Responses = {201: _made(_SCHOOL), 409: _SCHOOL_TAKEN, **_BODY}
SCHOOL_CHANGED: Responses = {200: _shown(_SCHOOL), 404: _NO_SCHOOL, 409: _SCHOOL_TAKEN, **_BODY}
AUDIT: Responses = {200: _shown(AuditPage(items=[_ENTRY], next=None)), 422: _REFUSED}
