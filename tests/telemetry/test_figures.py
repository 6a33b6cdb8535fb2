"""One worker's figures as a file: read as they were written, or not at all; and added up."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.telemetry.figures import Durations, Figures, Moment, added_up
from toolboxai.telemetry.figures.figures import from_json, to_json

numbers = st.integers(0, 2**53)
times = st.floats(0, 1e10)
words = st.text(max_size=20)
moments = st.none() | st.builds(Moment, at=times, what=words)
figures = st.builds(
    Figures,
    pid=numbers,
    started=times,
    serves=st.booleans(),
    queued=numbers,
    spool_waiting=numbers,
    spool_size_bytes=numbers,
    spool_held=numbers,
    limited=st.dictionaries(words, times, max_size=5),
    oldest_waiting_at=st.none() | times,
    trouble=st.none() | words,
    last_error=st.none() | words,
    failures_in_a_row=numbers,
    last_success=moments,
    last_failure=moments,
    counts=st.dictionaries(words, numbers, max_size=5),
)
WHOLE = orjson.loads(to_json(Figures(pid=7, last_success=Moment(at=1.0, what="1 error"))))


@given(figures)
def test_figures_are_read_as_they_were_written(written: Figures) -> None:
    assert from_json(to_json(written)) == written


def test_durations_are_part_of_them() -> None:
    durations = Durations()
    durations.observe("GET", "/", 200, 0.25)
    written = Figures(durations=durations.snapshot())

    assert from_json(to_json(written)) == written


@given(st.binary())
def test_any_bytes_give_figures_or_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        from_json(body)


@given(st.binary(), st.integers(0, 400))
def test_damaged_figures_give_figures_or_a_value_error(damage: bytes, position: int) -> None:
    whole = to_json(Figures(pid=7, counts={"sent.error": 3}))
    try:
        found = from_json(whole[:position] + damage + whole[position + len(damage) :])
    except ValueError:
        return
    assert isinstance(found, Figures)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"version": 2}, id="another version"),
        pytest.param({"more": 1}, id="a field that there isn't"),
        pytest.param({"pid": -1}, id="a negative count"),
        pytest.param({"pid": True}, id="a flag for a count"),
        pytest.param({"serves": 1}, id="a count for a flag"),
        pytest.param({"started": -1}, id="before all time"),
        pytest.param({"started": 1e300}, id="after all time"),
        pytest.param({"trouble": 1}, id="a number for a text"),
        pytest.param({"counts": []}, id="a list for counts"),
        pytest.param({"counts": {"sent.error": "3"}}, id="a text for a count"),
        pytest.param({"limited": []}, id="a list for times"),
        pytest.param({"limited": {"error": "soon"}}, id="a text for a time"),
        pytest.param({"last_success": {"at": 1}}, id="half a moment"),
        pytest.param({"last_success": {"at": "now", "what": ""}}, id="a moment without a time"),
        pytest.param({"durations": {}}, id="durations without rows"),
    ],
)
def test_other_figures_are_refused(change: dict[str, object]) -> None:
    assert from_json(orjson.dumps(WHOLE)).pid == 7

    with pytest.raises(ValueError, match=r"\w"):
        from_json(orjson.dumps(WHOLE | change))


def test_what_several_counted_is_added_up() -> None:
    durations = Durations()
    durations.observe("GET", "/", 200, 0.25)
    first = Figures(
        pid=1,
        queued=1,
        spool_waiting=2,
        spool_size_bytes=3,
        spool_held=4,
        counts={"sent.error": 1, "sent.log_item": 5},
        durations=durations.snapshot(),
    )
    second = Figures(
        pid=2,
        queued=10,
        spool_waiting=20,
        spool_size_bytes=30,
        spool_held=40,
        counts={"sent.error": 2},
        durations=durations.snapshot(),
    )

    both = added_up([first, second])

    assert (both.pid, both.queued, both.spool_waiting, both.spool_size_bytes) == (1, 11, 22, 33)
    assert both.spool_held == 44
    assert both.counts == {"sent.error": 3, "sent.log_item": 5}
    assert [sketch.count for sketch in both.durations.values()] == [2]


def test_of_what_can_not_be_added_the_worst_and_the_latest_count() -> None:
    fine = Figures(
        oldest_waiting_at=20.0,
        last_success=Moment(at=9.0, what="1 error"),
        last_failure=Moment(at=1.0, what="HTTP 500"),
        limited={"error": 5.0, "span": 7.0},
    )
    troubled = Figures(
        serves=True,
        oldest_waiting_at=10.0,
        trouble="the disk is full",
        last_error="HTTP 503",
        failures_in_a_row=4,
        last_success=Moment(at=2.0, what="2 error"),
        last_failure=Moment(at=8.0, what="HTTP 503"),
        limited={"error": 6.0},
    )

    both = added_up([fine, troubled])

    assert both.serves
    assert both.oldest_waiting_at == 10.0
    assert both.trouble == "the disk is full"
    assert (both.last_error, both.failures_in_a_row) == ("HTTP 503", 4)
    assert both.last_success == Moment(at=9.0, what="1 error")
    assert both.last_failure == Moment(at=8.0, what="HTTP 503")
    assert both.limited == {"error": 6.0, "span": 7.0}
