"""What waits can be looked at, sent and thrown away by hand, and no running server is disturbed by it."""

import json
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sentry_sdk
from typer.testing import CliRunner, Result

from benchmarks.processes import free_port
from tests.telemetry.sink import RecordingSink, answer, running_sink
from toolboxai import telemetry
from toolboxai.cli.amounts import parse_duration, shown_bytes, shown_duration
from toolboxai.cli.app import app
from toolboxai.cli.errors import CommandError
from toolboxai.telemetry.figures import Figures, Moment, Workers
from toolboxai.telemetry.spool import Slot, Spool, claim_folder
from toolboxai.telemetry.transport.limit_file import LIMITS_NAME, LimitFile
from toolboxai.telemetry.transport.transport import label_of
from toolboxai.telemetry.transport.wire import OutgoingItem, categories_of, record

HOUR_NS = 3_600 * 1_000_000_000


@pytest.fixture
def spool_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOOLBOXAI_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data" / "spool"


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Generator[RecordingSink]:
    with running_sink() as sink:
        monkeypatch.setenv("SENTRY_DSN", sink.dsn)
        yield sink


def lost(reason: str, _body: bytes) -> None:
    pytest.fail(reason)


def event(number: int, *, extra: dict[str, str] | None = None) -> bytes:
    payload = {"event_id": f"{number:032x}", "message": f"report {number}", "extra": extra or {}}
    return record([OutgoingItem("event", payload)], envelope_id=f"{number:032x}")


def logs(number: int) -> bytes:
    items = {"items": [{"body": "hello"}]}
    headers = {"item_count": 1}
    return record([OutgoingItem("log", items, headers)], envelope_id=f"{number:032x}")


@contextmanager
def worker(
    root: Path, dsn: str, *bodies: bytes, age_hours: float = 0, rules: int = 1
) -> Iterator[Slot]:
    """Be a worker that has kept ``bodies`` and runs."""
    slot = claim_folder(root, dsn, label=label_of(dsn))
    spool = Spool(
        slot.folder,
        max_bytes=1024 * 1024,
        lost=lost,
        categories_of=categories_of,
        rules=rules,
        now_ns=lambda: time.time_ns() - int(age_hours * HOUR_NS),
    )
    spool.append(list(bodies))
    yield slot
    spool.close()
    slot.release()


def left_by_a_worker(root: Path, dsn: str, *bodies: bytes, age_hours: float = 0) -> None:
    with worker(root, dsn, *bodies, age_hours=age_hours):
        pass


def run(*arguments: str, answer_to_question: str = "") -> Result:
    return CliRunner().invoke(
        app, ["spool", *arguments], catch_exceptions=False, input=answer_to_question
    )


def files_in(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def messages(sink: RecordingSink) -> list[str]:
    return sorted(payload["message"] for payload in sink.items("event"))


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["list"], "nothing waits\n"),
        (["discard", "--older-than", "1s"], "nothing to discard\n"),
    ],
)
def test_an_empty_spool_is_no_error(spool_dir: Path, command: list[str], says: str) -> None:
    result = run(*command)

    assert (result.exit_code, result.stdout) == (0, says)
    assert not spool_dir.exists()


def test_what_waits_is_summed_up_without_the_key_and_without_a_touch(spool_dir: Path) -> None:
    dsn = "https://verysecretkey@sentry.example/7"
    left_by_a_worker(spool_dir, dsn, event(1), event(2), logs(3), age_hours=5)
    with worker(spool_dir, "http://otherkey@127.0.0.1:9/1", event(4)):
        before = files_in(spool_dir)
        result = run("list")
        assert files_in(spool_dir) == before

    assert result.exit_code == 0
    lines = [line.split("  ") for line in result.stdout.splitlines()]
    rows = {tuple(cell.strip() for cell in line if cell.strip()) for line in lines}
    errors = next(
        row for row in rows if row[:3] == ("sentry.example/7", "worker-0 (ended)", "error")
    )
    assert errors[3] == "2"
    assert errors[5] == "5 h"
    assert ("sentry.example/7", "worker-0 (ended)", "log_item") in {row[:3] for row in rows}
    assert ("127.0.0.1:9/1", "worker-0 (running)", "error") in {row[:3] for row in rows}
    assert "key" not in result.stdout


def test_what_can_not_be_read_any_more_is_said_once_until_it_is_counted(
    spool_dir: Path, sink: RecordingSink
) -> None:
    left_by_a_worker(spool_dir, sink.dsn, event(1), event(2))
    (path,) = spool_dir.rglob("*.segment")
    path.write_bytes(path.read_bytes().replace(b"report 1", b"rep0rt 1"))

    said = run("list").stdout

    (sound, damaged) = (line.split()[3:] for line in said.splitlines()[1:3])
    assert sound[:2] == ["error", "1"]
    assert damaged == ["error", "(damaged)", "1", "-", "-"]
    assert "damaged: can't be read any more" in said
    assert "1 of 1 reports were delivered" in run("drain").stdout
    assert run("list").stdout == "nothing waits\n"


