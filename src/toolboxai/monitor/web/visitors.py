"""Who has signed in, by the cookie that the browser sends."""

from collections.abc import Callable
from datetime import datetime

from starlette.requests import HTTPConnection
from starlette.responses import Response

from toolboxai.monitor.web import session


class Visitors:
    """Tells who has signed in. Another ``cookie_key`` knows nobody."""

    def __init__(self, cookie_key: bytes, now: Callable[[], datetime]) -> None:
        self._cookie_key = cookie_key
        self._now = now

    def signed_in(self, connection: HTTPConnection) -> bool:
        """Say whether the browser at the other end has signed in."""
        cookie = connection.cookies.get(session.COOKIE_NAME, "")
        return session.is_valid(cookie, self._now(), self._cookie_key)

    def welcome(self, response: Response, *, secure: bool) -> None:
        """Sign the browser in that gets ``response``."""
        session.give(response, now=self._now(), key=self._cookie_key, secure=secure)
