"""Whatever is done to the clock of a process while reports wait: none expires, and none waits for the clock."""

from pathlib import Path

import pytest

from benchmarks.processes import Told
from tests.telemetry.sink import RecordingSink, accept, answer

YEAR_SECONDS = 365 * 24 * 3_600


@pytest.mark.parametrize(
    "jumps",
    [
        pytest.param([0, YEAR_SECONDS, -YEAR_SECONDS, 1], id="it began right"),
        pytest.param([YEAR_SECONDS, 0], id="it began a year ahead"),
    ],
)
@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param((503, {}), id="the sink is out of order"),
        pytest.param((429, {"Retry_After": "1"}), id="the sink wants a pause"),
    ],
)
def test_a_clock_that_jumps_loses_and_delays_nothing(
    sink: RecordingSink, tmp_path: Path, jumps: list[int], refusal: tuple[int, dict[str, str]]
) -> None:
    status, headers = refusal
    sink.behaviour = lambda request: answer(request, status, **headers)
    process = Told("tests.telemetry.jumping", sink.dsn, str(tmp_path / "spool"))
    for ahead_seconds in jumps:
        process.tell(str(ahead_seconds))
        assert process.says() == "waits\n"

    sink.behaviour = accept
    sink.wait_for(lambda: len(sink.items("event")) == len(jumps))

    process.tell("deliver")
    assert process.end() == "delivered\n\n"
    assert sorted(event["message"] for event in sink.items("event")) == sorted(
        f"at {ahead_seconds}" for ahead_seconds in jumps
    )
