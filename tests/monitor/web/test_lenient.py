import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.monitor.web import lenient

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda parts: st.lists(parts) | st.dictionaries(st.text(), parts),
    max_leaves=8,
)


@given(JSON)
def test_any_value_becomes_short_text_that_can_be_sent(value: object) -> None:
    text = lenient.shown(value, max_chars=50)
    assert len(text.encode()) < 1_000
    assert "\x00" not in text


@given(JSON)
def test_any_value_can_be_taken_for_anything(value: object) -> None:
    lenient.mapping_of(value)
    lenient.values_of(value)
    list(lenient.pairs_of(value))
    lenient.number_of(value)
    lenient.moment_of(value)
    assert isinstance(lenient.text_of(value), str)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("plain", "plain", id="text stays"),
        pytest.param(None, "null", id="nothing"),
        pytest.param({"a": [1, True]}, '{"a": [1, true]}', id="JSON"),
        pytest.param("a\nb\tc", "a\nb\tc", id="lines stay"),
        pytest.param("\x1b[31m\x00", "\\x1b[31m\\x00", id="terminal codes"),
        pytest.param("user\u202eexe", "user\\u202eexe", id="reversed reading order"),
        pytest.param("\ud800", "\\ud800", id="half a character"),
        pytest.param("abcdefghijklm", "abcdefghij … cut, 13 characters in all", id="too long"),
        pytest.param(["x" * 30], '["xxxxxxxx … cut, 15 characters in all', id="too long inside"),
    ],
)
def test_a_value_is_shown(value: object, text: str) -> None:
    limit = 10 if text.endswith("in all") else 100
    assert lenient.shown(value, max_chars=limit) == text


def test_what_is_nested_too_deep_is_counted_instead() -> None:
    value: Any = "bottom"
    for _ in range(5_000):
        value = [value, 2]
    assert "2 more inside" in lenient.shown(value)


def test_only_the_first_entries_of_a_long_list_are_shown() -> None:
    shown = json.loads(lenient.shown(list(range(100_000))))
    assert shown == list(range(lenient.MAX_NESTED_ENTRIES))


def test_no_text_is_nothing() -> None:
    assert lenient.text_of(None) == ""


@pytest.mark.parametrize(
    ("value", "pairs"),
    [
        pytest.param({"a": 1}, [("a", 1)], id="mapping"),
        pytest.param([["a", 1], ["b"], "c"], [("a", 1)], id="list of pairs"),
        pytest.param([{"key": "a", "value": 1}, {"key": "b"}], [("a", 1)], id="list of objects"),
        pytest.param("a=1", [], id="text"),
    ],
)
def test_pairs_are_found(value: object, pairs: list[tuple[object, object]]) -> None:
    assert list(lenient.pairs_of(value)) == pairs


NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        pytest.param("2026-11-23T12:00:00Z", NOON, id="UTC"),
        pytest.param("2026-11-23T13:00:00+01:00", NOON, id="another zone"),
        pytest.param("2026-11-23T12:00:00", NOON, id="no zone"),
        pytest.param(NOON.timestamp(), NOON, id="seconds"),
        pytest.param(1e300, None, id="beyond any year"),
        pytest.param(float("nan"), None, id="no number"),
        pytest.param("yesterday", None, id="words"),
        pytest.param([], None, id="a list"),
    ],
)
def test_a_moment_is_read(value: object, moment: datetime | None) -> None:
    assert lenient.moment_of(value) == moment


@pytest.mark.parametrize(
    ("value", "number"),
    [(3, 3), (True, None), (-1, None), (10**12, None), ("3", None), (3.5, None)],
)
def test_a_line_number_is_read(value: object, number: int | None) -> None:
    assert lenient.number_of(value) == number
