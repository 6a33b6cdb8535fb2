"""What an event gets beside its error: what the application set, its author's fingerprint, frames as ours are."""

from typing import Any, cast

import sentry_sdk

from toolboxai.telemetry.capture import exception_values
from toolboxai.telemetry.current import Failure, current_request
from toolboxai.telemetry.facts import request_facts, transaction_name
from toolboxai.telemetry.forks import peek
from toolboxai.telemetry.transport.attachments import attached
from toolboxai.telemetry.transport.wire import OutgoingItem


def user_id() -> str | None:
    """Return the id of who asks, as the application set it."""
    user = peek(sentry_sdk.get_isolation_scope(), "_user") or {}  # nothing public tells
    known = user.get("id")
    return None if known is None else str(known)


def fingerprint_of(error: BaseException) -> dict[str, list[str]]:
    """Return what an error's own ``fingerprint`` says: which others are the same to its author."""
    parts = getattr(error, "fingerprint", None)
    if isinstance(parts, list | tuple) and parts and all(isinstance(part, str) for part in parts):
        return {"fingerprint": [*parts]}
    return {}


def replace_frames(event: dict[str, Any], error: BaseException, prefixes: tuple[str, ...]) -> None:
    """Replace frames that the SDK built without locals and source by ours, keeping its mechanism."""
    given = event.get("exception", {}).get("values") or []
    mechanism = (given[-1].get("mechanism") if given else None) or {}
    values = exception_values(
        error,
        error.__traceback__,
        mechanism=str(mechanism.get("type", "generic")),
        handled=bool(mechanism.get("handled", True)),
        in_app_prefixes=prefixes,
    )
    event["exception"] = {"values": values}


def on_scopes(
    event: dict[str, Any], failure: Failure | None = None
) -> tuple[dict[str, Any], list[OutgoingItem]] | None:
    """Return ``event`` with what the application set, for everything or for this request, and what it attached.

    ``None`` when an event processor of its own says no.
    """
    merged = sentry_sdk.get_global_scope().fork()  # a new one would read the environment first
    merged.update_from_scope(sentry_sdk.get_isolation_scope())
    merged.update_from_scope(sentry_sdk.get_current_scope())
    hint: dict[str, Any] = {}
    if failure is not None:
        hint["exc_info"] = (type(failure.error), failure.error, failure.traceback)
    # The SDK's own type of an event is closed: ours has more members.
    described = merged.apply_to_event(cast("Any", event), hint, {})
    if described is None:
        return None
    return dict(described), attached(hint.get("attachments") or [])


def restore_request(event: dict[str, Any]) -> None:
    """Undo what an SDK that the application starts as well says of a request: raw paths, cookies, bodies."""
    request, processors = current_request(), sentry_sdk.get_isolation_scope()._event_processors  # noqa: SLF001
    modules = (str(getattr(each, "__module__", "")) for each in processors)
    is_theirs = any(name.startswith("sentry_sdk.integrations.") for name in modules)
    if is_theirs and request is not None and request.kind in {"http", "websocket"}:
        event["request"] = request_facts(request.scope, transaction_name(request))
