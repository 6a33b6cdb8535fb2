"""`toolboxai up` with the real monitor and the real server."""

import os
import re
import signal
import socket
from pathlib import Path

import pytest
import urllib3

from benchmarks.processes import free_port
from tests.cli.conftest import Up
from tests.cli.processes import Running, is_listening, is_running, wait_until
from toolboxai.cli.monitoring import count_lines
from toolboxai.cli.ports import owner_of
from toolboxai.cli.up import url_of, why_no_monitor
from toolboxai.monitor.settings import MonitorSettings
from toolboxai.server.config import Settings

SINK = "http://key@127.0.0.1:9/1"


def errors_in(up: Up) -> str:
    return count_lines(MonitorSettings(data=up.monitor_data), "error")[0]


def fail(up: Up) -> int:
    with urllib3.PoolManager() as http:
        return http.request("GET", f"{up.url}/sentry-debug", retries=False).status


def listener(port: int) -> int:
    owner = owner_of(port)
    assert owner, f"nobody listens on {port}"
    return owner


def test_it_says_where_to_look_and_what_to_try(shared_up: Up) -> None:
    lines = shared_up.start.splitlines()

    addresses = f"Server {shared_up.url} · monitor http://127.0.0.1:{shared_up.monitor_port}"
    assert lines[-3].startswith("toolboxai: Sign in as admin with the password ")
    assert lines[-2] == f"toolboxai: to see an error arrive: curl {shared_up.url}/sentry-debug"
    assert lines[-1] == f"toolboxai: up. {addresses} (Ctrl-C stops both)"


def test_the_password_is_on_the_screen_once(shared_up: Up) -> None:
    password = re.search(r"password (\S+)", shared_up.start)

    assert password
    assert shared_up.process.output.count(password[1]) == 1


def test_the_password_is_said_even_when_the_server_never_comes_up(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/output.log/no.db"
    up = Up(tmp_path, DATABASE_URL=database)

    assert up.process.end() == 1

    assert up.process.output.count("Sign in as admin with the password ") == 1
    assert "toolboxai: up. " not in up.process.output


def test_all_data_is_for_its_owner_alone(shared_up: Up) -> None:
    data = shared_up.folder / "data"

    assert data.stat().st_mode & 0o777 == 0o700
    assert (data / "toolboxai.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("option", ["--port", "--monitor-port"])
def test_a_port_that_another_up_holds_is_freed_by_stopping_that_one(
    shared_up: Up, tmp_path: Path, option: str
) -> None:
    taken = shared_up.port if option == "--port" else shared_up.monitor_port
    ports = {"--port": free_port(), "--monitor-port": free_port(), option: taken}
    arguments = [str(word) for pair in ports.items() for word in pair]
    second = Running("up", *arguments, folder=tmp_path)

    assert second.end() == 2

    holder = f"by toolboxai up (process {shared_up.process.pid})"
    assert f"port {taken} is in use {holder}" in second.output
    assert f"stop it with: kill {shared_up.process.pid}, or choose" in second.output


def test_an_error_raised_in_the_server_arrives_in_the_monitor(shared_up: Up) -> None:
    before = int(errors_in(shared_up))

    assert fail(shared_up) == 500

    wait_until(lambda: int(errors_in(shared_up)) == before + 1, "the error in the monitor")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_server_stops_first_and_its_last_error_still_arrives(
    late_up: Up, number: signal.Signals
) -> None:
    up = late_up
    fail(up)

    up.process.send(number)

    assert up.process.end() == 0
    said = up.process.output
    assert said.index("stopping server") < said.index("stopping monitor")
    assert errors_in(up) == "1"
    assert not is_listening(up.port)
    assert not is_listening(up.monitor_port)


@pytest.mark.parametrize("victim", ["server", "monitor"])
def test_a_dead_child_is_started_again_on_its_port(shared_up: Up, victim: str) -> None:
    up = shared_up
    port = up.port if victim == "server" else up.monitor_port

    before = listener(port)
    os.kill(before, signal.SIGKILL)

    up.process.wait_to_say(f"{victim} is up again")
    assert f"{victim} ended with exit code -9; starting it again in 0.5 s" in up.process.output
    assert listener(port) != before


def test_killed_itself_it_leaves_nothing_behind(up: Up) -> None:
    children = [listener(up.port), listener(up.monitor_port)]

    up.process.send(signal.SIGKILL)

    wait_until(lambda: not any(map(is_running, children)), "the end of both children")
    assert not is_listening(up.port)
    assert not is_listening(up.monitor_port)


@pytest.mark.parametrize("option", ["--port", "--monitor-port"])
def test_a_port_in_use_is_said_in_one_line_before_anything_starts(
    tmp_path: Path, option: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ports = {"--port": free_port(), "--monitor-port": free_port(), option: port}
        arguments = [str(word) for pair in ports.items() for word in pair]
        process = Running("up", *arguments, folder=tmp_path)

        assert process.end() == 2

    assert process.output.count("\n") == 1
    assert f"port {port} is in use by " in process.output
    assert f"choose another with {option}" in process.output


def test_with_a_sink_of_ones_own_the_monitor_stays_off(tmp_path: Path) -> None:
    up = Up(tmp_path, SENTRY_DSN=SINK)
    up.wait_until_up()
    monitor_is_on = is_listening(up.monitor_port)
    up.process.stop()

    assert not monitor_is_on
    assert up.start.endswith(f"toolboxai: up. Server {up.url} (Ctrl-C stops it)\n")
    assert "SENTRY_DSN is set, so reports go there" in up.process.output


def test_a_wrong_setting_is_said_without_a_traceback(tmp_path: Path) -> None:
    process = Running("up", folder=tmp_path, SENTRY_TRACES_SAMPLE_RATE="7")

    assert process.end() == 2
    assert "SENTRY_TRACES_SAMPLE_RATE='7'" in process.output
    assert "Traceback" not in process.output


def test_in_development_without_a_sink_the_monitor_is_the_sink() -> None:
    assert why_no_monitor(Settings()) is None


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        pytest.param(
            {"sentry_dsn": SINK},
            "SENTRY_DSN is set, so reports go there and the monitor is not started",
            id="a sink",
        ),
        pytest.param(
            {"sentry_environment": "production"},
            "monitoring is off: this is production and SENTRY_DSN is not set",
            id="production",
        ),
    ],
)
def test_otherwise_it_is_not_started_and_why_is_said(
    variables: dict[str, str], reason: str
) -> None:
    assert why_no_monitor(Settings.model_validate(variables)) == reason


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8008"),
        ("0.0.0.0", "http://127.0.0.1:8008"),  # noqa: S104
        ("::1", "http://[::1]:8008"),
        ("::", "http://[::1]:8008"),
    ],
)
def test_the_url_is_one_that_works_from_here(host: str, url: str) -> None:
    assert url_of(Settings(host=host)) == url
