"""The SDK's next major, while it is a beta: errors, logs and the gate work. It may fail, but says why."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import Any

import pytest

WANTED = "sentry-sdk>=3.0.0b2,<4"
INSTALL_SECONDS = 60.0
RUN_SECONDS = 60.0
ROOT = Path(__file__).parent.parent.parent


@contextmanager
def not_blocking() -> Iterator[None]:
    """Turn a failure into an expected one: what others do to their beta doesn't stop our release."""
    try:
        yield
    except (AssertionError, LookupError, OSError, ValueError, subprocess.SubprocessError) as error:
        told = getattr(error, "stderr", None) or str(error)
        pytest.xfail(f"{WANTED}: {type(error).__name__}: {' '.join(told.split())[:400]}")


def run(
    *command: str | Path, timeout_seconds: float, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=os.environ | environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=timeout_seconds,
    )


@pytest.fixture(scope="module")
def beta(pytestconfig: pytest.Config) -> Path:
    """The folder with the newest beta, kept with pytest's own cache."""
    assert pytestconfig.cache is not None
    folder = Path(pytestconfig.cache.mkdir("sentry-sdk-next"))
    if not (folder / "sentry_sdk").is_dir():
        with not_blocking():
            uv = which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
            assert uv, "uv is not installed"
            choices = ("--no-deps", "--prerelease", "allow", "--python", sys.executable)
            where = ("--target", str(folder))
            run(uv, "pip", "install", *choices, *where, WANTED, timeout_seconds=INSTALL_SECONDS)
    return folder


@pytest.fixture(scope="module")
def outcome(beta: Path) -> dict[str, Any]:
    """What an application reported with it, and what it said on its standard error."""
    path = os.pathsep.join([str(beta), str(ROOT / "src"), str(ROOT)])
    script = Path(__file__).with_name("on_the_beta.py")
    with not_blocking():
        ended = run(sys.executable, script, timeout_seconds=RUN_SECONDS, PYTHONPATH=path)
        found: dict[str, Any] = json.loads(ended.stdout)
        assert found["version"].startswith("3."), found["version"]
        return found | {"stderr": ended.stderr}


def test_errors_and_messages_are_reported(outcome: dict[str, Any]) -> None:
    with not_blocking():
        *messages, error = outcome["events"]

        assert outcome["statuses"] == [200, 500]
        assert [message["message"] for message in messages] == ["about to divide"] * 2
        assert error["exception"]["values"][-1]["type"] == "ZeroDivisionError"
        assert error["transaction"] == "/divide/{by}"
        assert error["tags"]["own"] == "tag"
        assert (
            messages[-1]["contexts"]["trace"]["trace_id"] == error["contexts"]["trace"]["trace_id"]
        )


def test_logs_are_reported(outcome: dict[str, Any]) -> None:
    with not_blocking():
        assert [line["level"] for line in outcome["logs"]] == ["warn", "warn"]


def test_nothing_passes_the_gate_that_should_not(outcome: dict[str, Any]) -> None:
    with not_blocking():
        assert "hunter22" not in outcome["everything"]
        assert "ada@school.example" not in outcome["everything"]
        assert outcome["events"][0]["user"]["id"].startswith("p1_")


def test_traces_are_off_and_it_is_said(outcome: dict[str, Any]) -> None:
    with not_blocking():
        assert outcome["transactions"] == []
        assert "install sentry-sdk<3 for traces" in outcome["stderr"]
