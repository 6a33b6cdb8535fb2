"""The table of transactions, one transaction, and one trace. Routes that block run in worker threads."""

from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from toolboxai.monitor.queries.figures import ORDERS
from toolboxai.monitor.queries.windows import DEFAULT_RANGE, RANGES, Window
from toolboxai.monitor.web import log_view, waterfall
from toolboxai.monitor.web.errors import PageNotFoundError
from toolboxai.monitor.web.forms import number_in
from toolboxai.monitor.web.lenient import text_of
from toolboxai.monitor.web.performance_view import (
    DEFAULT_ORDER,
    RANGE_NAMES,
    Choice,
    chart_of,
    rows_of,
)
from toolboxai.monitor.web.reads import Reads
from toolboxai.monitor.web.rendering import Renderer

MAX_ROWS = 100
MAX_ENVIRONMENT_CHARS = 200


class PerformancePages:
    """What takes how long, and where."""

    def __init__(self, *, queries: Reads, renderer: Renderer, now: Callable[[], datetime]) -> None:
        self._queries = queries
        self._renderer = renderer
        self._now = now

    def transactions(self, request: Request) -> Response:
        """Show the transactions that take the most time, or whatever was asked to be on top."""
        choice, now = _choice_of(request), self._now()
        window = Window.ending(now, choice.range)
        found, size = self._queries.figures.transactions(
            window,
            project_id=choice.project_id,
            environment=choice.environment,
            order=choice.order,
            limit=MAX_ROWS,
        )
        projects = self._queries.projects()
        values = {
            "choice": choice,
            "rows": rows_of(found, window.minutes_until(now)),
            "left_out": size - len(found),
            "ranges": RANGE_NAMES,
            "projects": projects,
            "project_names": {project.id: project.name for project in projects},
            "environments": self._queries.figures.environments(),
        }
        return self._renderer.page("performance.html", values, signed_in=True)

    def transaction(self, request: Request) -> Response:
        """Show one transaction: over time, its slowest, and what in it takes the time."""
        choice, now = _choice_of(request), self._now()
        window = Window.ending(now, choice.range)
        number = number_in(request.path_params["series_id"])
        figures = self._queries.figures
        found = figures.transaction(number, window) if number is not None else None
        if found is None:
            msg = "There is no such transaction. It may not have run for longer than figures are kept."
            raise PageNotFoundError(msg)
        minutes = window.minutes_until(now)
        spans = figures.spans(found.id, window)
        names = {project.id: project.name for project in self._queries.projects()}
        values = {
            "choice": choice,
            "ranges": RANGE_NAMES,
            "project_name": names.get(found.project_id, ""),
            "row": rows_of([found], minutes)[0],
            "chart": chart_of(figures.steps(found.id, window), window, now),
            "slowest": figures.slowest(found.id, window),
            "spans": rows_of(spans, minutes),
            "spans_since": window.start_of_spans(),
        }
        return self._renderer.page("transaction.html", values, signed_in=True)

    def trace(self, request: Request) -> Response:
        """Show the steps of a trace, and what was logged in it."""
        trace_id = request.path_params["trace_id"]
        spans = self._queries.spans_of_trace(trace_id)
        if not spans:
            msg = "There is no such trace. It may be older than what the monitor keeps."
            raise PageNotFoundError(msg)
        lines = self._queries.logs_of_trace(trace_id)
        span_rows, log_rows = waterfall.rows_of(spans), log_view.rows_of(lines)
        first = next((each for each in spans if each.is_segment), spans[0])
        values = {
            "trace_id": trace_id,
            "first": first,
            "spans": span_rows,
            "spans_left_out": len(spans) - len(span_rows),
            "logs": log_rows,
            "logs_left_out": len(lines) - len(log_rows),
        }
        return self._renderer.page("trace.html", values, signed_in=True)


def _choice_of(request: Request) -> Choice:
    """Return what was asked for; what there isn't is the usual."""
    asked = request.query_params
    name, order = asked.get("range", ""), asked.get("sort", "")
    environment = text_of(asked.get("environment", ""), max_chars=MAX_ENVIRONMENT_CHARS)
    return Choice(
        range=name if name in RANGES else DEFAULT_RANGE,
        order=order if order in ORDERS else DEFAULT_ORDER,
        project_id=number_in(asked.get("project", "")),
        environment=environment or None,
    )
