"""The addresses of people's accounts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Response, status

from toolboxai.server.auth import (
    AUTH_RESPONSES,
    AdminDep,
    MemberDep,
    PasswordsDep,
    TeacherDep,
    limited,
)
from toolboxai.server.database import DatabaseDep
from toolboxai.server.schools import examples, users
from toolboxai.server.schools.schemas import (
    Cursor,
    NewPassword,
    NewUser,
    PageSize,
    SchoolRole,
    UserChange,
    UserPage,
    UserView,
)
from toolboxai.server.schools.users import Wanted

router = APIRouter(
    prefix="/api/v1/users",
    tags=["users"],
    responses=AUTH_RESPONSES,
    dependencies=[Depends(limited("people"))],
)


@router.post(
    "",
    summary="Make an account",
    status_code=status.HTTP_201_CREATED,
    responses=examples.USER_CREATED,
)
async def create_user(
    new: Annotated[NewUser, Body(openapi_examples=examples.NEW_USERS)],
    response: Response,
    who: AdminDep,
    database: DatabaseDep,
    passwords: PasswordsDep,
) -> UserView:
    """Make an account at your school. Of a pupil nothing is stored but a user name and the grade."""
    user = await users.create(database, passwords, who, new)
    response.headers["Location"] = f"{router.prefix}/{user.id}"
    return UserView.of(user)


@router.get("", summary="List people", responses=examples.USERS)
async def list_users(
    who: TeacherDep,
    database: DatabaseDep,
    *,
    role: Annotated[SchoolRole | None, Query()] = None,
    class_id: Annotated[UUID | None, Query(description="Pupils of this class")] = None,
    is_disabled: Annotated[bool | None, Query()] = None,
    limit: Annotated[PageSize, Query()] = 50,
    cursor: Annotated[Cursor, Query()] = None,
) -> UserPage:
    """List people of your school by user name: administrators everybody, teachers its pupils."""
    wanted = Wanted(role, class_id, is_disabled)
    found = await users.page(database, who, wanted, limit=limit + 1, after=cursor)
    shown = found[:limit]
    return UserPage(
        items=[UserView.of(user) for user in shown],
        next=shown[-1].id if len(found) > limit else None,
    )


@router.get("/{user_id}", summary="Read an account", responses=examples.USER)
async def show_user(user_id: UUID, who: MemberDep, database: DatabaseDep) -> UserView:
    """Show somebody of your school: administrators anybody, teachers its pupils, pupils themselves."""
    return UserView.of(await users.find(database, who, user_id))


@router.patch("/{user_id}", summary="Change an account", responses=examples.USER_CHANGED)
async def change_user(
    user_id: UUID,
    wanted: Annotated[UserChange, Body(openapi_examples=examples.USER_CHANGES)],
    who: AdminDep,
    database: DatabaseDep,
) -> UserView:
    """Change a user name, a role or a grade, or disable an account: who is disabled is out at once."""
    return UserView.of(await users.change(database, who, user_id, wanted))


@router.put(
    "/{user_id}/password",
    summary="Set somebody's password",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=examples.PASSWORD_SET,
)
async def set_password(
    user_id: UUID,
    new: Annotated[NewPassword, Body(openapi_examples=examples.NEW_PASSWORDS)],
    who: TeacherDep,
    database: DatabaseDep,
    passwords: PasswordsDep,
) -> None:
    """Give somebody another password and sign them out everywhere.

    Administrators can for everybody of their school, teachers for the pupils of their classes.
    """
    await users.set_password(database, passwords, who, user_id, new.password)
