"""The gate: what may leave the process. Every item of every envelope passes here, and nothing else does."""

from toolboxai.telemetry.privacy.gate import (
    KNOWN_ITEMS,
    RULES_VERSION,
    UNKNOWN,
    Gate,
    Passed,
    minimal,
)
from toolboxai.telemetry.privacy.pseudonyms import Pseudonym, pseudonyms, secret_in

__all__ = [
    "KNOWN_ITEMS",
    "RULES_VERSION",
    "UNKNOWN",
    "Gate",
    "Passed",
    "Pseudonym",
    "minimal",
    "pseudonyms",
    "secret_in",
]
