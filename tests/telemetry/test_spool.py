"""What goes into the spool comes out, also after a power cut at any moment."""

import os
import struct
from errno import EIO
from itertools import count
from pathlib import Path
from random import Random
from threading import Thread
from zlib import crc32

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tests.telemetry.forgetful_disk import ForgetfulDisk, PowerCutError
from toolboxai.telemetry.spool import Disk, Heir, RealDisk, Spool, claim_folder
from toolboxai.telemetry.spool.disk import Appender
from toolboxai.telemetry.spool.records import (
    MARK,
    MAX_RECORD_BYTES,
    OLD_MARK,
    Record,
    damaged_in,
    found_in,
    framed,
    record_at,
)

FOLDER = Path("/spool")
BATCHES = st.lists(
    st.lists(st.binary(max_size=3_000), min_size=1, max_size=4), min_size=1, max_size=8
)

TEXTS = st.text(st.characters(min_codepoint=1, codec="utf-8"), min_size=1, max_size=400).map(
    str.encode
)


def kind_by_length(body: bytes) -> frozenset[str]:
    return frozenset({f"kind-{len(body) % 3}", "some"})


def spool_on(
    disk: Disk,
    folder: Path = FOLDER,
    *,
    lost: list[bytes] | None = None,
    damaged: list[frozenset[str]] | None = None,
    **limits: int,
) -> Spool:
    ticks = count(1)
    return Spool(
        folder,
        max_bytes=limits.get("max_bytes", 64 * 1024),
        lost=lambda _reason, body: (lost if lost is not None else []).append(body),
        damaged=(damaged if damaged is not None else []).append,
        categories_of=kind_by_length,
        rules=3,
        disk=disk,
        now_ns=lambda: next(ticks),
    )


def nothing_is_lost(_reason: str, body: bytes) -> None:
    pytest.fail(f"{body!r} was lost")


def drained(spool: Spool) -> list[bytes]:
    bodies = []
    while entry := spool.take():
        assert entry.rules != 3 or entry.categories == kind_by_length(entry.body)
        bodies.append(entry.body)
        spool.acknowledge(entry)
    return bodies


@given(BATCHES)
def test_what_goes_in_comes_out_once_and_in_order(batches: list[list[bytes]]) -> None:
    spool = spool_on(ForgetfulDisk())
    for batch in batches:
        spool.append(list(batch))

    assert drained(spool) == [body for batch in batches for body in batch]
    assert drained(spool) == []
    assert spool.waiting == 0


@given(BATCHES, st.integers(0, 30))
def test_a_restart_brings_back_what_was_not_acknowledged(
    batches: list[list[bytes]], delivered: int
) -> None:
    disk = ForgetfulDisk()
    before = spool_on(disk)
    bodies = [body for batch in batches for body in batch]
    for batch in batches:
        before.append(list(batch))
    for _ in range(min(delivered, len(bodies))):
        entry = before.take()
        assert entry is not None
        before.acknowledge(entry)
    before.close()

    after = spool_on(disk)
    after.recover()

    assert drained(after) == bodies[delivered:]


class Witness:
    """Runs a fixed story on a disk and remembers what the spool promised before the power went."""

    def __init__(self) -> None:
        self.promised: list[bytes] = []
        self.tried: set[bytes] = set()
        self.acknowledged: set[bytes] = set()

    def run(self, disk: ForgetfulDisk, batches: list[list[bytes]]) -> None:
        spool = spool_on(disk)
        numbers = count()
        for batch in batches:
            bodies = [b"%d:" % next(numbers) + body for body in batch]
            self.tried.update(bodies)
            first, rest = bodies[:1], bodies[1:]
            spool.hold(first)  # as if the disk had just refused it
            spool.settle()
            spool.append(rest)
            self.promised += bodies
            if entry := spool.take():
                self.acknowledged.add(entry.body)
                spool.acknowledge(entry)


@pytest.mark.parametrize("survives", [0.0, 0.5, 1.0])
@settings(max_examples=50)
@given(batches=BATCHES)
@example(batches=[[b"x" * 3_000] * 4] * 4)
def test_a_power_cut_at_any_moment_loses_nothing_that_was_promised(
    survives: float, batches: list[list[bytes]]
) -> None:
    calm = ForgetfulDisk()
    Witness().run(calm, batches)

    for moment in range(calm.operations):
        disk, witness = ForgetfulDisk(power_cut_at=moment), Witness()
        with pytest.raises(PowerCutError):
            witness.run(disk, batches)
        found = spool_on(disk.after_power_cut(survives=survives))
        found.recover()
        bodies = drained(found)

        assert set(witness.promised) - witness.acknowledged <= set(bodies)
        assert set(bodies) <= witness.tried, "something came out that never went in"