def test_why_it_waits_is_said_by_sink_and_by_process(spool_dir: Path, sink: RecordingSink) -> None:
    with (
        worker(spool_dir, sink.dsn, event(1)) as slot,
        worker(spool_dir, "http://key@127.0.0.1:9/1"),
    ):
        LimitFile(slot.folder.parent / LIMITS_NAME).add({"transaction": time.time() + 600})
        last = Moment(at=time.time() - 240, what="HTTP 503")
        Workers(slot.folder).share(
            lambda: Figures(
                spool_held=3,
                trouble="the disk does not take what is captured: No space left on device",
                last_error="HTTP 503",
                last_failure=last,
                failures_in_a_row=17,
            )
        )

        said = run("list").stdout

    name = label_of(sink.dsn)
    assert f"{name} wants no transaction for 10 min, until 20" in said
    assert f"{name} worker-0: 3 in memory only: the disk does not take what is captured" in said
    assert f"{name} worker-0: HTTP 503 4 min ago, at 20" in said
    assert "UTC; 17 in a row" in said
    assert "127.0.0.1:9/1" not in said


def test_what_waits_in_memory_only_is_said_though_the_disk_is_empty(spool_dir: Path) -> None:
    with worker(spool_dir, "http://key@127.0.0.1:9/1") as slot:
        Workers(slot.folder).share(lambda: Figures(spool_held=3, trouble="the disk is full"))

        said = run("list").stdout

    assert said.splitlines() == [
        "nothing waits on disk",
        "127.0.0.1:9/1 worker-0: 3 in memory only: the disk is full",
    ]


def test_what_was_delivered_does_not_wait(spool_dir: Path) -> None:
    slot = claim_folder(spool_dir, "sink")
    spool = Spool(slot.folder, max_bytes=1024 * 1024, lost=lost, categories_of=categories_of)
    spool.append([event(1), event(2), event(3)])
    delivered = spool.take()
    assert delivered is not None
    spool.acknowledge(delivered)
    spool.close()
    slot.release()

    ids = [line.split()[0] for line in run("list", "--all").stdout.splitlines()]

    assert ids == ["id", f"{1:032x}", f"{2:032x}", "ended:"]


def test_each_one_can_be_listed_and_shown_as_it_would_leave(spool_dir: Path) -> None:
    left_by_a_worker(spool_dir, "http://key@127.0.0.1:9/1", event(0xABCDEF << 100), logs(3))
    listed = run("list", "--all").stdout.splitlines()
    (report_id,) = [line.split()[0] for line in listed if " error " in line]

    shown = json.loads(run("show", report_id[:12]).stdout)

    assert shown["envelope_id"] == report_id
    assert shown["sent_at"].endswith("Z")
    (item,) = shown["items"]
    assert item["type"] == "event"
    assert item["payload"]["message"] == f"report {0xABCDEF << 100}"


def test_what_older_rules_let_through_is_shown_as_todays_let_it_leave(spool_dir: Path) -> None:
    body = event(0xABCDEF << 100, extra={"password": "hunter2-hunter2"})
    with worker(spool_dir, "http://key@127.0.0.1:9/1", body, rules=0):
        pass

    shown = run("show", "0abcdef").stdout

    assert "hunter2" not in shown
    assert "redacted" in shown


@pytest.mark.parametrize(
    ("asked", "complaint", "exit_code"),
    [("ffff", "no report that waits", 1), ("0000", "2 reports", 1), ("0", "at least 4", 2)],
)
def test_an_id_that_names_no_single_report_is_refused(
    spool_dir: Path, asked: str, complaint: str, exit_code: int
) -> None:
    left_by_a_worker(spool_dir, "http://key@127.0.0.1:9/1", event(1), event(2))

    with pytest.raises(CommandError, match=complaint) as refused:
        run("show", asked)

    assert refused.value.exit_code == exit_code


def test_what_ended_workers_left_is_sent_and_no_other(spool_dir: Path, sink: RecordingSink) -> None:
    with worker(spool_dir, sink.dsn, event(1)):
        with worker(spool_dir, sink.dsn, event(2), event(3)):
            left_by_a_worker(spool_dir, sink.dsn, event(4))
        left_by_a_worker(spool_dir, "http://key@127.0.0.1:9/1", event(5))

        result = run("drain", "--timeout", "10")

        assert messages(sink) == ["report 2", "report 3", "report 4"]
    assert result.exit_code == 0
    assert "skipped 1 of worker-0 (running): its process sends them" in result.stdout
    assert "skipped 1 for 127.0.0.1:9/1: SENTRY_DSN names another sink" in result.stdout
    assert "3 of 3 reports were delivered" in result.stdout
    assert run("drain").stdout.splitlines()[-1] == "1 of 1 reports were delivered"


