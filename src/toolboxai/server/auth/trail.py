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
    SCHOOL_CREATED = "school.created"
    SCHOOL_RENAMED = "school.renamed"
    USER_CREATED = "user.created"
    USER_RENAMED = "user.renamed"
    USER_DISABLED = "user.disabled"
    USER_ENABLED = "user.enabled"
    ROLE_CHANGED = "user.role_changed"
    SIGN_IN_CHANGED = "user.sign_in_changed"
    CLASS_CREATED = "class.created"
    CLASS_CHANGED = "class.changed"
    CLASS_REMOVED = "class.removed"
    ENROLLED = "class.enrolled"
    UNENROLLED = "class.unenrolled"
    STUDIO_PAIRED = "studio.paired"
    STUDIO_ENDED = "studio.ended"


def record(session: AsyncSession, who: SignedIn, action: Action, subject_id: UUID) -> None:
    """Note that ``who`` did something to ``subject_id``, of the same school."""
    record_at(session, who.school_id, who.user_id, action, subject_id)


def record_about(session: AsyncSession, user: User, action: Action) -> None:
    """Note that something happened to ``user``, and nobody is known who did it."""
    record_at(session, user.school_id, None, action, user.id)


def record_at(
    session: AsyncSession,
    school_id: UUID | None,
    user_id: UUID | None,
    action: Action,
    subject_id: UUID,
) -> None:
    """Note in the trail of a school that somebody, maybe of no school, did something to ``subject_id``."""
    entry = AuditEvent(school_id=school_id, user_id=user_id, action=action, subject_id=subject_id)
    session.add(entry)
