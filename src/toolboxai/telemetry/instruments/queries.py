"""What an SQL query leaves behind, whichever library sends it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter, time
from typing import Any, NamedTuple

from toolboxai.telemetry.current import Request
from toolboxai.telemetry.instruments.calls import Choices, end_span, leave_crumb, start_span
from toolboxai.telemetry.instruments.places import place_of_call
from toolboxai.telemetry.instruments.statements import normalised, operation_of
from toolboxai.telemetry.sdk import Span

N_PLUS_ONE_LEAST = 5
# Where a sampled request keeps its queries; bounded by the spans that the SDK records.
QUERIES = "toolboxai.telemetry.queries"

# Set while a query runs: what a library sends through another one is the same query.
_is_inside: ContextVar[bool] = ContextVar("toolboxai_telemetry_query", default=False)


class Query(NamedTuple):
    """A statement on its way, and the database's name as Sentry spells it."""

    statement: str
    system: str


@dataclass(slots=True)
class QueryCall:
    """A query that runs."""

    request: Request
    query: Query
    args: tuple[Any, ...]
    started: float
    clock: float


class Queries(ABC):
    """Observes functions that send SQL. A subclass says what they send."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices

    @abstractmethod
    def read(self, args: tuple[Any, ...], options: Mapping[str, Any]) -> Query | None:
        """Return what a call sends, or ``None`` for nothing worth mentioning."""

    @abstractmethod
    def count_rows(self, args: tuple[Any, ...], result: object) -> int | None:
        """Return how many rows came back, where that costs nothing to know."""

    def begin(
        self, request: Request, args: tuple[Any, ...], options: Mapping[str, Any]
    ) -> QueryCall | None:
        """Take note of a query, unless it is part of one that is noted already."""
        if _is_inside.get():
            return None
        query = self.read(args, options)
        if query is None:
            return None
        _is_inside.set(True)
        return QueryCall(request, query, args, time(), perf_counter())

    def end(self, call: QueryCall, result: object, error: BaseException | None) -> None:
        """Leave the breadcrumb and, where the trace is kept, the span."""
        _is_inside.set(False)
        seconds = perf_counter() - call.clock
        name, request = normalised(*call.query), call.request
        level = "error" if error else "info"
        limit = self._choices.max_breadcrumbs
        leave_crumb(request, call.started, "query", level, name, limit=limit)
        span = start_span(request, "db", name, call.started)
        if span is None:
            return
        end_span(span, seconds, self._facts(call, name, result, seconds), error)
        _look_for_repetition(request, span, name, limit=limit)

    def _facts(
        self, call: QueryCall, name: str, result: object, seconds: float
    ) -> Mapping[str, Any]:
        facts: dict[str, Any] = {"db.system": call.query.system, "db.operation": operation_of(name)}
        rows = self.count_rows(call.args, result)
        if rows is not None:
            facts["db.rows"] = rows
        if seconds >= self._choices.slow_query_seconds:
            facts |= place_of_call(self._choices.in_app_prefixes)
        return facts


def _look_for_repetition(request: Request, span: Span, name: str, *, limit: int) -> None:
    """Mark equal queries of one step as soon as they are five, and say so once."""
    queries = request.scope.setdefault(QUERIES, {})
    alike: list[Span] = queries.setdefault((span.parent_span_id, name), [])
    if len(alike) < N_PLUS_ONE_LEAST:
        alike.append(span)
    if len(alike) < N_PLUS_ONE_LEAST:
        return
    if alike[-1] is span:
        for earlier in alike:
            earlier.set_data("n_plus_one", True)  # noqa: FBT003 - the SDK's signature
        request.transaction.set_tag("n_plus_one", "true")
        leave_crumb(request, time(), "query", "warning", f"N+1: {name}", limit=limit)
    span.set_data("n_plus_one", True)  # noqa: FBT003 - the SDK's signature
