"""The parts of the monitor as one ASGI application."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from toolboxai.monitor import api, control, web
from toolboxai.monitor.address import dsn_of, url_of
from toolboxai.monitor.digest import Digest
from toolboxai.monitor.ingest import Ingest, is_ingest_path
from toolboxai.monitor.queries import Queries
from toolboxai.monitor.settings import MonitorSettings
from toolboxai.monitor.store import Store

log = logging.getLogger(__name__)


class MonitorApp:
    """The monitor. Between startup and shutdown it alone writes to the data folder."""

    def __init__(self, settings: MonitorSettings) -> None:
        self._settings = settings
        self.first_password: str | None = None
        self._ingest: ASGIApp = _not_started
        self._pages: ASGIApp = _not_started

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or follow the server's start and end."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http" and is_ingest_path(scope["path"]):
            await self._ingest(scope, receive, send)
        else:
            await self._pages(scope, receive, send)

    def start(self) -> None:
        """Open the data folder and start the writer."""
        settings = self._settings
        self._store = Store(settings)
        self._queries = Queries(settings.data, settings.limits)
        self.first_password = self._store.ensure_password()
        projects = self._store.projects()
        folder, url = self._store.folder, url_of(settings.host, settings.port)
        folder.write_private(folder.dsn, f"{dsn_of(projects[0], url)}\n")
        self._control_key = control.write_control_file(folder, url)
        self._digest = Digest(self._store, settings.limits)
        self._ingest = Ingest(projects, self._digest, settings.limits)
        self._pages = self._all_but_ingest()
        self._digest.start()
        self._digest.call(Store.prepare_today)

    def close(self) -> None:
        """Store what is queued, then let go of the data folder."""
        self._digest.close()
        self._queries.close()
        self._store.folder.control.unlink(missing_ok=True)
        self._store.close()

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await asyncio.to_thread(self.start)
        await send({"type": "lifespan.startup.complete"})
        forgetting = asyncio.create_task(self._forget_now_and_then())
        await receive()
        forgetting.cancel()
        await asyncio.to_thread(self.close)
        await send({"type": "lifespan.shutdown.complete"})

    async def _forget_now_and_then(self) -> None:
        while True:
            self._digest.call(forget)
            await asyncio.sleep(self._settings.limits.seconds_between_retention)

    def _all_but_ingest(self) -> ASGIApp:
        queries = self._queries
        actions: dict[str, Callable[[str], str]] = {
            "token": lambda _: self._create_token(),
            "password": lambda _: self._reset_password(),
            "backup": self._back_up,
        }
        return Starlette(
            routes=[
                Route("/health", self._health),
                *control.routes(self._control_key, actions),
                *api.routes(queries, api.Writes(resolve=self._resolve, reopen=self._reopen)),
                *web.routes(
                    queries=queries,
                    cookie_key=queries.session_key(),
                    check_password=queries.password_matches,
                ),
            ]
        )

    async def _health(self, _: Request) -> Response:
        if self._digest.is_healthy:
            return JSONResponse({"status": "ok"})
        return JSONResponse({"status": "failing", "detail": "can't write"}, status_code=503)

    def _back_up(self, target: str) -> str:
        # Only the moment is the writer's; the copy is made here.
        with closing(self._digest.call(Store.snapshot).result()) as snapshot:
            snapshot.copy_to(Path(target))
        return target

    def _create_token(self) -> str:
        return self._digest.call(Store.create_token).result()

    def _resolve(self, issue_id: int, in_release: str | None) -> bool:
        return self._digest.call(
            lambda store: store.resolve(issue_id, in_release=in_release)
        ).result()

    def _reopen(self, issue_id: int) -> bool:
        return self._digest.call(lambda store: store.reopen(issue_id)).result()

    def _reset_password(self) -> str:
        password = self._digest.call(Store.reset_password).result()
        # With the new cookie key, so that old sessions end.
        self._pages = self._all_but_ingest()
        return password


def forget(store: Store) -> None:
    """Make room; a disk that refuses will be asked again."""
    try:
        store.forget()
    except Exception:
        log.exception("what is too old can't be deleted")


async def _not_started(_scope: Scope, _receive: Receive, _send: Send) -> None:
    msg = "the monitor has not been started: its server must support ASGI's lifespan"
    raise RuntimeError(msg)
