"""`./run` and `./test` set themselves up, whatever they find, and say what is missing."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tooling.copies import copy_repository, run
from toolboxai import __version__

TOO_OLD = f"""#!/bin/sh
# Runs what it is given, as a Python that says it is 3.9.2.
exec {sys.executable} -c '
import runpy, sys
sys.version_info = (3, 9, 2)
runpy.run_path(sys.argv[1], run_name="__main__")
' "$@"
"""
WITHOUT_VENV = f"""#!/bin/sh
# Debian's Python without python3-venv.
case "$*" in *ensurepip*) echo "No module named ensurepip" >&2; exit 1 ;; esac
exec {sys.executable} "$@"
"""
NOWHERE = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_NO_CACHE_DIR": "1",
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple",
    "UV_NO_CACHE": "1",
    "UV_HTTP_RETRIES": "0",
}
TOOLS = ("bash", "dirname", "env", "flock", "rm", "cut", "awk", "sh")


@dataclass(frozen=True, slots=True)
class Begun:
    """A copy in a folder with a space, in which ./run was called from elsewhere, twice."""

    copy: Path
    without_an_index: subprocess.CompletedProcess[str]
    with_one: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Begun:
    """Set a copy up where first no index can be reached."""
    folder = tmp_path_factory.mktemp("setup")
    copy = copy_repository(folder / "a fresh clone")
    command: list[str | Path] = [copy / "run", "--setup-only"]
    return Begun(copy, run(command, cwd=folder, env=NOWHERE), run(command, cwd=folder))


@pytest.fixture
def ready(begun: Begun) -> Path:
    """Return the copy, which is set up."""
    assert begun.with_one.returncode == 0, begun.with_one.stdout
    return begun.copy


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    return copy_repository(tmp_path / "fresh")


def version(copy: Path) -> str:
    return run([copy / ".venv/bin/toolboxai", "--version"], cwd=copy.parent).stdout.strip()


def stub(folder: Path, name: str, code: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(code)
    path.chmod(0o755)
    return path


def seconds_of_setup(copy: Path) -> float:
    started = time.perf_counter()
    done = run([copy / "run", "--setup-only"], cwd=copy)
    took = time.perf_counter() - started
    assert (done.returncode, done.stdout) == (0, "")
    return took


def test_the_command_works_afterwards(ready: Path) -> None:
    assert version(ready) == __version__


@pytest.mark.alone
def test_nothing_changed_takes_no_time_and_says_nothing(ready: Path) -> None:
    assert min(seconds_of_setup(ready) for _ in range(3)) < 1


def test_how_we_lint_is_no_reason_to_install_again(ready: Path) -> None:
    project = ready / "pyproject.toml"
    before = project.read_text()
    project.write_text(before.replace("line-length = 100", "line-length = 101"))

    said = run([ready / "run", "--setup-only"], cwd=ready).stdout
    project.write_text(before)

    assert said == ""


def test_what_test_installed_does_for_run_and_stays(ready: Path) -> None:
    run([ready / "scripts/setup", "test"], cwd=ready)

    then_run = run([ready / "scripts/setup", "run"], cwd=ready)

    assert (then_run.returncode, then_run.stdout) == (0, "")
    assert (ready / ".venv/bin/pytest").is_file()


def test_arguments_go_to_pytest_and_its_exit_code_comes_back(ready: Path) -> None:
    tests = ready / "tests/cli/test_made_up.py"
    tests.write_text("def test_right():\n    pass\n\n\ndef test_wrong():\n    assert 1 == 2\n")

    right = run([ready / "test", str(tests), "-k", "right"], cwd=ready)
    wrong = run([ready / "test", str(tests)], cwd=ready)
    tests.unlink()

    assert (right.returncode, "1 passed, 1 deselected" in right.stdout) == (0, True)
    assert (wrong.returncode, "1 failed, 1 passed" in wrong.stdout) == (1, True)


def test_a_moved_folder_is_set_up_anew(ready: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(ready, moved, ignore=shutil.ignore_patterns("lib", "lib64", "node_modules"))

    begun = run([moved / "run", "--setup-only"], cwd=tmp_path, env=NOWHERE)

    assert "making the environment" in begun.stdout


def test_two_at_once_wait_for_each_other(fresh: Path) -> None:
    both = [
        subprocess.Popen([fresh / "scripts/setup", purpose], stderr=subprocess.PIPE, text=True)
        for purpose in ("run", "test")
    ]
    said = [process.communicate(timeout=300)[1] for process in both]

    assert [process.returncode for process in both] == [0, 0], said
    assert version(fresh) == __version__
    assert (fresh / ".venv/bin/pytest").is_file()


def test_an_unreachable_index_is_said_and_the_next_run_starts_over(begun: Begun) -> None:
    assert begun.without_an_index.returncode == 1
    assert "Is the Python package index reachable" in begun.without_an_index.stdout
    assert "Traceback" not in begun.without_an_index.stdout
    assert begun.with_one.returncode == 0, begun.with_one.stdout
    assert "making the environment" in begun.with_one.stdout


def test_a_python_that_is_too_old_is_named(fresh: Path, tmp_path: Path) -> None:
    python = stub(tmp_path / "bin", "python3", TOO_OLD)

    done = run([fresh / "run", "--setup-only"], cwd=fresh, env={"PYTHON": str(python)})

    assert done.returncode == 1
    assert f"Python 3.11 or newer is needed: {python} is 3.9.2;" in done.stdout
    assert "PYTHON=/path/to/python3 ./run" in done.stdout


def test_no_python_at_all_is_said(fresh: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in TOOLS:
        (tools / name).symlink_to(shutil.which(name) or "/bin/false")

    done = run([fresh / "run", "--setup-only"], cwd=fresh, env={"PATH": str(tools)})

    assert done.returncode == 1
    assert "Python 3.11 or newer is needed: none was found." in done.stdout


def test_a_path_that_is_no_python_is_said(fresh: Path) -> None:
    done = run([fresh / "run", "--setup-only"], cwd=fresh, env={"PYTHON": "/bin/false"})

    assert done.returncode == 1
    assert "PYTHON=/bin/false cannot be run as a Python 3" in done.stdout


def test_a_python_without_venv_is_said_with_what_to_install(fresh: Path, tmp_path: Path) -> None:
    python = stub(tmp_path / "bin", "python3", WITHOUT_VENV)

    done = run([fresh / "run", "--setup-only"], cwd=fresh, env={"PYTHON": str(python)})

    assert done.returncode == 1
    assert "apt install python3-venv" in done.stdout


def test_npm_out_of_reach_is_said_with_what_to_do(ready: Path) -> None:
    run([ready / "scripts/setup", "test"], cwd=ready)
    shutil.rmtree(ready / "tests/browser/node_modules", ignore_errors=True)
    nowhere = {
        "npm_config_registry": "http://127.0.0.1:9/",
        "npm_config_cache": str(ready / "no-cache"),
        "npm_config_fetch_retries": "0",
    }

    done = run([ready / "scripts/browser-setup"], cwd=ready, env=nowhere)

    assert done.returncode == 1
    assert "Is the npm registry reachable" in done.stdout
