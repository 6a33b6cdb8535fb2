"""What workers tell each other through files: fresh, whole, and only of those that live."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from toolboxai.telemetry.figures import Figures, Workers
from toolboxai.telemetry.figures.figures import to_json
from toolboxai.telemetry.figures.workers import MAX_FILE_BYTES
from toolboxai.telemetry.spool import FIGURES_NAME, Heir, Slot, claim_folder

Claim = Callable[[], Slot]


@dataclass
class Clock:
    """A clock that a test moves."""

    seconds: float = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def claim(tmp_path: Path) -> Iterator[Claim]:
    """A function that claims one more worker's folder; all are given back in the end."""
    with ExitStack() as claimed:

        def one_more() -> Slot:
            slot = claim_folder(tmp_path, "sink")
            claimed.callback(_release, slot)
            return slot

        yield one_more


def _release(slot: Slot) -> None:
    try:
        slot.release()
    except OSError:
        return  # the test has done it


def test_a_worker_sees_what_the_others_have_shared_and_not_itself(
    claim: Claim, clock: Clock
) -> None:
    first, second = (Workers(claim().folder, now=clock) for _ in range(2))
    first.share(lambda: Figures(pid=1, queued=3))
    second.share(lambda: Figures(pid=2, queued=5))

    assert first.others() == [Figures(pid=2, queued=5)]
    assert second.others() == [Figures(pid=1, queued=3)]


def test_it_looks_at_most_once_a_second(claim: Claim, clock: Clock) -> None:
    me, other = (Workers(claim().folder, now=clock) for _ in range(2))
    assert me.others() == []
    other.share(lambda: Figures(pid=2))

    clock.seconds += 0.9
    assert me.others() == []
    clock.seconds += 0.1
    assert me.others() == [Figures(pid=2)]


def test_it_writes_at_most_once_a_second_and_only_what_has_changed(
    claim: Claim, clock: Clock
) -> None:
    slot = claim()
    me, file = Workers(slot.folder, now=clock), slot.folder / FIGURES_NAME
    me.share(lambda: Figures(queued=1))
    first = file.stat().st_ino

    clock.seconds += 0.9
    me.share(lambda: Figures(queued=2))
    assert file.read_bytes() == to_json(Figures(queued=1))
    clock.seconds += 0.1
    me.share(lambda: Figures(queued=1))
    assert file.stat().st_ino == first
    clock.seconds += 1
    me.share(lambda: Figures(queued=3))
    assert file.read_bytes() == to_json(Figures(queued=3))


def test_a_quiet_worker_is_touched_every_five_seconds(claim: Claim, clock: Clock) -> None:
    slot = claim()
    me, file = Workers(slot.folder, now=clock), slot.folder / FIGURES_NAME
    me.share(Figures)
    os.utime(file, (1, 1))

    for _ in range(4):
        clock.seconds += 1
        me.share(Figures)
    assert file.stat().st_mtime == 1
    clock.seconds += 1
    me.share(Figures)

    assert file.stat().st_mtime > 1


def test_figures_that_are_dear_to_write_are_written_more_rarely(claim: Claim, clock: Clock) -> None:
    slot = claim()
    me, file = Workers(slot.folder, now=clock), slot.folder / FIGURES_NAME

    def dear() -> Figures:
        clock.seconds += 0.03
        return Figures(queued=1)

    me.share(dear)
    clock.seconds += 2.9
    me.share(lambda: Figures(queued=2))
    assert file.read_bytes() == to_json(Figures(queued=1))
    clock.seconds += 0.1
    me.share(lambda: Figures(queued=2))

    assert file.read_bytes() == to_json(Figures(queued=2))


def test_the_file_is_private_and_alone(claim: Claim, clock: Clock) -> None:
    slot = claim()

    Workers(slot.folder, now=clock).share(Figures)

    assert sorted(path.name for path in slot.folder.iterdir()) == [FIGURES_NAME, "lock"]
    assert (slot.folder / FIGURES_NAME).stat().st_mode & 0o777 == 0o600


def test_a_worker_that_ended_is_not_counted(claim: Claim, clock: Clock) -> None:
    me, slot = Workers(claim().folder, now=clock), claim()
    Workers(slot.folder, now=clock).share(Figures)

    slot.release()

    assert me.others() == []


@pytest.mark.parametrize("seconds", [-16, 16])
def test_a_file_of_another_time_is_not_counted(claim: Claim, clock: Clock, seconds: int) -> None:
    me, slot = Workers(claim().folder, now=clock), claim()
    Workers(slot.folder, now=clock).share(Figures)
    file = slot.folder / FIGURES_NAME
    time = file.stat().st_mtime + seconds

    os.utime(file, (time, time))

    assert me.others() == []


def test_who_claims_the_folder_of_the_dead_removes_its_figures(claim: Claim, clock: Clock) -> None:
    dead = claim()
    Workers(dead.folder, now=clock).share(Figures)
    dead.release()

    heir = claim()

    assert heir.folder == dead.folder
    assert not (heir.folder / FIGURES_NAME).exists()


def test_who_adopts_what_the_dead_left_removes_their_figures(claim: Claim, clock: Clock) -> None:
    alive, one, other = claim(), claim(), claim()
    for slot in (alive, one, other):
        Workers(slot.folder, now=clock).share(Figures)
    one.release()
    other.release()

    heir = claim()
    Heir(heir, max_bytes=1_000).look()

    assert heir.folder == one.folder
    assert (alive.folder / FIGURES_NAME).exists()
    assert not (other.folder / FIGURES_NAME).exists()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(to_json(Figures())[:-20], id="torn"),
        pytest.param(b"\x00\xff", id="not JSON"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b'{"version":1,"pid":"rm -rf"}', id="other fields"),
        pytest.param(to_json(Figures()) + b" " * MAX_FILE_BYTES, id="too large"),
    ],
)
def test_a_file_that_no_worker_wrote_is_not_counted(
    claim: Claim, clock: Clock, body: bytes
) -> None:
    me, slot = Workers(claim().folder, now=clock), claim()

    (slot.folder / FIGURES_NAME).write_bytes(body)

    assert me.others() == []


def test_what_is_no_file_is_neither_followed_nor_waited_for(claim: Claim, clock: Clock) -> None:
    me, link, pipe, folder = Workers(claim().folder, now=clock), claim(), claim(), claim()
    (link.folder / "kept").write_bytes(to_json(Figures()))
    (link.folder / FIGURES_NAME).symlink_to("kept")
    os.mkfifo(pipe.folder / FIGURES_NAME)
    (folder.folder / FIGURES_NAME).mkdir()

    assert me.others() == []
    folder.release()
    assert claim().folder == folder.folder


def test_a_disk_that_takes_no_more_is_no_trouble(claim: Claim, clock: Clock) -> None:
    slot = claim()
    me = Workers(slot.folder, now=clock)
    (slot.folder / "figures.partial").mkdir()

    me.share(lambda: Figures(queued=1))
    assert not (slot.folder / FIGURES_NAME).exists()
    (slot.folder / "figures.partial").rmdir()
    clock.seconds += 1
    me.share(lambda: Figures(queued=1))

    assert (slot.folder / FIGURES_NAME).exists()
