"""Bursts: many of one kind in a short time, told once."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from toolboxai.telemetry.reporting.bursts import MAX_KINDS, Bursts


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_the_threshold_within_the_window_is_one_burst_with_its_users() -> None:
    bursts = Bursts(threshold=5, window_seconds=60, now=Clock())

    found = [bursts.add("sign-in", user) for user in ("a", "b", "a", None, "c", "d")]

    assert found[:4] == [None] * 4
    assert found[4] is not None
    assert (found[4].count, found[4].users) == (5, 3)
    assert found[5] is None


def test_a_burst_that_goes_on_is_told_again_a_window_later() -> None:
    clock = Clock()
    bursts = Bursts(threshold=5, window_seconds=60, now=clock)
    told = []
    for _ in range(1_000):
        clock.now += 1
        if bursts.add("sign-in"):
            told.append(clock.now)

    assert len(told) == 17
    assert all(later - earlier >= 60 for earlier, later in pairwise(told))


@given(st.lists(st.floats(min_value=0, max_value=100), max_size=40), st.integers(2, 6))
def test_there_is_a_burst_exactly_when_so_many_come_within_the_window(
    gaps: list[float], threshold: int
) -> None:
    clock = Clock()
    bursts = Bursts(threshold=threshold, window_seconds=60, now=clock)
    times: list[float] = []
    quiet_until = 0.0
    for gap in gaps:
        clock.now += gap
        times.append(clock.now)
        newest = times[-threshold:]
        is_burst = len(newest) == threshold and newest[-1] - newest[0] < 60
        expected = is_burst and clock.now >= quiet_until
        assert bool(bursts.add("kind")) == expected
        if expected:
            quiet_until = clock.now + 60


def test_it_remembers_a_bounded_number_of_kinds() -> None:
    bursts = Bursts(threshold=2, window_seconds=60, now=Clock())
    for number in range(MAX_KINDS + 1):
        bursts.add(str(number))

    assert bursts.add("0") is None  # forgotten for the last one
    assert bursts.add(str(MAX_KINDS)) is not None
