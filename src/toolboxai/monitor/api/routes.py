"""The addresses of the web API. All need a token; all that is missing looks the same."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from toolboxai.monitor.api import figures, shapes
from toolboxai.monitor.api.changes import MAX_BODY_BYTES, Change, ChangeError, Writes
from toolboxai.monitor.api.search import Search, SearchError
from toolboxai.monitor.models import Issue, Project
from toolboxai.monitor.queries import Queries, cursor_of
from toolboxai.monitor.queries.figures import ORDERS
from toolboxai.monitor.queries.windows import DEFAULT_RANGE, RANGES, Window
from toolboxai.monitor.store.periods import Resolution

DEFAULT_LIMIT = 25
MAX_LIMIT = 100
# Sentry's cursors have three parts; clients keep them as they are.
FIRST_PAGE = "0:0:0"

EVERY_PROJECT = "-1"

Endpoint = Callable[[Request], Response]


class ApiError(Exception):
    """The request can't be answered; the message says why."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def routes(queries: Queries, writes: Writes) -> list[BaseRoute]:
    """Return the addresses of the web API."""
    api = _Api(queries, writes)
    endpoints: dict[str, Endpoint] = {
        "/organizations/": api.organizations,
        "/organizations/{organization}/projects/": api.projects,
        "/organizations/{organization}/issues/": api.issues,
        "/organizations/{organization}/issues/{issue_id}/": api.issue,
        "/issues/{issue_id}/": api.issue,
        "/projects/{organization}/{project}/events/{event_id}/": api.event,
        "/organizations/{organization}/outcomes/": api.outcomes,
        "/organizations/{organization}/transactions/": api.transactions,
        "/organizations/{organization}/transactions/{series_id}/": api.transaction,
    }
    changed = (
        "/organizations/{organization}/issues/{issue_id}/",
        "/issues/{issue_id}/",
        # Several, as ?id=…&id=…
        "/projects/{organization}/{project}/issues/",
    )
    return [
        *(
            Route(f"/api/0{path}", _changing(api.change, queries), methods=["PUT"])
            for path in changed
        ),
        *(Route(f"/api/0{path}", _guarded(each, queries)) for path, each in endpoints.items()),
    ]


