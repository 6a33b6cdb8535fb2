"""A traceback → its frames, with source lines from ``linecache`` and, where they are the application's own, variables.

They cost what is looked at: source is kept by file and line, libraries' frames are shown without.
"""

import linecache
import sys
import sysconfig
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NamedTuple

from toolboxai.telemetry.capture.variables import MAX_EVENT_LOCAL_CHARS, Budget, locals_of
from toolboxai.telemetry.conversations import is_of_a_library

CONTEXT_LINES = 5
MAX_FRAMES = 100
MAX_LINE_CHARS = 512

_LIBRARIES = tuple(
    f"{sysconfig.get_path(name)}/" for name in ("stdlib", "platstdlib", "purelib", "platlib")
)
# Our own frames say nothing about the application; those of the debug route are the exception.
_TELEMETRY, _DEBUG = "toolboxai.telemetry.", "toolboxai.telemetry.debugging"


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
    located = [_located(frame, line, prefixes) for frame, line in steps]
    # Who talks to a model holds what was said in variables, and pupils say it.
    if any(is_of_a_library(each.module) for each in located):
        budget = Budget(0)
    has_own = any(each.in_app for each in located)
    # The innermost frames say most, so they are the first to spend the budget.
    frames = [
        _described(each, budget, has_source=each.in_app or not has_own)
        for each in reversed(located)
    ]
    return frames[::-1]


class _Located(NamedTuple):
    frame: FrameType
    line: int
    module: str
    in_app: bool


def _located(frame: FrameType, line: int, prefixes: tuple[str, ...]) -> _Located:
    module = _module(frame)
    return _Located(frame, line, module, _is_in_app(frame.f_code.co_filename, module, prefixes))


def _described(step: _Located, budget: Budget, *, has_source: bool) -> dict[str, Any]:
    code = step.frame.f_code
    described: dict[str, Any] = {
        "filename": _filename(code.co_filename, step.module),
        "abs_path": code.co_filename,
        "function": code.co_name,  # not co_qualname: Sentry groups by what other SDKs send
        "module": step.module,
        "lineno": step.line,
        "in_app": step.in_app,
    }
    if has_source:
        described |= _source(code.co_filename, step.line)
    if step.in_app:
        described["vars"] = locals_of(step.frame.f_locals, budget)
    return described


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "<unknown>"))


def is_in_app(step: TracebackType, prefixes: tuple[str, ...]) -> bool:
    """Say whether a step of a traceback is in the application's own code."""
    frame = step.tb_frame
    return _is_in_app(frame.f_code.co_filename, _module(frame), prefixes)


@lru_cache(maxsize=4_096)
def _is_in_app(filename: str, module: str, prefixes: tuple[str, ...]) -> bool:
    """Say whether code is the application's: not Python's, not a library's, not telemetry's.

    ``prefixes`` name modules that are the application's own although they are installed as a library.
    """
    if module == _DEBUG or module.startswith(prefixes):
        return True
    if module.startswith(_TELEMETRY):
        return False
    # Compiled libraries name the file they were made from, below a folder that isn't here.
    return not filename.endswith(".pyx") and not filename.startswith(("<", *_LIBRARIES))


@lru_cache(maxsize=4_096)
def _filename(path: str, module: str) -> str:
    """Return the path below the package's own parent folder: the same on every machine."""
    top = sys.modules.get(module.partition(".")[0])
    file = getattr(top, "__file__", None)
    if file is None:
        return path
    base = Path(file).parent.parent if "." in module else Path(file).parent
    return path.removeprefix(f"{base}/")


@lru_cache(maxsize=1_024)
def _source(filename: str, line: int) -> Mapping[str, Any]:
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
