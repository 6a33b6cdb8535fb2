"""Spans and breadcrumbs for the calls a request makes: SQL, HTTP, Redis. A file a library.

Each is on from the moment its library is imported by somebody else; none is ever imported from here.
"""

from toolboxai.telemetry.instruments.installing import install, remove

__all__ = ["install", "remove"]
