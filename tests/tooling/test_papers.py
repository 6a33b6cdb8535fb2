"""The papers say what is so."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tooling.copies import ROOT
from toolboxai import __version__
from toolboxai.__main__ import EXTRAS_FOR_MODULE

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DECISIONS = ROOT / "docs/decisions"
PARTS = ["## Context", "## Decision", "## Consequences", "## Alternatives"]
# Import names that differ from the distribution's.
MODULES = {"pydantic-ai-slim": "pydantic_ai", "pyjwt": "jwt"}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def names_in(requirements: list[str]) -> Iterator[str]:
    for requirement in requirements:
        found = re.match(r"[A-Za-z0-9._-]+", requirement)
        assert found, requirement
        yield found[0].lower()


def all_dependencies() -> set[str]:
    project = PROJECT["project"]
    groups = [
        project["dependencies"],
        *project["optional-dependencies"].values(),
        *PROJECT["dependency-groups"].values(),
    ]
    return {name for group in groups for name in names_in(group)}


def test_the_changelog_tells_of_this_version() -> None:
    assert re.search(
        rf"^## \[{re.escape(__version__)}\] - \d{{4}}-\d\d-\d\d$",
        read("CHANGELOG.md"),
        re.MULTILINE,
    )


def test_the_version_is_the_same_everywhere() -> None:
    assert PROJECT["project"]["version"] == __version__


def test_decisions_are_numbered_without_a_gap_and_listed() -> None:
    files = sorted(path.name for path in DECISIONS.glob("[0-9]*.md"))
    listed = re.findall(r"\]\((\d{4}-[a-z0-9-]+\.md)\)", read("docs/decisions/README.md"))

    assert [int(name[:4]) for name in files] == list(range(1, len(files) + 1))
    assert listed == files


@pytest.mark.parametrize("path", sorted(DECISIONS.glob("[0-9]*.md")), ids=lambda path: path.stem)
def test_a_decision_has_its_number_a_date_and_all_parts(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert text.startswith(f"# {path.name[:4]} ")
    assert re.match(r"# .+\n\n\d{4}-\d\d-\d\d · ", text)
    assert [line for line in text.splitlines() if line in PARTS] == PARTS


def test_every_dependency_has_its_line_and_every_line_its_dependency() -> None:
    text = read("docs/decisions/0003-dependencies.md")
    rows = set(re.findall(r"^\| ([a-z][a-z0-9-]+) \|", text, re.MULTILINE)) - {"package"}

    assert rows == all_dependencies()


def test_every_line_of_a_dependency_names_a_licence() -> None:
    text = read("docs/decisions/0003-dependencies.md")
    rows = re.findall(r"^\| [a-z][a-z0-9-]+ \|.*$", text, re.MULTILINE)

    assert [
        row for row in rows if not re.search(r"MIT|Apache|BSD|MPL|PSF|\| licence \|", row)
    ] == []


def test_the_command_knows_what_every_extra_brings() -> None:
    known: dict[str, set[str]] = {}
    for extra, requirements in PROJECT["project"]["optional-dependencies"].items():
        for name in names_in(requirements):
            known.setdefault(MODULES.get(name, name.replace("-", "_")), set()).add(extra)

    assert {name: set(extras) for name, extras in EXTRAS_FOR_MODULE.items()} == known


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-dev.txt", "tests/browser/package-lock.json"]
)
def test_a_lock_names_no_host(name: str) -> None:
    assert "://" not in read(name)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_pin_has_its_hashes(name: str) -> None:
    pins = re.findall(r"^\S+==\S+.*\n(.*)$", read(name), re.MULTILINE)

    assert pins
    assert all("--hash=sha256:" in line for line in pins)


def test_both_locks_pin_the_same_versions() -> None:
    pins = set(re.findall(r"^\S+==\S+", read("requirements.txt"), re.MULTILINE))

    assert pins <= set(re.findall(r"^\S+==\S+", read("requirements-dev.txt"), re.MULTILINE))
