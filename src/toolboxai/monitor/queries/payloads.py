"""What lies compressed in the day files: events, the spans in transactions, log lines."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import zstandard

from toolboxai.monitor.models import LogLine, Span
from toolboxai.monitor.protocol import NotRepairableError, whole
from toolboxai.monitor.settings import Limits

MAX_PAYLOAD_BYTES = 64 * 1024 * 1024


def event_of(body: bytes, *, event_id: str, received_at: int, limits: Limits) -> dict[str, Any]:
    """Return the event in JSON that was stored, all of it repaired."""
    try:
        event = whole(body, received_at=received_at, limits=limits)
    except NotRepairableError as error:
        # Told to who asks for it: the event is counted, so it has to be somewhere.
        event = {"_meta": {"": {"err": [error.reason]}}, "timestamp": received_at / 1_000}
    event["event_id"] = event_id
    return event


def dictionary_id(payload: bytes) -> int:
    """Return which dictionary it takes to read a payload; 0 if none."""
    return zstandard.get_frame_parameters(payload).dict_id


def inflated(payload: bytes, dictionary: bytes | None = None) -> bytes:
    """Return the JSON that the digest compressed."""
    known = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
    # One decompressor a call: they must not be shared by threads.
    decompressor = zstandard.ZstdDecompressor(dict_data=known)
    return decompressor.decompress(payload, max_output_size=MAX_PAYLOAD_BYTES)


def spans_in(transaction: dict[str, Any], project_id: int) -> Iterator[Span]:
    """Yield the transaction itself and its spans."""
    trace = _dict(_dict(transaction.get("contexts")).get("trace"))
    trace_id = _text(trace.get("trace_id"))
    root = {**trace, **{key: transaction.get(key) for key in ("start_timestamp", "timestamp")}}
    root["description"] = transaction.get("transaction")
    spans = transaction.get("spans")
    for fields in (root, *(spans if isinstance(spans, list) else ())):
        span = _span(_dict(fields), trace_id, project_id, is_segment=fields is root)
        if span:
            yield span


def log_lines_in(items: list[dict[str, Any]], trace_id: str) -> Iterator[LogLine]:
    """Yield the lines that belong to a trace."""
    for item in items:
        if item.get("trace_id") == trace_id:
            yield LogLine(
                timestamp=moment_of(item.get("timestamp")) or datetime.fromtimestamp(0, UTC),
                level=_text(item.get("level")) or "info",
                body=_text(item.get("body")),
                trace_id=trace_id,
                attributes=_plain(_dict(item.get("attributes"))),
            )


def moment_of(value: Any) -> datetime | None:  # noqa: ANN401 - whatever a client sent
    """Return the time that a client wrote as epoch seconds or in ISO 8601; None if it is neither."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return datetime.fromtimestamp(value, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _span(
    fields: dict[str, Any], trace_id: str, project_id: int, *, is_segment: bool
) -> Span | None:
    start, end = moment_of(fields.get("start_timestamp")), moment_of(fields.get("timestamp"))
    if start is None or end is None:
        return None
    return Span(
        trace_id=_text(fields.get("trace_id")) or trace_id,
        span_id=_text(fields.get("span_id")),
        parent_span_id=_text(fields.get("parent_span_id")) or None,
        op=_text(fields.get("op")) or "default",
        description=_text(fields.get("description")),
        status=_text(fields.get("status")) or "ok",
        start=start,
        duration_ms=(end - start).total_seconds() * 1_000,
        is_segment=is_segment,
        project_id=project_id,
    )


def _plain(attributes: dict[str, Any]) -> dict[str, Any]:
    """Take attributes out of their ``{"value": …, "type": …}``."""
    return {
        name: attribute["value"]
        if isinstance(attribute, dict) and "value" in attribute
        else attribute
        for name, attribute in attributes.items()
    }


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
