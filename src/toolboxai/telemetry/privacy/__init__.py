"""The gate: what may leave the process. Every item of every envelope passes here, and nothing else does."""

from toolboxai.telemetry.privacy.gate import KNOWN_ITEMS, Gate, Passed, minimal

__all__ = ["KNOWN_ITEMS", "Gate", "Passed", "minimal"]
