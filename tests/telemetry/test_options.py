"""What can't work is refused when it is said, with what to do instead."""

import pytest

from toolboxai.telemetry import Options, OptionsError
from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.sampling import is_sampled, rate_for


@pytest.mark.parametrize(
    "dsn",
    [
        "",
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
