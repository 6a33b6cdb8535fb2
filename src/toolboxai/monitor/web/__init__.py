"""The monitor's pages: server-rendered, without JavaScript."""

from collections.abc import Callable
from datetime import datetime
from time import monotonic

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from toolboxai.monitor.web.access import AccessPages
from toolboxai.monitor.web.assets import Assets
from toolboxai.monitor.web.attempts import Attempts
from toolboxai.monitor.web.border import Border
from toolboxai.monitor.web.errors import PageNotFoundError
from toolboxai.monitor.web.issue_pages import IssuePages
from toolboxai.monitor.web.outcome_pages import OutcomePages
from toolboxai.monitor.web.performance_pages import PerformancePages
from toolboxai.monitor.web.reads import Reads
from toolboxai.monitor.web.rendering import Renderer
from toolboxai.monitor.web.visitors import Visitors
from toolboxai.monitor.web.wording import utc_now

__all__ = ["routes"]


def routes(
    *,
    queries: Reads,
    cookie_key: bytes,
    check_password: Callable[[str], bool],
    now: Callable[[], datetime] = utc_now,
    clock: Callable[[], float] = monotonic,
) -> list[BaseRoute]:
    """Return the pages. They belong after all other routes: the last one answers every address.

    ``check_password`` and ``queries`` may block; they run in worker threads.
    """
    assets = Assets()
    renderer = Renderer(assets, now=now)
    visitors = Visitors(cookie_key, now)
    access = AccessPages(
        check_password=check_password,
        visitors=visitors,
        renderer=renderer,
        attempts=Attempts(clock=clock),
    )
    pages = IssuePages(queries=queries, renderer=renderer)
    performance = PerformancePages(queries=queries, renderer=renderer, now=now)
    outcomes = OutcomePages(queries=queries, renderer=renderer, now=now)
    public, private = (
        [Middleware(Border, visitors=visitors, renderer=renderer, public=is_public)]
        for is_public in (True, False)
    )
    event = "/issues/{issue_id}/events/{event_id}/"
    return [
        Route("/", access.root, middleware=public),
        Route("/assets/{name}", assets.serve, middleware=public),
        Route("/sign-in", access.show_sign_in, middleware=public),
        Route("/sign-in", access.sign_in, methods=["POST"], middleware=public),
        Route("/sign-out", access.sign_out, methods=["POST"], middleware=public),
        Route("/issues/", pages.issues, middleware=private),
        Route("/issues/{issue_id}/", pages.issue, middleware=private),
        Route(event, pages.event, middleware=private),
        Route(f"{event}json", pages.payload, middleware=private),
        Route("/issues", _with_slash, middleware=private),
        Route("/issues/{issue_id}", _with_slash, middleware=private),
        Route("/performance/", performance.transactions, middleware=private),
        Route("/performance/{series_id}/", performance.transaction, middleware=private),
        Route("/traces/{trace_id}/", performance.trace, middleware=private),
        Route("/performance", _with_slash, middleware=private),
        Route("/outcomes/", outcomes.outcomes, middleware=private),
        Route("/outcomes", _with_slash, middleware=private),
        Route("/{path:path}", _nothing_here, methods=_ALL_METHODS, middleware=public),
    ]


_ALL_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def _with_slash(request: Request) -> Response:
    return RedirectResponse(f"{request.url.path}/", status_code=308)


def _nothing_here(request: Request) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse({"detail": "There is nothing at this address."}, status_code=404)
    msg = "Check the address, or start again at the list of issues."
    raise PageNotFoundError(msg)
