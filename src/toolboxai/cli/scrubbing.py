"""What `toolboxai privacy scrub` does: payloads in, a line each; what the gate would let leave of them out, a line each."""

import json
from collections.abc import Callable, Iterator
from io import BufferedIOBase
from typing import Any

import orjson

from toolboxai.cli.gates import gate_for, settings_for
from toolboxai.telemetry.privacy import Gate
from toolboxai.telemetry.transport.wire import to_json

READ_BYTES = 1024 * 1024
# What an event may say of itself that isn't the type of an envelope's item.
EVENT_TYPES = frozenset({None, "", "default", "error", "generic"})

Say = Callable[[str], None]


class NotAnObjectError(ValueError):
    """A line isn't a JSON object; says why, and nothing of what it holds."""


def run_scrub(
    source: BufferedIOBase, target: BufferedIOBase, complain: Say, *, environment: str
) -> int:
    """Scrub line after line; 1 when some line was no JSON object, else 0.

    Whatever has arrived is answered before more is waited for, so that it works at the end of a pipe, too.
    """
    gate = gate_for(settings_for(environment))
    number, is_good = 0, True
    for lines in arriving(source):
        answers: list[bytes] = []
        for line in lines:
            number += 1
            try:
                answers.append(scrubbed(gate, parsed(line)))
            except NotAnObjectError as error:
                is_good = False
                answers.append(b"null")
                complain(f"line {number} {error}")
        target.write(b"\n".join([*answers, b""]))
        target.flush()
    return 0 if is_good else 1


def arriving(source: BufferedIOBase) -> Iterator[list[bytes]]:
    """Yield the lines that each read has completed, without their ends; a last one needs no end."""
    begun: list[bytes] = []  # of a line longer than one read
    while part := source.read1(READ_BYTES):
        *whole, rest = part.split(b"\n")
        if whole:
            yield [b"".join([*begun, whole[0]]), *whole[1:]]
            begun.clear()
        if rest:
            begun.append(rest)
    if begun:
        yield [b"".join(begun)]


def parsed(line: bytes) -> dict[str, Any]:
    """Return the object that ``line`` holds. Raises ``NotAnObjectError``."""
    try:
        payload = orjson.loads(line)
    except orjson.JSONDecodeError:
        payload = _parsed_slowly(line)
    if not isinstance(payload, dict):
        reason = f"is JSON, but no object: {type(payload).__name__}"
        raise NotAnObjectError(reason)
    return payload


def _parsed_slowly(line: bytes) -> object:
    """Read what Python writes and orjson refuses: NaN, half a surrogate pair, numbers of any length."""
    try:
        return json.loads(line.decode("utf-8-sig", "replace"), strict=False, parse_int=_integer)
    except RecursionError:
        reason = "is nested too deeply to be read"
        raise NotAnObjectError(reason) from None
    except json.JSONDecodeError as error:
        reason = f"isn't JSON: {error.msg} at character {error.pos:,}"
        raise NotAnObjectError(reason) from None


def _integer(digits: str) -> int | float:
    # Python refuses thousands of digits, and JSON elsewhere has 64 bits.
    return int(digits) if len(digits) < 19 else float(digits)


def scrubbed(gate: Gate, payload: dict[str, Any]) -> bytes:
    """Return what may leave of a payload as JSON; ``null`` when it is dropped."""
    kind = payload.get("type")
    is_event = kind is None or (isinstance(kind, str) and kind in EVENT_TYPES)
    passed = gate.clean("event" if is_event else str(kind), payload)
    if passed is None:
        return b"null"
    return to_json(passed.payload)