def test_a_sink_that_is_away_loses_nothing_and_fails(
    spool_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dsn = f"http://key@127.0.0.1:{free_port()}/1"
    monkeypatch.setenv("SENTRY_DSN", dsn)
    left_by_a_worker(spool_dir, dsn, event(1), event(2))

    result = run("drain", "--timeout", "0.5")

    assert result.exit_code == 1
    assert "0 of 2 reports were delivered" in result.stdout
    assert "2 still wait (" in result.stdout
    assert " 2 " in run("list").stdout


def test_what_the_sink_refuses_for_good_is_said(spool_dir: Path, sink: RecordingSink) -> None:
    left_by_a_worker(spool_dir, sink.dsn, event(1), event(2))
    sink.behaviour = lambda request: answer(request, 403)

    result = run("drain", "--timeout", "10")

    assert result.exit_code == 1
    assert "0 of 2 reports were delivered" in result.stdout
    assert "2 were refused for good: HTTP 403" in result.stdout
    assert run("list").stdout == "nothing waits\n"


def test_nothing_can_be_sent_without_a_sink(
    spool_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_by_a_worker(spool_dir, "http://key@127.0.0.1:9/1", event(1))
    monkeypatch.setenv("SENTRY_ENVIRONMENT", "production")

    with pytest.raises(CommandError, match="set SENTRY_DSN") as refused:
        run("drain")

    assert refused.value.exit_code == 2


@pytest.mark.parametrize("command", [["list"], ["drain"], ["discard", "--older-than", "1h"]])
def test_another_users_folder_is_refused_in_one_sentence(
    spool_dir: Path, sink: RecordingSink, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    left_by_a_worker(spool_dir, sink.dsn, event(1))
    monkeypatch.setattr("os.access", lambda *_: False)  # root, who may run this, has access

    with pytest.raises(CommandError, match="run this as the user that the server runs as"):
        run(*command)


def test_old_reports_are_discarded_once_somebody_agrees(spool_dir: Path) -> None:
    dsn = "http://key@127.0.0.1:9/1"
    left_by_a_worker(spool_dir, dsn, event(1), event(2), logs(3), age_hours=30)
    left_by_a_worker(spool_dir, dsn, event(4))

    refused = run("discard", "--older-than", "24h", answer_to_question="n\n")
    assert refused.exit_code == 1
    assert "discard 3 reports (" in refused.stdout
    assert "nothing was discarded" in refused.stdout
    agreed = run("discard", "--older-than", "24h", answer_to_question="y\n")

    assert agreed.exit_code == 0
    assert "discarded 2 of error" in agreed.stdout
    assert "discarded 1 of log_item" in agreed.stdout
    assert len(run("list", "--all").stdout.splitlines()) == 3  # header, what is new, why
    assert run("discard", "--older-than", "24h").stdout == "nothing to discard\n"


def test_what_a_running_process_holds_is_not_discarded(spool_dir: Path) -> None:
    dsn = "http://key@127.0.0.1:9/1"
    with worker(spool_dir, dsn, event(1), age_hours=30):
        left_by_a_worker(spool_dir, dsn, event(2), age_hours=30)

        result = run("discard", "--older-than", "1d", "--yes")

        assert result.exit_code == 0
        assert "skipped 1 of worker-0 (running): its process sends them" in result.stdout
        assert "discarded 1 of error" in result.stdout
        assert " 1 " in run("list").stdout


def test_a_server_that_runs_on_the_folder_goes_on(spool_dir: Path, sink: RecordingSink) -> None:
    telemetry.init(telemetry.Options(dsn=sink.dsn, spool_dir=spool_dir, pseudonym_key="k" * 32))
    try:
        for command in (["list"], ["drain"], ["discard", "--older-than", "1s", "--yes"]):
            assert run(*command).exit_code == 0
        sentry_sdk.capture_message("still here")
        assert telemetry.flush(5)
    finally:
        telemetry.close()
    assert [event["message"] for event in sink.items("event")] == ["still here"]


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("24h", timedelta(hours=24)),
        ("90s", timedelta(seconds=90)),
        ("1.5d", timedelta(hours=36)),
        (" 30m ", timedelta(minutes=30)),
    ],
)
def test_lengths_of_time_are_read(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize("text", ["", "24", "h", "-1h", "1w", "1e9h", "24 h ago"])
def test_what_is_no_length_of_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(CommandError, match="as in 24h"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (shown_duration(5), "5 s"),
        (shown_duration(-5), "0 s"),
        (shown_duration(600), "10 min"),
        (shown_duration(5 * 3_600), "5 h"),
        (shown_duration(72 * 3_600), "3 days"),
        (shown_bytes(12), "12 B"),
        (shown_bytes(2_048), "2.0 KiB"),
        (shown_bytes(3 * 1024 * 1024), "3.0 MiB"),
    ],
)
def test_amounts_are_shown_in_the_unit_that_fits(shown: str, expected: str) -> None:
    assert shown == expected