@given(st.lists(st.binary(max_size=400), max_size=8), st.data())
def test_damage_costs_what_it_hits_and_no_more(bodies: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(framed(Record(body)) for body in bodies)
    at = data.draw(st.integers(0, max(0, len(whole) - 1)))
    broken = whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :] if whole else b""

    found = [record.body for start, _ in found_in(broken) if (record := record_at(broken, start))]

    assert len(found) >= len(bodies) - 1
    assert all(body in bodies for body in found)


@given(st.lists(TEXTS, min_size=1, max_size=8), st.data())
def test_what_damage_costs_is_known(bodies: list[bytes], data: st.DataObject) -> None:
    frames = [framed(Record(body)) for body in bodies]
    whole = b"".join(frames)
    at = data.draw(st.integers(0, len(whole) - 1))
    broken = whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]
    length_of_last = range(len(whole) - len(frames[-1]) + 4, len(whole) - len(frames[-1]) + 8)
    assume(at not in length_of_last)  # that looks like a write that never ended

    assert len(list(damaged_in(broken, found_in(broken)))) + len(list(found_in(broken))) == len(
        bodies
    )


@pytest.mark.parametrize("written", range(0, 60, 7))
def test_a_write_that_never_ended_is_no_damage(written: int) -> None:
    torn = framed(Record(b"whole")) + framed(Record(b"torn" * 10))[:written] + bytes(100)

    assert list(damaged_in(torn, found_in(torn))) == []


@given(st.binary(max_size=2_000))
@example(MARK)
@example(MARK + b"\xff\xff\xff\xff" * 2)
def test_any_bytes_can_be_looked_through_for_records(garbage: bytes) -> None:
    for start, end in found_in(garbage):
        assert start < end <= len(garbage)
    for start, _ in damaged_in(garbage, found_in(garbage)):
        assert 0 <= start < len(garbage)


def test_a_record_has_a_largest_size() -> None:
    with pytest.raises(ValueError, match="at most"):
        framed(Record(bytes(MAX_RECORD_BYTES + 1)))


def test_when_it_is_full_the_oldest_goes_and_is_counted() -> None:
    lost: list[bytes] = []
    spool = spool_on(ForgetfulDisk(), lost=lost)
    bodies = [b"%04d" % number + bytes(1_000) for number in range(200)]
    for body in bodies:
        spool.append([body])

    kept = drained(spool)

    assert lost + kept == bodies
    assert lost
    assert spool.size_bytes <= 64 * 1024


def test_a_body_that_lost_its_place_can_still_be_acknowledged() -> None:
    spool = spool_on(ForgetfulDisk())
    spool.append([b"first" + bytes(5_000)])
    entry = spool.take()
    assert entry is not None
    for _ in range(80):
        spool.append([bytes(1_000)])

    spool.acknowledge(entry)

    assert entry.body.startswith(b"first")


def test_what_is_given_back_is_taken_again() -> None:
    spool = spool_on(ForgetfulDisk())
    spool.append([b"a", b"b"])
    first = spool.take()
    assert first is not None
    spool.give_back(first)

    again = spool.take()

    assert again is not None
    assert again.body == b"a"


def test_names_never_go_back_when_the_clock_did(tmp_path: Path) -> None:
    names = []
    for time in (9, 3):
        spool = Spool(
            tmp_path,
            max_bytes=64 * 1024,
            lost=nothing_is_lost,
            now_ns=lambda: time,  # noqa: B023 - called within the round
            elapsed_ns=lambda: 0,
        )
        spool.append([b"waits"])
        spool.close()
        names = sorted(path.name for path in tmp_path.glob("*.segment"))

    assert names == [f"{9:020d}.segment", f"{10:020d}.segment"]


def kind_spool(disk: Disk | None = None, folder: Path = FOLDER) -> Spool:
    """Return a spool of bodies that begin with their categories: ``error+log:text``."""
    return Spool(
        folder,
        max_bytes=64 * 1024,
        lost=nothing_is_lost,
        categories_of=lambda body: frozenset(body.partition(b":")[0].decode().split("+")),
        rules=7,
        disk=disk or ForgetfulDisk(),
        now_ns=lambda: 1_700_000_000_000_000_000,
        elapsed_ns=lambda: 0,
    )


MIXED = [b"log:1", b"error:2", b"transaction:3", b"error+log:4", b"log:5"]


