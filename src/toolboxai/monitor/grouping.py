"""Which events are the same problem. Pure: an event in, a fingerprint and a title out.

The fingerprint must stay the same for ever for one version of these rules: a change of rules gets
a new ``VERSION``, otherwise every problem would appear a second time.
"""

import hashlib
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

VERSION = 1
FRAMES_THAT_TELL = 3
MAX_MESSAGE_CHARS = 2_000
MAX_TITLE_CHARS = 250
MAX_CULPRIT_CHARS = 250
MAX_CONTEXT_LINE_CHARS = 120
DEFAULT = re.compile(r"\{\{\s*default\s*\}\}")

# From special to general: the first that matches a place wins. Words of a sentence stay.
_PARAMETERS = re.compile(
    r"""
    (?P<email>[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+)
  | (?P<url>\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s'"<>)]+)
  | (?P<uuid>\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b)
  | (?P<date>\b\d{4}-\d\d-\d\d(?:[T\ ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?)
  | (?P<ip>\b\d{1,3}(?:\.\d{1,3}){3}\b)
  | (?P<hex>\b0[xX][0-9a-fA-F]+\b|\b(?=[a-fA-F]*\d)[0-9a-fA-F]{8,}\b)
  | (?P<float>[-+]?\b\d+\.\d+(?:[eE][-+]?\d+)?)
  | (?P<int>[-+]?\b\d+|(?<=[A-Za-z_])\d+)
    """,
    re.VERBOSE | re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """Where an event belongs and how that is called. ``parts`` say why."""

    fingerprint: str
    title: str
    culprit: str
    parts: tuple[str, ...]


def group(event: dict[str, Any]) -> Grouping:
    """Return the group of a repaired event."""
    parts = tuple(_parts(event))
    digest = hashlib.blake2b(digest_size=16, person=b"grouping%d" % VERSION)
    for part in parts:
        body = part.encode()
        # With its length, so that two parts never read like one.
        digest.update(b"%d:" % len(body))
        digest.update(body)
    return Grouping(
        fingerprint=digest.hexdigest(),
        title=title_of(event),
        culprit=culprit_of(event),
        parts=parts,
    )


def title_of(event: dict[str, Any]) -> str:
    """Return what to call the problem: what was raised, or what was said."""
    exceptions = _exceptions(event)
    if exceptions:
        kind, value = _text(exceptions[-1], "type"), _first_line(_text(exceptions[-1], "value"))
        title = f"{kind}: {value}" if kind and value else kind or value
    else:
        title = _first_line(_message(event))
    return _shortened(title or "(no message)", MAX_TITLE_CHARS)


def culprit_of(event: dict[str, Any]) -> str:
    """Return where it happened: the transaction, else the innermost frame of ours."""
    transaction = _text(event, "transaction")
    if transaction:
        return _shortened(transaction, MAX_CULPRIT_CHARS)
    for exception in reversed(_exceptions(event)):
        frames = _contributing(_frames(exception))
        if frames:
            where = _text(frames[-1], "module") or _text(frames[-1], "filename")
            function = _text(frames[-1], "function")
            return _shortened(" in ".join(filter(None, (where, function))), MAX_CULPRIT_CHARS)
    return ""


def parametrised(message: str) -> str:
    """Return the message with what differs from one occurrence to the next taken out."""
    return _PARAMETERS.sub(lambda found: f"<{found.lastgroup}>", message)


def is_handled(event: dict[str, Any]) -> bool:
    """Say whether the program went on: no exception of the chain is marked as unhandled."""
    return not any(
        isinstance(mechanism := exception.get("mechanism"), dict)
        and mechanism.get("handled") is False
        for exception in _exceptions(event)
    )


def _parts(event: dict[str, Any]) -> Iterator[str]:
    fingerprint = event.get("fingerprint")
    if not isinstance(fingerprint, list) or not fingerprint:
        yield from _default_parts(event)
        return
    yield "fingerprint"
    for part in fingerprint:
        if DEFAULT.fullmatch(str(part)):
            yield from _default_parts(event)
        else:
            yield str(part)


def _default_parts(event: dict[str, Any]) -> Iterator[str]:
    exceptions = _exceptions(event)
    if exceptions:
        yield from _exception_parts(exceptions)
        return
    frames = _contributing(_frames(event))
    if frames:
        yield "stacktrace"
        yield from _frame_parts(frames)
        return
    yield "message"
    yield parametrised(_first_line(_template(event)))


def _exception_parts(exceptions: list[dict[str, Any]]) -> Iterator[str]:
    has_own = any(_own(_frames(each)) for each in exceptions)
    described = [tuple(_one_exception(each, own=has_own)) for each in exceptions]
    # A group of three failed tasks is the same problem as a group of five.
    for parts, _ in groupby(described):
        yield "exception"
        yield from parts


def _one_exception(exception: dict[str, Any], *, own: bool) -> Iterator[str]:
    yield _text(exception, "type")
    frames = _frames(exception)
    yield from _frame_parts(_without_entry(_own(frames)) if own else frames)
    if not frames:
        yield parametrised(_first_line(_text(exception, "value")))


def _frame_parts(frames: Iterable[dict[str, Any]]) -> Iterator[str]:
    # Consecutive equal frames are a recursion, whose depth is chance.
    for frame, _ in groupby(frames, key=_frame):
        yield frame


def _frame(frame: dict[str, Any]) -> str:
    where = _text(frame, "module") or _text(frame, "filename").replace("\\", "/").rpartition("/")[2]
    line = " ".join(_text(frame, "context_line").split())
    kept = line if len(line) <= MAX_CONTEXT_LINE_CHARS else ""
    return f"{where}\n{_text(frame, 'function')}\n{kept}"


def _contributing(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return _without_entry(_own(frames)) or frames


def _own(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the frames of the application: those it says are, else those that nobody disowns."""
    marked = [frame for frame in frames if frame.get("in_app") is True]
    return marked or [
        frame
        for frame in frames
        if frame.get("in_app") is not False and not _is_standard_library(frame)
    ]


def _without_entry(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out who asked, where enough says what broke: a route and a job may meet the same bug."""
    return frames[1:] if len(frames) > FRAMES_THAT_TELL else frames


def _is_standard_library(frame: dict[str, Any]) -> bool:
    name = _text(frame, "module").partition(".")[0]
    return name in sys.stdlib_module_names and name != "__main__"


def _exceptions(event: dict[str, Any]) -> list[dict[str, Any]]:
    holder = event.get("exception")
    return holder["values"] if isinstance(holder, dict) else []


def _frames(holder: dict[str, Any]) -> list[dict[str, Any]]:
    trace = holder.get("stacktrace")
    return trace["frames"] if isinstance(trace, dict) else []


def _message(event: dict[str, Any]) -> str:
    entry = event.get("logentry")
    return _text(entry, "formatted") if isinstance(entry, dict) else ""


def _template(event: dict[str, Any]) -> str:
    """Return the message before its parameters were put in, where that is known."""
    entry = event.get("logentry")
    return (_text(entry, "message") if isinstance(entry, dict) else "") or _message(event)


def _text(holder: dict[str, Any], name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""


def _first_line(text: str) -> str:
    return text[:MAX_MESSAGE_CHARS].strip().partition("\n")[0].rstrip()


def _shortened(text: str, max_chars: int) -> str:
    return text if len(text) <= max_chars else f"{text[: max_chars - 1]}…"
