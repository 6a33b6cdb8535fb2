"""What was logged → a Sentry log item, made in the keeper's thread."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from math import isfinite
from typing import Any

from toolboxai.telemetry.lines import one_line

MAX_NAME_CHARS = 256
MAX_INTEGER_BITS = 63
MAX_PLACES = 256  # lines of code that log, remembered
_SEVERITY = {"fatal": 21, "error": 17, "warn": 13, "info": 9, "debug": 5, "trace": 1}

Scalar = str | int | float | bool


# Plain tuples, since each line that is logged makes one: trace id, span id, route, user id, role …
Around = tuple[str | None, str | None, str | None, str | None, str | None]
# … and timestamp, level, body, logger, template, (module, function, line), the application's own values, around.
Place = tuple[str, str, int]
Taken = tuple[float, str, str, str, str | None, Place, Mapping[str, Scalar], Around]


def renderer(constants: Mapping[str, str | None]) -> Callable[[Taken], dict[str, Any]]:
    """Return a function that makes a log item of a record. ``constants`` are put on each."""
    fixed = _attributes({name: value for name, value in constants.items() if value})

    @lru_cache(maxsize=MAX_PLACES)
    def of_place(
        logger: str, template: str | None, place: Place, route: str | None
    ) -> dict[str, Any]:
        """Return the attributes that all records of one line of code have."""
        module, function, line = place
        return fixed | _attributes(
            {
                "logger.name": logger[:MAX_NAME_CHARS],
                "code.file.path": module,
                "code.function.name": function,
                "code.line.number": line,
                "sentry.message.template": template,
                "http.route": route,
            }
        )

    def render(taken: Taken) -> dict[str, Any]:
        timestamp, level, body, logger, template, place, values, around = taken
        trace_id, span_id, route, user_id, role = around
        ours = {
            "sentry.trace.parent_span_id": span_id,
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
            "attributes": _attributes(values)
            | of_place(logger, template, place, route)
            | _attributes(ours),
        }

    return render


def _attributes(values: Mapping[str, Scalar | None]) -> dict[str, Any]:
    return {name: attribute(value) for name, value in values.items() if value is not None}


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
