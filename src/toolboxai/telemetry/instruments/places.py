"""Where in the application a call was made."""

import sys
from collections.abc import Iterator, Mapping
from types import FrameType, TracebackType
from typing import Any

from toolboxai.telemetry.capture import frames_of

MAX_LOOKED_AT = 80


def place_of_call(prefixes: tuple[str, ...] = ()) -> Mapping[str, Any]:
    """Return file, function and line of the innermost frame that is the application's own, if there is one."""
    trace: TracebackType | None = None
    for frame in _frames():
        trace = TracebackType(trace, frame, max(frame.f_lasti, 0), frame.f_lineno or 0)
    own = [frame for frame in frames_of(trace, prefixes) if frame["in_app"]]
    if not own:
        return {}
    return {
        "code.filepath": own[-1]["filename"],
        "code.function": own[-1]["function"],
        "code.lineno": own[-1]["lineno"],
        "code.namespace": own[-1]["module"],
    }


def _frames() -> Iterator[FrameType]:
    """Yield the frames, innermost first. SQLAlchemy's asynchronous engines call from a greenlet."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - there is no other way to one's callers
    greenlets = sys.modules.get("greenlet")
    greenlet = greenlets.getcurrent() if greenlets is not None else None
    left = MAX_LOOKED_AT
    while frame is not None and left:
        yield frame
        frame, left = frame.f_back, left - 1
        if frame is None:
            greenlet = getattr(greenlet, "parent", None)
            frame = getattr(greenlet, "gr_frame", None)
