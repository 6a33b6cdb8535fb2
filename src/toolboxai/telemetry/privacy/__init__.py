"""The gate: what may leave the process. Every item of every envelope passes here, and nothing else does."""

from toolboxai.telemetry.privacy.document import as_markdown, document_of
from toolboxai.telemetry.privacy.gate import (
    KNOWN_ITEMS,
    MAX_ATTACHMENT_CHARS,
    RECORDINGS,
    RULES_VERSION,
    Gate,
    rules_of,
)
from toolboxai.telemetry.privacy.minimal import minimal
from toolboxai.telemetry.privacy.notes import Passed
from toolboxai.telemetry.privacy.policy import Collect, Collected, Policy, policy_for
from toolboxai.telemetry.privacy.policy_file import PolicyFileError, policy_of, read_policy_file
from toolboxai.telemetry.privacy.pseudonyms import UNKNOWN, Pseudonym, pseudonyms, secret_in

__all__ = [
    "KNOWN_ITEMS",
    "MAX_ATTACHMENT_CHARS",
    "RECORDINGS",
    "RULES_VERSION",
    "UNKNOWN",
    "Collect",
    "Collected",
    "Gate",
    "Passed",
    "Policy",
    "PolicyFileError",
    "Pseudonym",
    "as_markdown",
    "document_of",
    "minimal",
    "policy_for",
    "policy_of",
    "pseudonyms",
    "read_policy_file",
    "rules_of",
    "secret_in",
]
