"""Spans: a timed step of a request whose trace is kept, and next to nothing of any other."""

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

import sentry_sdk
from sentry_sdk.tracing_utils import PropagationContext

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.current import Origin, Request, current_request, new_id
from toolboxai.telemetry.facts import OPS, UNMATCHED, describe, status_name, transaction_name
from toolboxai.telemetry.sdk import Span, Transaction, TransactionSource

ORIGIN = "auto.http.toolboxai"
_SAMPLE_RATE = re.compile(r"sentry-sample_rate=([01](?:\.\d{1,17})?)(?![\d.])")


def span(op: str, name: str) -> AbstractContextManager[Span | None]:
    """Time a step: ``with telemetry.span("content.plan", "plan"):``. Costs nothing when unsampled."""
    with quietly:
        request = current_request()
        if request is not None and request.transaction is not None:
            return _own_span(op, name)
    return nullcontext()


@contextmanager
def _own_span(op: str, name: str) -> Iterator[Span | None]:
    with ExitStack() as left:
        started = None
        with quietly:
            # On a scope of its own: tasks of one request share theirs, and steps side by side would nest.
            left.enter_context(sentry_sdk.new_scope())
            started = left.enter_context(sentry_sdk.start_span(op=op, name=name))
        yield started


def read_trace_headers(request: Request) -> bool | None:
    """Continue the caller's trace or begin one; return what the caller decided about sampling."""
    parent_sampled = None
    for name, value in request.scope["headers"]:
        if name == b"sentry-trace":
            parent_sampled = _continue(request, value.decode("latin-1"))
        elif name == b"baggage":
            request.baggage = value.decode("latin-1")[:8_192]
    if not request.trace_id:
        request.trace_id = new_id(128)
        request.baggage = None  # without a trace to belong to it says nothing
    return parent_sampled


def _continue(request: Request, header: str) -> bool | None:
    trace_id, span_id, sampled = (*header.strip().split("-"), "", "", "")[:3]
    if not (_is_hex(trace_id, 32) and _is_hex(span_id, 16)):
        return None
    request.trace_id, request.parent_span_id = trace_id.lower(), span_id.lower()
    return {"1": True, "0": False}.get(sampled)


def _is_hex(text: str, length: int) -> bool:
    return len(text) == length and all(c in "0123456789abcdefABCDEF" for c in text)


def continue_trace_of(request: Request, isolation: sentry_sdk.Scope) -> None:
    """Make what the SDK propagates from here, sampled or not, belong to the request's trace."""
    isolation._propagation_context = PropagationContext(  # noqa: SLF001 - its only setter parses headers
        trace_id=request.trace_id, parent_span_id=request.parent_span_id, parent_sampled=False
    )


def begin(request: Request, *, rate: float) -> None:
    """Start the transaction of a sampled request, with the SDK, so that all of its API works inside."""
    # Until the route is known, at the end; from a source that doesn't get into the baggage.
    op, name, source = OPS[request.kind], UNMATCHED, TransactionSource.URL
    if request.parent_span_id is None:
        transaction = Transaction(
            trace_id=request.trace_id,
            span_id=new_id(64),  # the SDK's own asks the system for each
            op=op,
            name=name,
            source=source,
        )
    else:
        headers = {"sentry-trace": f"{request.trace_id}-{request.parent_span_id}-1"}
        if request.baggage:
            headers["baggage"] = request.baggage
        transaction = sentry_sdk.continue_trace(headers, op=op, name=name, source=source)
    transaction.origin = ORIGIN
    transaction.sampled = True
    sentry_sdk.start_transaction(transaction)
    # The SDK takes a forced decision for a rate of 1; the trace should tell the true one.
    transaction.sample_rate = rate
    sentry_sdk.get_current_scope().span = transaction
    request.transaction = transaction


def begin_late(request: Request) -> None:
    """Start the transaction of a request that turned out to be telling, as of when it began."""
    request.transaction = Transaction(
        trace_id=request.trace_id,
        span_id=new_id(64),
        parent_span_id=request.parent_span_id,
        op=OPS[request.kind],
        name=UNMATCHED,
        source=TransactionSource.URL,
        origin=ORIGIN,
        sampled=True,
        start_timestamp=datetime.fromtimestamp(request.started, UTC),
    )
    sentry_sdk.start_transaction(request.transaction)
    request.transaction.sample_rate = 1.0


def finish(request: Request, door: sentry_sdk.Scope) -> dict[str, Any] | None:
    """End the transaction; return the finished event, for which ``door`` stands aside.

    ``None`` when the application has ended it itself, or wants none of this status.
    """
    transaction = request.transaction
    transaction.name, transaction.source = transaction_name(request), "route"
    transaction.set_status(_status_of(request))
    transaction.update_data(_DATA[request.kind](request))
    event: dict[str, Any] | None = transaction.finish(scope=door, end_timestamp=datetime.now(UTC))
    return event


def _status_of(request: Request) -> str:
    if request.raised:
        return "internal_error"
    return status_name(request.status) if request.kind == "http" else "ok"


def _of_http(request: Request) -> dict[str, Any]:
    status = {"http.response.status_code": request.status} if request.status else {}
    return {"http.request.method": request.scope.get("method"), **status}


def _of_websocket(request: Request) -> dict[str, Any]:
    seen = request.messages
    counts = {"websocket.received": seen.received, "websocket.sent": seen.sent}
    return counts | ({"websocket.close_code": seen.closed_with} if seen.closed_with else {})


def _of_job(_request: Request) -> dict[str, Any]:
    return {}


_DATA = {"http": _of_http, "websocket": _of_websocket, "job": _of_job}


def _link_to(origin: Origin) -> dict[str, Any]:
    """Return a span link, as Sentry's trace context holds them."""
    return {
        "trace_id": origin.trace_id,
        "span_id": origin.span_id or "0" * 16,
        "sampled": origin.is_sampled,
        "attributes": {"sentry.link.type": "previous_trace"},
    }


def parent_of(request: Request) -> Span | None:
    """Return the step that the request is in; ``None`` when its trace isn't kept, or not any more."""
    transaction: Span | None = request.transaction
    if transaction is None or transaction.timestamp is not None:
        return None
    span = sentry_sdk.get_current_span()
    if span is None or span.timestamp is not None or span.containing_transaction is not transaction:
        return transaction
    return span


def weight_of(request: Request | None, rate: float) -> float:
    """Return the rate at which a trace like this is kept: ours, its beginner's, or 1 for the telling."""
    if request is None:
        return rate
    if request.kept_anyway:
        return 1.0
    if request.parent_span_id is None:
        return rate
    found = _SAMPLE_RATE.search(request.baggage or "")
    theirs = float(found[1]) if found else 1.0
    return theirs if 0 < theirs <= 1 else 1.0


def completed(
    event: dict[str, Any], request: Request | None, constants: Mapping[str, Any], *, rate: float
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a finished transaction with what the SDK's serialiser would have put on it, and its trace header."""
    event.pop("_has_gen_ai_span", None)
    event |= constants
    if request is not None:
        describe(event, request, max_breadcrumbs=0)
        event.pop("breadcrumbs", None)
    trace = event["contexts"]["trace"]
    header = dict(trace.pop("dynamic_sampling_context", None) or {})
    trace["client_sample_rate"] = weight_of(request, rate)
    if request is not None and request.origin is not None:
        trace["links"] = [_link_to(request.origin)]
    return event, header
