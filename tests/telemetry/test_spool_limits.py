"""The spool is bounded in bytes, age and memory; a clock that jumps makes it throw nothing away."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.telemetry.spool import Entry, Spool
from toolboxai.telemetry.spool.aging import GRACE_NS, HOUR_NS, trusted_write_ns

NOW_NS = 1_800_000_000 * 1_000_000_000
YEAR_NS = 365 * 24 * HOUR_NS
KEEP_NS = 71 * HOUR_NS


@dataclass
class Clock:
    """What the wall says, and what has passed since the machine started."""

    wall_ns: int = NOW_NS
    elapsed_ns: int = 0

    def pass_hours(self, hours: float) -> None:
        self.wall_ns += int(hours * HOUR_NS)
        self.elapsed_ns += int(hours * HOUR_NS)


@dataclass
class Bench:
    """A folder, a clock, and what was lost there."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    lost: list[tuple[str, bytes]] = field(default_factory=list)

    def spool(self, **limits: int) -> Spool:
        opened = Spool(
            self.folder,
            max_bytes=limits.get("max_bytes", 256 * 1024),
            lost=lambda reason, body: self.lost.append((reason, body)),
            categories_of=lambda body: frozenset({body.partition(b" ")[0].decode()}),
            now_ns=lambda: self.clock.wall_ns,
            elapsed_ns=lambda: self.clock.elapsed_ns,
        )
        opened.recover()
        return opened

    def date_files(self, time_ns: int) -> None:
        for path in self.folder.glob("*.segment"):
            os.utime(path, ns=(time_ns, time_ns))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def bodies_in(spool: Spool) -> list[bytes]:
    bodies = []
    while entry := spool.take():
        bodies.append(entry.body)
    return bodies


def test_what_is_older_than_three_days_goes_and_is_counted(bench: Bench) -> None:
    spool = bench.spool()
    spool.append([b"old"])
    bench.clock.pass_hours(24)
    spool.append([b"younger"])
    bench.clock.pass_hours(48)

    spool.expire()

    assert bench.lost == [("cache_expired", b"old")]
    assert bodies_in(spool) == [b"younger"]


def test_nothing_goes_before_its_time(bench: Bench) -> None:
    spool = bench.spool()
    spool.append([b"nearly three days"])
    bench.clock.pass_hours(70)

    spool.expire()

    assert bench.lost == []


@pytest.mark.parametrize("jump_years", [-50, -1, 3, 50])
def test_a_clock_set_while_it_runs_changes_no_age(bench: Bench, jump_years: int) -> None:
    spool = bench.spool()
    spool.append([b"before"])
    bench.clock.wall_ns += jump_years * YEAR_NS
    spool.append([b"after"])
    spool.expire()
    assert bench.lost == []

    bench.clock.pass_hours(73)
    spool.expire()

    assert [body for _, body in bench.lost] == [b"before", b"after"]


@pytest.mark.parametrize("jump_years", [-50, -1, 3, 50])
def test_a_clock_set_between_two_starts_throws_nothing_away(bench: Bench, jump_years: int) -> None:
    before = bench.spool()
    before.append([b"by another clock"])
    before.close()
    bench.date_files(bench.clock.wall_ns)
    bench.clock.wall_ns += jump_years * YEAR_NS

    after = bench.spool()
    after.expire()

    assert bodies_in(after) == [b"by another clock"]
    assert bench.lost == []


def test_what_an_earlier_process_left_too_long_ago_goes_when_nobody_takes_it(bench: Bench) -> None:
    before = bench.spool()
    before.append([b"of last week"])
    before.close()
    bench.date_files(bench.clock.wall_ns)
    bench.clock.pass_hours(7 * 24)
    after = bench.spool()

    bench.clock.pass_hours(0.2)
    after.expire()

    assert bench.lost == [("cache_expired", b"of last week")]
    assert list(bench.folder.iterdir()) == []


def test_a_file_written_to_lately_outweighs_records_by_a_wrong_clock(bench: Bench) -> None:
    before = bench.spool()
    before.append([b"in 1970, it was said"])
    before.close()
    bench.clock.pass_hours(50 * 365 * 24)
    bench.date_files(bench.clock.wall_ns - HOUR_NS)
    after = bench.spool()

    bench.clock.pass_hours(69)
    after.expire()
    assert bench.lost == []
    bench.clock.pass_hours(3)
    after.expire()

    assert bench.lost == [("cache_expired", b"in 1970, it was said")]


TIMES = st.integers(0, 2**63)


@given(record_ns=TIMES, file_ns=TIMES, now_ns=TIMES)
def test_a_trusted_time_is_never_yet_to_come_and_leaves_ten_minutes(
    record_ns: int, file_ns: int, now_ns: int
) -> None:
    trusted = trusted_write_ns(record_ns=record_ns, file_ns=file_ns, now_ns=now_ns, keep_ns=KEEP_NS)

    assert now_ns - KEEP_NS + GRACE_NS <= trusted <= now_ns


