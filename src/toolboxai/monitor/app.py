"""The monitor: as an ASGI application, or run in this process."""

from starlette.types import ASGIApp

from toolboxai.monitor.application import MonitorApp
from toolboxai.monitor.serving import AddressError, serve
from toolboxai.monitor.settings import MonitorSettings

__all__ = ["AddressError", "create_app", "run"]


def create_app(settings: MonitorSettings) -> ASGIApp:
    """Return the monitor that ``settings`` describes; its lifespan opens the data folder."""
    return MonitorApp(settings)


def run(settings: MonitorSettings) -> None:
    """Serve until SIGTERM or SIGINT; all that was accepted by then is stored."""
    serve(settings)
