"""The trail that administrators can follow: who did what to whom, in the same transaction as the deed."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from toolboxai.server.auth.people import SignedIn
from toolboxai.server.models import AuditEvent, User


class Action(StrEnum):
    """What is worth remembering."""

    SIGN_IN_LOCKED = "sign_in.locked"
    SESSION_MISUSED = "session.misused"


def record(session: AsyncSession, who: SignedIn, action: Action, subject_id: UUID) -> None:
    """Note that ``who`` did something to ``subject_id``, of the same school."""
    session.add(
        AuditEvent(
            school_id=who.school_id, user_id=who.user_id, action=action, subject_id=subject_id
        )
    )


def record_about(session: AsyncSession, user: User, action: Action) -> None:
    """Note that something happened to ``user``, and nobody is known who did it."""
    session.add(AuditEvent(school_id=user.school_id, action=action, subject_id=user.id))
