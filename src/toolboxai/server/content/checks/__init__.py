"""Whether a lesson or a quiz may be handed out: one set of checks for the engine and for outside models."""

from toolboxai.server.content.checks.checks import (
    CHECKS,
    Finding,
    check,
    object_to_quiz,
    object_to_text,
)
from toolboxai.server.content.checks.material import Material, Verdict

__all__ = ["CHECKS", "Finding", "Material", "Verdict", "check", "object_to_quiz", "object_to_text"]
