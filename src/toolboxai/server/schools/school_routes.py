"""The addresses of schools, for those who look after the server."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Response, status

from toolboxai.server.auth import AUTH_RESPONSES, OperatorDep, PasswordsDep, limited
from toolboxai.server.database import DatabaseDep
from toolboxai.server.schools import examples, tenants
from toolboxai.server.schools.schemas import (
    Cursor,
    NewSchool,
    PageSize,
    SchoolChange,
    SchoolPage,
    SchoolView,
)

router = APIRouter(
    prefix="/api/v1/schools",
    tags=["schools"],
    responses=AUTH_RESPONSES,
    dependencies=[Depends(limited("schools"))],
)


@router.post(
    "",
    summary="Make a school",
    status_code=status.HTTP_201_CREATED,
    responses=examples.SCHOOL_CREATED,
)
async def create_school(
    new: Annotated[NewSchool, Body(openapi_examples=examples.NEW_SCHOOLS)],
    response: Response,
    who: OperatorDep,
    database: DatabaseDep,
    passwords: PasswordsDep,
) -> SchoolView:
    """Make a school and its first administrator, who makes the others. For operators."""
    made = SchoolView.of(*await tenants.create(database, passwords, who, new))
    response.headers["Location"] = f"{router.prefix}/{made.id}"
    return made


@router.get("", summary="List schools", responses=examples.SCHOOLS)
async def list_schools(
    _who: OperatorDep,
    database: DatabaseDep,
    *,
    limit: Annotated[PageSize, Query()] = 50,
    cursor: Annotated[Cursor, Query()] = None,
) -> SchoolPage:
    """List the schools of this server by name, with how many people each has. For operators."""
    found = await tenants.page(database, limit=limit + 1, after=cursor)
    shown = found[:limit]
    return SchoolPage(
        items=[SchoolView.of(*counted) for counted in shown],
        next=shown[-1][0].id if len(found) > limit else None,
    )


@router.get("/{school_id}", summary="Read a school", responses=examples.SCHOOL)
async def show_school(school_id: UUID, _who: OperatorDep, database: DatabaseDep) -> SchoolView:
    """Show a school. For operators; its own people see its name in `GET /auth/me`."""
    return SchoolView.of(*await tenants.find(database, school_id))


@router.patch("/{school_id}", summary="Rename a school", responses=examples.SCHOOL_CHANGED)
async def rename_school(
    school_id: UUID,
    wanted: Annotated[SchoolChange, Body(openapi_examples=examples.SCHOOL_CHANGES)],
    who: OperatorDep,
    database: DatabaseDep,
) -> SchoolView:
    """Give a school another name. For operators."""
    return SchoolView.of(*await tenants.rename(database, who, school_id, wanted.name))
