"""An event that is too large loses what helps least, says so, and then fits."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolboxai.telemetry.transport.trimming import within
from toolboxai.telemetry.transport.wire import to_json

FLAG = {"telemetry.trimmed": "true"}


def frame(number: int, *, in_app: bool = True, chars: int = 100) -> dict[str, Any]:
    text = "x" * chars
    source = {"pre_context": [text], "context_line": f"line {number}", "post_context": [text]}
    own = {"vars": {"value": text}} if in_app else {}
    return {"function": f"f{number}", "lineno": number, "in_app": in_app, **source, **own}


def event_of(*stacks: list[dict[str, Any]], **beside: object) -> dict[str, Any]:
    values = [
        {"type": f"Error{number}", "value": "v", "stacktrace": {"frames": frames}}
        for number, frames in enumerate(stacks)
    ]
    return {"event_id": "e" * 32, "tags": {"own": "tag"}, "exception": {"values": values}, **beside}


def frames_of(event: dict[str, Any]) -> list[dict[str, Any]]:
    frames: list[dict[str, Any]] = event["exception"]["values"][-1]["stacktrace"]["frames"]
    return frames


def trimmed(event: dict[str, Any], share: float) -> dict[str, Any]:
    """Return ``event`` within a share of its size."""
    kept = within(event, max_bytes=int(len(to_json(event)) * share))
    assert kept["tags"] == {"own": "tag"} | FLAG
    return kept


def test_what_fits_is_the_same_object() -> None:
    event = event_of([frame(1)])

    assert within(event, max_bytes=len(to_json(event))) is event


def test_variables_of_outer_frames_go_first() -> None:
    frames = frames_of(trimmed(event_of([frame(number) for number in range(20)]), 0.9))

    assert [number for number, kept in enumerate(frames) if "vars" in kept] == [15, 16, 17, 18, 19]
    assert all("pre_context" in kept for kept in frames)


def test_then_the_lines_around_library_frames() -> None:
    mixed = [frame(number, in_app=number % 2 == 0) for number in range(20)]

    frames = frames_of(trimmed(event_of(mixed), 0.7))

    assert [("pre_context" in kept, "vars" in kept) for kept in frames[-2:]] == [
        (True, True),
        (False, False),
    ]
    assert all("context_line" in kept for kept in frames)


def test_then_frames_and_exceptions_in_the_middle() -> None:
    event = event_of(*([frame(number) for number in range(100)] for _ in range(20)))

    kept = trimmed(event, 0.1)

    types = [value["type"] for value in kept["exception"]["values"]]
    assert types == [f"Error{number}" for number in [*range(5), *range(15, 20)]]
    assert [each["lineno"] for each in frames_of(kept)] == [*range(10), *range(80, 100)]


def test_then_long_texts() -> None:
    event = event_of([frame(1)], message="m" * 100_000)

    kept = trimmed(event, 0.1)

    assert len(kept["message"]) == 501
    assert "vars" in frames_of(kept)[0]


def test_then_what_was_set_beside_and_at_last_all_but_types() -> None:
    event = event_of(
        [frame(1)], extra={str(n): "x" * 400 for n in range(100)}, contexts={"own": {}}
    )

    assert "extra" not in trimmed(event, 0.1)
    assert within(event, max_bytes=1)["exception"] == {
        "values": [{"type": "Error0", "stacktrace": {"frames": []}}]
    }


texts = st.text("ab é", max_size=600)
pieces = st.none() | st.integers(-9, 9) | texts | st.lists(texts, max_size=3)
names = st.sampled_from(
    ["exception", "values", "stacktrace", "frames", "vars", "extra", "tags", "type"]
)
odd = st.dictionaries(names, pieces, max_size=3)
events = st.dictionaries(
    names,
    pieces | odd | st.dictionaries(names, st.lists(odd, max_size=3), max_size=2),
    max_size=4,
)


@given(events, st.integers(500, 3_000))
@settings(max_examples=50)
def test_any_event_fits_and_trimming_twice_is_trimming_once(
    event: dict[str, Any], most: int
) -> None:
    kept = within(event, max_bytes=most)

    assert len(to_json(kept)) <= most
    assert within(kept, max_bytes=most) is kept
    assert kept is event or kept["tags"]["telemetry.trimmed"] == "true"


@pytest.mark.parametrize("exceptions", [1, 300])
def test_no_event_is_too_large_for_the_last_resort(exceptions: int) -> None:
    stacks = [[frame(number, chars=2_000) for number in range(50)] for _ in range(exceptions)]

    assert len(to_json(within(event_of(*stacks)))) <= 200_000
