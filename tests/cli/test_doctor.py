"""The doctor proves that a message arrived, or says what to do."""

import re
import socket
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from benchmarks.processes import free_port
from tests.cli.conftest import Up
from toolboxai.cli import doctor
from toolboxai.cli.doctor import lost_errors, run_doctor
from toolboxai.cli.monitoring import find_event_ids
from toolboxai.monitor.settings import MonitorSettings
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.spool import RealDisk

REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
WELCOME = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"

LATER = b"HTTP/1.1 429 Later\r\nRetry-After: 600\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.fixture
def sink() -> Generator[Callable[[bytes], str]]:
    """Return what makes a sink that gives one answer, and its DSN."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer_with(answer: bytes) -> str:
        Thread(target=serve, args=[listener, answer], daemon=True).start()
        return f"http://key@127.0.0.1:{listener.getsockname()[1]}/1"

    yield answer_with
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def serve(listener: socket.socket, answer: bytes) -> None:
    with suppress(OSError):  # closed
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1024 * 1024)
                connection.sendall(answer)


@pytest.fixture
def said() -> list[str]:
    return []


def test_a_message_is_seen_in_the_embedded_monitor(
    shared_up: Up, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLBOXAI_DATA_DIR", str(shared_up.folder / "data"))

    assert run_doctor(said.append) == 0

    event_id = said[-1].removeprefix("event id: ")
    assert "✓ seen in the monitor" in said
    assert event_id in set(find_event_ids(MonitorSettings(data=shared_up.monitor_data)))


def test_a_foreign_sink_that_took_it_is_believed_and_it_says_so(
    sink: Callable[[bytes], str], said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTRY_DSN", sink(WELCOME))

    assert run_doctor(said.append) == 0
    assert "✓ delivered: the sink answered that it has it" in said
    assert any("can't be asked from here" in line for line in said)


def test_a_sink_that_refuses_fails_with_its_reason(
    sink: Callable[[bytes], str], said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTRY_DSN", sink(REFUSAL))

    assert run_doctor(said.append) == 1
    assert said[-2].startswith("✗ the sink refused it: HTTP 403; compare SENTRY_DSN")
    assert re.fullmatch(r"event id: [0-9a-f]{32}", said[-1])


def test_a_lost_message_is_not_hidden_by_an_older_one_that_arrived(
    sink: Callable[[bytes], str], said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTRY_DSN", sink(WELCOME))
    delivered_and_lost = doctor.send_message

    def lose_the_second() -> str | None:
        event_id = delivered_and_lost()
        counters.dropped("internal_sdk_error", "error")
        return event_id

    monkeypatch.setattr(doctor, "send_message", lose_the_second)

    assert run_doctor(said.append) == 1
    assert said[-2] == "✗ the message was dropped before it was sent: internal_sdk_error"
    assert said[-1].startswith("event id: ")


def test_an_older_backlog_that_the_sink_refuses_says_nothing_of_the_message() -> None:
    counters.dropped("send_error", "error")
    counters.dropped("queue_overflow", "log_item")

    assert not {"send_error", "log_item"} & set(lost_errors())


def test_nobody_there_fails_with_what_to_do(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTRY_DSN", f"http://key@127.0.0.1:{free_port()}/1")

    assert run_doctor(said.append) == 1
    assert any("✗ not delivered" in line and "toolboxai up" in line for line in said)
    assert "  it is kept on disk and goes out when the sink answers" in said


def test_a_sink_that_wants_nothing_now_says_until_when(
    sink: Callable[[bytes], str], said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTRY_DSN", sink(LATER))

    assert run_doctor(said.append) == 1
    assert said[-2].startswith("  the sink wants nothing for 10 min, until 20")


def test_a_disk_that_takes_nothing_is_no_promise(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("SENTRY_DSN", f"http://key@127.0.0.1:{free_port()}/1")
    monkeypatch.setattr(doctor, "DELIVERY_TIMEOUT_SECONDS", 1.0)
    monkeypatch.setattr(RealDisk, "create", full)

    assert run_doctor(said.append) == 1
    assert any(
        line.startswith("  it is in memory only and ends with this process") and "No space" in line
        for line in said
    )


@pytest.mark.parametrize(
    ("environment", "remedy"),
    [
        ("development", "start the monitor (toolboxai up), or set SENTRY_DSN"),
        ("production", "set SENTRY_DSN; production has no other sink"),
    ],
)
def test_no_sink_at_all_fails_with_what_to_do(
    environment: str, remedy: str, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTRY_ENVIRONMENT", environment)

    assert run_doctor(said.append) == 1
    assert said[-1] == f"✗ nowhere to report to: {remedy}"


def test_a_data_folder_that_cannot_be_used_fails_with_what_to_do(
    said: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SENTRY_DSN", "http://key@127.0.0.1:9/1")
    monkeypatch.setenv("TOOLBOXAI_DATA_DIR", str(tmp_path / "file"))

    assert run_doctor(said.append) == 1
    assert "set TOOLBOXAI_DATA_DIR to a folder you may write to" in said[-1]
