"""Which frames of a stack say what broke: ours, the innermost two, whoever asked and however deep. Pure."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from toolboxai.monitor.grouping.components import Component, Kind
from toolboxai.monitor.grouping.places import (
    COMPREHENSIONS,
    function,
    is_entry,
    is_foreign,
    source_line,
    where,
)
from toolboxai.monitor.grouping.values import Json, text

# The place that broke, and who called it: a wrapper that everything goes through isn't one problem.
TELLING_FRAMES = 2
RECURSIONS_THAT_TELL = 3
MAX_RECURSION_FRAMES = 40

_Key = tuple[str, str]


class Stack(NamedTuple):
    """What a stack contributes; ``is_telling`` if that is more than a file."""

    components: list[Component]
    left_out: list[str]
    is_own: bool
    is_telling: bool


def own_frames(frames: list[Json]) -> list[Json]:
    """Return the frames of the application: those it says are, else those that nobody disowns."""
    marked = [frame for frame in frames if frame.get("in_app") is True and not is_foreign(frame)]
    return marked or [
        frame for frame in frames if frame.get("in_app") is None and not is_foreign(frame)
    ]


def innermost_own(frames: list[Json]) -> Json:
    """Return the innermost frame of the application, else the innermost of all."""
    for frame in reversed(frames):
        if frame.get("in_app") is True and not is_foreign(frame):
            return frame
    return (own_frames(frames) or frames)[-1]


def describe(
    frames: list[Json], own: list[Json], platform: str, *, is_endless: bool = False
) -> Stack:
    """Return what the frames of one exception contribute, of which ``own`` are the application's."""
    used = own or frames
    if is_endless:
        repeated = _repeated(used, platform)
        if repeated:
            return Stack(repeated, ["how deep it went"], bool(own), is_telling=True)
    inside, outside = _since_entry(frames, used)
    path, repeats = _path(inside)
    entered = len(path) > 1
    kept = (path[:-1] if entered else path)[:TELLING_FRAMES]
    components = _components(kept, platform)
    left_out = _left_out(
        {
            "frame of libraries": len(frames) - len(used) if own else 0,
            "frame around the framework": outside,
            "repeat of a recursion": repeats,
            "frame of who called": len(path) - len(kept),
        }
    )
    is_telling = any(name or line for _, name, line in components)
    return Stack(
        [_component(*each, is_innermost=place == 0) for place, each in enumerate(components)],
        left_out,
        bool(own),
        is_telling,
    )


def _since_entry(frames: list[Json], used: list[Json]) -> tuple[list[Json], int]:
    """Return the frames after the last time that a framework called, and how many came before."""
    if len(used) == len(frames):
        return used, 0
    waiting = used.copy()
    inside: list[Json] = []
    for frame in reversed(frames):
        if waiting and frame is waiting[-1]:
            inside.append(waiting.pop())
        elif inside and is_entry(frame):
            break
    inside.reverse()
    return inside, len(used) - len(inside)


def _path(frames: list[Json]) -> tuple[list[tuple[Json, Json]], int]:
    """Return the way from the innermost frame outwards, without its loops, and how many steps these were.

    Each step is a frame and the frame whose line tells: a comprehension's is its function's.
    """
    path: list[tuple[Json, Json]] = []
    places: dict[_Key, int] = {}
    line_of: Json | None = None
    repeats = 0
    last = len(frames) - 1
    for number, frame in enumerate(reversed(frames)):
        name = text(frame, "function")
        if name in COMPREHENSIONS and number < last:
            line_of = line_of or frame
            continue
        key = (text(frame, "module") or text(frame, "filename"), name)
        seen = places.get(key) if name else None
        if seen is None:
            places[key] = len(path)
            path.append((frame, line_of or frame))
        else:
            for dropped, _ in path[seen + 1 :]:
                places.pop(
                    (
                        text(dropped, "module") or text(dropped, "filename"),
                        text(dropped, "function"),
                    ),
                    None,
                )
            repeats += len(path) - seen
            del path[seen + 1 :]
        line_of = None
    return path, repeats


def _repeated(frames: list[Json], platform: str) -> list[Component]:
    """Return the functions of an endless recursion: where the limit was met is chance."""
    counted = Counter(
        (where(frame), function(frame, platform)) for frame in frames[-MAX_RECURSION_FRAMES:]
    )
    repeated = sorted(key for key, count in counted.items() if count >= RECURSIONS_THAT_TELL)
    return [Component(Kind.FRAME, _named(*key), "calls itself without an end") for key in repeated]


def _components(path: Iterable[tuple[Json, Json]], platform: str) -> list[tuple[str, str, str]]:
    """Return place, function and line of each step; what became equal is one."""
    found: list[tuple[str, str, str]] = []
    for frame, line_of in path:
        line = "" if found else source_line(line_of)
        each = (where(frame), function(frame, platform), line)
        if not found or each[:2] != found[-1][:2]:
            found.append(each)
    return found


def _component(place: str, name: str, line: str, *, is_innermost: bool) -> Component:
    told = _named(place, name)
    if not is_innermost:
        return Component(Kind.FRAME, told, "called it")
    if line:
        return Component(Kind.FRAME, f"{told}: {line}", "where it broke, with the line of source")
    return Component(Kind.FRAME, told, "where it broke")


def _named(place: str, name: str) -> str:
    return f"{place} in {name}" if place and name else place or name


def _left_out(counted: dict[str, int]) -> list[str]:
    return [
        f"{count} {what if count == 1 else what.replace(' ', 's ', 1)}"
        for what, count in counted.items()
        if count
    ]
