"""An error at first glance says what the whole says of the same fields."""

from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toolboxai.monitor import grouping
from toolboxai.monitor.protocol import NotRepairableError, glance, whole
from toolboxai.monitor.settings import Limits

LIMITS = Limits()
NOW = 1_800_000_000_000

JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
NAMES = st.sampled_from(
    [
        "level",
        "tags",
        "exception",
        "breadcrumbs",
        "contexts",
        "extra",
        "user",
        "request",
        "message",
        "fingerprint",
        "timestamp",
        "modules",
    ]
)
FRAME = st.fixed_dictionaries(
    {"function": st.text(max_size=8)},
    optional={"in_app": st.booleans() | st.none(), "module": JSON, "vars": JSON, "lineno": JSON},
)
RAISED = st.fixed_dictionaries(
    {"type": st.sampled_from(["ValueError", "KeyError"])},
    optional={
        "value": JSON,
        "stacktrace": st.fixed_dictionaries({"frames": st.lists(FRAME, max_size=3)}),
    },
)
EVENTS = st.dictionaries(NAMES, JSON, max_size=4) | st.fixed_dictionaries(
    {"exception": st.fixed_dictionaries({"values": st.lists(RAISED, min_size=1, max_size=3)})},
    optional={"level": st.just("warning"), "extra": JSON, "tags": JSON},
)


def at_first(body: bytes) -> dict[str, Any] | None:
    return glance(body, received_at=NOW, limits=LIMITS)


def later(body: bytes) -> dict[str, Any]:
    return whole(body, received_at=NOW, limits=LIMITS)


@given(EVENTS)
@example({"exception": {"values": [{"type": "E", "stacktrace": {"frames": [{"vars": {"a": 1}}]}}]}})
def test_a_glance_is_grouped_as_the_whole_is(event: dict[str, Any]) -> None:
    body = orjson.dumps(event)
    seen = at_first(body)
    if seen is None:
        return
    all_of_it = later(body)
    assert grouping.group(seen) == grouping.group(all_of_it)
    assert grouping.older_fingerprints(seen) == grouping.older_fingerprints(all_of_it)
    assert grouping.is_handled(seen) == grouping.is_handled(all_of_it)
    for name in ("timestamp", "level", "tags", "contexts", "user", "release", "transaction"):
        assert seen.get(name) == all_of_it.get(name)


@given(EVENTS)
def test_the_whole_is_repaired_once(event: dict[str, Any]) -> None:
    body = orjson.dumps(event)
    once = later(body)
    assert later(orjson.dumps(once)) == once


@given(st.binary(max_size=60))
@example(b"{}")
@example(b'{"message":"\\ud800"}')
def test_whatever_arrives_a_glance_takes_it_or_leaves_it(body: bytes) -> None:
    if at_first(body) is not None:
        later(body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[]", id="no object"),
        pytest.param(b'{"message":"a\\u0000b"}', id="a character that can't be stored"),
        pytest.param(b'{"message":"\xff"}', id="not utf-8"),
        pytest.param(b'{"extra":{"a":"\xff"}}', id="not utf-8 where it is skipped"),
        pytest.param(b'{"extra":{"a":NaN}}', id="not a number"),
        pytest.param(b'{"extra":[]}', id="a list for an object"),
        pytest.param(b'{"level":"loud"}', id="a level that nobody knows"),
        pytest.param(b'{"timestamp":1}', id="a clock that is wrong"),
        pytest.param(b'{"exception":[null]}', id="no exception"),
        pytest.param(b'{"extra":' + b'{"a":' * 2_000 + b"1" + b"}" * 2_001, id="deeper than deep"),
        pytest.param(b'{"extra":{"a":"' + b"a" * 200_000 + b'"}}', id="large"),
    ],
)
def test_what_needs_a_closer_look_gets_one(body: bytes) -> None:
    assert at_first(body) is None


def test_what_was_skipped_is_repaired_and_flagged_when_it_is_read() -> None:
    body = b'{"level":"info","extra":{"a":' + b"[" * 200 + b"]" * 200 + b"}}"
    assert at_first(body) is not None
    reasons = str(later(body)["_meta"])
    assert "nested_too_deep" in reasons


def test_what_never_was_an_event_is_refused() -> None:
    with pytest.raises(NotRepairableError, match="not an object"):
        later(b"[]")
