"""Clean copies of this repository, as a fresh clone would be, and commands run in them."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_CLONED = (".git", ".venv", ".toolboxai", "node_modules", "__pycache__", "dist", ".*_cache")
LIMIT_SECONDS = 300
# What this test run's own environment says must not decide for the copy's.
NOT_INHERITED = {"PYTHON", "VIRTUAL_ENV", "SERVICES_REPORT", "PYTEST_ADDOPTS"}


def copy_repository(target: Path) -> Path:
    """Make ``target`` a copy of the repository without what is not committed."""
    shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(*NOT_CLONED, ".coverage*", ".env"))
    return target


def run(
    command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``command`` to its end, with both its outputs as one text in ``stdout``."""
    inherited = {name: value for name, value in os.environ.items() if not _is_ours(name)}
    return subprocess.run(
        command,
        cwd=cwd,
        env=inherited | dict(env or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=LIMIT_SECONDS,
    )


def _is_ours(name: str) -> bool:
    return name in NOT_INHERITED or name.startswith("COVERAGE_")
