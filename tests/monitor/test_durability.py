"""What was acknowledged is there: after kill -9, and because fsync comes before the answer."""

import os
import re
import shutil
import subprocess
import threading
from http.client import HTTPException
from pathlib import Path
from uuid import uuid4

import pytest

from tests.monitor.running import Monitor, event_envelope, monitor_process
from toolboxai.monitor.queries import Queries

KILLS = 8
SENDERS = 3


class Load:
    """Senders that go on until the monitor is gone; they note what was acknowledged."""

    def __init__(self, monitor: Monitor, enough: int) -> None:
        self._monitor = monitor
        self._enough = enough
        self.acknowledged: list[str] = []
        self.is_enough = threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        try:
            while True:
                event_id = uuid4().hex
                if self._monitor.post(event_envelope(event_id)).status == 200:
                    self.acknowledged.append(event_id)
                if len(self.acknowledged) >= self._enough:
                    self.is_enough.set()
        except (OSError, HTTPException):  # killed before or within an answer
            return


def test_kills_under_load_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    acknowledged: list[str] = []

    for kill in range(KILLS):
        with monitor_process(tmp_path) as (monitor, process):
            load = Load(monitor, enough=2 + 3 * kill)
            assert load.is_enough.wait(timeout=30)
            process.kill()
            load.join()
            acknowledged += load.acknowledged

    with monitor_process(tmp_path) as (monitor, _):
        queries = Queries(monitor.data)
        stored = list(queries.event_ids())
        (issue,) = queries.issues()
        counts = queries.counts()
        queries.close()
    assert set(acknowledged) <= set(stored)
    assert len(set(stored)) == len(stored) == issue.count == counts["error"]


def test_fsync_of_both_files_comes_before_the_answer(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    calls = "trace=fsync,fdatasync,write,writev,sendto,sendmsg"
    with monitor_process(
        tmp_path / "data",
        need_strace(),
        "-D",
        "-f",
        "-y",
        "-s",
        "20",
        "-e",
        calls,
        "-o",
        str(trace),
    ) as (monitor, process):
        # The first makes the files; the second meets them as they usually are.
        assert monitor.post(event_envelope()).status == 200
        already = trace.stat().st_size
        assert monitor.post(event_envelope()).status == 200
        # "-D" makes the monitor itself the child, so this ends it, and strace with it.
        process.terminate()
        process.wait(timeout=20)

    seen = trace.read_text()[already:].splitlines()
    answer = next(at for at, line in enumerate(seen) if "HTTP/1.1 200" in line)
    before = "\n".join(seen[:answer])
    day = re.search(r"f(data)?sync\(\d+<[^>]*-errors\.db-wal>\)", before)
    meta = re.search(r"f(data)?sync\(\d+<[^>]*meta\.db-wal>\)", before)
    assert day is not None
    assert meta is not None
    assert day.start() < meta.start()


def need_strace() -> str:
    """Return strace, or say why there is no proof."""
    strace = shutil.which("strace")
    reason = "strace is missing: apt-get install strace"
    if strace:
        tried = subprocess.run([strace, "-f", "true"], capture_output=True, text=True, check=False)
        if tried.returncode == 0:
            return strace
        reason = f"strace may not trace here (ptrace): {tried.stderr.strip()[:200]}"
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
