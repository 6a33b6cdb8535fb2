"""Events shaped by hand, as SDKs that can't be run here send them."""

from collections.abc import Sequence

from benchmarks.grouping.labelled import Event


def frame(function: str | None, filename: str, line: int, column: int = 1, **more: object) -> Event:
    """Return a frame as @sentry/browser makes it: nothing is known but where it was."""
    made: Event = {"filename": filename, "lineno": line, "colno": column, "in_app": True}
    if function is not None:
        made["function"] = function
    return made | more


def error(
    kind: str,
    value: str,
    frames: Sequence[Event] = (),
    *,
    platform: str = "javascript",
    **more: object,
) -> Event:
    """Return an event with one exception; the last frame is the innermost."""
    raised: Event = {"type": kind, "value": value}
    if frames:
        raised["stacktrace"] = {"frames": list(frames)}
    return {"platform": platform, "exception": {"values": [raised]}, **more}


def chained(*exceptions: Event, platform: str = "javascript") -> Event:
    """Return an event with several exceptions, the innermost first."""
    return {"platform": platform, "exception": {"values": list(exceptions)}}


def said(text: str, *, template: str | None = None, params: object = None, **more: object) -> Event:
    """Return a message, rendered alone or with what it was rendered from."""
    entry: Event = {"formatted": text}
    if template is not None:
        entry |= {"message": template, "params": params}
    return {"platform": "python", "logentry": entry, **more}
