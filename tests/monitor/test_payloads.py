"""Spans and log lines are found in what was stored, whatever a client left out."""

from typing import Any

import pytest

from toolboxai.monitor.queries.payloads import log_lines_in, moment_of, spans_in

TRACE = "a" * 32


def test_times_may_be_numbers_or_texts() -> None:
    assert (
        moment_of(1_795_429_945.5)
        == moment_of("2026-11-23T10:32:25.500Z")
        == moment_of("2026-11-23T10:32:25.500")
    )


@pytest.mark.parametrize("value", [None, "soon", 1e300, [], {}])
def test_what_is_no_time_is_none(value: object) -> None:
    assert moment_of(value) is None


def test_spans_without_times_are_left_out() -> None:
    transaction: dict[str, Any] = {
        "transaction": "t",
        "start_timestamp": "2026-11-23T10:00:00Z",
        "timestamp": "2026-11-23T10:00:01.5Z",
        "contexts": {"trace": {"trace_id": TRACE, "span_id": "1"}},
        "spans": [{"span_id": "2"}, 7, {"span_id": "3", "start_timestamp": 1, "timestamp": 2}],
    }

    root, child = spans_in(transaction, 1)

    assert (root.description, root.duration_ms, root.is_segment) == ("t", 1_500, True)
    assert (child.span_id, child.trace_id, child.op, child.status) == ("3", TRACE, "default", "ok")


def test_a_transaction_without_times_has_no_spans() -> None:
    assert list(spans_in({"spans": 7, "contexts": []}, 1)) == []


def test_only_the_lines_of_the_trace_are_returned() -> None:
    lines = log_lines_in(
        [
            {"trace_id": TRACE, "body": "mine", "attributes": {"a": {"value": 1}, "b": 2}},
            {"trace_id": "b" * 32, "body": "other"},
        ],
        TRACE,
    )

    assert [(line.body, line.level, line.attributes) for line in lines] == [
        ("mine", "info", {"a": 1, "b": 2})
    ]
