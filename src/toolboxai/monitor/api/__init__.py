"""The part of Sentry's web API that the monitor answers."""

from toolboxai.monitor.api.changes import Writes
from toolboxai.monitor.api.routes import routes

__all__ = ["Writes", "routes"]
