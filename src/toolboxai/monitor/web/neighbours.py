"""Where an event stands among the events of its issue. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from toolboxai.monitor.models import EventRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """The events before and after one event, as far as they are known."""

    newest: str | None = None
    newer: str | None = None
    older: str | None = None


def neighbours_of(event_id: str, newest_first: Sequence[EventRef]) -> Neighbours:
    """Return the neighbours of ``event_id``; one beyond the list has only a newest."""
    ids = [ref.event_id for ref in newest_first]
    if event_id not in ids:
        return Neighbours(newest=ids[0] if ids else None)
    place = ids.index(event_id)
    return Neighbours(
        newest=ids[0] if place else None,
        newer=ids[place - 1] if place else None,
        older=ids[place + 1] if place + 1 < len(ids) else None,
    )
