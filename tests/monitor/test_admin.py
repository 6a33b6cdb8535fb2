"""The command line's questions, with and without a running monitor; starting and stopping."""

import http.client
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.monitor.running import PROGRAM, Monitor, event_envelope, monitor_process
from toolboxai.monitor import admin, auth
from toolboxai.monitor.address import dsn_of, url_of
from toolboxai.monitor.app import AddressError, create_app, run
from toolboxai.monitor.control import ControlError
from toolboxai.monitor.models import Project
from toolboxai.monitor.queries import Queries
from toolboxai.monitor.queries.pool import Pool
from toolboxai.monitor.settings import Limits, MonitorSettings
from toolboxai.monitor.store import Store, StoreError


def test_a_dsn_is_there_before_the_first_start(settings: MonitorSettings) -> None:
    first = admin.dsn(settings)

    assert first == admin.dsn(settings)
    assert first.endswith("@127.0.0.1:8009/1")


def test_a_running_monitor_tells_its_own_dsn(monitor: Monitor, settings: MonitorSettings) -> None:
    assert admin.dsn(settings) == monitor.dsn
    assert str(monitor.port) in monitor.dsn
    assert (monitor.data / "dsn").stat().st_mode & 0o777 == 0o600
    assert (monitor.data / "control.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("monitor")
def test_a_running_monitor_writes_for_the_command_line(settings: MonitorSettings) -> None:
    check_writes(settings)


def test_without_a_monitor_the_command_line_writes_itself(settings: MonitorSettings) -> None:
    check_writes(settings)


def check_writes(settings: MonitorSettings) -> None:
    token, password = admin.create_token(settings), admin.reset_password(settings)

    with closing(Queries(settings.data)) as queries:
        assert queries.token_is_known(token)
        assert queries.password_matches(password)


def test_what_is_stored_can_be_counted_and_listed(
    monitor: Monitor, settings: MonitorSettings
) -> None:
    ids = [f"{number:032x}" for number in range(3)]
    for event_id in ids:
        monitor.post(event_envelope(event_id))

    assert admin.counts(settings) == {"error": 3, "transaction": 0, "log": 0}
    assert sorted(admin.event_ids(settings)) == ids


def test_an_empty_folder_counts_nothing(settings: MonitorSettings) -> None:
    assert admin.counts(settings) == {"error": 0, "transaction": 0, "log": 0}
    assert list(admin.event_ids(settings)) == []


def test_a_folder_in_use_without_an_answer_is_an_error(settings: MonitorSettings) -> None:
    with closing(Store(settings)), pytest.raises(ControlError, match="stop it first"):
        admin.create_token(settings)


@pytest.mark.parametrize(("action", "key"), [("token", "wrong"), ("other", None), ("token", "")])
def test_strangers_control_nothing(monitor: Monitor, action: str, key: str | None) -> None:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}

    assert monitor.request("POST", f"/control/{action}", headers=headers).status == 404


def test_a_new_password_replaces_the_old_one_at_the_door(
    monitor: Monitor, settings: MonitorSettings
) -> None:
    password = admin.reset_password(settings)

    reply = monitor.request(
        "POST",
        "/sign-in",
        f"user=admin&password={password}".encode(),
        {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": f"http://127.0.0.1:{monitor.port}",
        },
    )

    assert reply.status == 303
    assert "set-cookie" in reply.headers


def test_the_monitor_says_that_it_is_well(monitor: Monitor) -> None:
    reply = monitor.request("GET", "/health")

    assert (reply.status, reply.json) == (200, {"status": "ok"})


def test_the_password_is_shown_on_the_first_start_only(tmp_path: Path) -> None:
    first, second = start_and_stop(tmp_path), start_and_stop(tmp_path)

    assert "Sign in as admin with the password" in first
    assert "listens on" in second
    assert "password" not in second


def start_and_stop(data: Path) -> str:
    with monitor_process(data) as (_, process):
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        return "listens on\n" + process.stdout.read()


