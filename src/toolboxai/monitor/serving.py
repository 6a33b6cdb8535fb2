"""Runs the monitor in this process until it is told to stop."""

import asyncio
import logging
import socket
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from toolboxai.monitor.address import url_of
from toolboxai.monitor.application import MonitorApp
from toolboxai.monitor.models import MonitorError
from toolboxai.monitor.settings import MonitorSettings

BACKLOG = 2_048
TICKS_BETWEEN_CHECKS = 5
SECONDS_BETWEEN_SAME_LINES = 60.0


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
            http=_limited(limits.max_connections_per_address),
            ws="none",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="on",
            limit_concurrency=limits.max_connections,
            timeout_graceful_shutdown=limits.drain_timeout_seconds,
        )
        logging.getLogger("uvicorn.error").addFilter(_Seldom())
        heads = _Heads(timeout_seconds=limits.head_timeout_seconds)
        _Server(config, app, url_of(settings.host, port), heads).run(sockets=[listening])


class _Heads:
    """Closes connections that take too long over a request's head: uvicorn waits for ever."""

    def __init__(self, *, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        # Each connection that waits for a head, with the request before that, and since when.
        self._waiting: dict[Any, tuple[object, float]] = {}

    def check(self, connections: Iterable[Any], now: float) -> None:
        """Close those that have waited too long. To be called every second or so."""
        waiting: dict[Any, tuple[object, float]] = {}
        for connection in connections:
            last = connection.cycle
            if last is None or last.response_complete:
                known = self._waiting.get(connection)
                waiting[connection] = known if known and known[0] is last else (last, now)
        self._waiting = waiting
        for connection, (_, since) in waiting.items():
            if now - since > self._timeout_seconds:
                connection.transport.abort()


class _Seldom(logging.Filter):
    """Lets the same line pass once in a while: clients cause them, as often as they like."""

    def __init__(self) -> None:
        super().__init__()
        self._next: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether the line may be written."""
        if record.levelno != logging.WARNING or record.args:
            return True
        is_due = record.created >= self._next.get(record.msg, 0)
        if is_due:
            self._next[record.msg] = record.created + SECONDS_BETWEEN_SAME_LINES
        return is_due


class _OfAddress(asyncio.Protocol):
    """Mixed into uvicorn's protocol: only so many connections of one address stay open."""

    max_per_address: int
    open_per_address: Counter[str]
    _address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._address = str((transport.get_extra_info("peername") or ("",))[0])
        self.open_per_address[self._address] += 1
        if self.open_per_address[self._address] > self.max_per_address:
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.open_per_address[self._address] -= 1
        if not self.open_per_address[self._address]:
            del self.open_per_address[self._address]


def _limited(max_per_address: int) -> type[asyncio.Protocol]:
    names = {"max_per_address": max_per_address, "open_per_address": Counter[str]()}
    # Which protocol uvicorn has depends on what is installed.
    return type("LimitedProtocol", (_OfAddress, AutoHTTPProtocol), names)


class _Server(uvicorn.Server):
    """Says where it listens once it does, and lets nobody hold a connection for nothing."""

    def __init__(self, config: uvicorn.Config, app: MonitorApp, url: str, heads: _Heads) -> None:
        super().__init__(config)
        self._app = app
        self._url = url
        self._heads = heads

    async def on_tick(self, counter: int) -> bool:
        """Do what is to be done ten times a second."""
        if counter % TICKS_BETWEEN_CHECKS == 0:
            self._heads.check(tuple(self.server_state.connections), time.monotonic())
        return await super().on_tick(counter)

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
