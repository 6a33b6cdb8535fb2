"""The spans of one trace as rows: parents above their children, with a bar for when they ran. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from toolboxai.monitor.models import Span
from toolboxai.monitor.web.lenient import text_of

MAX_SPANS = 500
MAX_DEPTH = 12
BAR_UNITS = 1_000
MIN_BAR_UNITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanRow:
    """One line of the list; offset and width are in ``BAR_UNITS`` of the whole trace."""

    depth: int
    op: str
    description: str
    status: str
    failed: bool
    duration_ms: float
    offset: int
    width: int


def rows_of(spans: Sequence[Span]) -> list[SpanRow]:
    """Return the spans in the order in which they nest; each is there once, whatever its parent says."""
    ordered = sorted(spans[:MAX_SPANS], key=lambda span: span.start)
    place_of_id = {span.span_id: place for place, span in reversed(list(enumerate(ordered)))}
    children: dict[int | None, list[int]] = {}
    for place, span in enumerate(ordered):
        parent = place_of_id.get(span.parent_span_id or "")
        children.setdefault(parent if parent != place else None, []).append(place)
    seen: set[int] = set()
    nested = _nested(children.get(None, []), children, seen)
    # Spans that are each other's parent hang on no root: they follow at the end.
    placed = [*nested, *_nested(range(len(ordered)), {}, seen)]
    return _drawn([(depth, ordered[place]) for depth, place in placed])


def _nested(
    roots: Sequence[int], children: dict[int | None, list[int]], seen: set[int]
) -> Iterator[tuple[int, int]]:
    waiting = [(0, place) for place in reversed(roots)]
    while waiting:
        depth, place = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        yield depth, place
        below = min(depth + 1, MAX_DEPTH)
        waiting.extend((below, child) for child in reversed(children.get(place, [])))


def _drawn(placed: list[tuple[int, Span]]) -> list[SpanRow]:
    if not placed:
        return []
    first = min(span.start.timestamp() for _, span in placed)
    last = max(span.start.timestamp() + _seconds(span) for _, span in placed)
    scale = BAR_UNITS / max(last - first, 1e-6)
    return [_row(depth, span, first, scale) for depth, span in placed]


def _seconds(span: Span) -> float:
    return _duration_ms(span) / 1_000


def _duration_ms(span: Span) -> float:
    return max(span.duration_ms, 0.0) if isfinite(span.duration_ms) else 0.0


def _row(depth: int, span: Span, first: float, scale: float) -> SpanRow:
    width = max(MIN_BAR_UNITS, round(_seconds(span) * scale))
    offset = min(round((span.start.timestamp() - first) * scale), BAR_UNITS - MIN_BAR_UNITS)
    return SpanRow(
        depth=depth,
        op=text_of(span.op, max_chars=80) or "span",
        description=text_of(span.description, max_chars=500),
        status=text_of(span.status, max_chars=40),
        failed=span.status not in {"", "ok", "unset", "cancelled"},
        duration_ms=_duration_ms(span),
        offset=offset,
        width=min(width, BAR_UNITS - offset),
    )
