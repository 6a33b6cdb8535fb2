"""Tests run beside each other, but for those that want to be alone."""

from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock
from pathlib import Path
from threading import Thread

import pytest

from tests import turns
from tests.cli.processes import wait_until
from tests.turns import turn


def is_locked(path: Path) -> bool:
    with path.open() as file:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            return True
        flock(file, LOCK_UN)
    return False


def test_who_wants_to_be_alone_waits_for_all_before_and_keeps_out_all_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "door").touch()
    (tmp_path / "room").touch()
    monkeypatch.setattr(turns, "DOOR", tmp_path / "door")
    monkeypatch.setattr(turns, "ROOM", tmp_path / "room")
    noted: list[str] = []

    def visit(name: str, *, alone: bool) -> None:
        with turn(alone=alone):
            noted.append(name)

    alone = Thread(target=visit, args=["alone"], kwargs={"alone": True})
    late = Thread(target=visit, args=["late"], kwargs={"alone": False})
    with turn(alone=False):
        visit("beside", alone=False)
        alone.start()
        wait_until(lambda: is_locked(tmp_path / "door"), "somebody in the door")
        late.start()
        noted.append("first")
    for thread in (alone, late):
        thread.join()

    assert noted == ["beside", "first", "alone", "late"]
