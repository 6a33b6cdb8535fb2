"""A living worker takes over what dead ones left, as far as it has room, and never what a living one has."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from toolboxai.telemetry.spool import FIGURES_NAME, Heir, Slot, Spool, claim_folder
from toolboxai.telemetry.spool.adoption import ADOPT_EVERY_SECONDS

MAX_BYTES = 64 * 1024


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def never(reason: str, body: bytes) -> None:
    pytest.fail(f"{body!r} was lost: {reason}")


def spool_in(slot: Slot) -> Spool:
    return Spool(slot.folder, max_bytes=MAX_BYTES, lost=never)


@contextmanager
def worker(root: Path) -> Iterator[Slot]:
    slot = claim_folder(root, "sink")
    yield slot
    slot.release()


def leave(slot: Slot, *bodies: bytes, delivered: int = 0) -> None:
    """Keep ``bodies`` in a folder, of which the first few arrive."""
    spool = spool_in(slot)
    spool.append(list(bodies))
    for _ in range(delivered):
        entry = spool.take()
        assert entry is not None
        spool.acknowledge(entry)
    spool.close()


def drained(spool: Spool) -> list[bytes]:
    bodies = []
    while entry := spool.take():
        bodies.append(entry.body)
        spool.acknowledge(entry)
    return bodies


def test_who_lives_delivers_what_the_dead_left_beside_its_own_and_no_more(tmp_path: Path) -> None:
    clock = Clock()
    with worker(tmp_path) as mine, worker(tmp_path) as living:
        heir, spool = Heir(mine, max_bytes=MAX_BYTES, elapsed=clock), spool_in(mine)
        spool.append([b"mine"])
        leave(living, b"theirs")
        with worker(tmp_path) as dying:
            leave(dying, b"delivered", b"left", delivered=1)
            (dying.folder / FIGURES_NAME).touch()
            assert heir.look() == [], "it isn't dead yet"

        clock.seconds += ADOPT_EVERY_SECONDS
        spool.take_in(heir.look())

        assert spool.recover() == 1
        assert sorted(drained(spool)) == [b"left", b"mine"]
        assert [path.name for path in dying.folder.iterdir()] == ["lock"]
        assert len(list(living.folder.glob("*.segment"))) == 1
        spool.close()


def test_it_looks_now_and_then(tmp_path: Path) -> None:
    clock = Clock()
    with worker(tmp_path) as mine:
        heir = Heir(mine, max_bytes=MAX_BYTES, elapsed=clock)
        heir.look()
        with worker(tmp_path) as dead:
            leave(dead, b"left")

        clock.seconds += ADOPT_EVERY_SECONDS - 1
        assert heir.look() == []
        clock.seconds += 1
        assert len(heir.look()) == 1


def test_more_than_there_is_room_for_waits_where_it_is(tmp_path: Path) -> None:
    clock = Clock()
    with worker(tmp_path), worker(tmp_path) as one, worker(tmp_path) as other:
        for slot in (one, other):
            leave(slot, bytes(1_000))
    with worker(tmp_path) as mine:
        heir = Heir(mine, max_bytes=1_500, elapsed=clock)

        assert len(heir.look()) == 1
        clock.seconds += ADOPT_EVERY_SECONDS
        assert heir.look() == [], "ours is still full"
        drained(spool := recovered(mine))
        spool.close()
        clock.seconds += ADOPT_EVERY_SECONDS
        assert len(heir.look()) == 1


def recovered(slot: Slot) -> Spool:
    spool = spool_in(slot)
    spool.recover()
    return spool


def test_what_can_not_be_moved_now_is_moved_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, renamed = Clock(), list[Path]()
    rename = Path.rename

    def once(path: Path, target: Path) -> Path:
        renamed.append(path)
        if len(renamed) > 1:
            raise OSError(28, "No space left on device")
        return rename(path, target)

    with worker(tmp_path), worker(tmp_path) as dead:
        leave(dead, b"first")
        leave(dead, b"second")
    with worker(tmp_path) as mine:
        heir = Heir(mine, max_bytes=MAX_BYTES, elapsed=clock)
        with monkeypatch.context() as patched:
            patched.setattr(Path, "rename", once)
            (first,) = heir.look()
        clock.seconds += ADOPT_EVERY_SECONDS
        (second,) = heir.look()

        assert first < second
        assert drained(recovered(mine)) == [b"first", b"second"]
