"""The layer around the application, and what it sees: requests, sockets, start and end, error handlers."""

from toolboxai.telemetry.asgi.handlers import watch_handlers
from toolboxai.telemetry.asgi.middleware import TelemetryLayer

__all__ = ["TelemetryLayer", "watch_handlers"]
