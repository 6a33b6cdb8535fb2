"""A tethered child ends when whoever started it is gone."""

import subprocess
import sys
from pathlib import Path

from benchmarks.processes import free_port
from tests.cli.processes import is_listening, is_running, wait_until

COMMAND = [sys.executable, "-m", "toolboxai.cli.tethered"]
STUBBORN = """
import signal, time
from threading import Thread
from toolboxai.cli.tethered import watch
signal.signal(signal.SIGTERM, signal.SIG_IGN)
Thread(target=watch, args=[0], kwargs={"grace_seconds": 0.1}).start()
time.sleep(600)
"""


def test_it_runs_the_module_with_its_arguments(tmp_path: Path) -> None:
    (tmp_path / "echo.py").write_text("import sys; print(__name__, *sys.argv[1:])")

    child = subprocess.Popen(
        [*COMMAND, "echo", "one", "two"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout
    said = child.stdout.read()
    child.communicate()

    assert (said, child.returncode) == ("__main__ one two\n", 0)


def test_the_end_of_the_pipe_is_its_end() -> None:
    port = free_port()
    child = subprocess.Popen(
        [*COMMAND, "http.server", "--bind", "127.0.0.1", str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_until(lambda: is_listening(port), "the web server")

    child.communicate()

    assert child.returncode != 0
    assert not is_listening(port)


def test_who_ignores_the_request_is_killed() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", STUBBORN], stdin=subprocess.PIPE, start_new_session=True
    )

    child.communicate()

    assert not is_running(child.pid)
    assert child.returncode == -9
