"""What is stored. Knows columns, not sessions."""

from toolboxai.server.models.base import Base, new_id, utc_now
from toolboxai.server.models.lessons import (
    FINAL,
    Generation,
    GenerationStatus,
    StoredLesson,
    TokenUse,
)
from toolboxai.server.models.plugin import PairingCode, PluginMessage, PluginSession
from toolboxai.server.models.schools import (
    AuditEvent,
    Enrollment,
    RefreshToken,
    Role,
    School,
    SchoolClass,
    User,
)

__all__ = [
    "FINAL",
    "AuditEvent",
    "Base",
    "Enrollment",
    "Generation",
    "GenerationStatus",
    "PairingCode",
    "PluginMessage",
    "PluginSession",
    "RefreshToken",
    "Role",
    "School",
    "SchoolClass",
    "StoredLesson",
    "TokenUse",
    "User",
    "new_id",
    "utc_now",
]
