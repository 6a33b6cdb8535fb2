"""Why an event belongs to its issue, as its page shows it. Pure."""

from dataclasses import dataclass

from toolboxai.monitor.grouping import GROUPING_VERSION, group
from toolboxai.monitor.models import StoredEvent
from toolboxai.monitor.web.lenient import printable

MAX_COMPONENTS = 30
MAX_COMPONENT_CHARS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that all events of the issue have in common."""

    kind: str
    text: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyView:
    """What the events of an issue have in common, and what may differ between them."""

    parts: list[Part]
    parts_left_out: int
    differs: list[str]
    version: int


def why_of(event: StoredEvent) -> WhyView:
    """Return why ``event`` is where it is. The stored event says it, so nothing is kept for it."""
    found = group(event.payload)
    return WhyView(
        parts=[
            Part(
                kind=each.kind,
                text=printable(each.text, max_chars=MAX_COMPONENT_CHARS) or "(empty)",
                reason=printable(each.reason, max_chars=MAX_COMPONENT_CHARS),
            )
            for each in found.components[:MAX_COMPONENTS]
        ],
        parts_left_out=max(0, len(found.components) - MAX_COMPONENTS),
        differs=[printable(each) for each in found.left_out[:MAX_COMPONENTS]],
        version=GROUPING_VERSION,
    )
