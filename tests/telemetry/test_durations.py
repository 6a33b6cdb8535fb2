"""Durations in buckets: close to the exact figures, and the same however they are added up."""

from math import ceil
from threading import Thread

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toolboxai.telemetry.figures import Durations, Series, Sketch
from toolboxai.telemetry.figures.durations import (
    LEAST_SECONDS,
    MAX_ROUTES,
    MOST_SECONDS,
    OTHER_METHOD,
    SURPLUS,
    from_rows,
    to_rows,
)

SHARES = (0.5, 0.95, 0.99)
seconds = st.floats(LEAST_SECONDS, MOST_SECONDS)
requests = st.tuples(
    st.sampled_from(["GET", "POST", "BREW"]),
    st.sampled_from(["/", "/lessons/{id}", "<no route>"]),
    st.integers(100, 599),
    seconds,
)


def sketch_of(values: list[float]) -> Sketch:
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    return sketch


def durations_of(observed: list[tuple[str, str, int, float]]) -> Durations:
    durations = Durations()
    for each in observed:
        durations.observe(*each)
    return durations


@given(st.lists(seconds, min_size=1, max_size=200))
@example([LEAST_SECONDS])
@example([MOST_SECONDS])
def test_a_quantile_is_within_five_per_cent_of_the_exact_one(values: list[float]) -> None:
    sketch = sketch_of(values)

    for share in SHARES:
        exact = sorted(values)[max(1, ceil(share * len(values))) - 1]
        assert sketch.quantile(share) == pytest.approx(exact, rel=0.05)


@given(st.lists(requests, max_size=50), st.lists(requests, max_size=50))
def test_merging_two_is_adding_all_to_one(
    some: list[tuple[str, str, int, float]], others: list[tuple[str, str, int, float]]
) -> None:
    merged = durations_of(some)

    merged.merge(durations_of(others).snapshot())

    assert merged.snapshot() == durations_of(some + others).snapshot()


@given(st.lists(requests, max_size=50))
def test_what_was_written_as_json_is_read_as_it_was(
    observed: list[tuple[str, str, int, float]],
) -> None:
    snapshot = durations_of(observed).snapshot()

    assert (
        from_rows(orjson.loads(orjson.dumps(to_rows(snapshot), option=orjson.OPT_NON_STR_KEYS)))
        == snapshot
    )


@given(st.lists(seconds, max_size=100), st.lists(seconds, min_size=1, max_size=5))
def test_limits_count_what_lies_within_them(values: list[float], limits: list[float]) -> None:
    limits.sort()

    counted = sketch_of(values).within(limits)

    assert counted == sorted(counted)
    for limit, count in zip(limits, counted, strict=True):
        assert sum(value <= limit * 0.95 for value in values) <= count
        assert sum(value <= limit * 1.05 for value in values) >= count


def test_what_is_out_of_range_counts_as_the_nearest_that_is_not() -> None:
    assert sketch_of([-1.0, 0.0]).quantile(0.99) == pytest.approx(LEAST_SECONDS, rel=0.05)
    assert sketch_of([1e9]).quantile(0.5) == pytest.approx(MOST_SECONDS, rel=0.05)


def test_nothing_has_no_quantile() -> None:
    assert Sketch().quantile(0.5) == 0


def test_requests_are_kept_apart_by_method_route_and_class_of_status() -> None:
    durations = durations_of(
        [("GET", "/", 200, 0.1), ("GET", "/", 204, 0.1), ("GET", "/", 404, 0.1)]
    )

    counts = {series: sketch.count for series, sketch in durations.snapshot().items()}

    assert counts == {Series("GET", "/", "2xx"): 2, Series("GET", "/", "4xx"): 1}


def test_methods_that_somebody_made_up_share_one_name() -> None:
    durations = durations_of([(f"BREW{number}", "/", 405, 0.1) for number in range(100)])

    assert list(durations.snapshot()) == [Series(OTHER_METHOD, "/", "4xx")]


def test_routes_beyond_the_limit_share_one_name() -> None:
    durations = durations_of([("GET", f"/{number}", 200, 0.1) for number in range(MAX_ROUTES + 7)])

    snapshot = durations.snapshot()

    assert len(snapshot) == MAX_ROUTES + 1
    assert snapshot[Series("GET", SURPLUS, "2xx")].count == 7


def test_what_is_merged_is_limited_as_well() -> None:
    durations = durations_of([("GET", f"/{number}", 200, 0.1) for number in range(MAX_ROUTES)])

    durations.merge(durations_of([("GET", "/one-more", 200, 0.1)]).snapshot())

    assert durations.snapshot()[Series("GET", SURPLUS, "2xx")].count == 1


def test_threads_lose_no_count() -> None:
    durations = Durations()

    def observe() -> None:
        for _ in range(2_000):
            durations.observe("GET", "/", 200, 0.1)

    threads = [Thread(target=observe) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert durations.snapshot()[Series("GET", "/", "2xx")].count == 8_000


def test_a_child_begins_with_nothing() -> None:
    durations = durations_of([("GET", "/", 200, 0.1)])

    durations.after_fork()

    assert durations.snapshot() == {}


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param({}, id="no list"),
        pytest.param([1], id="no row"),
        pytest.param([["GET", "/", "2xx", 1]], id="a field short"),
        pytest.param([["GET", 7, "2xx", 1, {}]], id="a route that isn't text"),
        pytest.param([["GET", "/", "9xx", 1, {}]], id="a class that there isn't"),
        pytest.param([["GET", "/", "2xx", -1, {}]], id="less than no time"),
        pytest.param([["GET", "/", "2xx", 1, {"3": 0}]], id="a count of none"),
        pytest.param([["GET", "/", "2xx", 1, {"9999": 1}]], id="a bucket beyond the last"),
        pytest.param([["GET", "/", "2xx", 1, {"1.5": 1}]], id="half a bucket"),
    ],
)
def test_other_rows_are_refused(rows: object) -> None:
    with pytest.raises(ValueError, match=r"rows|row|bucket|invalid literal"):
        from_rows(rows)
