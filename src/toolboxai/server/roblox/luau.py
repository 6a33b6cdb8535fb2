"""Errors of scripts in a Studio → events. They happened elsewhere, so each has the stack that Luau told.

A script that fails in every frame fails sixty times a second: of one session each error is told once
a minute, and no more than a few different ones.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import sentry_sdk
from sentry_sdk.types import Event

from toolboxai.server.roblox.minutes import Minutes
from toolboxai.server.roblox.protocol import MAX_FRAMES, MAX_SCRIPT_CHARS

MAX_EVENTS_PER_MINUTE = 20
MAX_LINE_CHARS = 400
# `Path.To.Script:12 function name`, as `debug.traceback` has it, and `Path.To.Script, line 12 - function name`, as
# Studio's own signals do; with or without `Script '…'` around the path.
_FRAME = re.compile(
    r"\s*(?:Script ')?(?P<script>[^\n]+?)'?(?:,\ (?i:line)\ |:)(?P<line>\d{1,7})\b"
    r"(?:\s*-?\s*(?:function )?(?P<function>[\w.<>]{1,100}))?\s*"
)
_PLACE = re.compile(r"^[^\s:]{1,200}:\d{1,7}:\s*")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class LuauError:
    """An error that a plugin tells of."""

    message: str
    script: str
    line: int | None = None
    stack: str = ""
    handled: bool = False

    @property
    def fingerprint(self) -> tuple[str, ...]:
        """Which errors are the same: those of one script that say the same, whatever the numbers in it."""
        said = _PLACE.sub("", self.message)
        return ("luau", self.script, _NUMBER.sub("<n>", said))


def tell(session_id: UUID, errors: Sequence[LuauError], told: Minutes) -> int:
    """Report each error of ``session_id`` that ``told`` doesn't know yet; return how many that were."""
    first = {error.fingerprint: error for error in reversed(errors)}
    times = Counter(error.fingerprint for error in errors)
    reported = 0
    for fingerprint, error in first.items():
        if told.add((session_id, fingerprint)) > 1 or told.add(session_id) > MAX_EVENTS_PER_MINUTE:
            continue
        # The SDK's own type knows events of Python only.
        event = cast("Event", event_of(error, times=times[fingerprint]))
        sentry_sdk.capture_event(event)
        reported += 1
    return reported


def event_of(error: LuauError, *, times: int = 1) -> dict[str, Any]:
    """Return the event of an error that came ``times`` times."""
    frames = list(frames_of(error.stack))[::-1] or [_frame(error.script, error.line, None)]
    return {
        "level": "error",
        "platform": "other",
        "logger": "roblox.studio",
        "fingerprint": list(error.fingerprint),
        "extra": {"times": times},
        "exception": {
            "values": [
                {
                    "type": "LuauError",
                    "value": _PLACE.sub("", error.message),
                    "mechanism": {"type": "luau", "handled": error.handled},
                    "stacktrace": {"frames": frames},
                }
            ]
        },
    }


def frames_of(stack: str) -> Iterator[dict[str, Any]]:
    """Yield the frames of a Luau stack, innermost first; lines that are none are passed over."""
    for line in stack.splitlines()[:MAX_FRAMES]:
        found = _FRAME.fullmatch(line[:MAX_LINE_CHARS])
        if found:
            yield _frame(found["script"], int(found["line"]), found["function"])


def _frame(script: str, line: int | None, function: str | None) -> dict[str, Any]:
    frame = {
        "filename": script[:MAX_SCRIPT_CHARS],
        "function": function or "<script>",
        "lineno": line,
        "in_app": True,
    }
    return {name: fact for name, fact in frame.items() if fact is not None}
