"""An exception → the event that describes it, built from its traceback without the SDK's serialiser.

Frames cost what is looked at: source lines come from ``linecache`` and are kept by code object and line,
locals are read for in-app frames only, and only values that are safe to show without calling them.
"""

import linecache
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from pathlib import Path
from time import time
from types import CodeType, FrameType, TracebackType
from typing import Any

from toolboxai.telemetry.conversations import (
    is_of_a_library,
    quotes_a_conversation,
    without_quotes,
)

Event = dict[str, Any]

CONTEXT_LINES = 5
MAX_FRAMES = 100
MAX_CHAINED = 10
MAX_LOCALS = 30
MAX_LOCAL_CHARS = 1_024
MAX_EVENT_LOCAL_CHARS = 64 * 1_024
MAX_VALUE_CHARS = 8_192
MAX_CONTAINER_ITEMS = 10
MAX_LINE_CHARS = 512

_LIBRARIES = tuple(
    f"{sysconfig.get_path(name)}/" for name in ("stdlib", "platstdlib", "purelib", "platlib")
)
# Our own frames say nothing about the application; those of the debug route are the exception.
_TELEMETRY, _DEBUG = "toolboxai.telemetry.", "toolboxai.telemetry.debugging"
_NUMBERS = frozenset({bool, int, float, type(None)})
_SEQUENCES = frozenset({list, tuple, set, frozenset})


class Budget:
    """How many characters may still be shown."""

    def __init__(self, chars: int) -> None:
        self.left = chars

    def cut(self, text: str) -> str:
        """Return as much of ``text`` as fits."""
        # Not text[:n]: a subclass of str may do anything there.
        kept = str.__getitem__(text, slice(0, max(0, self.left)))
        self.left -= len(kept)
        return kept


def exception_event(
    error: BaseException,
    traceback: TracebackType | None,
    *,
    event_id: str,
    mechanism: str,
    handled: bool,
    in_app_prefixes: tuple[str, ...] = (),
) -> Event:
    """Return the event for ``error``."""
    values = exception_values(
        error, traceback, mechanism=mechanism, handled=handled, in_app_prefixes=in_app_prefixes
    )
    return {
        "event_id": event_id,
        "timestamp": time(),
        "level": "error",
        "exception": {"values": values},
    }


def exception_values(
    error: BaseException,
    traceback: TracebackType | None,
    *,
    mechanism: str,
    handled: bool,
    in_app_prefixes: tuple[str, ...] = (),
) -> list[dict[str, Any]]:
    """Return the chain of ``error``, innermost first, as Sentry's schema wants it."""
    place = {"type": mechanism, "handled": handled}
    return list(_values(error, traceback, place, in_app_prefixes))[::-1]


def _values(
    error: BaseException,
    traceback: TracebackType | None,
    mechanism: dict[str, Any],
    prefixes: tuple[str, ...],
) -> Iterator[dict[str, Any]]:
    """Yield ``error``, then what it was raised from or grouped with, each with its place in the tree."""
    waiting: list[tuple[BaseException, TracebackType | None, int | None, str]] = [
        (error, traceback, None, "")
    ]
    seen: set[int] = set()
    number, budget = 0, Budget(MAX_EVENT_LOCAL_CHARS)
    while waiting and number < MAX_CHAINED:
        member, tb, parent, source = waiting.pop(0)
        if id(member) in seen:
            continue
        seen.add(id(member))
        place = {"type": "chained", "handled": mechanism["handled"], "exception_id": number}
        if parent is None:
            place |= mechanism
        else:
            place |= {"parent_id": parent, "source": source}
        if isinstance(member, BaseExceptionGroup):
            place["is_exception_group"] = True
        yield _value(member, tb, place, prefixes, budget)
        waiting.extend(
            (child, child.__traceback__, number, origin) for child, origin in _children(member)
        )
        number += 1


def _children(error: BaseException) -> Iterator[tuple[BaseException, str]]:
    if error.__cause__ is not None:
        yield error.__cause__, "__cause__"
    elif error.__context__ is not None and not error.__suppress_context__:
        yield error.__context__, "__context__"
    if isinstance(error, BaseExceptionGroup):
        for index, member in enumerate(error.exceptions):
            yield member, f"exceptions[{index}]"


def _value(
    error: BaseException,
    traceback: TracebackType | None,
    mechanism: dict[str, Any],
    prefixes: tuple[str, ...],
    budget: Budget,
) -> dict[str, Any]:
    kind = type(error)
    return {
        "type": kind.__name__,
        "module": None if kind.__module__ == "builtins" else kind.__module__,
        "value": text_of(error),
        "mechanism": mechanism,
        "stacktrace": {"frames": frames_of(traceback, prefixes, budget)},
    }


def text_of(error: BaseException) -> str:
    """Return what the exception says of itself, with its notes, or that it can't say anything."""
    try:
        if quotes_a_conversation(error):
            return without_quotes(error, str(error))[:MAX_VALUE_CHARS]
        notes = [note for note in getattr(error, "__notes__", ()) if isinstance(note, str)]
        return "\n".join([str(error), *notes])[:MAX_VALUE_CHARS]
    except Exception as broken:  # noqa: BLE001 - the exception's own code, it may do anything
        return f"<its __str__ raised {type(broken).__name__}>"


