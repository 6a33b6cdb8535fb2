"""The fingerprint that a client sent: its words, and Sentry's variables in them. Pure."""

import re
from collections.abc import Callable

from toolboxai.monitor.grouping.stacks import innermost_own
from toolboxai.monitor.grouping.values import (
    Json,
    exceptions,
    frames,
    mapping,
    message,
    text,
    threads,
)

_VARIABLE = re.compile(r"\{\{\s*([\w.:-]+)\s*\}\}")
_TAG = "tags."
MAX_VALUE_CHARS = 1_000


def variable(part: str) -> str | None:
    """Return the name of the variable that ``part`` is, if it is one."""
    found = _VARIABLE.fullmatch(part.strip())
    return found[1] if found else None


def resolved(name: str, event: Json) -> str | None:
    """Return what the variable is for this event; None if there is no such variable."""
    if name.startswith(_TAG):
        tag = mapping(event, "tags").get(name.removeprefix(_TAG))
        return (
            tag[:MAX_VALUE_CHARS]
            if isinstance(tag, str)
            else f"<no-value-for-{name.replace('.', '-', 1)}>"
        )
    read = _VARIABLES.get(name)
    if read is None:
        return None
    return read(event)[:MAX_VALUE_CHARS] or f"<no-{name.rpartition('.')[2].replace('_', '-')}>"


def _of_exception(name: str) -> Callable[[Json], str]:
    def read(event: Json) -> str:
        raised = exceptions(event)
        return text(raised[-1], name) if raised else ""

    return read


def _of_frame(name: str) -> Callable[[Json], str]:
    def read(event: Json) -> str:
        for holder in (*reversed(exceptions(event)), *threads(event), event):
            found = frames(holder)
            if found:
                return text(innermost_own(found), name)
        return ""

    return read


def _of_event(name: str) -> Callable[[Json], str]:
    return lambda event: text(event, name)


def _said(event: Json) -> str:
    return message(event) or _of_exception("value")(event)


_VARIABLES: dict[str, Callable[[Json], str]] = {
    "type": _of_exception("type"),
    "error.type": _of_exception("type"),
    "value": _of_exception("value"),
    "error.value": _of_exception("value"),
    "message": _said,
    "transaction": _of_event("transaction"),
    "level": _of_event("level"),
    "logger": _of_event("logger"),
    "release": _of_event("release"),
    "environment": _of_event("environment"),
    "function": _of_frame("function"),
    "stack.function": _of_frame("function"),
    "module": _of_frame("module"),
    "stack.module": _of_frame("module"),
    "package": _of_frame("package"),
    "stack.package": _of_frame("package"),
    "path": _of_frame("abs_path"),
    "stack.abs_path": _of_frame("abs_path"),
    "stack.filename": _of_frame("filename"),
}
