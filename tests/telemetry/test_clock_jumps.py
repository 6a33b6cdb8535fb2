"""Whatever is done to the clock of a process while reports wait: none expires, and none waits for the clock."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.telemetry.sink import RecordingSink, accept, answer

HERE = Path(__file__).parent.parent.parent
YEAR_SECONDS = 365 * 24 * 3_600
SECONDS = 30.0


class Jumping:
    """The process under way."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.telemetry.jumping", dsn, str(folder)],
            cwd=HERE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def jump(self, ahead_seconds: int) -> None:
        """Set the clock, capture, and wait until the ages have been looked at."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{ahead_seconds}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "waits\n"

    def deliver(self) -> str:
        """Return what it says in the end."""
        return self._process.communicate("deliver\n", timeout=SECONDS)[0]


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
    process = Jumping(sink.dsn, tmp_path / "spool")
    for ahead_seconds in jumps:
        process.jump(ahead_seconds)

    sink.behaviour = accept
    sink.wait_for(lambda: len(sink.items("event")) == len(jumps))

    assert process.deliver() == "delivered\n\n"
    assert sorted(event["message"] for event in sink.items("event")) == sorted(
        f"at {ahead_seconds}" for ahead_seconds in jumps
    )
