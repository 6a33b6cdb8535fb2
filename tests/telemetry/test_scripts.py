"""A program without an application: what it captured arrives when it ends in order, or when it asks for that."""

import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest
import sentry_sdk

from tests.telemetry.conftest import Start
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry

SCRIPT = """
import sys, threading
from pathlib import Path
import sentry_sdk
from toolboxai import telemetry
from toolboxai.telemetry.transport import keeper

keeper.TICK_SECONDS = 300.0  # what is captured stays in memory until somebody flushes
telemetry.init(telemetry.Options(dsn=sys.argv[1], spool_dir=Path(sys.argv[2])))
sentry_sdk.capture_message("first")
assert telemetry.flush(10)
with telemetry.job("clean up"):
    sentry_sdk.capture_message("second")
print(sorted(thread.name for thread in threading.enumerate()))
exec(sys.argv[3])
"""


@pytest.mark.parametrize("end", ["", "sys.exit(0)", "1 / 0"])
def test_what_a_script_captured_arrives_at_its_end_and_two_threads_are_enough(
    sink: RecordingSink, tmp_path: Path, end: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, sink.dsn, str(tmp_path), end],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ended.stdout == "['MainThread', 'telemetry-keeper', 'telemetry-sender']\n"
    messages = [event.get("message", "the error") for event in sink.items("event")]
    assert messages == ["first", "second"] + ["the error"] * (end == "1 / 0")


def test_a_flush_says_within_its_time_whether_everything_arrived(
    start: Start, sink: RecordingSink
) -> None:
    start()
    with sink.held:
        sentry_sdk.capture_message("held")
        began = monotonic()
        assert not telemetry.flush(0.2)
        assert monotonic() - began < 5  # far less than the sink would be waited for

    assert telemetry.flush(10)
    assert [event["message"] for event in sink.items("event")] == ["held"]
