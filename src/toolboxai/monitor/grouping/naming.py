"""What a problem is called. Pure."""

from toolboxai.monitor.grouping.stacks import innermost_own
from toolboxai.monitor.grouping.values import (
    Json,
    exceptions,
    first_line,
    frames,
    mapping,
    message,
    text,
)

MAX_MESSAGE_CHARS = 2_000
MAX_TITLE_CHARS = 250
MAX_CULPRIT_CHARS = 250


def title_of(event: Json) -> str:
    """Return what to call the problem: what was raised, or what was said."""
    raised = exceptions(event)
    if raised:
        kind, value = text(raised[-1], "type"), _first_line(text(raised[-1], "value"))
        title = f"{kind}: {value}" if kind and value else kind or value
    else:
        title = _first_line(message(event))
    return _shortened(title or "(no message)", MAX_TITLE_CHARS)


def culprit_of(event: Json) -> str:
    """Return where it happened: the transaction, else the innermost frame of ours."""
    transaction = text(event, "transaction")
    if transaction:
        return _shortened(transaction, MAX_CULPRIT_CHARS)
    for exception in reversed(exceptions(event)):
        sent = frames(exception)
        if sent:
            frame = innermost_own(sent)
            where = text(frame, "module") or text(frame, "filename")
            told = " in ".join(filter(None, (where, text(frame, "function"))))
            return _shortened(told, MAX_CULPRIT_CHARS)
    return ""


def is_handled(event: Json) -> bool:
    """Say whether the program went on: no exception of the chain is marked as unhandled."""
    return not any(
        mapping(exception, "mechanism").get("handled") is False for exception in exceptions(event)
    )


def _first_line(said: str) -> str:
    return first_line(said, max_chars=MAX_MESSAGE_CHARS)


def _shortened(said: str, max_chars: int) -> str:
    return said if len(said) <= max_chars else f"{said[: max_chars - 1]}…"
