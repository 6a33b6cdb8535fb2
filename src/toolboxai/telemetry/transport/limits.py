"""What a sink asked to be left alone with, by category, and until when. Pure: headers in, deadlines out.

A limit is a category and the wall-clock second (since the epoch) at which it ends: it has to mean the same
to another process and after a restart.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from math import isfinite
from re import ASCII
from re import compile as pattern

Limits = Mapping[str, float]

ALL = "all"
# What a 429 means that says nothing more, by Sentry's own rule.
DEFAULT_SECONDS = 60.0
# No longer than this, whatever the sink says or the clock does: then it is asked again.
MAX_SECONDS = 24 * 3_600.0

_SECONDS = pattern(r"\d{1,300}(?:\.\d{0,300})?|\.\d{1,300}", flags=ASCII)
# What can be in an envelope of ours, and what sinks call parts of it: bytes of logs are logs to us.
_CATEGORIES = {
    "attachment": "attachment",
    "error": "error",
    "feedback": "feedback",
    "internal": "internal",
    "log_byte": "log_item",
    "log_item": "log_item",
    "monitor": "monitor",
    "profile": "profile",
    "profile_chunk": "profile_chunk",
    "replay": "replay",
    "session": "session",
    "span": "span",
    "trace_metric": "trace_metric",
    "trace_metric_byte": "trace_metric",
    "transaction": "transaction",
}


def asked(status: int, rate_limits: str | None, retry_after: str | None, *, now: float) -> Limits:
    """Return what an answer asks for: ``X-Sentry-Rate-Limits`` of any, ``Retry-After`` of a 429 or 503."""
    limits = dict(_told(rate_limits or "", now))
    if limits or status not in {429, 503}:
        return limits
    seconds = _seconds(retry_after or "", now)
    if seconds is None:
        seconds = DEFAULT_SECONDS if status == 429 and not rate_limits else 0.0
    return {ALL: now + seconds} if seconds else {}


def _told(header: str, now: float) -> Iterator[tuple[str, float]]:
    """Yield what ``X-Sentry-Rate-Limits`` says; what can't be read or isn't known is passed over."""
    for limit in header.split(","):
        seconds, categories, *_ = [*limit.strip().split(":"), ""]
        if not _SECONDS.fullmatch(seconds.strip()):
            continue
        until = now + min(MAX_SECONDS, float(seconds))
        if not categories.strip():
            yield ALL, until
        for category in categories.split(";"):
            if known := _CATEGORIES.get(category.strip().lower()):
                yield known, until


def _seconds(retry_after: str, now: float) -> float | None:
    """Return the seconds that ``Retry-After`` asks for, as a number or as a date."""
    text = retry_after.strip()
    if _SECONDS.fullmatch(text):
        return min(MAX_SECONDS, float(text))
    try:
        date = parsedate_to_datetime(text)
        if date.tzinfo is None:  # "-0000": UTC that doesn't say so
            date = date.replace(tzinfo=UTC)
        return min(MAX_SECONDS, max(0.0, date.timestamp() - now))
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None


def in_force(limits: Limits, *, now: float) -> Limits:
    """Return the limits that hold now. One further ahead than any can be was made by another clock."""
    return {
        category: until
        for category, until in limits.items()
        if isfinite(until) and now < until <= now + MAX_SECONDS
    }


def allow(limits: Limits, categories: Collection[str]) -> bool:
    """Say whether an envelope may be sent.

    Not if any of its categories is limited: the sink would take the rest and throw that part away.
    """
    return ALL not in limits and limits.keys().isdisjoint(categories)
