"""The supervisor on real processes: small web servers, and modules that misbehave."""

import os
import signal
import threading
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from benchmarks.processes import free_port
from tests.cli.processes import is_listening, is_running, wait_until
from toolboxai.cli.children import Process
from toolboxai.cli.supervision import Patience
from toolboxai.cli.supervisor import Supervisor

QUICK = Patience(start_seconds=20, stop_seconds=1, first_pause_seconds=0.05)
STUBBORN = """
import http.server, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind="127.0.0.1")
"""


class Stage:
    """A supervisor in a thread, and all it said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.is_up = threading.Event()
        self.ended_well: list[bool] = []
        self._supervisor: Supervisor | None = None
        self._thread: threading.Thread | None = None

    def hear(self, name: str, line: str) -> None:
        self.said.append(f"{name} | {line}")

    def web_server(self, name: str, module: str = "http.server") -> tuple[Process, int]:
        port = free_port()
        arguments = [module, str(port)]
        if module == "http.server":
            arguments += ["--bind", "127.0.0.1"]
        url = f"http://127.0.0.1:{port}/"
        return Process(name, arguments, health_url=url, hear=self.hear), port

    def play(self, *processes: Process) -> None:
        self._supervisor = Supervisor(
            processes, say=self.said.append, when_up=self.is_up.set, patience=QUICK
        )
        self._thread = threading.Thread(target=self._run, args=[self._supervisor])
        self._thread.start()

    def stop(self) -> None:
        assert self._supervisor
        self._supervisor.stop()

    def end(self) -> bool:
        assert self._thread
        self._thread.join(30)
        return self.ended_well[0]

    def leave(self) -> None:
        if self._thread and self._thread.is_alive():
            self.stop()
            self.end()

    def _run(self, supervisor: Supervisor) -> None:
        self.ended_well.append(supervisor.run())


@pytest.fixture
def stage() -> Generator[Stage]:
    stage = Stage()
    yield stage
    stage.leave()


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def write(name: str, code: str) -> str:
        (tmp_path / f"{name}.py").write_text(code)
        return name

    return write


def test_the_last_started_is_stopped_first(stage: Stage) -> None:
    first, first_port = stage.web_server("first")
    second, second_port = stage.web_server("second")
    stage.play(first, second)
    assert stage.is_up.wait(20)

    stage.stop()

    assert stage.end()
    assert [line for line in stage.said if "stopping" in line] == [
        "stopping second",
        "stopping first",
    ]
    assert not is_listening(first_port)
    assert not is_listening(second_port)


def test_a_killed_child_is_started_again(stage: Stage) -> None:
    only, port = stage.web_server("only")
    stage.play(only)
    assert stage.is_up.wait(20)
    assert only.pid

    os.kill(only.pid, signal.SIGKILL)

    wait_until(lambda: "only is up again" in stage.said, "the restart")
    assert "only ended with exit code -9; starting it again in 0.05 s" in stage.said
    assert is_listening(port)


def test_a_child_that_never_works_stops_the_rest_and_is_quoted(
    stage: Stage, module: Callable[[str, str], str]
) -> None:
    good, _ = stage.web_server("good")
    broken, _ = stage.web_server("broken", module("broken", "raise SystemExit('no disk')"))

    stage.play(good, broken)

    assert not stage.end()
    assert "broken | no disk" in stage.said
    assert any("broken ended with exit code 1 before it answered" in line for line in stage.said)
    assert "stopping good" in stage.said


def test_a_child_that_does_not_react_is_killed(
    stage: Stage, module: Callable[[str, str], str]
) -> None:
    stubborn, port = stage.web_server("stubborn", module("stubborn", STUBBORN))
    stage.play(stubborn)
    assert stage.is_up.wait(20)

    stage.stop()

    assert not stage.end()
    assert "stubborn does not react; killing it" in stage.said
    assert not is_listening(port)


def test_asked_twice_it_does_not_wait(stage: Stage, module: Callable[[str, str], str]) -> None:
    stubborn, _ = stage.web_server("stubborn", module("impatient", STUBBORN))
    stage.play(stubborn)
    assert stage.is_up.wait(20)

    stage.stop()
    wait_until(lambda: "stopping stubborn" in stage.said, "the first request to stop")
    stage.stop()

    assert not stage.end()
    assert "stubborn does not react; killing it" not in stage.said


def test_what_a_child_started_does_not_stay_behind(
    stage: Stage, module: Callable[[str, str], str], tmp_path: Path
) -> None:
    code = f"""
import pathlib, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path({str(tmp_path / "pid")!r}).write_text(str(child.pid))
"""
    parent, _ = stage.web_server("parent", module("parent", code))

    stage.play(parent)

    assert not stage.end()
    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: not is_running(pid), "the end of the grandchild")
