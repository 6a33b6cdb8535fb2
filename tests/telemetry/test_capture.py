"""An exception becomes an event that says what is needed and runs nobody's code."""

import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from toolboxai.telemetry.capture.exceptions import (
    MAX_CHAINED,
    exception_event,
    text_of,
)
from toolboxai.telemetry.capture.frames import MAX_FRAMES
from toolboxai.telemetry.capture.variables import MAX_LOCAL_CHARS, Budget, show
from toolboxai.telemetry.current import Breadcrumb, Request, captured_id, mark_captured
from toolboxai.telemetry.facts import describe, status_name
from toolboxai.telemetry.lines import one_line
from toolboxai.telemetry.logs.entries import level_of


def event_of(error: Exception) -> dict[str, Any]:
    return exception_event(
        error, error.__traceback__, event_id="e" * 32, mechanism="test", handled=True
    )


class Unsayable(Exception):  # noqa: N818 - the name of the case
    def __str__(self) -> str:
        raise RuntimeError


def test_an_exception_that_can_not_speak_is_still_reported() -> None:
    assert text_of(Unsayable()) == "<its __str__ raised RuntimeError>"


def test_a_circle_of_causes_has_an_end() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first

    values = event_of(first)["exception"]["values"]

    assert [value["value"] for value in values] == ["second", "first"]


def test_a_long_chain_is_cut() -> None:
    error: Exception = ValueError("0")
    for number in range(50):
        outer = ValueError(str(number))
        outer.__cause__ = error
        error = outer

    assert len(event_of(error)["exception"]["values"]) == MAX_CHAINED


def test_a_deep_stack_keeps_its_ends() -> None:
    def dive(depth: int) -> None:
        if depth:
            dive(depth - 1)
        raise RecursionError

    with pytest.raises(RecursionError) as met:
        dive(400)
    event = exception_event(
        met.value, met.value.__traceback__, event_id="e" * 32, mechanism="test", handled=False
    )

    frames = event["exception"]["values"][0]["stacktrace"]["frames"]
    assert len(frames) == MAX_FRAMES
    assert frames[-1]["vars"]["depth"] == 0


@pytest.mark.parametrize("place", ["<generated>", "uvloop/cbhandles.pyx"])
def test_a_frame_without_a_source_file_is_described_without_source(place: str) -> None:
    namespace: dict[str, Any] = {"__name__": place}
    exec(compile("def broken():\n    1 / 0\n", place, "exec"), namespace)  # noqa: S102
    with pytest.raises(ZeroDivisionError) as met:
        namespace["broken"]()

    event = exception_event(
        met.value, met.value.__traceback__, event_id="e" * 32, mechanism="test", handled=False
    )

    frame = event["exception"]["values"][0]["stacktrace"]["frames"][-1]
    assert frame["filename"] == place
    assert "context_line" not in frame
    assert frame["in_app"] is False


class Shout:
    def __repr__(self) -> str:
        raise AssertionError

    __str__ = __repr__


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (7, 7),
        (None, None),
        ("x" * 2_000, "x" * 1_024),
        ({"a": {"b": {"c": 1}}}, {"a": {"b": "<dict>"}}),
        ({Shout(): 1}, {"<Shout>": 1}),
        ([1, "two", Shout()], [1, "two", "<Shout>"]),
        ((1, 2), [1, 2]),
        (list(range(100)), list(range(10))),
        (Shout(), "<Shout>"),
        (b"bytes", "<bytes>"),
    ],
    ids=[
        "number", "nothing", "long text", "deep", "odd key", "odd member", "tuple", "long list",
        "object", "bytes",
    ],
)  # fmt: skip
def test_values_are_shown_without_calling_them(value: object, shown: object) -> None:
    assert show(value, Budget(MAX_LOCAL_CHARS)) == shown


def test_the_mark_belongs_to_one_occurrence() -> None:
    error = ValueError("made once")

    assert captured_id(error) is None
    mark_captured(error, "a" * 32)

    assert captured_id(error) == "a" * 32


def test_breadcrumbs_are_merged_by_time() -> None:
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": []})
    request.leave(Breadcrumb(2.0, "log", "info", "second"), limit=5)
    event: dict[str, Any] = {
        "breadcrumbs": {
            "values": [
                {"timestamp": datetime.fromtimestamp(3, UTC), "message": "third"},
                {"timestamp": "1970-01-01T00:00:01+00:00", "message": "first"},
                {"timestamp": "nonsense", "message": "zeroth"},
                {"timestamp": datetime(1970, 1, 1, 0, 0, 4), "message": "fourth"},  # noqa: DTZ001
            ]
        }
    }

    describe(event, request, max_breadcrumbs=4)

    messages = [crumb["message"] for crumb in event["breadcrumbs"]["values"]]
    assert messages == ["first", "second", "third", "fourth"]


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (None, "internal_error"),
        (200, "ok"),
        (302, "ok"),
        (404, "not_found"),
        (418, "invalid_argument"),
        (500, "internal_error"),
        (503, "unavailable"),
    ],
)
def test_a_status_has_a_name(status: int | None, name: str) -> None:
    assert status_name(status) == name


@pytest.mark.parametrize(
    ("number", "level"),
    [
        (logging.CRITICAL, "fatal"),
        (logging.ERROR, "error"),
        (logging.WARNING, "warn"),
        (logging.INFO, "info"),
        (logging.DEBUG, "debug"),
    ],
)
def test_a_log_level_has_sentrys_name(number: int, level: str) -> None:
    assert level_of(number) == level


def test_a_log_line_is_one_line() -> None:
    assert one_line("a\r\nb\x00c\u2028d\te") == "a\\r\\nb\\x00c\\u2028d\te"
