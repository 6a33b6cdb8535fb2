"""What an application does, step by step, and what each step is about."""

from toolboxai.telemetry.steps.steps import (
    agent_run,
    content_generation,
    database_operation,
    external_service,
)
from toolboxai.telemetry.steps.surroundings import describe_surroundings
from toolboxai.telemetry.steps.wrapping import Repeatable

__all__ = [
    "Repeatable",
    "agent_run",
    "content_generation",
    "database_operation",
    "describe_surroundings",
    "external_service",
]
