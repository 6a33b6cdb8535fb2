from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.monitor.web import sample
from tests.monitor.web.test_lenient import JSON
from toolboxai.monitor.web import event_view, facts
from toolboxai.monitor.web.event_view import level_of, view_of

NAMES = """
    exception breadcrumbs tags request user contexts extra logentry sdk message threads timestamp
    errors release stacktrace
"""
PARTS = st.sampled_from(NAMES.split())
DEEPER = st.dictionaries(
    st.sampled_from(["values", "frames", "stacktrace", "headers", "trace", "trace_id", "vars"]),
    JSON,
    max_size=3,
)


@settings(max_examples=50)
@given(
    st.dictionaries(
        PARTS, JSON | DEEPER | st.fixed_dictionaries({"values": st.lists(DEEPER, max_size=3)})
    )
)
def test_any_payload_has_a_view(payload: dict[str, Any]) -> None:
    assert view_of(sample.event(payload)).event_id == sample.EVENT_ID


def test_breadcrumbs_are_newest_first() -> None:
    view = view_of(sample.event(sample.PAYLOAD))
    assert [crumb.category for crumb in view.crumbs][::3] == ["toolboxai.content", "httpx"]


def test_only_the_last_breadcrumbs_are_kept_and_the_rest_counted() -> None:
    payload = {"breadcrumbs": [{"message": str(n)} for n in range(103)]}
    view = view_of(sample.event(payload))
    assert (view.crumbs[0].message, len(view.crumbs)) == ("102", event_view.MAX_CRUMBS)
    assert view.crumbs_left_out == 3


def test_an_event_without_a_time_has_the_one_of_its_arrival() -> None:
    event = sample.event({"timestamp": "soon"})
    assert view_of(event).at == event.received_at


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"logentry": {"message": "%s gone", "formatted": "disk gone"}}, "disk gone"),
        ({"logentry": {"message": "%s gone"}}, "%s gone"),
        ({"message": "disk gone"}, "disk gone"),
        ({"message": {"formatted": "disk gone"}}, "disk gone"),
        ({}, ""),
    ],
)
def test_the_message_is_found(payload: dict[str, Any], message: str) -> None:
    assert view_of(sample.event(payload)).message == message


def test_the_groups_tell_the_request_the_user_and_the_contexts() -> None:
    view = view_of(sample.event(sample.PAYLOAD))
    assert [group.title for group in view.groups] == [
        "Request",
        "Headers",
        "User",
        "trace",
        "runtime",
        "education",
    ]


def test_what_a_group_leaves_out_is_counted() -> None:
    group = facts.group_of("Tags", {str(n): n for n in range(250)})
    assert (len(group.facts), group.left_out) == (facts.MAX_FACTS, 150)


def test_damage_that_was_repaired_is_told() -> None:
    view = view_of(sample.event({"errors": [{"type": "invalid_data"}] * 3}))
    assert view.about.facts[0].value == "3 values of this event were damaged"


@pytest.mark.parametrize(
    ("sent", "level"),
    [
        ("fatal", "fatal"),
        ("warn", "warning"),
        ("critical", "fatal"),
        ('"><b>', "error"),
        (3, "error"),
    ],
)
def test_a_level_is_one_that_has_a_colour(sent: object, level: str) -> None:
    assert level_of(sent) == level


@pytest.mark.parametrize("trace_id", [None, 5, "x" * 65])
def test_a_trace_id_that_cannot_be_one_is_none(trace_id: object) -> None:
    payload: dict[str, Any] = {"contexts": {"trace": {"trace_id": trace_id}}}
    assert event_view.trace_id_of(payload) == ""
