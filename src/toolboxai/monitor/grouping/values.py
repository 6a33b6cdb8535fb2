"""Reading an event of which nothing is certain: whatever it holds, what comes out has the right type."""

from typing import Any

Json = dict[str, Any]


def text(holder: Json, name: str) -> str:
    """Return a text, or nothing."""
    value = holder.get(name)
    return value if isinstance(value, str) else ""


def mapping(holder: Json, name: str) -> Json:
    """Return an object, or an empty one."""
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def objects(holder: Json, name: str) -> list[Json]:
    """Return the objects in a list."""
    value = holder.get(name)
    if not isinstance(value, list):
        return []
    return [each for each in value if isinstance(each, dict)]


def exceptions(event: Json) -> list[Json]:
    """Return the exceptions of an event, the one that surfaced last."""
    return objects(mapping(event, "exception"), "values")


def frames(holder: Json) -> list[Json]:
    """Return the frames of an exception, a thread or an event, the innermost last."""
    return objects(mapping(holder, "stacktrace"), "frames")


def threads(event: Json) -> list[Json]:
    """Return the thread that tells, if one does: the one that crashed, else the current one."""
    found = objects(mapping(event, "threads"), "values")
    for sign in ("crashed", "current"):
        telling = [thread for thread in found if thread.get(sign) is True]
        if telling:
            return telling[:1]
    return found[:1] if len(found) == 1 else []


def message(event: Json) -> str:
    """Return what was said, rendered."""
    entry = mapping(event, "logentry")
    return text(entry, "formatted") or text(entry, "message")


def template(event: Json) -> str:
    """Return the message before its parameters were put in, where that is known."""
    return text(mapping(event, "logentry"), "message") or message(event)


def first_line(said: str, *, max_chars: int) -> str:
    """Return the first line that says something."""
    return said[:max_chars].strip().partition("\n")[0].rstrip()
