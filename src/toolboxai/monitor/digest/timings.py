"""A transaction → what its figures are made of. Pure; whatever isn't as it should be is left out."""

import re
from collections.abc import Iterator
from functools import lru_cache

from toolboxai.monitor.protocol import epoch_seconds
from toolboxai.monitor.store import TransactionFacts
from toolboxai.monitor.store.records import SpanFacts

MAX_NAME_CHARS = 200
# Before its values are taken out.
MAX_DESCRIPTION_CHARS = 400
MAX_SPANS_MEASURED = 1_000
MAX_REMEMBERED_DESCRIPTIONS = 10_000
# Below this one transaction would stand for more than a million.
MIN_SAMPLE_RATE = 1e-6
VALUE = "<value>"
# Sentry's rule: what was cancelled, or says nothing, has not failed.
NO_FAILURE = frozenset({"ok", "cancelled", "unknown"})

_VALUES = re.compile(
    r"""
    '[^']*'
  | \b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b
  | (?<![\w$%])(?=[a-fA-F]*\d)[0-9a-fA-F]{8,}\b
  | (?<![\w$%])\d+(?:\.\d+)?(?!\w)
    """,
    re.VERBOSE,
)
_LISTS = re.compile(r"(<value>|%s|\?|\$\d+)(?:\s*,\s*(?:<value>|%s|\?|\$\d+))+")
_QUERY = re.compile(r"(?<=\S)[?#]\S*$")


def timing_of(event: dict[str, object], sampled_at: object) -> TransactionFacts | None:
    """Return what a repaired transaction says; None if it doesn't say how long it took.

    ``sampled_at`` is the envelope's own word for the sample rate, if there is any.
    """
    # A clock that is wrong is wrong at both ends.
    duration = _duration_ms(
        event.get("start_timestamp"), event.get("sent_timestamp", event["timestamp"])
    )
    if duration is None:
        return None
    trace = _dict(_dict(event.get("contexts")).get("trace"))
    rates = (trace.get("client_sample_rate"), trace.get("sample_rate"), sampled_at)
    seen_at = epoch_seconds(event["timestamp"]) or 0.0
    return TransactionFacts(
        name=_name_of(event),
        op=_text(trace.get("op")) or "default",
        environment=_text(event.get("environment")) or "production",
        seen_at=round(seen_at * 1_000),
        duration_ms=duration,
        failed=_has_failed(trace.get("status")),
        weight=1 / next((rate for each in rates if (rate := _rate(each))), 1.0),
        spans=tuple(_spans(event.get("spans"))),
    )


@lru_cache(maxsize=MAX_REMEMBERED_DESCRIPTIONS)
def parametrised(description: str) -> str:
    """Return a description with ``<value>`` for ids, numbers and texts, and lists of them as one."""
    if "://" in description or description.startswith("/"):
        description = _QUERY.sub("", description)
    plain = _LISTS.sub(r"\1, …", _VALUES.sub(VALUE, description))
    return plain[:MAX_NAME_CHARS]


def _name_of(event: dict[str, object]) -> str:
    name = _text(event.get("transaction")) or "<unnamed>"
    # Without a route each address would be a transaction of its own.
    is_address = _dict(event.get("transaction_info")).get("source") == "url"
    return parametrised(name) if is_address else name


def _spans(spans: object) -> Iterator[SpanFacts]:
    for span in spans[:MAX_SPANS_MEASURED] if isinstance(spans, list) else ():
        if not isinstance(span, dict):
            continue
        known = span.get
        duration = _duration_ms(known("start_timestamp"), known("timestamp"))
        if duration is None:
            continue
        op, description, status = known("op"), known("description"), known("status")
        yield (
            op[:MAX_NAME_CHARS] if op and isinstance(op, str) else "default",
            parametrised(description[:MAX_DESCRIPTION_CHARS])
            if isinstance(description, str)
            else "",
            duration,
            status is not None and _has_failed(status),
        )


def _duration_ms(start: object, end: object) -> float | None:
    if isinstance(start, float) and isinstance(end, float):
        return max(0.0, (end - start) * 1_000)
    begun, ended = epoch_seconds(start), epoch_seconds(end)
    return None if begun is None or ended is None else max(0.0, (ended - begun) * 1_000)


def _has_failed(status: object) -> bool:
    return isinstance(status, str) and status not in NO_FAILURE


def _rate(value: object) -> float | None:
    try:
        rate = float(value) if isinstance(value, (int, float, str)) else 0.0
    except (ValueError, OverflowError):
        return None
    return max(rate, MIN_SAMPLE_RATE) if 0 < rate <= 1 else None


def _dict(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value[:MAX_NAME_CHARS] if isinstance(value, str) else ""
