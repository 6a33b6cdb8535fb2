"""What every page goes through: security headers, the sign-in, and errors turned into pages."""

import logging
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from toolboxai.monitor.web.errors import PageError
from toolboxai.monitor.web.rendering import Renderer
from toolboxai.monitor.web.visitors import Visitors

log = logging.getLogger(__name__)

SECURITY_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    # Not "no-referrer": under it browsers hide the origin of our own forms from us, too.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class BrokenPageError(PageError):
    """A bug of ours."""

    status = 500
    title = "This page is broken"


class Border:
    """Wraps a page: nothing leaves without the headers, no exception without a page."""

    def __init__(
        self, app: ASGIApp, *, visitors: Visitors, renderer: Renderer, public: bool
    ) -> None:
        self._app = app
        self._visitors = visitors
        self._renderer = renderer
        self._public = public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        connection = HTTPConnection(scope)
        signed_in = self._visitors.signed_in(connection)
        sent_with = _with_headers(send)
        if not (self._public or signed_in):
            await _to_sign_in(connection)(scope, receive, sent_with)
            return
        scope["signed_in"] = signed_in
        await self._answer(scope, receive, sent_with, signed_in=signed_in)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, *, signed_in: bool) -> None:
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            return
        except PageError as error:
            page = self._renderer.error(error, signed_in=signed_in)
            await page(scope, receive, send)
        except Exception:
            log.exception("the page %s failed", scope["path"])
            advice = "The monitor's own log says why. Receiving and storing events goes on."
            page = self._renderer.error(BrokenPageError(advice), signed_in=signed_in)
            await page(scope, receive, send)


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers


def _to_sign_in(connection: HTTPConnection) -> Response:
    asked = connection.url.path
    if connection.url.query:
        asked += f"?{connection.url.query}"
    return RedirectResponse(f"/sign-in?next={quote(asked, safe='')}", status_code=303)
