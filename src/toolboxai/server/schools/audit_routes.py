"""The address of the trail."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from toolboxai.server.auth import AUTH_RESPONSES, Action, SignedIn, limited, require
from toolboxai.server.database import DatabaseDep
from toolboxai.server.models import Role
from toolboxai.server.schools import audit, examples
from toolboxai.server.schools.schemas import AuditEntry, AuditPage, Cursor, PageSize

router = APIRouter(prefix="/api/v1/audit", tags=["audit"], responses=AUTH_RESPONSES)


@router.get(
    "",
    summary="Who did what",
    responses=examples.AUDIT,
    dependencies=[Depends(limited("audit"))],
)
async def list_audit(
    who: Annotated[SignedIn, Depends(require(Role.ADMIN, Role.OPERATOR))],
    database: DatabaseDep,
    *,
    action: Annotated[Action | None, Query()] = None,
    limit: Annotated[PageSize, Query()] = 50,
    cursor: Annotated[Cursor, Query()] = None,
) -> AuditPage:
    """List who did what, the newest first: administrators see their school, operators everything.

    Entries are kept for a year.
    """
    found = await audit.page(database, who, action=action, limit=limit + 1, before=cursor)
    shown = found[:limit]
    return AuditPage(
        items=[AuditEntry.of(*named) for named in shown],
        next=shown[-1][0].id if len(found) > limit else None,
    )
