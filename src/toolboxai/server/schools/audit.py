"""The trail, read. Knows no web."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from toolboxai.server.auth import Action, SignedIn
from toolboxai.server.database import Database
from toolboxai.server.error_handling import database_operation
from toolboxai.server.models import AuditEvent, User

# What happened, and what who did it is called today.
Named = tuple[AuditEvent, str | None]


async def page(
    database: Database, who: SignedIn, *, action: Action | None, limit: int, before: UUID | None
) -> Sequence[Named]:
    """Return at most ``limit`` entries, the newest first: of the school of ``who``, or of all for an operator."""
    asked = select(AuditEvent, User.username).outerjoin(User, User.id == AuditEvent.user_id)
    if who.school_id is not None:
        asked = asked.where(AuditEvent.school_id == who.school_id)
    if action is not None:
        asked = asked.where(AuditEvent.action == action)
    if before is not None:
        asked = asked.where(AuditEvent.id < before)
    with database_operation("read the trail"):
        async with database.session() as session:
            rows = (await session.execute(asked.order_by(AuditEvent.id.desc()).limit(limit))).all()
    return [(row[0], row[1]) for row in rows]
