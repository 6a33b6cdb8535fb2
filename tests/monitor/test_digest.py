"""The writer thread: bounded, and one poisoned item stays alone."""

import asyncio
import threading
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue

import pytest

from tests.monitor.running import Monitor, envelope, event_envelope, monitor_in_thread
from toolboxai.monitor.digest import Answer, Budget, Digest, Submission
from toolboxai.monitor.protocol import parse_envelope
from toolboxai.monitor.queries import Queries
from toolboxai.monitor.settings import Limits, MonitorSettings
from toolboxai.monitor.store import Fate, Store, WriteFailedError

NOW = 1_800_000_000_000


class Writing:
    """A digest, and what it answered."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.digest = Digest(store, Limits())
        self.answers: SimpleQueue[Answer] = SimpleQueue()

    def submit(self, body: bytes) -> None:
        submission = Submission(
            project_id=1, received_at=NOW, envelope=parse_envelope(body, Limits())
        )
        self.digest.submit(submission, size=len(body), resolve=self.answers.put)

    def outcome_reasons(self) -> set[str]:
        with closing(Queries(self.store.folder.path)) as queries:
            return {outcome.reason for outcome in queries.outcomes()}


@pytest.fixture
def writing(settings: MonitorSettings) -> Generator[Writing]:
    with closing(Store(settings)) as store:
        yield Writing(store)


def test_a_budget_gives_no_more_than_it_has() -> None:
    budget = Budget(max_bytes=10)

    assert [budget.take(6), budget.take(6), budget.take(4)] == [True, False, True]
    budget.give_back(6)
    assert (budget.taken_bytes, budget.take(6)) == (4, True)


def test_what_waits_is_stored_before_the_end(writing: Writing) -> None:
    for number in range(700):
        writing.submit(event_envelope(f"{number:032x}"))
    writing.digest.start()
    writing.digest.close()

    answers = [writing.answers.get_nowait() for _ in range(700)]
    assert answers == [Answer(f"{number:032x}") for number in range(700)]


def test_a_bug_in_one_item_stays_with_that_item(
    writing: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("toolboxai.monitor.grouping.group", fail)
    writing.submit(
        envelope(({"type": "event"}, b"{}"), ({"type": "log"}, b'{"items":[{"body":"x"}]}'))
    )
    writing.digest.start()
    writing.digest.close()

    assert writing.answers.get_nowait() == Answer()
    assert writing.outcome_reasons() == {"internal error"}


def test_an_envelope_that_can_not_be_stored_stays_alone(
    writing: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned = event_envelope("1" * 32, transaction="poison", fingerprint=["another issue"])
    monkeypatch.setattr(
        "toolboxai.monitor.grouping.culprit_of",
        lambda event: "\ud800" if event.get("transaction") else "",
    )
    for body in (event_envelope("2" * 32), poisoned, event_envelope("3" * 32)):
        writing.submit(body)
    writing.digest.start()
    writing.digest.close()

    answers = [writing.answers.get_nowait().event_id for _ in range(3)]
    assert answers == ["2" * 32, "1" * 32, "3" * 32]
    assert writing.outcome_reasons() == {"not storable"}
    with closing(Queries(writing.store.folder.path)) as queries:
        assert sorted(queries.event_ids()) == ["2" * 32, "3" * 32]


@pytest.mark.parametrize(
    "failure", [WriteFailedError(OSError("disk"), is_damage=False), KeyError("a bug")]
)
def test_when_nothing_can_be_written_every_client_is_told(
    writing: Writing, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr(Store, "write", fail)
    for _ in range(3):
        writing.submit(event_envelope())
    writing.digest.start()
    writing.digest.close()

    assert all(writing.answers.get_nowait().error for _ in range(3))
    assert not writing.digest.is_healthy


def test_other_writes_go_through_the_same_thread(writing: Writing) -> None:
    writing.digest.start()
    name = writing.digest.call(lambda _: threading.current_thread().name)
    failed = writing.digest.call(lambda _: next(iter(())))

    assert name.result() == "monitor-writer"
    assert isinstance(failed.exception(), StopIteration)
    writing.digest.close()


def test_what_is_only_counted_is_written_too(writing: Writing) -> None:
    for _ in range(3):
        writing.digest.count(0, Fate("envelope", "rejected", "test"))
    writing.digest.start()
    writing.digest.close()

    with closing(Queries(writing.store.folder.path)) as queries:
        assert [(o.reason, o.quantity) for o in queries.outcomes()] == [("test", 3)]


def test_a_full_queue_is_answered_with_503(tmp_path: Path) -> None:
    settings = MonitorSettings(data=tmp_path, limits=Limits(max_queue_bytes=1_000))
    with monitor_in_thread(settings) as monitor:
        full = monitor.post(event_envelope(message="x" * 2_000))
        fits = monitor.post(event_envelope())

    assert (full.status, full.headers["retry-after"]) == (503, "5")
    assert fits.status == 200


def test_a_disk_that_fails_is_told_to_clients_and_to_who_watches(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise WriteFailedError(OSError("disk full"), is_damage=False)

    with monkeypatch.context() as broken:
        broken.setattr(Store, "write", fail)
        refused = monitor.post(event_envelope())
        ill = monitor.request("GET", "/health")
    accepted = monitor.post(event_envelope())
    well = monitor.request("GET", "/health")

    assert (refused.status, refused.headers["retry-after"]) == (503, "5")
    assert (ill.status, ill.json["status"]) == (503, "failing")
    assert (accepted.status, well.status) == (200, 200)


def test_a_client_that_sends_slowly_is_let_go(tmp_path: Path) -> None:
    async def half_a_request(port: int, key: str) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            f"POST /api/1/envelope/?sentry_key={key} HTTP/1.1\r\n"
            "Host: x\r\nContent-Length: 100\r\n\r\n{".encode()
        )
        head = await reader.readuntil(b"}")
        writer.close()
        await writer.wait_closed()
        return head

    settings = MonitorSettings(data=tmp_path, limits=Limits(body_timeout_seconds=0.2))
    with monitor_in_thread(settings) as monitor:
        answer = asyncio.run(half_a_request(monitor.port, monitor.key))

    assert answer.startswith(b"HTTP/1.1 408")
    assert b"longer than 0.2 seconds" in answer
