"""An order's progress as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).

An event says all there is to say, so whoever missed some has missed nothing. Its id is the order's
version: after a break the browser sends the last one it saw, and is told what is newer.
"""

from collections.abc import AsyncGenerator
from time import monotonic

from fastapi.sse import EventSourceResponse, format_sse_event

from toolboxai.server.content.generations.schemas import GenerationView
from toolboxai.server.jobs import Followed
from toolboxai.server.models import FINAL, Generation

HEARTBEAT_SECONDS = 15.0
RETRY_MILLISECONDS = 2_000
# Then the browser comes again by itself, and shows that it still may.
MAX_STREAM_SECONDS = 300.0
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def stream(followed: Followed, *, seen: int) -> EventSourceResponse:
    """Return what happens to an order after version ``seen``, until it has ended."""
    return EventSourceResponse(_events(followed, seen), headers=HEADERS)


async def _events(followed: Followed, seen: int) -> AsyncGenerator[bytes]:
    yield format_sse_event(retry=RETRY_MILLISECONDS)
    ends_at = monotonic() + MAX_STREAM_SECONDS
    while monotonic() < ends_at:
        newer = await followed.after(seen, within_seconds=HEARTBEAT_SECONDS)
        if newer is None:
            yield format_sse_event(comment="still here")
            continue
        yield _event_of(newer)
        if newer.status in FINAL:
            return
        seen = newer.version


def _event_of(order: Generation) -> bytes:
    data = GenerationView.of(order).model_dump_json()
    return format_sse_event(id=str(order.version), data_str=data)
