"""Which record is next: errors, the newest first, for they tell most; then the rest, the oldest first."""

from collections.abc import Callable, Sequence

from toolboxai.telemetry.spool.segment import Categories, Segment

URGENT = "error"

Accept = Callable[[Categories], bool]


def next_in(segments: Sequence[Segment], accept: Accept) -> tuple[Segment, int] | None:
    """Return segment and index of the next record whose categories ``accept`` takes; ``None`` if there is none."""

    def is_urgent(categories: Categories) -> bool:
        return URGENT in categories and accept(categories)

    for segment in reversed(segments):
        if (index := segment.newest(is_urgent)) is not None:
            return segment, index
    for segment in segments:
        if (index := segment.oldest(accept)) is not None:
            return segment, index
    return None
