"""An exception → the event that describes it, with all that it was raised from; without the SDK's serialiser."""

from collections.abc import Iterator
from time import time
from types import TracebackType
from typing import Any

from toolboxai.telemetry.capture.frames import frames_of
from toolboxai.telemetry.capture.variables import MAX_EVENT_LOCAL_CHARS, Budget
from toolboxai.telemetry.conversations import quotes_a_conversation, without_quotes

Event = dict[str, Any]

MAX_CHAINED = 10
MAX_VALUE_CHARS = 8_192


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
