"""What was logged → a Sentry log item, made in the keeper's thread."""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from toolboxai.telemetry.lines import one_line

MAX_NAME_CHARS = 256
MAX_INTEGER_BITS = 63
_SEVERITY = {"fatal": 21, "error": 17, "warn": 13, "info": 9, "debug": 5, "trace": 1}

Scalar = str | int | float | bool


# Plain tuples, since each line that is logged makes one: trace id, span id, route, user id, role …
Around = tuple[str | None, str | None, str | None, str | None, str | None]
# … and timestamp, level, body, logger, template, (module, function, line), the application's own values, around.
Place = tuple[str, str, int]
Taken = tuple[float, str, str, str, str | None, Place, Mapping[str, Scalar], Around]


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
