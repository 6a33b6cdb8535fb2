"""What was logged → a Sentry log item, made in the keeper's thread."""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

MAX_NAME_CHARS = 256
MAX_INTEGER_BITS = 63
_SEVERITY = {"fatal": 21, "error": 17, "warn": 13, "info": 9, "debug": 5, "trace": 1}
# A log line is one line, whatever somebody typed into a form: CR, LF, ESC and their like become visible.
_CONTROL = {code: f"\\x{code:02x}" for code in [*range(32), *range(127, 160)]} | {
    9: "\t",
    10: "\\n",
    13: "\\r",
    # Also what ends a line for some, and what turns the direction of the text around.
    **{
        code: f"\\u{code:04x}"
        for code in [0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
    },
}

Scalar = str | int | float | bool


# Plain tuples, since each line that is logged makes one: trace id, span id, route, user id, role …
Around = tuple[str | None, str | None, str | None, str | None, str | None]
# … and timestamp, level, body, logger, template, (module, function, line), the application's own values, around.
Place = tuple[str, str, int]
Taken = tuple[float, str, str, str, str | None, Place, Mapping[str, Scalar], Around]


def one_line(text: str) -> str:
    """Return ``text`` with control characters written out, so that nobody can forge a line."""
    return text if text.isprintable() else text.translate(_CONTROL)


def renderer(constants: Mapping[str, str | None]) -> Callable[[Taken], dict[str, Any]]:
    """Return a function that makes a log item of a record. ``constants`` are put on each."""
    fixed = {name: attribute(value) for name, value in constants.items() if value}

    def render(taken: Taken) -> dict[str, Any]:
        timestamp, level, body, logger, template, place, values, around = taken
        module, function, line = place
        trace_id, span_id, route, user_id, role = around
        ours: dict[str, Scalar | None] = {
            "logger.name": logger[:MAX_NAME_CHARS],
            "code.file.path": module,
            "code.function.name": function,
            "code.line.number": line,
            "sentry.message.template": template,
            "sentry.trace.parent_span_id": span_id,
            "http.route": route,
            "user.id": user_id,
            "user.role": role,
        }
        return {
            "timestamp": timestamp,
            "level": level,
            "severity_number": _SEVERITY[level],
            "body": body,
            "trace_id": trace_id or "0" * 32,
            # Last what is ours: no value that the application logs may pass for it.
            "attributes": {name: attribute(value) for name, value in values.items()}
            | fixed
            | {name: attribute(value) for name, value in ours.items() if value is not None},
        }

    return render


def attribute(value: Scalar) -> dict[str, Any]:
    """Return a log item's attribute: a value and its type."""
    if isinstance(value, str):
        return {"value": one_line(value), "type": "string"}
    if isinstance(value, bool):
        return {"value": value, "type": "boolean"}
    if isinstance(value, int):
        fits = value.bit_length() <= MAX_INTEGER_BITS
        return {"value": value, "type": "integer"} if fits else attribute(hex(value)[:40])
    return {"value": value, "type": "double"} if isfinite(value) else attribute(str(value))