@pytest.mark.parametrize("restarts", [False, True])
def test_errors_come_newest_first_and_then_the_rest_oldest_first(*, restarts: bool) -> None:
    disk = ForgetfulDisk()
    spool = kind_spool(disk)
    spool.append(list(MIXED))
    if restarts:
        spool.close()
        spool = kind_spool(disk)
        spool.recover()

    assert drained(spool) == [b"error+log:4", b"error:2", b"log:1", b"transaction:3", b"log:5"]


def test_what_is_refused_stays_and_holds_up_nobody() -> None:
    spool = kind_spool()
    spool.append(list(MIXED))

    taken = [spool.take(lambda categories: "log" not in categories) for _ in range(3)]

    assert [entry and entry.body for entry in taken] == [b"error:2", b"transaction:3", None]
    left = [spool.take() for _ in range(4)]
    assert [entry and entry.body for entry in left] == [b"error+log:4", b"log:1", b"log:5", None]


def test_an_entry_says_what_is_known_about_it() -> None:
    spool = kind_spool()
    spool.append([b"error+log:4"])

    entry = spool.take()

    assert entry is not None
    assert entry.categories == {"error", "log"}
    assert entry.written_at == 1_700_000_000
    assert entry.rules == 7


def test_more_sets_of_categories_than_are_told_apart_cost_only_their_choice() -> None:
    disk = ForgetfulDisk()
    spool = kind_spool(disk)
    bodies = [b"kind-%d:" % number for number in range(100)]
    spool.append(list(bodies))
    spool.close()

    found = kind_spool(disk)
    found.recover()
    entries = [found.take() for _ in bodies]

    assert [entry and entry.body for entry in entries] == bodies
    assert [entry and set(entry.categories) for entry in entries] == [
        {f"kind-{number}"} for number in range(100)
    ]


def test_records_of_the_first_version_are_read(tmp_path: Path) -> None:
    body = b"error:from before"
    old = OLD_MARK + struct.pack("<II", len(body), crc32(body)) + body
    (tmp_path / f"{5_000_000_000:020d}.segment").write_bytes(old + framed(Record(b"log:new")))
    spool = kind_spool(RealDisk(), tmp_path)
    spool.recover()

    first, second = spool.take(), spool.take()

    assert first is not None
    assert (first.body, first.categories, first.rules) == (body, frozenset({"error"}), 0)
    assert first.written_at == 5
    assert second is not None
    assert second.body == b"log:new"


def test_what_is_deferred_comes_after_all_others_and_then_in_turn() -> None:
    spool = kind_spool()
    spool.append([b"error:poison", b"log:poison", b"log:fine"])
    order = []
    for _ in range(6):
        entry = spool.take()
        assert entry is not None
        order.append(entry.body)
        if b"poison" in entry.body:
            spool.defer(entry)
        else:
            spool.acknowledge(entry)

    assert order[:3] == [b"error:poison", b"log:poison", b"log:fine"]
    assert order[3:] == [b"error:poison", b"log:poison", b"error:poison"]


def test_the_oldest_that_waits_says_since_when() -> None:
    spool = spool_on(ForgetfulDisk())
    since = [spool.oldest_waiting_at]
    for body in (b"first", b"second", b"third"):
        spool.append([body])

    since.append(spool.oldest_waiting_at)
    while entry := spool.take():
        assert since[-1] == entry.written_at
        spool.acknowledge(entry)
        since.append(spool.oldest_waiting_at)

    assert len(set(since)) == 4
    assert since[0] is since[-1] is None


def test_of_what_an_earlier_process_left_the_record_says_since_when() -> None:
    disk = ForgetfulDisk()
    spool = spool_on(disk)
    spool.append([b"left"])
    since = spool.oldest_waiting_at
    spool.close()

    heir = spool_on(disk)
    heir.recover()

    assert since is not None
    assert heir.oldest_waiting_at == since


def test_a_segment_that_somebody_deleted_does_not_hold_up_the_rest(tmp_path: Path) -> None:
    damaged: list[frozenset[str]] = []
    spool = spool_on(RealDisk(), tmp_path, damaged=damaged)
    spool.append([bytes(8_000)])
    spool.append([b"still there"])
    next(iter(sorted(tmp_path.glob("*.segment")))).unlink()

    assert drained(spool) == [b"still there"]
    assert damaged == [kind_by_length(bytes(8_000))]
    spool.close()


def test_a_disk_that_can_not_be_read_now_is_read_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = spool_on(RealDisk(), tmp_path)
    spool.append([b"patience"])

    def too_many_open_files(*_: object) -> bytes:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(RealDisk, "read_part", too_many_open_files)
        assert spool.take() is None

    assert drained(spool) == [b"patience"]
    spool.close()


