"""Spans and breadcrumbs for the calls a request makes: SQL, HTTP, Redis, models; structlog's lines. A file a library.

Each is on from the moment its library is imported by somebody else; none is ever imported from here.
"""

from toolboxai.telemetry.instruments.agents import is_awaited
from toolboxai.telemetry.instruments.installing import install, remove

__all__ = ["install", "is_awaited", "remove"]
