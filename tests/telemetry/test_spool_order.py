"""Whatever is done in whatever order: each body comes out in its turn, and once acknowledged never again."""

from dataclasses import dataclass
from itertools import count
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from toolboxai.telemetry.spool import Entry, Heir, Spool, claim_folder

KINDS = ["error", "error+log_item", "log_item", "transaction"]
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder whose fsync costs nothing


def categories_of(body: bytes) -> frozenset[str]:
    return frozenset(body.partition(b" ")[0].decode().split("+"))


def never(reason: str, body: bytes) -> None:
    pytest.fail(f"{body[:40]!r} was lost: {reason}")


@dataclass
class Expected:
    """What the spool should know of a body."""

    body: bytes
    is_deferred: bool = False
    entry: Entry | None = None


class SpoolOrder(RuleBasedStateMachine):
    """A spool beside a list that does the same the simple way."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self.numbers = count()
        self.workers = count(7)
        self.expected: list[Expected] = []

    @initialize()
    def open(self) -> None:
        self.slot = claim_folder(self.root, "sink")
        Heir(self.slot, max_bytes=256 * 1024).look()
        self.spool = Spool(
            self.slot.folder, max_bytes=256 * 1024, lost=never, categories_of=categories_of
        )
        self.spool.recover()

    @rule(kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=3))
    def append(self, kinds: list[str]) -> None:
        bodies = [f"{kind} {next(self.numbers)} ".encode().ljust(1_000) for kind in kinds]
        self.expected += map(Expected, bodies)
        self.spool.append(list(bodies))
        assert self.spool.waiting == len(self.expected)

    @rule(refused=st.sets(st.sampled_from(["error", "log_item", "transaction"]), max_size=2))
    def take(self, refused: set[str]) -> None:
        entry = self.spool.take(lambda categories: not categories & refused)

        expected = self.next_expected(refused)
        assert (entry and entry.body) == (expected and expected.body)
        if entry and expected:
            assert entry.categories == categories_of(entry.body)
            expected.entry = entry

    def next_expected(self, refused: set[str]) -> Expected | None:
        if not (found := self.first_waiting(refused)):
            for each in self.expected:
                each.is_deferred = False
            found = self.first_waiting(refused)
        return found

    def first_waiting(self, refused: set[str]) -> Expected | None:
        waiting = [
            each
            for each in self.expected
            if not each.entry and not each.is_deferred and not categories_of(each.body) & refused
        ]
        errors = [each for each in waiting if "error" in categories_of(each.body)]
        return errors[-1] if errors else next(iter(waiting), None)

    def taken(self, data: st.DataObject) -> tuple[Expected, Entry]:
        pairs = [(each, each.entry) for each in self.expected if each.entry]
        return data.draw(st.sampled_from(pairs))

    def is_one_taken(self) -> bool:
        return any(each.entry for each in self.expected)

    @precondition(is_one_taken)
    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        expected, entry = self.taken(data)
        self.spool.acknowledge(entry)
        self.expected.remove(expected)

    @precondition(is_one_taken)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        expected, entry = self.taken(data)
        self.spool.give_back(entry)
        expected.entry = None

    @precondition(is_one_taken)
    @rule(data=st.data())
    def defer(self, data: st.DataObject) -> None:
        expected, entry = self.taken(data)
        self.spool.defer(entry)
        expected.entry, expected.is_deferred = None, True

    @rule()
    def reopen(self) -> None:
        self.spool.close()
        self.slot.release()
        self.forget_who_took_what()
        self.open()

    @rule()
    def be_adopted(self) -> None:
        """End as one worker, and go on as another who inherits."""
        self.spool.close()
        self.slot.release()
        self.forget_who_took_what()
        left = self.slot.folder.with_name(f"worker-{next(self.workers)}")
        self.slot.folder.rename(left)
        self.open()
        assert self.slot.folder != left
        assert not list(left.glob("*.segment"))

    def forget_who_took_what(self) -> None:
        for each in self.expected:
            each.entry, each.is_deferred = None, False

    def teardown(self) -> None:
        try:
            self.reopen()
            self.come_to_an_end()
        finally:
            rmtree(self.root)

    def come_to_an_end(self) -> None:
        while entry := self.spool.take():
            expected = self.next_expected(set())
            assert expected is not None
            assert expected.body == entry.body
            self.expected.remove(expected)
            self.spool.acknowledge(entry)
        assert self.expected == []
        assert self.spool.waiting == 0
        self.spool.close()
        assert not list(self.slot.folder.glob("*.segment"))
        self.slot.release()


SpoolOrder.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestSpoolOrder = SpoolOrder.TestCase
