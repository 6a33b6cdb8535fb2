"""Runs the monitor in this process until it is told to stop."""

import socket
from dataclasses import replace

import uvicorn

from toolboxai.monitor.address import url_of
from toolboxai.monitor.application import MonitorApp
from toolboxai.monitor.models import MonitorError
from toolboxai.monitor.settings import MonitorSettings

BACKLOG = 2_048


class AddressError(MonitorError):
    """The monitor can't listen where it should."""

    def __init__(self, settings: MonitorSettings, reason: str | None) -> None:
        super().__init__(
            f"can't listen on {settings.host} port {settings.port}: {reason}; "
            "stop what uses it, or choose another with --port"
        )


def serve(settings: MonitorSettings) -> None:
    """Serve until SIGTERM or SIGINT; what was received by then is stored."""
    listening = _listen(settings)
    with listening:
        port = listening.getsockname()[1]
        app = MonitorApp(replace(settings, port=port))
        limits = settings.limits
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="on",
            limit_concurrency=limits.max_connections,
            timeout_graceful_shutdown=limits.drain_timeout_seconds,
        )
        _Server(config, app, url_of(settings.host, port)).run(sockets=[listening])


class _Server(uvicorn.Server):
    """Says where it listens once it does."""

    def __init__(self, config: uvicorn.Config, app: MonitorApp, url: str) -> None:
        super().__init__(config)
        self._app = app
        self._url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.started:
            return
        lines = [f"The monitor listens on {self._url}"]
        if self._app.first_password:
            lines.append(
                f"Sign in as admin with the password {self._app.first_password} (shown only now)"
            )
        print("\n".join(lines), flush=True)  # noqa: T201 - this is what the user waits for


def _listen(settings: MonitorSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host, settings.port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise AddressError(settings, error.strerror) from error
    return listening