def test_a_record_that_rots_while_it_waits_costs_only_itself(tmp_path: Path) -> None:
    damaged: list[frozenset[str]] = []
    spool = spool_on(RealDisk(), tmp_path, damaged=damaged)
    spool.append([b"sound", b"rotten", b"sound too"])
    rot(tmp_path, b"rotten")

    assert drained(spool) == [b"sound", b"sound too"]
    assert spool.waiting == 0
    assert damaged == [kind_by_length(b"rotten")]
    spool.close()


def rot(folder: Path, body: bytes) -> None:
    """Flip bits of a record."""
    for path in folder.glob("*.segment"):
        path.write_bytes(path.read_bytes().replace(body, body[::-1]))


def test_what_rotted_before_a_start_is_counted_once_and_moves_nobodys_acknowledgement(
    tmp_path: Path,
) -> None:
    damaged: list[frozenset[str]] = []
    spool = spool_on(RealDisk(), tmp_path)
    spool.append([b"arrived", b"rotten", b"arrived too", b"waits", b"waits too"])
    for _ in range(3):
        entry = spool.take()
        assert entry is not None
        (spool.defer if entry.body == b"rotten" else spool.acknowledge)(entry)
    spool.close()
    rot(tmp_path, b"rotten")

    for _ in range(2):
        spool = spool_on(RealDisk(), tmp_path, damaged=damaged)
        assert spool.recover() == 2
        spool.close()
    spool = spool_on(RealDisk(), tmp_path)
    spool.recover()

    assert drained(spool) == [b"waits", b"waits too"]
    assert damaged == [kind_by_length(b"rotten")]
    spool.close()


def test_acknowledgements_of_the_first_version_are_read(tmp_path: Path) -> None:
    spool = spool_on(RealDisk(), tmp_path)
    spool.append([b"arrived", b"waits"])
    spool.close()
    (path,) = tmp_path.glob("*.segment")
    path.with_suffix(".acknowledged").write_bytes(struct.pack("<I", 0))

    spool = spool_on(RealDisk(), tmp_path)
    spool.recover()

    assert drained(spool) == [b"waits"]
    spool.close()


def test_what_can_not_be_read_any_more_when_it_has_to_go_is_counted_too(tmp_path: Path) -> None:
    damaged: list[frozenset[str]] = []
    lost: list[bytes] = []
    spool = spool_on(RealDisk(), tmp_path, lost=lost, damaged=damaged)
    spool.append([b"rotten", b"sound"])
    rot(tmp_path, b"rotten")
    for _ in range(80):
        spool.append([bytes(1_000)])

    assert lost[0] == b"sound"
    assert damaged == [kind_by_length(b"rotten")]
    spool.close()


def test_a_place_that_the_disk_can_not_read_holds_up_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = spool_on(RealDisk(), tmp_path)
    spool.append([b"bad sector", b"sound"])
    read_part = RealDisk.read_part

    def failing_at_the_beginning(disk: RealDisk, path: Path, offset: int, length: int) -> bytes:
        if offset == 0:
            raise OSError(EIO, "Input/output error")
        return read_part(disk, path, offset, length)

    with monkeypatch.context() as patched:
        patched.setattr(RealDisk, "read_part", failing_at_the_beginning)
        assert drained(spool) == [b"sound"]

    assert drained(spool) == [b"bad sector"]
    spool.close()


def test_two_workers_that_wrote_at_the_same_moment_are_both_inherited(tmp_path: Path) -> None:
    slots = [claim_folder(tmp_path, "sink") for _ in range(3)]
    for slot in slots:
        one = Spool(
            slot.folder,
            max_bytes=64 * 1024,
            lost=nothing_is_lost,
            now_ns=lambda: 5,
            elapsed_ns=lambda: 0,
        )
        one.append([f"of {slot.folder.name}".encode(), b"delivered"])
        first, second = one.take(), one.take()
        assert first is not None
        assert second is not None
        one.acknowledge(second)
        one.close()
    for slot in slots:
        slot.release()

    heir = claim_folder(tmp_path, "sink")
    Heir(heir, max_bytes=64 * 1024).look()
    spool = Spool(heir.folder, max_bytes=64 * 1024, lost=nothing_is_lost)
    spool.recover()

    assert drained(spool) == [b"of worker-0", b"of worker-1", b"of worker-2"]
    spool.close()
    heir.release()


