"""The addresses of classes."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Response, status

from toolboxai.server.auth import AUTH_RESPONSES, MemberDep, TeacherDep, limited
from toolboxai.server.database import DatabaseDep
from toolboxai.server.schools import classes, examples
from toolboxai.server.schools.schemas import (
    ClassChange,
    ClassPage,
    ClassView,
    Cursor,
    NewClass,
    PageSize,
    Pupils,
)

router = APIRouter(
    prefix="/api/v1/classes",
    tags=["classes"],
    responses=AUTH_RESPONSES,
    dependencies=[Depends(limited("people"))],
)


@router.post(
    "",
    summary="Make a class",
    status_code=status.HTTP_201_CREATED,
    responses=examples.CLASS_CREATED,
)
async def create_class(
    new: Annotated[NewClass, Body(openapi_examples=examples.NEW_CLASSES)],
    response: Response,
    who: TeacherDep,
    database: DatabaseDep,
) -> ClassView:
    """Make a class that you teach; an administrator may name another teacher."""
    made = ClassView.of(*await classes.create(database, who, new))
    response.headers["Location"] = f"{router.prefix}/{made.id}"
    return made


@router.get("", summary="List classes", responses=examples.CLASSES)
async def list_classes(
    who: MemberDep,
    database: DatabaseDep,
    *,
    limit: Annotated[PageSize, Query()] = 50,
    cursor: Annotated[Cursor, Query()] = None,
) -> ClassPage:
    """List your classes by name: those you teach or are in, as an administrator your school's."""
    found = await classes.page(database, who, limit=limit + 1, after=cursor)
    shown = found[:limit]
    return ClassPage(
        items=[ClassView.of(*counted) for counted in shown],
        next=shown[-1][0].id if len(found) > limit else None,
    )


@router.get("/{class_id}", summary="Read a class", responses=examples.CLASS)
async def show_class(class_id: UUID, who: MemberDep, database: DatabaseDep) -> ClassView:
    """Show one of your classes. Who is in it: `GET /api/v1/users?class_id=`."""
    return ClassView.of(*await classes.find(database, who, class_id))


@router.patch("/{class_id}", summary="Change a class", responses=examples.CLASS_CHANGED)
async def change_class(
    class_id: UUID,
    wanted: Annotated[ClassChange, Body(openapi_examples=examples.CLASS_CHANGES)],
    who: TeacherDep,
    database: DatabaseDep,
) -> ClassView:
    """Change the name or grade of a class you teach; an administrator may give it to another teacher."""
    return ClassView.of(*await classes.change(database, who, class_id, wanted))


@router.delete(
    "/{class_id}",
    summary="Remove a class",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=examples.CLASS_REMOVED,
)
async def remove_class(class_id: UUID, who: TeacherDep, database: DatabaseDep) -> None:
    """Remove a class you teach. Its pupils keep their accounts."""
    await classes.remove(database, who, class_id)


@router.post("/{class_id}/pupils", summary="Enrol pupils", responses=examples.ENROLLED)
async def enrol_pupils(
    class_id: UUID,
    pupils: Annotated[Pupils, Body(openapi_examples=examples.PUPILS)],
    who: TeacherDep,
    database: DatabaseDep,
) -> ClassView:
    """Put pupils into a class you teach, all of them or none. Sending one again changes nothing."""
    return ClassView.of(*await classes.enrol(database, who, class_id, pupils.user_ids))


@router.delete(
    "/{class_id}/pupils/{user_id}",
    summary="Take a pupil out of a class",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=examples.UNENROLLED,
)
async def unenrol_pupil(
    class_id: UUID, user_id: UUID, who: TeacherDep, database: DatabaseDep
) -> None:
    """Take a pupil out of a class you teach. The account stays."""
    await classes.unenrol(database, who, class_id, user_id)
