"""A disk that is full or read-only, at the start or later, delays nothing and loses nothing while the sink answers."""

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from shutil import rmtree

import pytest
import sentry_sdk

from tests.telemetry.conftest import Start
from tests.telemetry.sink import RecordingSink, accept, answer
from toolboxai import telemetry
from toolboxai.telemetry import setup
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.transport import SpoolingTransport

may_mount = sys.platform == "linux" and os.geteuid() == 0
needs_mount = pytest.mark.skipif(not may_mount, reason="only root may mount a disk to fill")


class SmallDisk:
    """A real disk of one mebibyte."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._fillers = folder / "fillers"

    def fill(self) -> None:
        """Leave no room, neither for content nor for another name."""
        self._fillers.mkdir()
        with pytest.raises(OSError, match="No space"):
            for number in count():
                (self._fillers / str(number)).write_bytes(bytes(64 * 1024))
        with pytest.raises(OSError, match="No space"):
            for number in count():
                (self._fillers / f"empty-{number}").touch()

    def empty(self) -> None:
        rmtree(self._fillers)

    def allow_writing(self, *, allow: bool) -> None:
        mode = f"remount,{'rw' if allow else 'ro'}"
        subprocess.run(["mount", "-o", mode, str(self.folder)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=64", "small-disk", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this container may not mount")
    yield SmallDisk(folder)
    telemetry.close()
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def transport() -> SpoolingTransport:
    running = setup.telemetry().transport
    assert running is not None
    return running


def count_of(name: str) -> int:
    return counters.snapshot().get(name, 0)


def messages(sink: RecordingSink) -> list[str]:
    return [event["message"] for event in sink.items("event")]


def eventually(sink: RecordingSink, condition: Callable[[], object]) -> None:
    """Wait for what no request announces."""
    with sink.changed:
        for _ in range(1_000):
            if condition():
                return
            sink.changed.wait(0.01)
    pytest.fail("it never came")


def refuse(sink: RecordingSink) -> None:
    sink.behaviour = lambda request: answer(request, 503)


@needs_mount
def test_a_disk_that_fills_up_is_done_without_and_used_again(
    start: Start, sink: RecordingSink, disk: SmallDisk
) -> None:
    start(spool_dir=disk.folder / "spool")
    disk.fill()
    held_before = count_of("envelopes.held")

    sentry_sdk.capture_message("from memory")
    sink.wait_for(lambda: messages(sink) == ["from memory"])
    assert count_of("envelopes.held") > held_before

    refuse(sink)
    sentry_sdk.capture_message("for later")
    eventually(sink, lambda: transport().spool.held)
    disk.empty()
    eventually(sink, lambda: transport().spool.size_bytes and not transport().spool.held)

    sink.behaviour = accept
    sink.wait_for(lambda: messages(sink) == ["from memory", "for later"])


@needs_mount
@pytest.mark.parametrize("trouble", ["full", "read-only"])
def test_a_disk_that_takes_nothing_at_the_start_does_not_stop_the_host(
    start: Start,
    sink: RecordingSink,
    disk: SmallDisk,
    caplog: pytest.LogCaptureFixture,
    trouble: str,
) -> None:
    if trouble == "full":
        disk.fill()
    else:
        disk.allow_writing(allow=False)
    with caplog.at_level(logging.WARNING, "toolboxai.telemetry.transport"):
        start(spool_dir=disk.folder / "spool", pseudonym_key="k" * 32)

    sentry_sdk.capture_message("from memory")

    sink.wait_for(lambda: messages(sink) == ["from memory"])
    refuse(sink)
    sentry_sdk.capture_message("for later")
    eventually(sink, lambda: transport().spool.held)
    disk.empty() if trouble == "full" else disk.allow_writing(allow=True)
    eventually(sink, lambda: transport().spool.size_bytes and not transport().spool.held)
    warnings = [record for record in caplog.records if "wait in memory" in record.message]
    assert len(warnings) == 1


@needs_mount
def test_what_neither_disk_nor_sink_took_is_counted_at_the_end(
    start: Start, sink: RecordingSink, disk: SmallDisk
) -> None:
    start(spool_dir=disk.folder / "spool", flush_timeout_seconds=0.2)
    disk.fill()
    refuse(sink)
    before = count_of("dropped.spool_unwritable.error")
    sentry_sdk.capture_message("nobody wants it")
    eventually(sink, lambda: transport().spool.held)

    telemetry.close()

    assert count_of("dropped.spool_unwritable.error") == before + 1


def test_a_path_that_can_not_work_is_refused(start: Start, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(OSError, match="file"):
        start(spool_dir=tmp_path / "file" / "spool")


STRANGER = """
import encodings.idna, os, sys
from pathlib import Path
import sentry_sdk
from toolboxai import telemetry

if os.geteuid() == 0:
    os.seteuid(65534)
telemetry.init(telemetry.Options(dsn=sys.argv[1], spool_dir=Path(sys.argv[2])))
sentry_sdk.capture_message("from memory")
telemetry.close()
"""


def test_a_folder_that_may_not_be_written_to_does_not_stop_the_host(
    sink: RecordingSink, tmp_path: Path
) -> None:
    tmp_path.chmod(0o500)
    command = [sys.executable, "-c", STRANGER, sink.dsn, str(tmp_path / "spool")]

    subprocess.run(command, check=True, timeout=30)

    assert messages(sink) == ["from memory"]