def test_writing_and_delivering_threads_neither_lose_nor_repeat(tmp_path: Path) -> None:
    spool = spool_on(RealDisk(), tmp_path, max_bytes=4 * 1024 * 1024)
    bodies = [b"%05d" % number + bytes(500) for number in range(3_000)]
    arrived: list[bytes] = []
    chance = Random(7)

    def write() -> None:
        for at in range(0, len(bodies), 10):
            batch = bodies[at : at + 10]
            if chance.random() < 0.3:
                spool.hold(batch)
            else:
                spool.settle()
                spool.append(batch)
            spool.expire()
        spool.settle()

    writer = Thread(target=write)
    writer.start()
    fate = Random(8)
    while writer.is_alive() or spool.waiting:
        if entry := spool.take():
            settle = fate.choices([spool.acknowledge, spool.give_back, spool.defer], [8, 1, 1])[0]
            if settle == spool.acknowledge:
                arrived.append(entry.body)
            settle(entry)
    writer.join()

    assert sorted(arrived) == bodies
    spool.close()
    assert list(tmp_path.iterdir()) == []


class FullDisk(RealDisk):
    """Writes half of what it is given, then has no room."""

    is_full = False

    def create(self, path: Path) -> Appender:
        return _Full(self, super().create(path))

    def sync_folder(self, folder: Path) -> None:
        if self.is_full:
            raise OSError(28, "No space left on device")
        super().sync_folder(folder)


class _Full:
    def __init__(self, disk: FullDisk, inner: Appender) -> None:
        self._disk, self._inner = disk, inner
        self.sync, self.close = inner.sync, inner.close

    def write(self, body: bytes) -> None:
        if self._disk.is_full:
            self._inner.write(body[: len(body) // 2])
            raise OSError(28, "No space left on device")
        self._inner.write(body)


def test_a_full_disk_is_said_and_harms_nothing_that_is_there(tmp_path: Path) -> None:
    disk = FullDisk()
    spool = spool_on(disk, tmp_path)
    spool.append([b"before"])
    disk.is_full = True
    for _ in range(2):
        with pytest.raises(OSError, match="No space"):
            spool.append([b"while it was full"])
    disk.is_full = False
    spool.append([b"after"])
    spool.close()

    found = spool_on(RealDisk(), tmp_path)
    found.recover()

    assert drained(found) == [b"before", b"after"]
    found.close()


def test_real_files_are_private_and_gone_once_delivered(tmp_path: Path) -> None:
    slot = claim_folder(tmp_path / "spool", "http://key@sink/1")
    spool = spool_on(RealDisk(), slot.folder)
    spool.append([b"one"])
    modes = {path.name: path.stat().st_mode & 0o777 for path in slot.folder.iterdir()}

    drained(spool)
    spool.close()
    slot.release()

    assert set(modes.values()) == {0o600}
    assert slot.folder.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in slot.folder.iterdir()] == ["lock"]


def test_two_workers_get_two_folders_and_the_next_one_inherits(tmp_path: Path) -> None:
    first = claim_folder(tmp_path, "sink")
    second = claim_folder(tmp_path, "sink")
    for slot, body in ((first, b"of the first"), (second, b"of the second")):
        spool = Spool(slot.folder, max_bytes=64 * 1024, lost=nothing_is_lost)
        spool.append([body])
        spool.close()
        slot.release()

    heir = claim_folder(tmp_path, "sink")
    Heir(heir, max_bytes=64 * 1024).look()
    spool = Spool(heir.folder, max_bytes=64 * 1024, lost=nothing_is_lost)
    spool.recover()

    assert first.folder != second.folder
    assert heir.folder == first.folder
    assert drained(spool) == [b"of the first", b"of the second"]
    spool.close()
    heir.release()


def test_another_sink_has_another_folder(tmp_path: Path) -> None:
    one, other = claim_folder(tmp_path, "one"), claim_folder(tmp_path, "other")

    assert one.folder.parent != other.folder.parent
    one.release()
    other.release()


def test_a_folder_that_is_in_use_is_not_inherited(tmp_path: Path) -> None:
    first = claim_folder(tmp_path, "sink")
    spool = Spool(first.folder, max_bytes=64 * 1024, lost=nothing_is_lost)
    spool.append([b"mine"])

    second = claim_folder(tmp_path, "sink")

    assert Heir(second, max_bytes=64 * 1024).look() == []
    assert not any(second.folder.glob("*.segment"))
    spool.close()
    first.release()
    second.release()


def test_no_more_workers_than_there_are_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolboxai.telemetry.spool.slots.MAX_WORKERS", 1)
    only = claim_folder(tmp_path, "sink")

    with pytest.raises(OSError, match="all 1 worker folders"):
        claim_folder(tmp_path, "sink")
    os.close(only.lock)
