"""Events that have words instead of a stack: returned errors, log lines, storms, bursts, failed sign-ins. Pure but for the time."""

import logging
from collections.abc import Mapping
from time import time
from typing import Any

from toolboxai.telemetry.current import new_id
from toolboxai.telemetry.logs import Entry
from toolboxai.telemetry.reporting.bursts import Burst
from toolboxai.telemetry.reporting.storms import Storm

Event = dict[str, Any]


def _event(level: str, **facts: Any) -> Event:  # noqa: ANN401 - whatever the event needs
    return {"event_id": new_id(128), "timestamp": time(), "level": level, **facts}


def answered_badly(route: str, status: int | None) -> Event:
    """Return the event for a 5xx with no error to show for it: one issue a route and status."""
    message = f"{route} answered {status}"
    return _event("error", message=message, fingerprint=["answered", route, str(status)])


def logged(entry: Entry) -> Event:
    """Return the event for words that were logged as an error: one issue a template."""
    level = "fatal" if entry.level >= logging.CRITICAL else "error"
    return _event(level, **entry.words) | {"timestamp": entry.timestamp}


def storm_ended(storm: Storm, *, window_seconds: float) -> Event:
    """Return one more event of the same issue, which tells how many were held back."""
    told = {
        "held_back": storm.held_back,
        "users": len(storm.users),
        "window_seconds": window_seconds,
    }
    fresh = _event("error", contexts={"storm": told}, tags={"storm": "true"})
    example: Mapping[str, Any] = storm.example or {"message": "a storm of errors"}
    tags = {**example.get("tags", {}), **fresh["tags"]}
    return {**fresh, **example, **{name: fresh[name] for name in _FRESH}, "tags": tags}


_FRESH = ("event_id", "timestamp", "contexts")


def burst_of_refusals(burst: Burst) -> Event:
    """Return the event for many requests that were refused for one reason: one issue a reason."""
    told = {"count": burst.count, "within_seconds": round(burst.seconds, 1)}
    if burst.users:  # of those who haven't signed in nobody knows how many they are
        told["users"] = burst.users
    return _event(
        "warning",
        message=f"many requests refused: {burst.kind}",
        fingerprint=["refused", burst.kind],
        contexts={"burst": told},
        tags={"burst": "true"},
    )


def authentication_failed(account: str, reason: str) -> Event:
    """Return the event for a sign-in that failed; all of them are one issue. ``account`` is a pseudonym."""
    return _event(
        "warning",
        message=f"authentication failed: {reason}",
        fingerprint=["security", "authentication"],
        tags={"security": "authentication", "reason": reason},
        user={"id": account},
    )
