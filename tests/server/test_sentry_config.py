"""Where reports go, and what the operator is told when they go nowhere."""

from collections.abc import Callable
from pathlib import Path

import pytest

from toolboxai.server.config import Settings
from toolboxai.server.sentry_config import sink_for, telemetry_options

Build = Callable[..., Settings]
MONITOR = "http://embedded@127.0.0.1:8009/1"
SENTRY = "https://configured@sentry.example/2"


@pytest.fixture
def monitor_file(settings: Build) -> Callable[[str], None]:
    def write(text: str) -> None:
        path = settings().monitor_dsn_file
        path.parent.mkdir(parents=True)
        path.write_text(text)

    return write


def test_the_configured_dsn_wins(settings: Build, monitor_file: Callable[[str], None]) -> None:
    monitor_file(MONITOR)

    assert sink_for(settings(sentry_dsn=SENTRY)) == SENTRY


def test_in_development_the_embedded_monitor_is_the_sink(
    settings: Build, monitor_file: Callable[[str], None]
) -> None:
    monitor_file(f"{MONITOR}\n")

    assert sink_for(settings()) == MONITOR


def test_in_production_the_embedded_monitor_is_not_the_sink(
    settings: Build, monitor_file: Callable[[str], None]
) -> None:
    monitor_file(MONITOR)

    assert sink_for(settings(sentry_environment="production")) is None


@pytest.mark.parametrize(
    ("environment", "advice"),
    [("development", "start the embedded monitor"), ("production", "report from production")],
)
def test_no_sink_is_said_aloud_with_what_to_do(
    settings: Build, caplog: pytest.LogCaptureFixture, environment: str, advice: str
) -> None:
    options = telemetry_options(settings(sentry_environment=environment))

    assert options.dsn is None
    assert "monitoring is off: set SENTRY_DSN" in caplog.text
    assert advice in caplog.text


@pytest.mark.parametrize("text", ["", "half a d", "\udcff"])
def test_a_damaged_monitor_file_switches_monitoring_off_and_is_named(
    settings: Build, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    path = settings().monitor_dsn_file
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode(errors="surrogateescape"))

    assert sink_for(settings()) is None
    assert str(path) in caplog.text


def test_every_setting_reaches_telemetry(settings: Build, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("")
    chosen = settings(
        sentry_dsn=SENTRY,
        sentry_environment="staging",
        sentry_release="toolboxai@9.9.9",
        sentry_server_name="room-4",
        sentry_traces_sample_rate=0.25,
        sentry_profiles_sample_rate=0.125,
        sentry_send_default_pii=True,
        sentry_privacy_policy=tmp_path / "policy.toml",
        sentry_enable_logs=False,
        spool_max_bytes=2_000_000,
    )

    options = telemetry_options(chosen)

    assert options.dsn == SENTRY
    assert options.environment == "staging"
    assert options.release == "toolboxai@9.9.9"
    assert options.server_name == "room-4"
    assert options.traces_sample_rate == 0.25
    assert options.profiles_sample_rate == 0.125
    assert options.send_default_pii
    assert options.privacy_policy == tmp_path / "policy.toml"
    assert not options.enable_logs
    assert options.spool_dir == chosen.data_dir / "spool"
    assert options.spool_max_bytes == 2_000_000
    assert options.in_app_prefixes == ("toolboxai.server",)