@pytest.mark.parametrize("restarts", [False, True], ids=["one process", "a restart between"])
def test_the_logs_of_the_morning_do_not_push_out_the_errors_of_the_evening(
    bench: Bench, *, restarts: bool
) -> None:
    spool = bench.spool(max_bytes=64 * 1024)
    errors = [b"error %03d" % number + bytes(1_000) for number in range(40)]
    logs = [b"log_item %03d" % number + bytes(1_000) for number in range(200)]
    for error, log in zip(errors, logs, strict=False):
        spool.append([log, error])
    if restarts:
        spool.close()
        spool = bench.spool(max_bytes=64 * 1024)

    for log in logs[len(errors) :]:
        spool.append([log])

    lost = [body for _, body in bench.lost]
    kept = bodies_in(spool)
    assert kept == [*reversed(errors), *logs[len(lost) :]]
    assert lost == logs[: len(lost)]
    assert spool.size_bytes <= 64 * 1024
    spool.close()


def test_of_errors_alone_the_oldest_goes_and_the_rest_still_gets_some_room(bench: Bench) -> None:
    spool = bench.spool(max_bytes=64 * 1024)
    errors = [b"error %03d" % number + bytes(1_000) for number in range(100)]
    for error in errors:
        spool.append([error])

    spool.append([b"log_item"])

    lost = [body for _, body in bench.lost]
    assert lost == errors[: len(lost)]
    assert bodies_in(spool) == [*reversed(errors[len(lost) :]), b"log_item"]
    spool.close()


def test_the_oldest_that_waits_is_looked_for_among_errors_and_all_others(bench: Bench) -> None:
    spool = bench.spool()
    spool.append([b"error first"])
    bench.clock.pass_hours(0.25)
    spool.append([b"log_item second"])
    since = bench.clock.wall_ns / 1e9
    bench.clock.pass_hours(0.25)
    spool.append([b"error third"])

    spool.acknowledge(taken(spool))  # the third, as the newest
    spool.acknowledge(taken(spool))

    assert spool.oldest_waiting_at == since
    spool.close()


def taken(spool: Spool) -> Entry:
    entry = spool.take()
    assert entry is not None
    return entry


def test_what_is_on_its_way_out_is_lost_only_when_it_comes_back(bench: Bench) -> None:
    spool = bench.spool()
    spool.append([b"arrives", b"comes back", b"waits"])
    arrives, comes_back = spool.take(), spool.take()
    assert arrives is not None
    assert comes_back is not None
    bench.clock.pass_hours(73)
    spool.expire()
    assert bench.lost == [("cache_expired", b"waits")]

    spool.acknowledge(arrives)
    spool.give_back(comes_back)

    assert bench.lost[1:] == [("cache_expired", b"comes back")]


def test_an_open_segment_is_closed_in_time(bench: Bench) -> None:
    spool = bench.spool()
    for _ in range(5):
        spool.append([b"now and then"])
        bench.clock.pass_hours(1)

    assert len(list(bench.folder.glob("*.segment"))) >= 3


def test_memory_that_does_for_a_disk_is_bounded_and_the_oldest_goes(bench: Bench) -> None:
    spool = bench.spool(max_bytes=64 * 1024)
    bodies = [b"%04d" % number + bytes(1_000) for number in range(200)]
    for body in bodies:
        spool.hold([body])

    kept = bodies_in(spool)

    assert [body for _, body in bench.lost] + kept == bodies
    assert {reason for reason, _ in bench.lost} == {"spool_unwritable"}
    assert sum(map(len, kept)) <= 64 * 1024
    assert spool.size_bytes == 0


def test_what_was_held_moves_to_disk_with_all_that_is_known_of_it(bench: Bench) -> None:
    spool = bench.spool()
    spool.hold([b"one", b"two", b"three"])
    on_its_way = spool.take()
    assert on_its_way is not None
    bench.clock.pass_hours(1)

    spool.settle()
    spool.acknowledge(on_its_way)
    spool.close()

    found = bench.spool()
    entries = [found.take(), found.take(), found.take()]
    assert [entry and entry.body for entry in entries] == [b"two", b"three", None]
    assert entries[0] is not None
    assert entries[0].written_at == NOW_NS / 1e9
    assert bench.lost == []


def test_what_no_disk_took_until_the_end_is_counted(tmp_path: Path) -> None:
    lost: list[tuple[str, bytes]] = []

    def no_folder() -> Path:
        raise OSError(30, "Read-only file system")

    spool = Spool(
        None,
        find_folder=no_folder,
        max_bytes=64 * 1024,
        lost=lambda reason, body: lost.append((reason, body)),
    )
    with pytest.raises(OSError, match="Read-only"):
        spool.append([b"refused"])
    spool.hold([b"held"])

    spool.close()

    assert lost == [("spool_unwritable", b"held")]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_found_late_is_used_and_what_was_there_comes_back(bench: Bench) -> None:
    before = bench.spool()
    before.append([b"from before"])
    before.close()
    late = Spool(
        None,
        find_folder=lambda: bench.folder,
        max_bytes=256 * 1024,
        lost=lambda reason, body: bench.lost.append((reason, body)),
        now_ns=lambda: bench.clock.wall_ns,
    )
    late.hold([b"held"])

    late.settle()

    assert late.held == 0
    assert bodies_in(late) == [b"from before", b"held"]
    late.close()
