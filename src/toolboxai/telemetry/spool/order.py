"""Which record is next: errors, the newest first, for they tell most; then the rest, the oldest first.

And which goes for want of room: of the rest the oldest, and an error only when there is no rest.
"""

from collections.abc import Callable, Sequence

from toolboxai.telemetry.spool.segment import Categories, Segment

URGENT = "error"

Accept = Callable[[Categories], bool]


class _Answers(dict[Categories, bool]):
    """What ``accept`` says, asked once for each set of categories however many segments have it."""

    def __init__(self, accept: Accept) -> None:
        super().__init__()
        self._accept = accept

    def __missing__(self, categories: Categories) -> bool:
        self[categories] = answer = self._accept(categories)
        return answer


def is_urgent(categories: Categories) -> bool:
    """Say whether a record goes first, and is kept longest."""
    return URGENT in categories


def dearest_last(segments: Sequence[Segment]) -> list[Segment]:
    """Return segments, oldest first, in the order in which they may go for want of room."""
    return sorted(segments, key=lambda each: each.is_urgent)


def next_in(segments: Sequence[Segment], accept: Accept) -> tuple[Segment, int] | None:
    """Return segment and index of the next record whose categories ``accept`` takes; ``None`` if there is none."""
    urgent = _Answers(lambda categories: is_urgent(categories) and accept(categories))
    for segment in reversed(segments):
        if (index := segment.newest(urgent)) is not None:
            return segment, index
    wanted = _Answers(accept)
    for segment in segments:
        if (index := segment.oldest(wanted)) is not None:
            return segment, index
    return None
