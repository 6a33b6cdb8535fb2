"""The demonstration's traffic, and what it says about it."""

from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from benchmarks.processes import free_port
from tests.cli.conftest import Up
from tests.cli.processes import Running, is_listening, wait_until
from toolboxai.cli.demo import paced, run_demo, with_progress
from toolboxai.cli.errors import CommandError
from toolboxai.cli.traffic import Call, Kind, Objective, plan

OBJECTIVES = [Objective(code="addition", grades=(1, 2)), Objective(code="area", grades=(4,))]
CALL = Call(kind=Kind.FAILURE, method="GET", path="/sentry-debug")


@given(st.integers(1, 300), st.integers())
def test_the_same_seed_plans_the_same_calls_and_first_somebody_signs_in(
    requests: int, seed: int
) -> None:
    calls = list(plan(OBJECTIVES, requests, seed))

    assert len(calls) == requests
    assert calls == list(plan(OBJECTIVES, requests, seed))
    assert {call.kind for call in calls[:2]} == {Kind.SIGN_IN}


def test_most_traffic_is_lessons_for_the_grades_that_learn_them() -> None:
    lessons = [call for call in plan(OBJECTIVES, 1000, 1) if call.kind is Kind.LESSON]
    grades = {objective.code: objective.grades for objective in OBJECTIVES}

    assert 200 < len(lessons) < 400
    assert all(call.body["grade"] in grades[call.body["objective"]] for call in lessons)


def test_traffic_has_something_of_everything() -> None:
    assert {call.kind for call in plan(OBJECTIVES, 500, 1)} == set(Kind)


def test_calls_are_spread_evenly_over_the_time() -> None:
    clock = [100.0]
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        clock[0] += seconds

    list(paced([CALL] * 4, 10, now=lambda: clock[0], wait=wait))

    assert waits == [0, 2.5, 2.5, 2.5]


def test_a_slow_server_is_not_hurried() -> None:
    clock = [0.0]
    waits: list[float] = []

    for _ in paced([CALL] * 3, 3, now=lambda: clock[0], wait=waits.append):
        clock[0] += 5

    assert waits == [0, 0, 0]


def test_on_a_terminal_a_bar_shows_how_far_it_is() -> None:
    screen = StringIO()

    done = list(with_progress(iter([CALL] * 3), 3, Console(file=screen, force_terminal=True)))

    assert len(done) == 3
    assert "100%" in screen.getvalue()


def test_elsewhere_a_few_lines_do(capsys: pytest.CaptureFixture[str]) -> None:
    list(with_progress(iter([CALL] * 30), 30, Console(file=StringIO())))

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 10
    assert lines[-1] == "30 of 30 requests"


def test_a_real_server_does_with_everything_what_it_should(
    shared_up: Up, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLBOXAI_DATA_DIR", str(shared_up.folder / "data"))

    assert run_demo(shared_up.url, requests=150, seconds=1, seed=3) == 0

    said = capsys.readouterr().out
    assert "150 requests in " in said
    for ended in (
        "sign-ins (200)",
        "sign-ins refused (401)",
        "lessons made (201)",
        "quizzes made (201)",
        "lessons ordered (202)",
        "mistakes refused (422)",
        "pupils refused (403)",
        "requests of a Studio plugin (201)",
        "requests of a Studio plugin (204)",
        "errors raised on purpose (500)",
        "errors raised on purpose (503)",
    ):
        assert ended in said
    assert "the errors are in the monitor, whose address is what toolboxai up said last" in said
    assert ":8009" not in said


def test_answers_that_should_not_be_are_told_and_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    taught = '[{"code": "addition", "grades": [1], "subject": "mathematics"}]'
    (tmp_path / "objectives").write_text(taught)
    server = Running("--bind", "127.0.0.1", str(port), folder=tmp_path, module="http.server")
    wait_until(lambda: is_listening(port), "the web server")

    url = f"http://127.0.0.1:{port}"
    code = run_demo(url, requests=20, seconds=1, seed=1, people={})
    server.stop()

    assert code == 1
    assert "unexpected, " in capsys.readouterr().out


def test_no_server_is_said_with_what_to_do() -> None:
    with pytest.raises(CommandError, match="start one with: toolboxai up"):
        run_demo(f"http://127.0.0.1:{free_port()}", requests=1, seconds=1, seed=1)


def test_a_server_of_another_kind_is_said(shared_up: Up) -> None:
    with pytest.raises(CommandError, match="is no ToolboxAI server"):
        run_demo(f"http://127.0.0.1:{shared_up.monitor_port}", requests=1, seconds=1, seed=1)


@pytest.mark.parametrize("url", ["127.0.0.1:8008", "ftp://example.com", "http://", ""])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(CommandError, match="is no address"):
        run_demo(url, requests=1, seconds=1, seed=1)
