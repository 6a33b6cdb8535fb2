"""httpx and httpx2, which have the same interface: every request that a client puts on the wire.

Each hop of a redirect is a call of its own, so no trace header follows one to a host that wasn't
meant. The time is that to the response's head; the body may come later.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter, time
from types import ModuleType
from typing import Any

from toolboxai.telemetry.current import Request
from toolboxai.telemetry.facts import status_name
from toolboxai.telemetry.instruments.calls import Choices, end_span, leave_crumb, start_span
from toolboxai.telemetry.instruments.observing import Patches
from toolboxai.telemetry.instruments.propagation import is_trusted, trace_headers
from toolboxai.telemetry.sdk import Span

MAX_SEGMENTS = 16
# Only what reads like words of an API stays of a path: v1, lessons, chat-completions, models:list.
_WORDS = re.compile(
    r"v\d{1,3}(?:(?:alpha|beta)\d{0,2})?|[A-Za-z]{1,20}(?:[._:-][A-Za-z]{1,20}){0,3}\d?|"
)


@dataclass(slots=True)
class HttpCall:
    """A request that is on its way, and the headers that are ours on it."""

    request: Request
    sent: Any
    name: str
    span: Span | None
    started: float
    clock: float
    added: tuple[str, ...] = ()


class HttpRequests:
    """``(client, request)``."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices

    def begin(
        self, request: Request, args: tuple[Any, ...], options: Mapping[str, Any]
    ) -> HttpCall:
        """Start the span and put the trace on the request, where its host may know."""
        sent = args[1] if len(args) > 1 else options["request"]
        started, clock = time(), perf_counter()
        name = f"{sent.method} {url_pattern(sent.url.scheme, sent.url.host, sent.url.path)}"
        span = start_span(request, "http.client", name, started)
        call = HttpCall(request, sent, name, span, started, clock)
        if is_trusted(sent.url.host, self._choices.trace_hosts):
            call.added = _add(sent.headers, trace_headers(request, span))
        return call

    def end(self, call: HttpCall, result: object, error: BaseException | None) -> None:
        """Take our headers off again, and leave breadcrumb and span."""
        for header in call.added:
            call.sent.headers.pop(header, None)
        seconds = perf_counter() - call.clock
        status = getattr(result, "status_code", None)
        outcome = type(error).__name__ if error else status
        leave_crumb(
            call.request,
            call.started,
            "http",
            _level(status),
            f"{call.name} [{outcome}]",
            limit=self._choices.max_breadcrumbs,
        )
        if call.span is None:
            return
        facts: dict[str, Any] = {
            "http.request.method": call.sent.method,
            "server.address": call.sent.url.host,
        }
        if status is not None:
            facts["http.response.status_code"] = status
            call.span.set_status(status_name(status))
        if call.sent.url.port is not None:
            facts["server.port"] = call.sent.url.port
        end_span(call.span, seconds, facts, error)


def observe(module: ModuleType, patches: Patches, choices: Choices) -> None:
    """Observe both kinds of client. ``module`` is ``httpx`` or ``httpx2``."""
    observer = HttpRequests(choices)
    for client in (module.Client, module.AsyncClient):
        patches.observe(client, "_send_single_request", observer)


def url_pattern(scheme: str, host: str, path: str) -> str:
    """Return a URL in which every part of the path that isn't a plain word is a star; no query."""
    segments = path.split("/")[1 : MAX_SEGMENTS + 1]
    reduced = [segment if _WORDS.fullmatch(segment) else "*" for segment in segments]
    return f"{scheme}://{host}/{'/'.join(reduced)}"


def _level(status: int | None) -> str:
    if status is None or status >= 500:
        return "error"
    return "warning" if status >= 400 else "info"


def _add(headers: Any, ours: Mapping[str, str]) -> tuple[str, ...]:  # noqa: ANN401 - of either library
    """Add ``ours`` unless the caller has chosen a trace; return the names that were added."""
    if "sentry-trace" in headers:
        return ()
    names = tuple(name for name in ours if name not in headers)
    for name in names:
        headers[name] = ours[name]
    return names
