from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.monitor.web import sample
from toolboxai.monitor.models import LogLine, Span
from toolboxai.monitor.web import log_view, waterfall
from toolboxai.monitor.web.waterfall import BAR_UNITS, rows_of

SPAN = st.builds(
    sample.span,
    st.integers(1, 5),
    st.integers(0, 5),
    st.just("db SELECT 1"),
    st.floats(-1e6, 1e6),
    st.floats(),
)


@given(st.lists(SPAN))
def test_every_span_is_there_once_and_its_bar_fits(spans: list[Span]) -> None:
    rows = rows_of(spans)
    assert len(rows) == len(spans)
    assert all(0 <= row.offset < row.offset + row.width <= BAR_UNITS for row in rows)


def test_children_follow_their_parent_indented() -> None:
    rows = rows_of(list(reversed(sample.SPANS)))
    assert [(row.op, row.depth) for row in rows] == [
        ("http.server", 0),
        ("http.client", 1),
        ("content.plan", 1),
        ("db", 2),
        ("db", 2),
    ]


def test_a_bar_starts_where_its_span_did() -> None:
    spans = [sample.span(1, 0, "all", 0, 100), sample.span(2, 1, "half", 50, 25)]
    assert [(row.offset, row.width) for row in rows_of(spans)] == [(0, 1_000), (500, 250)]


def test_failed_spans_are_marked() -> None:
    rows = rows_of(sample.SPANS)
    assert [row.failed for row in rows] == [True, False, True, False, False]


def test_no_more_spans_than_the_limit_are_shown() -> None:
    spans = [sample.span(n, n - 1, "deep", n, 1) for n in range(1, 2_000)]
    rows = rows_of(spans)
    assert len(rows) == waterfall.MAX_SPANS
    assert max(row.depth for row in rows) == waterfall.MAX_DEPTH


def test_the_last_log_lines_are_shown_without_the_sdks_own_attributes() -> None:
    lines = [
        LogLine(
            timestamp=sample.NOW + timedelta(seconds=n),
            level="info",
            body=str(n),
            trace_id=None,
            attributes={"grade": n, "sentry.sdk.name": "x"},
        )
        for n in range(log_view.MAX_LOG_LINES + 5)
    ]
    rows = log_view.rows_of(lines)
    assert (rows[0].body, len(rows)) == ("5", log_view.MAX_LOG_LINES)
    assert [fact.name for fact in rows[0].facts] == ["grade"]
