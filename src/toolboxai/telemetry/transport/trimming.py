"""Makes an event fit: of one that is too large, what helps least goes first. Pure: JSON in, JSON out."""

from collections.abc import Callable, Mapping
from typing import Any

from toolboxai.telemetry.privacy import minimal
from toolboxai.telemetry.transport.wire import to_json

MAX_EVENT_BYTES = 200_000

_FRAMES_WITH_VARIABLES = 5
_OUTER_FRAMES, _INNER_FRAMES = 10, 20
_OUTER_EXCEPTIONS, _INNER_EXCEPTIONS = 5, 5
_MAX_TEXT_CHARS = 500

Event = dict[str, Any]
Frames = list[Any]


def within(event: Event, *, max_bytes: int = MAX_EVENT_BYTES) -> Event:
    """Return ``event``, or as much of it as fits, with the tag ``telemetry.trimmed``."""
    if len(to_json(event)) <= max_bytes:
        return event
    for trim in _STEPS:
        event = trim(event)
        event["tags"] = {**_dict(event.get("tags")), "telemetry.trimmed": "true"}
        if len(to_json(event)) <= max_bytes:
            break
    return event  # the last step leaves ids and types only


def _without_outer_variables(event: Event) -> Event:
    """Keep the variables of the innermost frames that have any."""

    def change(frames: Frames) -> Frames:
        having = [place for place, frame in enumerate(frames) if "vars" in _dict(frame)]
        outer = set(having[:-_FRAMES_WITH_VARIABLES])
        return [
            _without(frame, "vars") if place in outer else frame
            for place, frame in enumerate(frames)
        ]

    return _with_frames(event, change)


def _without_library_source(event: Event) -> Event:
    """Keep the lines around a frame only where it is the application's own."""
    return _with_frames(
        event,
        lambda frames: [
            frame if _dict(frame).get("in_app") else _without(frame, "pre_context", "post_context")
            for frame in frames
        ],
    )


def _without_the_middle(event: Event) -> Event:
    """Keep the outermost and the innermost frames of each stack, and exceptions of each chain."""
    return _with_frames(
        _with_exceptions(event, lambda values: _ends(values, _INNER_EXCEPTIONS, _OUTER_EXCEPTIONS)),
        lambda frames: _ends(frames, _OUTER_FRAMES, _INNER_FRAMES),
    )


def _with_short_texts(event: Event) -> Event:
    """Cut every text."""
    return {name: _shortened(member) for name, member in event.items()}


def _shortened(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return value if len(value) <= _MAX_TEXT_CHARS else value[:_MAX_TEXT_CHARS] + "…"
    if isinstance(value, dict):
        return {name: _shortened(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_shortened(member) for member in value]
    return value


def _without_what_was_set(event: Event) -> Event:
    """Drop what the application put beside the error."""
    return {name: fact for name, fact in event.items() if name not in {"extra", "breadcrumbs"}}


def _without_variables_and_source(event: Event) -> Event:
    names = ("vars", "pre_context", "post_context")
    return _with_frames(event, lambda frames: [_without(frame, *names) for frame in frames])


def _types_only(event: Event) -> Event:
    """Keep ids, and of exceptions their types."""
    return _with_frames(minimal(event), lambda _frames: [])


_STEPS: tuple[Callable[[Event], Event], ...] = (
    _without_outer_variables,
    _without_library_source,
    _without_the_middle,
    _with_short_texts,
    _without_what_was_set,
    _without_variables_and_source,
    minimal,
    _types_only,
)


def _with_exceptions(event: Event, change: Callable[[list[Any]], list[Any]]) -> Event:
    exception = event.get("exception")
    values = exception.get("values") if isinstance(exception, dict) else None
    if not isinstance(exception, dict) or not isinstance(values, list):
        return {**event}
    return event | {"exception": exception | {"values": change(values)}}


def _with_frames(event: Event, change: Callable[[Frames], Frames]) -> Event:
    return _with_exceptions(event, lambda values: [_restacked(value, change) for value in values])


def _restacked(value: Any, change: Callable[[Frames], Frames]) -> Any:  # noqa: ANN401 - JSON
    stack = _dict(value).get("stacktrace")
    frames = stack.get("frames") if isinstance(stack, dict) else None
    if not isinstance(stack, dict) or not isinstance(frames, list):
        return value
    return value | {"stacktrace": stack | {"frames": change(frames)}}


def _ends(members: list[Any], first: int, last: int) -> list[Any]:
    if len(members) <= first + last:
        return members
    return [*members[:first], *members[-last:]]


def _without(value: Any, *names: str) -> Any:  # noqa: ANN401 - JSON
    if not isinstance(value, dict):
        return value
    return {name: member for name, member in value.items() if name not in names}


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
