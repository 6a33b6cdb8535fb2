"""The example is as short as it says, and works."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from benchmarks.processes import free_port
from tests.cli.processes import is_listening, wait_until
from tests.telemetry.sink import RecordingSink

ROOT = Path(__file__).parent.parent.parent


def test_the_example_reports_its_error(sink: RecordingSink, tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "examples.any_fastapi_app:app", "--port", str(port)]
    environment = os.environ | {"SENTRY_DSN": sink.dsn, "PYTHONPATH": f"{ROOT}/src:{ROOT}"}
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: is_listening(port), "the example")
        with pytest.raises(HTTPError, match="500"):
            urlopen(f"http://127.0.0.1:{port}/divide/0", timeout=10)
        sink.wait_for(lambda: sink.items("event"))
    finally:
        process.terminate()
        process.wait(20)

    (event,) = sink.items("event")
    assert event["transaction"] == "/divide/{by}"
    assert event["exception"]["values"][-1]["type"] == "ZeroDivisionError"


def test_the_examples_own_tests_pass_without_a_sink(tmp_path: Path) -> None:
    # A plain pytest, and a quick one: without this project's settings and plugins.
    command = [sys.executable, "-m", "pytest", "-c", os.devnull, "-p", "no:cacheprovider"]
    command.append(str(ROOT / "examples"))
    environment = {name: value for name, value in os.environ.items() if name != "SENTRY_DSN"}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"

    ended = subprocess.run(
        command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True
    )

    assert ended.returncode == 0, ended.stdout
    assert "2 passed" in ended.stdout
