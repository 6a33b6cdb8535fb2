"""What can't work is refused when it is said, with what to do instead."""

from random import Random

import pytest

from toolboxai.telemetry import Options, OptionsError
from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.sampling import is_kept_anyway, is_sampled, rate_for


@pytest.mark.parametrize(
    "dsn",
    [
        "nonsense",
        "ftp://key@host/1",
        "https://host/1",
        "https://key@host/",
        "https://key@host/x",
        "https://key@host/²",
        "https://key@host:99999/1",
        "https://key@[::1/1",
    ],
)
def test_a_dsn_that_no_client_can_use_is_refused_without_showing_it(dsn: str) -> None:
    with pytest.raises(OptionsError, match="must look like https://KEY@HOST/PROJECT") as refused:
        Options(dsn=dsn)

    assert not dsn or dsn not in str(refused.value)


@pytest.mark.parametrize("dsn", [None, "http://key@127.0.0.1:8009/1", "https://key@host/prefix/7"])
def test_a_dsn_that_works_is_taken(dsn: str | None) -> None:
    assert Options(dsn=dsn).dsn == dsn


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("traces_sample_rate", 1.5, "between 0 and 1, got 1.5"),
        ("profiles_sample_rate", -0.1, "between 0 and 1, got -0.1"),
        ("traces_sample_rate", "0.5", "between 0 and 1, got 0.5"),
        ("in_app_prefixes", "shop", "must be several module names"),
        ("spool_max_bytes", 10, "at least 65,536, got 10"),
        ("queue_max_envelopes", 0, "at least 1, got 0"),
        ("max_string_chars", 3, "at least 64, got 3"),
    ],
)
def test_a_limit_that_can_not_work_is_refused(name: str, value: float, message: str) -> None:
    with pytest.raises(OptionsError, match=message):
        Options(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("environment", "rate"),
    [("development", 1.0), ("staging", 0.5), ("production", 0.1), ("qa-3", 0.1)],
)
def test_an_environment_has_its_own_rate(environment: str, rate: float) -> None:
    assert Options(environment=environment).effective_traces_sample_rate == rate
    assert (
        Options(environment=environment, traces_sample_rate=0.3).effective_traces_sample_rate == 0.3
    )


def test_who_develops_sees_every_error_and_elsewhere_a_storm_is_held_back() -> None:
    assert Options(environment="development").effective_storm_limit > 1_000_000
    assert Options(environment="production").effective_storm_limit == 5
    assert Options(environment="development", storm_errors_per_minute=2).effective_storm_limit == 2


def test_health_checks_are_never_sampled() -> None:
    assert rate_for("/health", default=1.0) == 0.0
    assert rate_for("/lessons", default=0.7) == 0.7


@pytest.mark.parametrize(
    ("rate", "parent", "chance", "decision"),
    [
        (0.1, None, 0.05, True),
        (0.1, None, 0.1, False),
        (0.1, True, 0.9, True),
        (0.1, False, 0.0, False),
        (0.0, True, 0.0, False),
    ],
)
def test_sampling_honours_who_began_the_trace(
    *, rate: float, parent: bool | None, chance: float, decision: bool
) -> None:
    assert is_sampled(rate=rate, parent_sampled=parent, chance=chance) is decision


def test_the_border_swallows_and_counts_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quietly, "strict", False)
    before = counters.snapshot().get("internal_errors", 0)

    with quietly:
        raise ValueError

    assert counters.snapshot()["internal_errors"] == before + 1


def test_the_border_lets_pass_what_ends_the_process() -> None:
    with pytest.raises(KeyboardInterrupt), quietly:
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("status", "raised", "seconds", "kept"),
    [
        (200, False, 0.1, False),
        (404, False, 0.1, False),
        (200, False, 2.0, True),
        (503, False, 0.1, True),
        (200, True, 0.1, True),
        (None, False, 0.1, False),
    ],
)
def test_what_failed_or_was_slow_is_kept_anyway(
    *, status: int | None, raised: bool, seconds: float, kept: bool
) -> None:
    decision = is_kept_anyway(status=status, raised=raised, seconds=seconds, slow_seconds=2.0)

    assert decision is kept


def test_a_failure_that_is_only_counted_is_left_to_chance_unless_it_was_slow() -> None:
    def decision(seconds: float) -> bool:
        return is_kept_anyway(
            status=500, raised=True, seconds=seconds, slow_seconds=2.0, is_only_counted=True
        )

    assert not decision(0.1)
    assert decision(2.0)


@pytest.mark.parametrize("seed", range(5))
def test_sampling_tells_the_truth_about_a_day(seed: int) -> None:
    chance = Random(seed)
    day = [chance.lognormvariate(-1.2, 1.1) for _ in range(60_000)]
    weighted = []
    for seconds in day:
        is_telling = is_kept_anyway(status=200, raised=False, seconds=seconds, slow_seconds=2.0)
        if is_telling:
            weighted.append((seconds, 1.0))
        elif is_sampled(rate=0.1, parent_sampled=None, chance=chance.random()):
            weighted.append((seconds, 1 / 0.1))

    exact = sorted(day)[int(0.95 * len(day))]

    assert len(weighted) < len(day) / 4
    assert abs(weighted_percentile(weighted, 0.95) / exact - 1) < 0.05


def weighted_percentile(values: list[tuple[float, float]], share: float) -> float:
    """Return the value below which ``share`` of the weight lies."""
    left = share * sum(weight for _, weight in values)
    for value, weight in sorted(values):
        left -= weight
        if left <= 0:
            return value
    return max(values)[0]
