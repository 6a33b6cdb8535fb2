"""The sink is told what never arrived: every loss once, in Sentry's words, and nothing when nothing was lost."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import sentry_sdk
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from sentry_sdk.envelope import Item, PayloadRef
from starlette.testclient import TestClient

from tests.telemetry.conftest import Start, without_a_disk
from tests.telemetry.sink import RecordingSink, accept, answer
from toolboxai import telemetry
from toolboxai.telemetry import setup
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.current import Failure, new_id
from toolboxai.telemetry.transport.losses import count_body, count_items
from toolboxai.telemetry.transport.reports import MAX_REPORT_ENTRIES, Reports, losses_in
from toolboxai.telemetry.transport.wire import OutgoingItem, record

SINK = "http://key@sink.example/1"


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def said(report: OutgoingItem | None) -> dict[tuple[str, str], int]:
    assert report is not None
    assert report.type == "client_report"
    return {
        (entry["reason"], entry["category"]): entry["quantity"]
        for entry in report.payload["discarded_events"]
    }


def told_to(sink: RecordingSink) -> dict[tuple[str, str], int]:
    """Return the sum of all that the sink was told."""
    total: dict[tuple[str, str], int] = {}
    for payload in sink.items("client_report"):
        for what, quantity in said(OutgoingItem("client_report", payload)).items():
            total[what] = total.get(what, 0) + quantity
    return total


def test_a_loss_is_told_once() -> None:
    clock = Clock()
    counters.dropped("storm", "error", 100)
    reports = Reports(SINK, now=clock, elapsed=clock)
    counters.dropped("storm", "error", 2)
    counters.dropped("queue_overflow", "log_item", 30)

    first = reports.due(at_once=True)
    nothing = reports.due(at_once=True)
    counters.dropped("storm", "error")
    second = reports.due(at_once=True)

    assert said(first) == {("storm", "error"): 2, ("queue_overflow", "log_item"): 30}
    assert first is not None
    assert first.payload["timestamp"] == 1_000.0
    assert nothing is None
    assert said(second) == {("storm", "error"): 1}


def test_losses_are_told_once_a_minute_unless_somebody_wants_to_know() -> None:
    clock = Clock()
    reports = Reports(SINK, now=clock, elapsed=clock)
    counters.dropped("storm", "error")
    assert reports.due() is None

    clock.now += 60
    assert said(reports.due()) == {("storm", "error"): 1}

    counters.dropped("storm", "error")
    clock.now += 59
    assert reports.due() is None
    assert reports.due(at_once=True) is not None
    clock.now += 59
    counters.dropped("storm", "error")
    assert reports.due() is None


def test_the_loss_of_a_report_is_not_reported() -> None:
    reports = Reports(SINK)

    count_items("queue_overflow", [OutgoingItem("client_report", {})])
    count_body("cache_overflow", record([OutgoingItem("client_report", {})], envelope_id="x"))

    assert reports.due(at_once=True) is None


def test_a_report_has_a_largest_size_and_the_next_one_says_the_rest() -> None:
    reports = Reports(SINK)
    for number in range(MAX_REPORT_ENTRIES + 20):
        counters.dropped(f"reason {number}", "error")

    first, second = (said(reports.due(at_once=True)) for _ in range(2))

    assert (len(first), len(second)) == (MAX_REPORT_ENTRIES, 20)
    assert not first.keys() & second.keys()


def test_a_category_that_nobody_knows_is_told_as_the_default() -> None:
    counts = {"dropped.gate_unknown_type.hologram": 2, "dropped.gate_recording.replay": 1}

    assert losses_in(counts) == {
        ("gate_unknown_type", "default"): 2,
        ("gate_recording", "replay"): 1,
    }


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["storm.error", "send_error.span", "odd.hologram", "odd.default"]),
            st.integers(0, 50),
        ),
        max_size=6,
    )
)
def test_all_reports_together_say_what_was_lost(batches: list[dict[str, int]]) -> None:
    reports, total = Reports(SINK), 0
    lost: dict[str, int] = {}
    for batch in batches:
        for name, quantity in batch.items():
            reason, category = name.split(".")
            counters.dropped(reason, category, quantity)
            lost[f"dropped.{name}"] = lost.get(f"dropped.{name}", 0) + quantity
        report = reports.due(at_once=True)
        total += sum(said(report).values()) if report else 0

    assert total == sum(losses_in(lost).values())


@pytest.mark.parametrize(
    ("payload", "spans"),
    [({"spans": [{}, {}]}, 3), ({}, 1), ({"spans": None}, 1)],
)
def test_a_lost_transaction_takes_its_spans_along(payload: Mapping[str, Any], spans: int) -> None:
    item = OutgoingItem("transaction", payload)
    in_memory, on_disk = Reports(SINK), Reports(SINK)
    count_items("queue_overflow", [item])
    first = said(in_memory.due(at_once=True))
    on_disk.due(at_once=True)
    count_body("cache_overflow", record([item], envelope_id="x"))

    assert first == {("queue_overflow", "transaction"): 1, ("queue_overflow", "span"): spans}
    assert said(on_disk.due(at_once=True)) == {
        ("cache_overflow", "transaction"): 1,
        ("cache_overflow", "span"): spans,
    }


# -- the whole way ---------------------------------------------------------------------------------


def test_nothing_lost_nothing_told(start: Start, sink: RecordingSink) -> None:
    start()
    sentry_sdk.capture_message("hello")

    assert telemetry.flush(5)
    telemetry.close()

    assert len(sink.bodies) == 1
    assert sink.items("client_report") == []


def test_losses_of_all_kinds_reach_the_sink(start: Start, sink: RecordingSink) -> None:
    start(environment="production", storm_errors_per_minute=1)
    transport = setup.telemetry().transport
    assert transport is not None
    transport.record_lost_event("before_send", item=Item(payload=PayloadRef(json={}), type="event"))
    for _ in range(3):
        report(ValueError("stormy"))

    assert telemetry.flush(5)

    assert told_to(sink) == {("before_send", "error"): 1, ("storm", "error"): 2}


def report(error: Exception) -> None:
    failure = Failure(error, None, new_id(128))
    setup.telemetry().reporting.failed(failure, handled=True, mechanism="generic")


def test_what_the_sink_refused_is_told_with_the_next_flush(
    start: Start, sink: RecordingSink
) -> None:
    sink.behaviour = lambda request: answer(request, 413)
    start()
    sentry_sdk.capture_message("too large, it says")
    sink.wait_for(lambda: sink.attempts)

    sink.behaviour = accept
    assert telemetry.flush(5)
    assert telemetry.flush(5)

    assert told_to(sink) == {("send_error", "error"): 1}
    assert len(sink.items("client_report")) == 1


def test_what_could_not_be_read_any_more_is_told_if_it_is_known_what_it_was(
    start: Start, sink: RecordingSink, tmp_path: Path
) -> None:
    sink.behaviour = lambda request: answer(request, 503)
    counters.after_fork()
    start()
    sentry_sdk.capture_message("rotten")
    sentry_sdk.capture_message("sound")
    telemetry.flush(5)
    telemetry.close()
    (path,) = (tmp_path / "spool").rglob("*.segment")
    kept = path.read_bytes()
    path.write_bytes(kept.replace(b"rotten", b"r0tten") + b"neither a record nor the end of one")

    sink.behaviour = accept
    start()
    telemetry.flush(5)
    assert telemetry.details()["dropped"] == {"spool_damaged": {"error": 1, "unknown": 1}}
    telemetry.flush(5)

    assert [event["message"] for event in sink.items("event")] == ["sound"]
    assert told_to(sink) == {("spool_damaged", "error"): 1}


def test_what_is_still_untold_is_told_at_the_end(start: Start, sink: RecordingSink) -> None:
    start()
    counters.dropped("event_processor", "error", 4)

    telemetry.close()
    start()
    telemetry.flush(5)

    assert told_to(sink) == {("event_processor", "error"): 4}


def test_what_was_lost_while_it_closed_is_told_by_the_next(
    start: Start, sink: RecordingSink, tmp_path: Path
) -> None:
    sink.behaviour = lambda request: answer(request, 503)
    start(flush_timeout_seconds=0.2)
    with without_a_disk(tmp_path):
        sentry_sdk.capture_message("neither disk nor sink take it")
        telemetry.close()

    sink.behaviour = accept
    start()
    assert telemetry.flush(5)
    telemetry.close()
    start()
    assert telemetry.flush(5)

    assert told_to(sink) == {("spool_unwritable", "error"): 1}


def test_another_sink_is_not_told_what_this_one_lost() -> None:
    closing = "http://key@closing.example/1"
    Reports(closing).close()
    counters.dropped("spool_unwritable", "error")

    assert Reports("http://key@other.example/1").due(at_once=True) is None
    assert said(Reports(closing).due(at_once=True)) == {("spool_unwritable", "error"): 1}


def test_requests_whose_trace_chance_passed_over_are_told(
    start: Start, sink: RecordingSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolboxai.telemetry.asgi.middleware.chance", lambda: 0.9)
    start(traces_sample_rate=0.5, environment="production")
    app = FastAPI()

    @app.get("/fine")
    def fine() -> None:
        pass

    @app.get("/broken")
    def broken() -> None:
        raise ValueError

    telemetry.instrument(app)
    client = TestClient(app, raise_server_exceptions=False)
    for path in ("/fine", "/fine", "/broken"):
        client.get(path)

    assert telemetry.flush(5)

    # A failed request keeps its trace whatever chance says, so it isn't lost.
    assert told_to(sink) == {("sample_rate", "transaction"): 2, ("sample_rate", "span"): 2}
    assert len(sink.items("transaction")) == 1


def test_who_traces_nothing_loses_no_trace(start: Start, sink: RecordingSink) -> None:
    start(traces_sample_rate=0.0)
    app = FastAPI()
    telemetry.instrument(app)
    TestClient(app).get("/nowhere")

    assert telemetry.flush(5)

    assert told_to(sink) == {}
