"""The first rules, as they were: issues made under them are still found by their fingerprint. Never changed."""

import hashlib
import re
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

FRAMES_THAT_TELL = 3
MAX_MESSAGE_CHARS = 2_000
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


def fingerprint_of(event: dict[str, Any]) -> str:
    """Return the fingerprint that the first rules gave a repaired event."""
    digest = hashlib.blake2b(digest_size=16, person=b"grouping1")
    for part in _parts(event):
        body = part.encode()
        # With its length, so that two parts never read like one.
        digest.update(b"%d:" % len(body))
        digest.update(body)
    return digest.hexdigest()


def _parametrised(message: str) -> str:
    return _PARAMETERS.sub(lambda found: f"<{found.lastgroup}>", message)


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
    yield _parametrised(_first_line(_template(event)))


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
        yield _parametrised(_first_line(_text(exception, "value")))


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
