"""The page of outcomes: what arrived, what was lost, and why. Its route runs in a worker thread."""

from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from toolboxai.monitor.queries.windows import DEFAULT_RANGE, Window
from toolboxai.monitor.web.forms import number_in
from toolboxai.monitor.web.lenient import text_of
from toolboxai.monitor.web.outcome_view import RANGES, Choice, outcomes_of
from toolboxai.monitor.web.reads import Reads
from toolboxai.monitor.web.rendering import Renderer

MAX_CATEGORY_CHARS = 64


class OutcomePages:
    """What became of all that was sent."""

    def __init__(self, *, queries: Reads, renderer: Renderer, now: Callable[[], datetime]) -> None:
        self._queries = queries
        self._renderer = renderer
        self._now = now

    def outcomes(self, request: Request) -> Response:
        """Show everything, or what was asked for."""
        choice = _choice_of(request)
        window = Window.ending(self._now(), choice.range)
        found = self._queries.outcomes_over(window, project_id=choice.project_id)
        shown = [one for one in found if choice.category in {"", one.category}]
        values = {
            "choice": choice,
            "ranges": RANGES,
            "projects": self._queries.projects(),
            "categories": sorted({one.category for one in found} | {choice.category} - {""}),
            "outcomes": outcomes_of(shown, window),
        }
        return self._renderer.page("outcomes.html", values, signed_in=True)


def _choice_of(request: Request) -> Choice:
    """Return what was asked for; what there isn't is the usual."""
    asked = request.query_params
    name = asked.get("range", "")
    return Choice(
        range=name if name in RANGES else DEFAULT_RANGE,
        project_id=number_in(asked.get("project", "")),
        category=text_of(asked.get("category", ""), max_chars=MAX_CATEGORY_CHARS),
    )
