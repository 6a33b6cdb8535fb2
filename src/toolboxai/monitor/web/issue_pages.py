"""The list of issues, an issue, and one event of it. Routes that block run in worker threads."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from toolboxai.monitor.models import Issue, StoredEvent
from toolboxai.monitor.queries import cursor_of
from toolboxai.monitor.web import log_view, waterfall
from toolboxai.monitor.web.errors import PageError, PageNotFoundError
from toolboxai.monitor.web.event_view import trace_id_of, view_of
from toolboxai.monitor.web.forms import number_in
from toolboxai.monitor.web.lenient import text_of
from toolboxai.monitor.web.neighbours import neighbours_of
from toolboxai.monitor.web.reads import Reads
from toolboxai.monitor.web.rendering import Renderer
from toolboxai.monitor.web.why_view import why_of

ISSUES_PER_PAGE = 50
MAX_EVENT_LINKS = 1_000
MAX_QUERY_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What the list was asked for."""

    query: str
    project_id: int | None
    before: str | None

    def after(self, issue: Issue) -> str:
        """Return the address of the page that goes on after ``issue``."""
        return self._address(before=cursor_of(issue))

    def from_the_start(self) -> str:
        """Return the address of the first page."""
        return self._address(before="")

    def _address(self, *, before: str) -> str:
        asked = {"query": self.query, "project": self.project_id or "", "before": before}
        return f"/issues/?{urlencode({name: part for name, part in asked.items() if part})}"


class IssuePages:
    """The pages that an on-call engineer reads."""

    def __init__(self, *, queries: Reads, renderer: Renderer) -> None:
        self._queries = queries
        self._renderer = renderer

    def issues(self, request: Request) -> Response:
        """Show the issues that were seen last."""
        search = _search_of(request)
        found = self._found(search)
        shown = found[:ISSUES_PER_PAGE]
        projects = self._queries.projects()
        values = {
            "search": search,
            "issues": shown,
            "projects": projects,
            "project_names": {project.id: project.name for project in projects},
            "older": search.after(shown[-1]) if len(found) > ISSUES_PER_PAGE else None,
        }
        return self._renderer.page("issues.html", values, signed_in=True)

    def issue(self, request: Request) -> Response:
        """Show an issue by its latest event."""
        issue = self._issue(request)
        return self._shown(issue, self._queries.latest_event(issue.id))

    def event(self, request: Request) -> Response:
        """Show an issue by one of its events."""
        issue = self._issue(request)
        return self._shown(issue, self._event(issue, request))

    def payload(self, request: Request) -> Response:
        """Answer with an event as it is stored."""
        event = self._event(self._issue(request), request)
        body = json.dumps(event.payload, indent=2, default=str)
        return Response(body, media_type="application/json")

    def _found(self, search: Search) -> Sequence[Issue]:
        try:
            return self._queries.issues(
                project_id=search.project_id,
                limit=ISSUES_PER_PAGE + 1,
                before=search.before,
                query=search.query,
            )
        except ValueError as error:
            msg = "This link to a further page is damaged. Start again at the list of issues."
            raise PageError(msg) from error

    def _issue(self, request: Request) -> Issue:
        number = number_in(request.path_params["issue_id"])
        issue = self._queries.issue(number) if number is not None else None
        if issue is None:
            msg = "There is no such issue. It may be older than what the monitor keeps."
            raise PageNotFoundError(msg)
        return issue

    def _event(self, issue: Issue, request: Request) -> StoredEvent:
        event_id = request.path_params["event_id"]
        event = self._queries.event(issue.project_id, event_id)
        if event is None or event.issue_id != issue.id:
            msg = (
                f"Issue {issue.id} has no such event. It may be older than what the monitor keeps."
            )
            raise PageNotFoundError(msg)
        return event

    def _shown(self, issue: Issue, event: StoredEvent | None) -> Response:
        names = {project.id: project.name for project in self._queries.projects()}
        head: dict[str, object] = {
            "issue": issue,
            "project_name": names.get(issue.project_id, ""),
        }
        if event is None:
            return self._renderer.page("issue-without-event.html", head, signed_in=True)
        values = head | self._around(event) | self._trace(trace_id_of(event.payload))
        return self._renderer.page("issue.html", values, signed_in=True)

    def _around(self, event: StoredEvent) -> dict[str, object]:
        refs = self._queries.events_of(event.issue_id, limit=MAX_EVENT_LINKS)
        return {
            "event": view_of(event),
            "why": why_of(event),
            "neighbours": neighbours_of(event.event_id, refs),
        }

    def _trace(self, trace_id: str) -> dict[str, object]:
        spans = self._queries.spans_of_trace(trace_id) if trace_id else []
        lines = self._queries.logs_of_trace(trace_id) if trace_id else []
        span_rows, log_rows = waterfall.rows_of(spans), log_view.rows_of(lines)
        return {
            "spans": span_rows,
            "spans_left_out": len(spans) - len(span_rows),
            "logs": log_rows,
            "logs_left_out": len(lines) - len(log_rows),
        }


def _search_of(request: Request) -> Search:
    asked = request.query_params
    return Search(
        query=text_of(asked.get("query", "").strip()[:MAX_QUERY_CHARS]),
        project_id=number_in(asked.get("project", "")),
        before=asked.get("before") or None,
    )