def test_what_was_sent_before_a_stop_is_answered(tmp_path: Path) -> None:
    with monitor_process(tmp_path) as (monitor, process):
        with closing(http.client.HTTPConnection("127.0.0.1", monitor.port)) as connection:
            path = f"/api/1/envelope/?sentry_key={monitor.key}"
            connection.request("POST", path, event_envelope())
            assert connection.getresponse().status == 200
        process.terminate()
        process.wait(timeout=20)

    assert admin.counts(MonitorSettings(data=tmp_path))["error"] == 1
    assert not (tmp_path / "control.key").exists()


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        settings = MonitorSettings(data=tmp_path, port=other.getsockname()[1])

        with pytest.raises(AddressError, match=rf"port {settings.port}: .*in use"):
            run(settings)


def test_two_monitors_on_one_folder_are_refused(monitor: Monitor) -> None:
    second = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(monitor.data)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert second.returncode != 0
    assert "in use by another monitor" in second.stderr


async def test_a_server_without_lifespan_is_told(settings: MonitorSettings) -> None:
    async def never() -> dict[str, object]:
        raise AssertionError

    async def ignore(_: object) -> None:
        raise AssertionError

    with pytest.raises(RuntimeError, match="lifespan"):
        await create_app(settings)({"type": "http", "path": "/health"}, never, ignore)


def test_passwords_and_tokens_are_long_and_never_the_same() -> None:
    makers: list[Callable[[], str]] = [auth.new_password, auth.new_token, auth.new_dsn_key]

    for make in makers:
        assert make() != make()
    assert len(auth.ALPHABET) ** auth.PASSWORD_CHARS > 2**80
    assert len(bytes.fromhex(auth.new_token())) == 32
    assert auth.password_hash("a") != auth.password_hash("a")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:1"),
        ("0.0.0.0", "http://127.0.0.1:1"),  # noqa: S104 - compared, not bound
        ("::", "http://[::1]:1"),
        ("monitor.example", "http://monitor.example:1"),
    ],
)
def test_the_dsn_leads_to_where_clients_can_reach_it(host: str, url: str) -> None:
    project = Project(id=3, slug="s", name="s", public_key="key")

    assert url_of(host, 1) == url
    assert dsn_of(project, url) == f"http://key@{url.removeprefix('http://')}/3"


@pytest.mark.parametrize("wrong", [{"port": -1}, {"port": 65_536}, {"host": ""}])
def test_nonsense_is_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must"):
        MonitorSettings(data=tmp_path, **wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="max_queue_bytes must be above 0"):
        Limits(max_queue_bytes=0)


def test_an_empty_path_is_no_data_folder() -> None:
    with pytest.raises(ValueError, match="data must name a folder, got an empty path"):
        MonitorSettings(data=Path(""))  # noqa: PTH201 - what an unset variable becomes


@pytest.mark.parametrize("name", ["meta.db", "lock.db"])
def test_a_damaged_file_is_named(settings: MonitorSettings, name: str) -> None:
    Store(settings).close()
    (settings.data / name).write_bytes(bytes(range(256)) * 64)

    with pytest.raises(StoreError, match=rf"can't use .*{name}.*move the folder away"):
        Store(settings)


def test_damage_behind_the_first_page_is_named(settings: MonitorSettings) -> None:
    Store(settings).close()
    path = settings.data / "meta.db"
    body = path.read_bytes()
    path.write_bytes(body[:4_096] + bytes(range(256)) * ((len(body) - 4_096) // 256))

    with pytest.raises(StoreError, match=r"meta\.db"):
        Store(settings)
    with (
        closing(Queries(settings.data)) as queries,
        pytest.raises(StoreError, match=r"can't use .*meta\.db"),
    ):
        queries.counts()


def test_a_question_that_takes_too_long_is_no_damage(settings: MonitorSettings) -> None:
    Store(settings).close()

    with (
        closing(Pool(timeout_seconds=0)) as pool,
        pytest.raises(sqlite3.OperationalError, match="interrupted"),
        pool.reading(settings.data / "meta.db") as db,
    ):
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n"
        ).fetchone()


def test_a_file_that_is_a_folder_is_named(settings: MonitorSettings) -> None:
    (settings.data / "meta.db").mkdir(parents=True)

    with pytest.raises(StoreError, match=r"can't use .*meta\.db"):
        Store(settings)


@pytest.mark.alone
def test_the_monitor_is_up_soon(tmp_path: Path) -> None:
    start_and_stop(tmp_path)
    begin = time.perf_counter()
    with monitor_process(tmp_path):
        took = time.perf_counter() - begin

    # The goal is 0.6 s on an idle machine; tests share theirs.
    assert took < 6
