"""The metrics page: what Prometheus reads is what was counted."""

from dataclasses import replace
from operator import itemgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from toolboxai.telemetry.figures import (
    Durations,
    Family,
    Figures,
    Moment,
    Sample,
    as_text,
    families_of,
)
from toolboxai.telemetry.figures.families import LIMITS_SECONDS

Read = dict[tuple[str, ...], float]
BREAKS = "\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"
first = itemgetter(0)


def read(families: list[Family]) -> Read:
    """Return what Prometheus' own parser makes of the page."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(as_text(families))
        for sample in family.samples
    }


def measured(figures: Figures) -> Read:
    return read(list(families_of(figures, workers=2, now=100.0)))


# Prometheus ends lines at a newline only; the parser, written in Python, also where Python does.
label_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=BREAKS))


@given(label_texts, st.lists(st.tuples(label_texts, st.floats(allow_nan=False)), unique_by=first))
def test_whatever_labels_hold_is_read_as_it_was_written(
    help_text: str, pairs: list[tuple[str, float]]
) -> None:
    samples = [Sample("lessons", {"topic": topic}, number) for topic, number in pairs]

    found = read([Family("lessons", "gauge", help_text, samples)])

    assert found == {("lessons", topic): number for topic, number in pairs}


def test_counters_have_the_labels_of_their_kind() -> None:
    counts = {
        "dropped.queue_overflow.error": 2,
        "redacted.password": 3,
        "sent.log_item": 4,
        "envelopes.refused.403": 5,
        "internal_errors": 6,
        "odd-name": 7,
    }

    found = measured(Figures(counts=counts))

    assert found["toolboxai_telemetry_dropped_total", "queue_overflow", "error"] == 2
    assert found["toolboxai_telemetry_redacted_total", "password"] == 3
    assert found["toolboxai_telemetry_sent_total", "log_item"] == 4
    assert found["toolboxai_telemetry_envelopes_total", "refused.403"] == 5
    assert found["toolboxai_telemetry_internal_errors_total",] == 6
    assert found["toolboxai_telemetry_odd_name_total",] == 7


def test_what_is_now_is_a_gauge() -> None:
    figures = Figures(
        queued=1,
        spool_waiting=2,
        spool_size_bytes=3,
        spool_held=4,
        oldest_waiting_at=60.0,
        limited={"error": 130.0, "span": 90.0},
        last_success=Moment(at=70.0, what="1 error"),
        last_failure=Moment(at=80.0, what="HTTP 503"),
    )

    found = measured(figures)

    assert found["toolboxai_telemetry_workers",] == 2
    assert found["toolboxai_telemetry_queued",] == 1
    assert found["toolboxai_telemetry_spool_waiting",] == 2
    assert found["toolboxai_telemetry_spool_size_bytes",] == 3
    assert found["toolboxai_telemetry_spool_held",] == 4
    assert found["toolboxai_telemetry_spool_oldest_waiting_seconds",] == 40
    assert found["toolboxai_telemetry_limited_seconds", "error"] == 30
    assert found["toolboxai_telemetry_limited_seconds", "span"] == 0
    assert found["toolboxai_telemetry_last_success_timestamp_seconds",] == 70
    assert found["toolboxai_telemetry_last_failure_timestamp_seconds",] == 80
    assert (
        measured(replace(figures, oldest_waiting_at=None))[
            "toolboxai_telemetry_spool_oldest_waiting_seconds",
        ]
        == 0
    )


def test_requests_are_a_histogram_and_quantiles() -> None:
    durations = Durations()
    for number in range(1, 101):
        durations.observe("GET", "/lessons/{id}", 200, number / 100)
    durations.observe("GET", "/lessons/{id}", 500, 60.0)

    found = measured(Figures(durations=durations.snapshot()))

    name, labels = "toolboxai_http_request_duration_seconds", ("GET", "/lessons/{id}", "2xx")
    buckets = [found[f"{name}_bucket", *labels, repr(limit)] for limit in LIMITS_SECONDS]
    assert buckets == sorted(buckets)
    assert (buckets[0], buckets[-1]) == (0, 100)
    assert found[f"{name}_bucket", *labels, "0.5"] == pytest.approx(50, abs=3)
    assert found[f"{name}_bucket", *labels, "+Inf"] == found[f"{name}_count", *labels] == 100
    assert found[f"{name}_sum", *labels] == pytest.approx(50.5)
    assert found[f"{name}_bucket", "GET", "/lessons/{id}", "5xx", "30.0"] == 0
    quantile = "toolboxai_http_request_duration_quantile_seconds"
    assert found[quantile, "GET", "/lessons/{id}", "0.5"] == pytest.approx(0.51, rel=0.05)
    assert found[quantile, "GET", "/lessons/{id}", "0.95"] == pytest.approx(0.96, rel=0.05)
    assert found[quantile, "GET", "/lessons/{id}", "0.99"] == pytest.approx(1.0, rel=0.05)
