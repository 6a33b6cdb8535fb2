"""Waiting for a module without importing it."""

import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import pytest

from toolboxai.telemetry.instruments.arriving import Arrivals


@pytest.fixture
def arrivals() -> Iterator[Arrivals]:
    """Arrivals that wait for nothing any more in the end."""
    made = Arrivals()
    yield made
    made.forget()


@pytest.fixture
def name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a module that nobody has imported yet."""
    made = f"library_{uuid4().hex}"
    (tmp_path / f"{made}.py").write_text("value = 7\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield made
    sys.modules.pop(made, None)


def test_a_module_is_welcomed_once_when_it_is_complete(arrivals: Arrivals, name: str) -> None:
    seen: list[int] = []
    arrivals.expect(name, lambda module: seen.append(module.value))

    import_module(name)
    import_module(name)

    assert seen == [7]


def test_a_module_that_is_there_is_welcomed_at_once(arrivals: Arrivals, name: str) -> None:
    seen: list[ModuleType] = []
    module = import_module(name)

    arrivals.expect(name, seen.append)

    assert seen == [module]
    assert arrivals not in sys.meta_path


def test_a_module_that_is_no_more_expected_is_not_welcomed(arrivals: Arrivals, name: str) -> None:
    seen: list[ModuleType] = []
    arrivals.expect(name, seen.append)
    spec = arrivals.find_spec(name, None)
    assert spec is not None
    assert spec.loader is not None
    arrivals.forget()

    spec.loader.exec_module(module_from_spec(spec))

    assert seen == []


def test_a_folder_without_code_is_imported_as_ever(
    arrivals: Arrivals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = f"folder_{uuid4().hex}"
    (tmp_path / folder).mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    seen: list[ModuleType] = []
    arrivals.expect(folder, seen.append)

    module = import_module(folder)

    assert module.__name__ == folder
    assert seen == []
