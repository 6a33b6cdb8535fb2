"""An event is made to fit the schema: repaired, kept, flagged."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.monitor.grouping import group
from toolboxai.monitor.protocol import (
    Flags,
    NotRepairableError,
    epoch_seconds,
    event_id_of,
    repair_event,
    trim,
)
from toolboxai.monitor.settings import Limits

NOW_MS = 1_800_000_000_000
NOW = NOW_MS / 1_000
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda child: st.lists(child, max_size=4) | st.dictionaries(st.text(), child, max_size=4),
    max_leaves=10,
)
FIELDS = st.sampled_from(
    [
        "exception",
        "threads",
        "breadcrumbs",
        "tags",
        "level",
        "logentry",
        "message",
        "fingerprint",
        "contexts",
        "user",
        "timestamp",
        "stacktrace",
        "transaction",
        "platform",
        "extra",
    ]
)
STACKS = st.fixed_dictionaries(
    {"values": st.lists(st.fixed_dictionaries({"stacktrace": ANY_JSON}))}
)


def repaired(event: object) -> tuple[dict[str, Any], dict[tuple[str, ...], str]]:
    flags = Flags()
    return repair_event(event, flags, received_at=NOW_MS, limits=Limits()), flags.reasons


@given(st.dictionaries(FIELDS, ANY_JSON | STACKS))
def test_whatever_the_fields_are_the_event_can_be_grouped(event: dict[str, Any]) -> None:
    result, _ = repaired(event)

    assert group(result).fingerprint
    assert repaired(json.loads(json.dumps(result)))[0] == result


@pytest.mark.parametrize("event", [None, [], "x", 1])
def test_what_is_no_object_is_not_repairable(event: object) -> None:
    with pytest.raises(NotRepairableError, match="not an object"):
        repaired(event)


@pytest.mark.parametrize(
    ("sent", "name", "kept"),
    [
        ({"level": "CRITICAL"}, "level", "fatal"),
        ({"tags": [["a", 1], ["b", None], ["c", True]]}, "tags", {"a": "1", "c": "true"}),
        ({"release": 7}, "release", "7"),
        ({"message": "m"}, "logentry", {"formatted": "m", "params": None}),
        (
            {"logentry": {"message": "m %s", "params": ["x"]}},
            "logentry",
            {"formatted": "m %s", "message": "m %s", "params": ["x"]},
        ),
        ({"exception": [{"type": "A"}]}, "exception", {"values": [{"type": "A"}]}),
        ({"exception": {"type": "A"}}, "exception", {"values": [{"type": "A"}]}),
        ({"breadcrumbs": [{"message": "b"}]}, "breadcrumbs", {"values": [{"message": "b"}]}),
        ({"fingerprint": ["a", 1]}, "fingerprint", ["a", "1"]),
        ({"timestamp": "2027-01-15T08:00:00Z"}, "timestamp", NOW),
        ({"timestamp": "2027-01-15T08:00:00"}, "timestamp", NOW),
        ({"timestamp": NOW - 5}, "timestamp", NOW - 5),
        ({}, "timestamp", NOW),
    ],
)
def test_other_forms_are_understood_without_a_flag(
    sent: dict[str, Any], name: str, kept: object
) -> None:
    event, flags = repaired(sent)

    assert event[name] == kept
    assert not flags


@pytest.mark.parametrize(
    ("sent", "path", "reason"),
    [
        ({"level": 3}, ("level",), "invalid_data"),
        ({"level": "loud"}, ("level",), "invalid_data"),
        ({"tags": 3}, ("tags",), "invalid_data"),
        ({"tags": {"a": {}}}, ("tags", "a"), "invalid_data"),
        ({"tags": {str(n): n for n in range(10_000)}}, ("tags",), "too_many"),
        ({"user": "me"}, ("user",), "invalid_data"),
        ({"release": []}, ("release",), "invalid_data"),
        ({"fingerprint": "x"}, ("fingerprint",), "invalid_data"),
        ({"fingerprint": [[]]}, ("fingerprint",), "invalid_data"),
        ({"message": 3}, ("logentry",), "invalid_data"),
        ({"exception": 3}, ("exception",), "invalid_data"),
        ({"exception": [3]}, ("exception", "values"), "invalid_data"),
        (
            {"exception": [{"stacktrace": 3}]},
            ("exception", "values", "0", "stacktrace"),
            "invalid_data",
        ),
        (
            {"exception": [{"stacktrace": {"frames": [3]}}]},
            ("exception", "values", "0", "stacktrace", "frames"),
            "invalid_data",
        ),
        (
            {"threads": [{"stacktrace": {"frames": [{}] * 50_000}}]},
            ("threads", "values", "0", "stacktrace", "frames"),
            "too_many",
        ),
        ({"stacktrace": 3}, ("stacktrace",), "invalid_data"),
        ({"timestamp": NOW + 864_000}, ("timestamp",), "clock_drift"),
        ({"timestamp": NOW - 400 * 86_400}, ("timestamp",), "clock_drift"),
        ({"timestamp": 1e300}, ("timestamp",), "clock_drift"),
        ({"timestamp": "yesterday"}, ("timestamp",), "clock_drift"),
        ({"timestamp": True}, ("timestamp",), "clock_drift"),
        ({"timestamp": []}, ("timestamp",), "clock_drift"),
    ],
)
def test_what_does_not_fit_is_flagged(
    sent: dict[str, Any], path: tuple[str, ...], reason: str
) -> None:
    event, flags = repaired(sent)

    assert flags[path] == reason
    assert event["timestamp"] == NOW


def test_of_many_frames_both_ends_are_kept() -> None:
    frames = [{"function": str(number)} for number in range(1_000)]

    event, _ = repaired({"exception": [{"stacktrace": {"frames": frames}}]})

    kept = event["exception"]["values"][0]["stacktrace"]["frames"]
    assert (len(kept), kept[0], kept[-1]) == (250, frames[0], frames[-1])


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ("A" * 32, "a" * 32),
        ("aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", "a" * 32),
        ("a" * 31, None),
        ("g" * 32, None),
        (7, None),
    ],
)
def test_an_event_id_has_32_digits(sent: object, found: str | None) -> None:
    assert event_id_of(sent) == found


def test_a_date_out_of_range_is_no_time() -> None:
    assert epoch_seconds("10000-01-01T00:00:00Z") is None


def large_event(size: int) -> dict[str, Any]:
    frames = [{"function": "f", "vars": {str(n): "v" * 200 for n in range(size)}}] * 10
    return {
        "event_id": "a" * 32,
        "exception": {"values": [{"type": "A", "stacktrace": {"frames": frames}}]},
        "breadcrumbs": {"values": [{"message": "b" * 200}] * size},
        "extra": {"text": "t" * 100_000},
    }


@pytest.mark.parametrize("size", [1, 100, 2_000])
def test_a_large_event_is_trimmed_to_the_limit(size: int) -> None:
    flags = Flags()

    event = trim(large_event(size), flags, max_bytes=100_000)

    assert len(json.dumps(event)) <= 100_000
    assert event["exception"]["values"][0]["type"] == "A"
    assert flags.reasons


def test_only_the_essential_stays_of_the_largest() -> None:
    event = {"transaction": "t", **{str(n): "x" * 200 for n in range(2_000)}}

    assert trim(event, Flags(), max_bytes=100_000) == {"transaction": "t"}


def test_what_stays_too_large_is_not_repairable() -> None:
    values = [{str(n): "x" * 200 for n in range(2_000)}]

    with pytest.raises(NotRepairableError, match="too large"):
        trim({"exception": {"values": values}}, Flags(), max_bytes=100_000)
