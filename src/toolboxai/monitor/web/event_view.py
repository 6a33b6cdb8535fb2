"""A stored event as its page shows it. Pure: a payload in, values for the template out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from toolboxai.monitor.models import StoredEvent
from toolboxai.monitor.web.facts import (
    Fact,
    FactGroup,
    context_groups,
    facts_of,
    group_of,
    request_groups,
)
from toolboxai.monitor.web.lenient import list_of, mapping_of, moment_of, text_of, values_of
from toolboxai.monitor.web.stacktrace import MAX_MESSAGE_CHARS, Raised, exceptions_of

MAX_CRUMBS = 100
_RELEASED = {
    "release": "Release",
    "environment": "Environment",
    "server_name": "Server",
    "transaction": "Transaction",
}
_KNOWN_LEVELS = frozenset({"fatal", "error", "warning", "info", "debug"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Crumb:
    """One thing that happened before the event."""

    at: datetime | None
    level: str
    category: str
    message: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """Everything of one event that its page shows."""

    event_id: str
    at: datetime
    message: str
    exceptions: list[Raised]
    crumbs: list[Crumb]
    crumbs_left_out: int
    about: FactGroup
    tags: FactGroup
    groups: list[FactGroup]
    trace_id: str


def level_of(value: object) -> str:
    """Return one of the levels that have a colour; ``error`` is Sentry's own default."""
    if value == "warn":
        return "warning"
    if value == "critical":
        return "fatal"
    return value if isinstance(value, str) and value in _KNOWN_LEVELS else "error"


def view_of(event: StoredEvent) -> EventView:
    """Return what there is to show of ``event``, however odd its payload."""
    payload = event.payload
    crumbs = values_of(payload.get("breadcrumbs"))
    return EventView(
        event_id=text_of(event.event_id, max_chars=64),
        at=moment_of(payload.get("timestamp")) or event.received_at,
        message=_message(payload),
        exceptions=exceptions_of(payload),
        crumbs=[_crumb(mapping_of(crumb)) for crumb in reversed(crumbs[-MAX_CRUMBS:])],
        crumbs_left_out=max(0, len(crumbs) - MAX_CRUMBS),
        about=group_of("Where", dict(_about(payload))),
        tags=group_of("Tags", payload.get("tags")),
        groups=_groups(payload),
        trace_id=trace_id_of(payload),
    )


def trace_id_of(payload: dict[str, object]) -> str:
    """Return the id of the trace in which the event happened, if it names one."""
    trace = mapping_of(mapping_of(payload.get("contexts")).get("trace"))
    trace_id = trace.get("trace_id")
    return trace_id if isinstance(trace_id, str) and len(trace_id) <= 64 else ""


def _message(payload: dict[str, object]) -> str:
    entry = payload.get("logentry") or payload.get("message")
    parts = mapping_of(entry)
    message = (parts.get("formatted") or parts.get("message")) if parts else entry
    return text_of(message, max_chars=MAX_MESSAGE_CHARS)


def _crumb(crumb: dict[str, object]) -> Crumb:
    return Crumb(
        at=moment_of(crumb.get("timestamp")),
        level=level_of(crumb.get("level") or "info"),
        category=text_of(crumb.get("category") or crumb.get("type"), max_chars=80) or "default",
        message=text_of(crumb.get("message")),
        facts=facts_of(mapping_of(crumb.get("data"))),
    )


def _about(payload: dict[str, object]) -> Iterator[tuple[str, object]]:
    for name, title in _RELEASED.items():
        if payload.get(name):
            yield title, payload[name]
    sdk = mapping_of(payload.get("sdk"))
    if named := [
        text_of(sdk.get(part), max_chars=80) for part in ("name", "version") if sdk.get(part)
    ]:
        yield "SDK", " ".join(named)
    if list_of(payload.get("errors")):
        yield "Repairs", f"{len(list_of(payload.get('errors')))} values of this event were damaged"


def _groups(payload: dict[str, object]) -> list[FactGroup]:
    plain = [
        group_of("User", mapping_of(payload.get("user"))),
        group_of("Extra", mapping_of(payload.get("extra"))),
    ]
    return [
        *request_groups(payload.get("request")),
        *(group for group in plain if group.facts),
        *context_groups(payload.get("contexts")),
    ]