def frames_of(
    traceback: TracebackType | None,
    prefixes: tuple[str, ...] = (),
    budget: Budget | None = None,
) -> list[dict[str, Any]]:
    """Return the frames, oldest first; of too many, the outermost and innermost halves."""
    budget = budget or Budget(MAX_EVENT_LOCAL_CHARS)
    steps: list[tuple[FrameType, int]] = []
    while traceback is not None:
        steps.append((traceback.tb_frame, traceback.tb_lineno))
        traceback = traceback.tb_next
    if len(steps) > MAX_FRAMES:
        steps = [*steps[: MAX_FRAMES // 2], *steps[-MAX_FRAMES // 2 :]]
    # Who talks to a model holds what was said in variables, and pupils say it.
    if any(is_of_a_library(_module(frame)) for frame, _ in steps):
        budget = Budget(0)
    has_own = any(_is_in_app(frame.f_code, _module(frame), prefixes) for frame, _ in steps)
    # The innermost frames say most, so they are the first to spend the budget.
    frames = [
        _frame(frame, line, prefixes, budget, source_for_all=not has_own)
        for frame, line in reversed(steps)
    ]
    return frames[::-1]


def _frame(
    frame: FrameType, line: int, prefixes: tuple[str, ...], budget: Budget, *, source_for_all: bool
) -> dict[str, Any]:
    code, module = frame.f_code, _module(frame)
    in_app = _is_in_app(code, module, prefixes)
    described: dict[str, Any] = {
        "filename": _filename(code, module),
        "abs_path": code.co_filename,
        "function": code.co_name,  # not co_qualname: Sentry groups by what other SDKs send
        "module": module,
        "lineno": line,
        "in_app": in_app,
    }
    if in_app or source_for_all:
        described |= _source(code, line)
    if in_app:
        described["vars"] = locals_of(frame.f_locals, budget)
    return described


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "<unknown>"))


def is_in_app(step: TracebackType, prefixes: tuple[str, ...]) -> bool:
    """Say whether a step of a traceback is in the application's own code."""
    return _is_in_app(step.tb_frame.f_code, _module(step.tb_frame), prefixes)


@lru_cache(maxsize=4_096)
def _is_in_app(code: CodeType, module: str, prefixes: tuple[str, ...]) -> bool:
    """Say whether the code is the application's: not Python's, not a library's, not telemetry's.

    ``prefixes`` name modules that are the application's own although they are installed as a library.
    """
    if module == _DEBUG or module.startswith(prefixes):
        return True
    if module.startswith(_TELEMETRY):
        return False
    return not code.co_filename.startswith(("<", *_LIBRARIES))


@lru_cache(maxsize=4_096)
def _filename(code: CodeType, module: str) -> str:
    """Return the path below the package's own parent folder: the same on every machine."""
    top = sys.modules.get(module.partition(".")[0])
    file = getattr(top, "__file__", None)
    if file is None:
        return code.co_filename
    base = Path(file).parent.parent if "." in module else Path(file).parent
    return code.co_filename.removeprefix(f"{base}/")


def _source(code: CodeType, line: int) -> Mapping[str, Any]:
    return _source_of(code.co_filename, line)


@lru_cache(maxsize=1_024)
def _source_of(filename: str, line: int) -> Mapping[str, Any]:
    lines = linecache.getlines(filename)
    if not 0 < line <= len(lines):
        return {}
    return {
        "pre_context": _cut(lines[max(0, line - 1 - CONTEXT_LINES) : line - 1]),
        "context_line": _cut(lines[line - 1 : line])[0],
        "post_context": _cut(lines[line : line + CONTEXT_LINES]),
    }


def _cut(lines: list[str]) -> list[str]:
    return [text.rstrip("\n")[:MAX_LINE_CHARS] for text in lines]


def locals_of(values: Mapping[str, Any], budget: Budget) -> dict[str, Any]:
    """Return what can be shown of a frame's variables without running anybody's code."""
    shown: dict[str, Any] = {}
    for name, value in islice(values.items(), MAX_LOCALS):
        if budget.left <= 0:
            break
        own = Budget(min(MAX_LOCAL_CHARS, budget.left))
        shown[name] = show(value, own)
        budget.left -= MAX_LOCAL_CHARS - own.left if own.left < MAX_LOCAL_CHARS else 1
    return shown


def show(value: object, budget: Budget, depth: int = 2) -> Any:  # noqa: ANN401 - JSON has no closer type
    """Return a primitive or short container as it is, and of anything else only its type's name."""
    kind = type(value)
    if issubclass(kind, str):
        return budget.cut(str.__str__(value))
    if kind in _NUMBERS:
        budget.left -= 8
        return value
    if depth and budget.left > 0:
        if kind is dict:
            pairs = _first(value.items(), budget)  # type: ignore[attr-defined]
            return {_key(key, budget): show(member, budget, depth - 1) for key, member in pairs}
        if kind in _SEQUENCES:
            return [show(member, budget, depth - 1) for member in _first(value, budget)]  # type: ignore[arg-type]
    return f"<{kind.__name__}>"


def _first(members: Iterable[Any], budget: Budget) -> Iterator[Any]:
    """Yield as many members as may be shown, while the budget lasts."""
    try:
        first = list(islice(members, MAX_CONTAINER_ITEMS))
    except RuntimeError:  # another thread is changing it
        return
    for member in first:
        if budget.left <= 0:
            return
        yield member


def _key(key: object, budget: Budget) -> str:
    if issubclass(type(key), str):
        return budget.cut(str.__str__(key))
    return str(key) if type(key) in _NUMBERS else f"<{type(key).__name__}>"


def without_variables(event: Event) -> Event:
    """Return an exception event without its frames' variables: a hundredth of the memory."""
    values = [
        value
        | {
            "stacktrace": {
                "frames": [
                    {name: fact for name, fact in frame.items() if name != "vars"}
                    for frame in value.get("stacktrace", {}).get("frames", ())
                ]
            }
        }
        for value in event["exception"]["values"]
    ]
    return event | {"exception": {"values": values}}
