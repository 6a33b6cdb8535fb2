"""A process that forks, by itself or with ``multiprocessing``: every child reports on its own, once, to its end."""

import os
import subprocess
import sys
from pathlib import Path

from tests.telemetry import forking
from tests.telemetry.sink import RecordingSink, items_of
from toolboxai.telemetry.spool import waiting_in

ROOT = Path(__file__).parents[2]


def run(what: str, dsn: str, folder: Path) -> str:
    """Run one of the programs to its end; return what it printed.

    Not under coverage, whose own lock another thread may hold at a fork: the child would wait for it for ever.
    """
    environment = {name: text for name, text in os.environ.items() if "COVERAGE" not in name}
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.telemetry.forking", what, dsn, str(folder)],
        cwd=ROOT,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def said_in(sink: RecordingSink) -> list[str]:
    """Return the words of all events that arrived."""
    values = [event.get("exception", {}).get("values") for event in sink.items("event")]
    return sorted(value[-1]["value"] for value in values if value)


def captured_by(*names: str) -> list[str]:
    """Return what children of these names captured."""
    return sorted(f"{name} {turn}" for name in names for turn in range(forking.CAPTURED))


def test_a_child_reports_whatever_its_parents_threads_were_at(
    sink: RecordingSink, tmp_path: Path
) -> None:
    run("halted", sink.dsn, tmp_path)

    wanted = [f"{who} {place}" for who in ("child", "parent") for place in forking.PLACES]
    assert said_in(sink) == sorted(wanted)


def test_children_of_a_busy_process_report_once(sink: RecordingSink, tmp_path: Path) -> None:
    run("loaded", sink.dsn, tmp_path)

    own = [words for words in said_in(sink) if words.startswith("child")]
    assert own == sorted(f"child {number}" for number in range(forking.CHILDREN))


def test_no_thread_of_ours_imports_anything(sink: RecordingSink, tmp_path: Path) -> None:
    # A fork in the middle of an import leaves the child one that never ends.
    assert run("importing", sink.dsn, tmp_path) == ""
    assert sorted(set(said_in(sink))) == ["child", "parent"]


def test_what_children_of_multiprocessing_captured_arrives(
    sink: RecordingSink, tmp_path: Path
) -> None:
    run("children", sink.dsn, tmp_path)

    said = sorted(event["message"] for event in sink.items("event"))
    assert said == captured_by(*forking.METHODS, *forking.POOL_TASKS)


def test_what_a_child_captured_is_on_disk_when_no_sink_answers(tmp_path: Path) -> None:
    run("forked child", "http://publickey@127.0.0.1:1/1", tmp_path)

    folders = tmp_path.glob("*/worker-*")
    kept = [each.record for folder in folders for each in waiting_in(folder, lambda _: frozenset())]
    payloads = [item.payload for record in kept for item in items_of(record.body)]
    assert sorted(payload["message"] for payload in payloads) == captured_by("fork")
