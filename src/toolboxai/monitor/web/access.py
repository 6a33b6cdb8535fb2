"""Signing in and out."""

import hmac
from collections.abc import Callable

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from toolboxai.monitor.web import session
from toolboxai.monitor.web.attempts import Attempts
from toolboxai.monitor.web.forms import read_form, refuse_foreign, safe_destination
from toolboxai.monitor.web.rendering import Renderer
from toolboxai.monitor.web.visitors import Visitors

USER = "admin"
# A good password hash is slow and hungry on purpose; strangers must not run many at once.
MAX_CHECKS_AT_ONCE = 2
MAX_PASSWORD_CHARS = 1_000


class AccessPages:
    """The way in and the way out."""

    def __init__(
        self,
        *,
        check_password: Callable[[str], bool],
        visitors: Visitors,
        renderer: Renderer,
        attempts: Attempts,
    ) -> None:
        self._check_password = check_password
        self._visitors = visitors
        self._renderer = renderer
        self._attempts = attempts
        self._limiter = CapacityLimiter(MAX_CHECKS_AT_ONCE)

    async def root(self, request: Request) -> Response:
        """Lead on to the issues, or to the sign-in."""
        target = "/issues/" if request.scope["signed_in"] else "/sign-in"
        return RedirectResponse(target, status_code=303)

    async def show_sign_in(self, request: Request) -> Response:
        """Show the form, unless there is no need for it."""
        destination = safe_destination(request.query_params.get("next", ""))
        if request.scope["signed_in"]:
            return RedirectResponse(destination, status_code=303)
        return self._form(destination)

    async def sign_in(self, request: Request) -> Response:
        """Check name and password; lead on to the page first asked for."""
        form = await read_form(request)
        destination = safe_destination(form.get("next", ""))
        address = request.client.host if request.client else "unknown"
        if wait_seconds := self._attempts.begin(address):
            return self._slow_down(destination, wait_seconds)
        if not await self._is_right(form):
            return self._form(destination, status=403, problem="The name or the password is wrong.")
        self._attempts.succeeded(address)
        response = RedirectResponse(destination, status_code=303)
        self._visitors.welcome(response, secure=_is_secure(request))
        return response

    async def sign_out(self, request: Request) -> Response:
        """Forget the browser."""
        refuse_foreign(request)
        response = RedirectResponse("/sign-in", status_code=303)
        session.take(response, secure=_is_secure(request))
        return response

    async def _is_right(self, form: dict[str, str]) -> bool:
        password = form.get("password", "")[:MAX_PASSWORD_CHARS]
        # The password is checked for a wrong name too: both must take as long.
        right_password = await to_thread.run_sync(
            self._check_password, password, limiter=self._limiter
        )
        name = form.get("user", "").encode(errors="replace")
        return hmac.compare_digest(name, USER.encode()) and right_password

    def _form(self, destination: str, *, status: int = 200, problem: str = "") -> Response:
        values = {"destination": destination, "problem": problem, "user": USER}
        return self._renderer.page("sign-in.html", values, signed_in=False, status=status)

    def _slow_down(self, destination: str, wait_seconds: int) -> Response:
        problem = (
            f"Too many attempts from your address. Wait {wait_seconds} seconds, then try again."
        )
        response = self._form(destination, status=429, problem=problem)
        response.headers["retry-after"] = str(wait_seconds)
        return response


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https"
