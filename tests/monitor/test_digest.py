"""The writer thread: bounded, and one poisoned item stays alone."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterable
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue

import pytest

from tests.monitor.running import (
    PROGRAM,
    Monitor,
    envelope,
    event_envelope,
    monitor_in_thread,
)
from toolboxai.monitor.digest import Answer, Budget, Digest, NotStoredError, Submission
from toolboxai.monitor.protocol import parse_envelope
from toolboxai.monitor.queries import Queries
from toolboxai.monitor.settings import Limits, MonitorSettings
from toolboxai.monitor.store import Digested, Fate, Store, WriteFailedError

NOW = 1_800_000_000_000
DYING_PROGRAM = f"""
from toolboxai.monitor.digest.items import Digester
def die(*_): raise SystemExit
Digester.digest = die
{PROGRAM}
"""


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
        self.digest.submit(submission, len(body), self.answers.put)

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


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        pytest.param(ZeroDivisionError, "internal error", id="a bug"),
        pytest.param(MemoryError, "out of memory", id="an item that takes all memory"),
    ],
)
def test_what_goes_wrong_with_one_item_stays_with_that_item(
    writing: Writing, monkeypatch: pytest.MonkeyPatch, error: type[Exception], reason: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("toolboxai.monitor.digest.items.glance", fail)
    writing.submit(
        envelope(({"type": "event"}, b"{}"), ({"type": "log"}, b'{"items":[{"body":"x"}]}'))
    )
    writing.digest.start()
    writing.digest.close()

    assert writing.answers.get_nowait() == Answer(dropped=reason)
    assert writing.outcome_reasons() == {reason}
    with closing(Queries(writing.store.folder.path)) as queries:
        assert queries.counts()["log"] == 1


def test_when_the_thread_dies_all_are_answered_and_the_process_is_told(
    writing: Writing, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    deaths: SimpleQueue[str] = SimpleQueue()
    writing.digest = Digest(
        writing.store, Limits(max_batch_items=2), on_death=lambda: deaths.put("died")
    )

    def die(*_: object) -> None:
        raise SystemExit

    monkeypatch.setattr(Store, "write", die)
    for _ in range(5):
        writing.submit(event_envelope())
    waiting = writing.digest.call(Store.create_token)
    writing.digest.start()

    assert deaths.get(timeout=10) == "died"
    writing.submit(event_envelope())
    late = writing.digest.call(Store.create_token)
    writing.digest.count(1, Fate("envelope", "rejected", "late"))
    writing.digest.close()

    assert all(writing.answers.get_nowait().error for _ in range(6))
    assert all(isinstance(each.exception(timeout=5), NotStoredError) for each in (waiting, late))
    assert not writing.digest.is_healthy
    assert "the writer died" in caplog.text


def test_what_is_asked_together_with_what_kills_the_thread_is_answered_too(
    writing: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing.digest = Digest(writing.store, Limits(), on_death=lambda: None)

    def die(*_: object) -> None:
        raise SystemExit

    monkeypatch.setattr(Store, "write", die)
    writing.submit(event_envelope())
    waiting = writing.digest.call(Store.create_token)
    writing.digest.start()
    writing.digest.close()

    assert isinstance(waiting.exception(timeout=5), NotStoredError)


def test_a_monitor_whose_writer_dies_answers_and_ends(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", DYING_PROGRAM, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout is not None
        line = process.stdout.readline()
        reply = Monitor(tmp_path, int(line.rpartition(":")[2])).post(event_envelope())
        code = process.wait(timeout=20)

    assert (reply.status, reply.headers["retry-after"], code) == (503, "5", 70)


def test_a_disk_that_hangs_is_answered_with_503(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(store_timeout_seconds=0.2, max_queue_bytes=300)
    goes_on = threading.Event()
    write = Store.write

    def hang(store: Store, batch: Iterable[Digested]) -> None:
        goes_on.wait(20)
        write(store, batch)

    with monitor_in_thread(MonitorSettings(data=tmp_path, limits=limits)) as monitor:
        with monkeypatch.context() as broken:
            broken.setattr(Store, "write", hang)
            late = monitor.post(event_envelope(message="x" * 100))
            # What waits still counts: there is no room for a second one.
            full = monitor.post(event_envelope(message="x" * 100))
            goes_on.set()
        deadline = time.monotonic() + 10
        while (reply := monitor.post(event_envelope())).status != 200:
            assert time.monotonic() < deadline

    assert (late.status, late.headers["retry-after"]) == (503, "5")
    assert (full.status, reply.status) == (503, 200)


def test_an_envelope_that_can_not_be_stored_stays_alone(
    writing: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned = event_envelope("1" * 32, transaction="poison", fingerprint=["another issue"])
    monkeypatch.setattr(
        "toolboxai.monitor.grouping.deciding.culprit_of",
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


@pytest.mark.parametrize(
    ("limits", "query", "header", "seconds"),
    [
        (Limits(body_timeout_seconds=0.2), "?sentry_key={key}", "{{", "0.2"),
        (Limits(stranger_timeout_seconds=0.1), "", "{{", "0.1"),
        (
            Limits(stranger_timeout_seconds=5, body_timeout_seconds=0.3),
            "",
            '{{"dsn":"{dsn}"}}\n',
            "0.3",
        ),
    ],
)
def test_a_client_that_sends_slowly_is_let_go(
    tmp_path: Path, limits: Limits, query: str, header: str, seconds: str
) -> None:
    async def half_a_request(port: int, key: str, body: str) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            f"POST /api/1/envelope/{query.format(key=key)} HTTP/1.1\r\n"
            f"Host: x\r\nContent-Length: 1000\r\n\r\n{body}".encode()
        )
        head = await reader.readuntil(b"}")
        writer.close()
        await writer.wait_closed()
        return head

    with monitor_in_thread(MonitorSettings(data=tmp_path, limits=limits)) as monitor:
        body = header.format(dsn=monitor.dsn)
        answer = asyncio.run(half_a_request(monitor.port, monitor.key, body))

    assert answer.startswith(b"HTTP/1.1 408")
    assert f"longer than {seconds} seconds".encode() in answer
