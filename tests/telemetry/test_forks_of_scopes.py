"""A scope that is forked only when it is needed is a fork like any other."""

import copy
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sentry_sdk import Scope

from toolboxai.telemetry.forks import Fork, forked_later, peek


@pytest.fixture
def base() -> Scope:
    scope = Scope()
    scope.set_tag("of", "the base")
    scope.set_user({"id": "base"})
    return scope


def facts(scope: Scope) -> dict[str, object]:
    """Return everything that the SDK keeps in ``scope``, but what two forks of one scope never share."""
    values = {slot: getattr(scope, slot) for slot in Scope.__slots__}
    return {slot: value for slot, value in values.items() if slot != "_flags"}


def test_it_knows_what_a_fork_knows(base: Scope) -> None:
    assert facts(forked_later(base)) == facts(base.fork())


def test_what_it_is_told_stays_with_it(base: Scope) -> None:
    fork = forked_later(base)
    fork.set_user({"id": "fork"})
    fork.set_tag("by", "the fork")

    assert peek(fork, "_user") == {"id": "fork"}
    assert peek(fork, "_tags") == {"of": "the base", "by": "the fork"}
    assert peek(base, "_user") == {"id": "base"}
    assert peek(base, "_tags") == {"of": "the base"}


def test_who_only_looks_makes_no_fork(base: Scope) -> None:
    fork = forked_later(base)
    fork.set_level("fatal")

    assert (peek(fork, "_level"), peek(fork, "_tags")) == ("fatal", {"of": "the base"})
    assert isinstance(fork, Fork)
    assert fork.base is base
    assert peek(base, "_tags") == {"of": "the base"}


def test_it_can_be_forked_and_copied_itself(base: Scope) -> None:
    fork = forked_later(base)

    for again in (fork.fork(), copy.copy(forked_later(base)), forked_later(fork)):
        again.set_tag("deeper", "yes")
        assert peek(again, "_tags") == {"of": "the base", "deeper": "yes"}
    assert peek(fork, "_tags") == {"of": "the base"}


def test_what_no_scope_has_it_has_not(base: Scope) -> None:
    for scope in (forked_later(base), forked_later(base).fork()):
        with pytest.raises(AttributeError):
            scope.nothing  # type: ignore[attr-defined] # noqa: B018
        with pytest.raises(AttributeError):
            scope.fork().nothing  # type: ignore[attr-defined] # noqa: B018


def test_threads_that_look_at_the_same_moment_lose_nothing(base: Scope) -> None:
    def tell(place: int) -> None:
        together.wait()
        fork.set_tag(str(place), "told")

    with ThreadPoolExecutor(8) as pool:
        for _ in range(100):
            fork, together = forked_later(base), Barrier(8)
            list(pool.map(tell, range(8)))
            assert len(peek(fork, "_tags")) == 9
