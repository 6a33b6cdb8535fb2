"""Sketches: what they say is right to 1 %, however they were put together."""

from collections import Counter
from collections.abc import Sequence
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.monitor.sketches import MAX_BUCKETS, Sketch, bucket_of, buckets_of, units_of

DAY_MS = 86_400_000.0
durations = st.floats(min_value=0.001, max_value=DAY_MS)
several = st.lists(durations, max_size=60)


def sketch_of(values: Sequence[float], weight: float = 1.0) -> Sketch:
    units: Counter[int] = Counter()
    for value in values:
        units[bucket_of(value)] += units_of(weight)
    return Sketch.of(units)


@given(st.lists(durations, min_size=1, max_size=200), st.floats(min_value=0, max_value=1))
def test_every_quantile_is_within_one_percent_of_the_exact_one(
    values: list[float], rank: float
) -> None:
    exact = sorted(values)[max(ceil(rank * len(values)), 1) - 1]
    assert sketch_of(values).quantiles(rank) == [pytest.approx(exact, rel=0.0101)]


@given(several, several, several)
def test_the_order_of_merging_changes_nothing(
    one: list[float], two: list[float], three: list[float]
) -> None:
    first, second, third = map(sketch_of, (one, two, three))
    together = sketch_of([*one, *two, *three])
    assert Sketch.merged([Sketch.merged([first, second]), third]) == together
    assert Sketch.merged([third, Sketch.merged([second, first])]) == together


@given(several)
def test_what_was_written_is_read_again(values: list[float]) -> None:
    sketch = sketch_of(values)
    assert Sketch.from_bytes(sketch.to_bytes()) == sketch
    assert {sketch, Sketch.from_bytes(sketch.to_bytes())} == {sketch}


@given(st.floats())
def test_every_number_has_a_bucket_and_there_are_few(value: float) -> None:
    assert 0 <= bucket_of(value) < MAX_BUCKETS


@given(st.lists(st.floats(), min_size=1))
def test_many_at_once_fall_into_the_same_buckets(values: list[float]) -> None:
    assert buckets_of(values) == Counter(map(bucket_of, values))


def test_the_longest_sketch_has_some_kilobytes() -> None:
    assert len(sketch_of([0.0, 1e300]).to_bytes()) < 6_400


def test_a_value_that_stands_for_many_counts_for_many() -> None:
    often = sketch_of([10.0] * 5, weight=20.0)
    seldom = sketch_of([500.0] * 95, weight=1.0)
    both = Sketch.merged([often, seldom]).quantiles(0.5, 0.95)
    assert both == pytest.approx([10.0, 500.0], rel=0.01)


def test_more_than_fits_into_a_bucket_stays_in_it() -> None:
    assert Sketch.of({5: 2**60}).quantiles(0.5, 1.0) == Sketch.of({5: 1}).quantiles(0.5, 1.0)


def test_nothing_has_no_quantile() -> None:
    assert Sketch().quantiles(0.5, 0.99) == [0.0, 0.0]
    assert Sketch.from_bytes(Sketch().to_bytes()) == Sketch.merged([])
