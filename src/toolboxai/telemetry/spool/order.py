"""Which record is next: errors, the newest first, for they tell most; then the rest, the oldest first."""

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


def next_in(segments: Sequence[Segment], accept: Accept) -> tuple[Segment, int] | None:
    """Return segment and index of the next record whose categories ``accept`` takes; ``None`` if there is none."""
    urgent = _Answers(lambda categories: URGENT in categories and accept(categories))
    for segment in reversed(segments):
        if (index := segment.newest(urgent)) is not None:
            return segment, index
    wanted = _Answers(accept)
    for segment in segments:
        if (index := segment.oldest(wanted)) is not None:
            return segment, index
    return None
