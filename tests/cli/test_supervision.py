"""What is decided about a child, without any process."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.cli.supervision import Act, Child, Facts, Patience, Phase, advance

PATIENCE = Patience(
    start_seconds=10,
    stop_seconds=5,
    steady_seconds=30,
    first_pause_seconds=1,
    longest_pause_seconds=8,
)
UP = Child(phase=Phase.UP, since=100, was_up=True)
ALIVE = Facts(is_alive=True)
DEAD = Facts(is_alive=False)
UNWANTED = Facts(is_alive=True, is_wanted=False)


@pytest.mark.parametrize(
    ("child", "facts", "now", "phase", "act"),
    [
        pytest.param(Child(), DEAD, 0, Phase.STARTING, Act.START, id="a new one starts at once"),
        pytest.param(
            Child(),
            Facts(may_start=False),
            99,
            Phase.WAITING,
            Act.NOTHING,
            id="it waits for those before it",
        ),
        pytest.param(
            Child(),
            Facts(is_wanted=False),
            0,
            Phase.GONE,
            Act.NOTHING,
            id="unwanted before its start it never starts",
        ),
        pytest.param(
            Child(phase=Phase.STARTING),
            Facts(is_alive=True, is_healthy=True),
            1,
            Phase.UP,
            Act.NOTHING,
            id="healthy means up",
        ),
        pytest.param(
            Child(phase=Phase.STARTING),
            ALIVE,
            9,
            Phase.STARTING,
            Act.NOTHING,
            id="it may take time",
        ),
        pytest.param(
            Child(phase=Phase.STARTING), ALIVE, 10, Phase.STARTING, Act.KILL, id="but not for ever"
        ),
        pytest.param(UP, ALIVE, 9999, Phase.UP, Act.NOTHING, id="up stays up"),
        pytest.param(UP, DEAD, 101, Phase.WAITING, Act.NOTHING, id="dead is to be started again"),
        pytest.param(
            replace(UP, phase=Phase.WAITING, deaths=2),
            DEAD,
            101.9,
            Phase.WAITING,
            Act.NOTHING,
            id="after a pause",
        ),
        pytest.param(
            replace(UP, phase=Phase.WAITING, deaths=2),
            DEAD,
            102,
            Phase.STARTING,
            Act.START,
            id="when the pause is over",
        ),
        pytest.param(
            UP, UNWANTED, 101, Phase.STOPPING, Act.TERMINATE, id="unwanted is asked to end"
        ),
        pytest.param(
            UP, replace(DEAD, is_wanted=False), 101, Phase.GONE, Act.NOTHING, id="dead and unwanted"
        ),
        pytest.param(
            replace(UP, phase=Phase.STOPPING),
            UNWANTED,
            104.9,
            Phase.STOPPING,
            Act.NOTHING,
            id="ending may take time",
        ),
        pytest.param(
            replace(UP, phase=Phase.STOPPING),
            UNWANTED,
            105,
            Phase.KILLED,
            Act.KILL,
            id="it is killed when it doesn't end",
        ),
        pytest.param(
            replace(UP, phase=Phase.STOPPING),
            DEAD,
            101,
            Phase.GONE,
            Act.NOTHING,
            id="ended in order",
        ),
        pytest.param(
            replace(UP, phase=Phase.KILLED), ALIVE, 101, Phase.KILLED, Act.NOTHING, id="killed once"
        ),
        pytest.param(
            replace(UP, phase=Phase.KILLED),
            DEAD,
            101,
            Phase.GONE,
            Act.NOTHING,
            id="killed for good",
        ),
        pytest.param(
            replace(UP, phase=Phase.GONE), DEAD, 999, Phase.GONE, Act.NOTHING, id="gone stays gone"
        ),
    ],
)
def test_a_child_goes_from_phase_to_phase(
    child: Child, facts: Facts, now: float, phase: Phase, act: Act
) -> None:
    after, decided = advance(child, facts, PATIENCE, now)

    assert (after.phase, decided) == (phase, act)


def test_pauses_double_up_to_a_limit() -> None:
    pauses = [PATIENCE.pause_seconds(deaths) for deaths in range(7)]

    assert pauses == [0, 1, 2, 4, 8, 8, 8]


@given(st.integers(min_value=0))
def test_no_number_of_deaths_makes_a_pause_too_long(deaths: int) -> None:
    assert 0 <= PATIENCE.pause_seconds(deaths) <= PATIENCE.longest_pause_seconds


def test_living_long_forgives_earlier_deaths() -> None:
    child = replace(UP, deaths=5)

    soon, _ = advance(child, DEAD, PATIENCE, child.since + 29)
    late, _ = advance(child, DEAD, PATIENCE, child.since + 30)

    assert (soon.deaths, late.deaths) == (6, 1)


def test_only_ending_before_ever_being_up_is_a_failure() -> None:
    never_up, _ = advance(Child(phase=Phase.STARTING), DEAD, PATIENCE, 1)
    was_up, _ = advance(UP, DEAD, PATIENCE, 101)

    assert (never_up.has_failed, was_up.has_failed) == (True, False)
