"""A monitor for each test that asks for one."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.monitor.running import Monitor, monitor_in_thread
from toolboxai.monitor.settings import MonitorSettings


@pytest.fixture
def settings(tmp_path: Path) -> MonitorSettings:
    """Return settings for an empty data folder."""
    return MonitorSettings(data=tmp_path / "monitor")


@pytest.fixture
def monitor(settings: MonitorSettings) -> Generator[Monitor]:
    """Run a monitor for the length of a test."""
    with monitor_in_thread(settings) as running:
        yield running
