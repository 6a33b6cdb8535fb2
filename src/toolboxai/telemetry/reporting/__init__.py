"""What is reported, in which words, and how much of what comes in masses."""

from toolboxai.telemetry.reporting.reporting import Reporting

__all__ = ["Reporting"]
