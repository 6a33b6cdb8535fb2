"""The shell scripts can be run, stop at the first error, and need no terminal."""

import os
from pathlib import Path

import pytest

from tests.tooling.copies import ROOT, run

SCRIPTS = ["run", "test", ".ci/run", "scripts/setup", "scripts/check", "scripts/browser-setup"]


@pytest.mark.parametrize("name", [*SCRIPTS, "scripts/lock"])
def test_a_script_is_executable_strict_and_well_formed(name: str) -> None:
    path = ROOT / name
    lines = path.read_text(encoding="utf-8").splitlines()

    assert os.access(path, os.X_OK)
    assert lines[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in lines
    assert run(["bash", "-n", path], cwd=ROOT).stdout == ""


def test_setup_knows_only_two_purposes(tmp_path: Path) -> None:
    done = run([ROOT / "scripts/setup", "party"], cwd=tmp_path)

    assert done.returncode == 1
    assert done.stdout == "toolboxai: scripts/setup takes run or test, not 'party'\n"