def _changing(
    change: Callable[[Request, bytes], Response], queries: Queries
) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint for what has a body: read within bounds, then handled like the others."""

    async def answer(request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                return _json({"detail": f"At most {MAX_BODY_BYTES:,} bytes."}, status=413)
        return await run_in_threadpool(
            _guarded(lambda asked: change(asked, body), queries), request
        )

    return answer


def _guarded(endpoint: Endpoint, queries: Queries) -> Endpoint:
    """Return the endpoint behind the token check. It is no coroutine: it reads files."""

    def answer(request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not queries.token_is_known(token.strip()):
            return _json({"detail": "Authentication credentials were not provided."}, status=401)
        try:
            return endpoint(request)
        except ApiError as error:
            return _json({"detail": str(error)}, status=error.status)

    return answer


class _Api:
    def __init__(self, queries: Queries, writes: Writes) -> None:
        self._queries = queries
        self._writes = writes

    def organizations(self, request: Request) -> Response:
        return _json([shapes.organization(_base(request))], link=_links(request, None))

    def projects(self, request: Request) -> Response:
        _check_organization(request)
        base = _base(request)
        found = [shapes.project(each, base) for each in self._queries.projects()]
        return _json(found, link=_links(request, None))

    def issues(self, request: Request) -> Response:
        _check_organization(request)
        owners = self._owners()
        limit = _limit(request)
        # One more than asked for tells whether there is a next page.
        found = self._issues(request, limit + 1)
        page = found[:limit]
        following = cursor_of(page[-1]) if len(found) > limit else None
        base = _base(request)
        body = [shapes.issue(each, owners[each.project_id], base) for each in page]
        return _json(body, link=_links(request, following))

    def issue(self, request: Request) -> Response:
        _check_organization(request)
        number = request.path_params["issue_id"]
        found = self._queries.issue(int(number)) if _is_number(number) else None
        if found is None:
            raise ApiError(404, "The requested resource does not exist")
        return _json(shapes.issue(found, self._owners()[found.project_id], _base(request)))

    def change(self, request: Request, body: bytes) -> Response:
        """Resolve issues or open them again; the answer is the one, or what became of all."""
        _check_organization(request)
        try:
            change = Change.of(body)
        except ChangeError as error:
            raise ApiError(400, str(error)) from error
        one = request.path_params.get("issue_id")
        asked = [one] if one is not None else request.query_params.getlist("id")[:MAX_LIMIT]
        for number in asked:
            self._change(number, change, request.path_params.get("project"))
        if one is not None:
            return self.issue(request)
        return _json({"status": change.value, "statusDetails": {}})

    def _change(self, number: str, change: Change, project: str | None) -> None:
        found = self._queries.issue(int(number)) if _is_number(number) else None
        owner = self._owners().get(found.project_id) if found else None
        if found is None or owner is None or project not in (None, owner.slug, str(owner.id)):
            raise ApiError(404, "The requested resource does not exist")
        self._writes.carry_out(change, found.id, release=self._release(found.id, change))

    def _release(self, issue_id: int, change: Change) -> str | None:
        """Return the release that the issue was last seen in, where that matters."""
        latest = self._queries.latest_event(issue_id) if change is Change.IN_NEXT_RELEASE else None
        release = latest.payload.get("release") if latest else None
        return release if isinstance(release, str) else None

    def event(self, request: Request) -> Response:
        _check_organization(request)
        wanted = request.path_params["project"]
        owner = next((p for p in self._owners().values() if wanted in (p.slug, str(p.id))), None)
        event_id = request.path_params["event_id"].replace("-", "").lower()
        found = self._queries.event(owner.id, event_id) if owner else None
        if owner is None or found is None:
            raise ApiError(404, "Event not found")
        return _json(shapes.event(found, owner))

    def outcomes(self, request: Request) -> Response:
        """Return what became of all that was sent, as the page of outcomes shows it."""
        _check_organization(request)
        window = _window(request, datetime.now(UTC))
        if window.asked.step < Resolution.HOUR:
            raise ApiError(400, "Outcomes are counted by the hour: ask for 24h, 7d or 30d.")
        found = self._queries.outcomes_over(window, project_id=_project(request))
        return _json([figures.outcome(each, window) for each in found])

    def transactions(self, request: Request) -> Response:
        """Return the first transactions in an order, as the page of performance shows them."""
        _check_organization(request)
        asked, now = request.query_params, datetime.now(UTC)
        window = _window(request, now)
        order, project = asked.get("sort") or "total", _project(request)
        if order not in ORDERS:
            raise ApiError(400, f"Invalid sort parameter. It must be one of {', '.join(ORDERS)}.")
        found, _ = self._queries.figures.transactions(
            window,
            project_id=project,
            environment=asked.get("environment") or None,
            order=order,
            limit=_limit(request),
        )
        minutes = window.minutes_until(now)
        return _json([figures.series(each, minutes) for each in found])

    def transaction(self, request: Request) -> Response:
        """Return one transaction, its figures over time, its spans and its slowest events."""
        _check_organization(request)
        number, now = request.path_params["series_id"], datetime.now(UTC)
        window, ask = _window(request, now), self._queries.figures
        found = ask.transaction(int(number), window) if _is_number(number) else None
        if found is None:
            raise ApiError(404, "The requested resource does not exist")
        minutes = window.minutes_until(now)
        return _json(
            {
                **figures.series(found, minutes),
                "series": figures.steps(ask.steps(found.id, window), window),
                "spans": [figures.series(each, minutes) for each in ask.spans(found.id, window)],
                "slowest": [figures.slow(each) for each in ask.slowest(found.id, window)],
            }
        )

    def _owners(self) -> dict[int, Project]:
        return {project.id: project for project in self._queries.projects()}

    def _issues(self, request: Request, limit: int) -> list[Issue]:
        cursor = request.query_params.get("cursor") or FIRST_PAGE
        project = request.query_params.get("project", "")
        if project and project != EVERY_PROJECT and not _is_number(project):
            raise ApiError(400, "Invalid project parameter. Values must be numbers.")
        try:
            search = Search.of(request.query_params.get("query", ""))
        except SearchError as error:
            raise ApiError(400, str(error)) from error
        if not search.statuses:
            return []
        try:
            return self._queries.issues(
                project_id=int(project) if project not in ("", EVERY_PROJECT) else None,
                limit=limit,
                before=None if cursor == FIRST_PAGE else cursor,
                query=search.text,
                status=min(search.statuses) if len(search.statuses) == 1 else None,
            )
        except ValueError as error:
            raise ApiError(400, "Invalid cursor parameter.") from error


def _check_organization(request: Request) -> None:
    if request.path_params.get("organization", shapes.ORGANIZATION) not in (
        shapes.ORGANIZATION,
        "1",
    ):
        raise ApiError(404, "The requested resource does not exist")


def _window(request: Request, now: datetime) -> Window:
    try:
        return Window.ending(now, request.query_params.get("statsPeriod") or DEFAULT_RANGE)
    except KeyError as error:
        raise ApiError(
            400, f"Invalid statsPeriod. It must be one of {', '.join(RANGES)}."
        ) from error


def _project(request: Request) -> int | None:
    """Return the project that was asked for; ``None`` for every one."""
    asked = request.query_params.get("project") or EVERY_PROJECT
    if asked == EVERY_PROJECT:
        return None
    if not _is_number(asked):
        raise ApiError(400, "Invalid project parameter. Values must be numbers.")
    return int(asked)


def _limit(request: Request) -> int:
    asked = request.query_params.get("limit") or request.query_params.get("per_page")
    if asked is None:
        return DEFAULT_LIMIT
    if not _is_number(asked) or not 1 <= int(asked) <= MAX_LIMIT:
        raise ApiError(400, f"Invalid limit parameter. It must be between 1 and {MAX_LIMIT}.")
    return int(asked)


def _is_number(text: str) -> bool:
    # 15 digits fit into SQLite's integers.
    return text.isascii() and text.isdigit() and len(text) <= 15


def _links(request: Request, following: str | None) -> str:
    """Return Sentry's Link header: clients go on while the next page has results."""
    base = f"{_base(request)}{request.url.path}"
    kept = [(key, value) for key, value in request.query_params.multi_items() if key != "cursor"]
    links = []
    for relation, cursor, results in (
        ("previous", FIRST_PAGE, False),
        ("next", following or FIRST_PAGE, following is not None),
    ):
        address = f"{base}?{urlencode([*kept, ('cursor', cursor)])}"
        links.append(
            f'<{address}>; rel="{relation}"; results="{str(results).lower()}"; cursor="{cursor}"'
        )
    return ", ".join(links)


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _json(body: Any, *, status: int = 200, link: str | None = None) -> Response:  # noqa: ANN401 - JSON
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    if link:
        headers["link"] = link
    return Response(
        orjson.dumps(body), status_code=status, media_type="application/json", headers=headers
    )
