"""Laws of the circuit breaker, whatever happens in whatever order; and what it does with calls side by side."""

from contextlib import suppress

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from toolboxai.server.content.outside.breaker import (
    MAX_FAILURES,
    MAX_REST_SECONDS,
    REST_SECONDS,
    Breaker,
    RestingError,
    State,
)


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Breaking(RuleBasedStateMachine):
    """Calls that succeed, fail or are cancelled, while time passes; beside it the simplest account of them."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.told: list[State] = []
        self.breaker = Breaker(told=self.told.append, now=self.clock)
        self.failures = 0
        self.rest = REST_SECONDS
        self.opened_at: float | None = None

    @property
    def rests(self) -> bool:
        return self.opened_at is not None and self.clock() < self.opened_at + self.rest

    @rule(seconds=st.floats(0.1, 2 * MAX_REST_SECONDS))
    def time_passes(self, seconds: float) -> None:
        self.clock.seconds += seconds

    @precondition(lambda self: self.rests)
    @rule()
    def a_call_is_refused(self) -> None:
        with pytest.raises(RestingError) as refused, self.breaker.watch():
            pytest.fail("the call was made")
        # A difference of times is not exact.
        assert 0 < refused.value.seconds <= self.rest * 1.000_001

    @precondition(lambda self: not self.rests)
    @rule()
    def a_call_succeeds(self) -> None:
        with self.breaker.watch():
            pass
        self.failures, self.opened_at, self.rest = 0, None, REST_SECONDS

    @precondition(lambda self: not self.rests)
    @rule()
    def a_call_fails(self) -> None:
        with suppress(ZeroDivisionError), self.breaker.watch():
            raise ZeroDivisionError
        if self.opened_at is not None:
            self.rest = min(2 * self.rest, MAX_REST_SECONDS)
            self.opened_at = self.clock()
            return
        self.failures += 1
        if self.failures == MAX_FAILURES:
            self.failures, self.opened_at = 0, self.clock()

    @precondition(lambda self: not self.rests)
    @rule()
    def a_call_is_cancelled(self) -> None:
        with suppress(KeyboardInterrupt), self.breaker.watch():
            raise KeyboardInterrupt

    @invariant()
    def it_is_as_the_account_says(self) -> None:
        if self.opened_at is None:
            assert self.breaker.state is State.CLOSED
        else:
            assert self.breaker.state is (State.OPEN if self.rests else State.TRYING)

    @invariant()
    def whoever_is_told_is_told_of_changes_only(self) -> None:
        assert all(one is not other for one, other in zip(self.told, self.told[1:], strict=False))


TestBreaking = Breaking.TestCase


def opened(clock: Clock) -> Breaker:
    """Return a breaker that has just opened."""
    breaker = Breaker(now=clock)
    for _ in range(MAX_FAILURES):
        with suppress(ZeroDivisionError), breaker.watch():
            raise ZeroDivisionError
    return breaker


def test_only_one_call_tries_whether_it_is_well_again() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.seconds += REST_SECONDS

    with breaker.watch(), pytest.raises(RestingError), breaker.watch():
        pytest.fail("two calls were made")

    assert breaker.state is State.CLOSED


def test_a_call_that_tried_and_was_cancelled_lets_another_one_try() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.seconds += REST_SECONDS
    with suppress(KeyboardInterrupt), breaker.watch():
        raise KeyboardInterrupt

    with breaker.watch():
        pass

    assert breaker.state is State.CLOSED


def test_a_call_that_began_before_it_opened_does_not_close_it() -> None:
    clock = Clock()
    breaker = Breaker(now=clock, max_failures=1)

    with breaker.watch(), suppress(ZeroDivisionError), breaker.watch():
        raise ZeroDivisionError

    assert breaker.state is State.OPEN
