"""What the environment in .venv is made from; scripts/setup makes it anew when an answer changes.

Prints three words: the interpreter and its folder, all that ./run installs, all that ./test
installs. Runs on any Python 3, since it is also what finds out that one is too old (exit code 3).
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 (this is what finds out)
    sys.stdout.write("%d.%d.%d" % tuple(sys.version_info[:3]))  # noqa: UP031
    sys.exit(3)

import hashlib
import json
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def package() -> bytes:
    """Return what an editable install takes from pyproject.toml; how we lint is not in it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    parts = [project["project"], project["build-system"], project["tool"]["hatch"]]
    return json.dumps(parts, sort_keys=True).encode()


def fingerprint(*parts: bytes) -> str:
    """Return one word that changes with any of ``parts``."""
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]


# A venv does not survive being moved, hence the folder.
interpreter = fingerprint(sys.version.encode(), sys.base_prefix.encode(), str(ROOT).encode())
run = [package(), (ROOT / "requirements.txt").read_bytes(), (ROOT / "scripts/setup").read_bytes()]
test = [*run, (ROOT / "requirements-dev.txt").read_bytes()]
sys.stdout.write(f"{interpreter} {fingerprint(*run)} {fingerprint(*test)}\n")
