"""Exceptions and their frames, as a person reads them: the last thing that happened first. Pure."""

from dataclasses import dataclass
from itertools import groupby

from toolboxai.monitor.web.facts import Fact, facts_of
from toolboxai.monitor.web.lenient import list_of, mapping_of, number_of, text_of, values_of

MAX_EXCEPTIONS = 20
MAX_FRAMES = 100
MAX_OPEN_FRAMES = 5
MAX_LOCALS = 60
MAX_CONTEXT_LINES = 20
MAX_LINE_CHARS = 400
MAX_MESSAGE_CHARS = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """One line of source; ``current`` is the one that was running."""

    number: int | None
    text: str
    current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One call on the stack."""

    function: str
    file: str
    line: int | None
    module: str
    in_app: bool
    source: tuple[SourceLine, ...]
    variables: tuple[Fact, ...]
    is_open: bool = False
    shows_variables: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameRun:
    """Neighbouring frames that are all ours or all a library's."""

    in_app: bool
    frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """One exception of a chain, or the bare stack of an event that has none."""

    type: str
    value: str
    module: str
    relation: str
    mechanism: str
    handled: bool | None
    runs: tuple[FrameRun, ...]
    left_out: int


def exceptions_of(payload: dict[str, object]) -> list[Raised]:
    """Return the exception that surfaced, then what led to it; else the stack that was attached."""
    entries = list(reversed(values_of(payload.get("exception"))))[:MAX_EXCEPTIONS]
    if not entries:
        return [raised for raised in map(_thread, _stacks(payload)) if raised.runs]
    return [_raised(mapping_of(entry), is_first=place == 0) for place, entry in enumerate(entries)]


def _stacks(payload: dict[str, object]) -> list[dict[str, object]]:
    threads = [mapping_of(thread) for thread in values_of(payload.get("threads"))]
    telling = [thread for thread in threads if thread.get("crashed") or thread.get("current")]
    return (telling or threads or [payload])[:1]


def _thread(thread: dict[str, object]) -> Raised:
    runs, left_out = _runs(thread.get("stacktrace"))
    return Raised(
        type="",
        value="",
        module="",
        relation="",
        mechanism="",
        handled=None,
        runs=runs,
        left_out=left_out,
    )


def _raised(entry: dict[str, object], *, is_first: bool) -> Raised:
    mechanism = mapping_of(entry.get("mechanism"))
    handled = mechanism.get("handled")
    runs, left_out = _runs(entry.get("stacktrace"))
    return Raised(
        type=text_of(entry.get("type"), max_chars=200) or "Unnamed exception",
        value=text_of(entry.get("value"), max_chars=MAX_MESSAGE_CHARS),
        module=text_of(entry.get("module"), max_chars=200),
        relation="" if is_first else _relation(mechanism.get("source")),
        mechanism=text_of(mechanism.get("type"), max_chars=60),
        handled=handled if isinstance(handled, bool) else None,
        runs=runs,
        left_out=left_out,
    )


def _relation(source: object) -> str:
    match source:
        case "__context__":
            return "Raised while handling"
        case str() if source.startswith("exceptions"):
            return "Part of the group"
        case _:
            return "Caused by"


def _runs(stacktrace: object) -> tuple[tuple[FrameRun, ...], int]:
    sent = list_of(mapping_of(stacktrace).get("frames"))
    newest_first = [mapping_of(frame) for frame in reversed(sent)][:MAX_FRAMES]
    ours = [place for place, frame in enumerate(newest_first) if frame.get("in_app") is True]
    opened = ours[:MAX_OPEN_FRAMES] or [0]
    frames = [
        _frame(frame, is_open=place in opened, shows_variables=place == opened[0])
        for place, frame in enumerate(newest_first)
    ]
    runs = tuple(
        FrameRun(in_app=in_app, frames=tuple(run))
        for in_app, run in groupby(frames, key=lambda frame: frame.in_app or not ours)
    )
    return runs, len(sent) - len(frames)


def _frame(frame: dict[str, object], *, is_open: bool, shows_variables: bool) -> Frame:
    line = number_of(frame.get("lineno"))
    return Frame(
        function=text_of(frame.get("function"), max_chars=200) or "unnamed",
        file=text_of(frame.get("filename") or frame.get("abs_path"), max_chars=300),
        line=line,
        module=text_of(frame.get("module"), max_chars=200),
        in_app=frame.get("in_app") is True,
        source=_source(frame, line),
        variables=facts_of(mapping_of(frame.get("vars")), max_facts=MAX_LOCALS),
        is_open=is_open,
        shows_variables=shows_variables,
    )


def _source(frame: dict[str, object], line: int | None) -> tuple[SourceLine, ...]:
    if not isinstance(frame.get("context_line"), str):
        return ()
    before = list_of(frame.get("pre_context"))[-MAX_CONTEXT_LINES:]
    after = list_of(frame.get("post_context"))[:MAX_CONTEXT_LINES]
    texts = [*before, frame["context_line"], *after]
    first = None if line is None else line - len(before)
    return tuple(
        SourceLine(
            number=None if first is None or first + place < 0 else first + place,
            text=text_of(text, max_chars=MAX_LINE_CHARS),
            current=place == len(before),
        )
        for place, text in enumerate(texts)
    )
