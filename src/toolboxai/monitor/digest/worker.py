"""The one thread that writes. A batch is whatever arrived during the last commit."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from enum import Enum, auto
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from toolboxai.monitor.digest.items import INVALID, Digester, Submission
from toolboxai.monitor.protocol import event_id_of
from toolboxai.monitor.settings import Limits
from toolboxai.monitor.store import Digested, Fate, Store, WriteFailedError, now_ms

log = logging.getLogger(__name__)

T = TypeVar("T")


class NotStoredError(Exception):
    """The envelope is not durable; the client should send it again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an envelope: durable, with the id of its event if it has one, or not."""

    event_id: str | None = None
    error: NotStoredError | None = None


@dataclass(frozen=True, slots=True)
class _Envelope:
    submission: Submission
    size: int
    resolve: Callable[[Answer], None]


@dataclass(frozen=True, slots=True)
class _Call:
    run: Callable[[Store], Any]
    future: Future[Any]


class _Written(Enum):
    """How a write ended: the batch is durable, its content was at fault, or the disk was."""

    STORED = auto()
    DAMAGED = auto()
    FAILED = auto()


_STOP = object()
_WAKE = object()


class Digest:
    """Takes envelopes from any thread, stores them in its own, and answers when they are durable."""

    def __init__(self, store: Store, limits: Limits) -> None:
        self._store = store
        self._limits = limits
        self._digester = Digester(limits)
        self._jobs: SimpleQueue[object] = SimpleQueue()
        self._notes: Counter[tuple[int, Fate]] = Counter()
        self._notes_lock = threading.Lock()
        self._healthy = True
        self._thread = threading.Thread(target=self._run, name="monitor-writer")

    @property
    def is_healthy(self) -> bool:
        """Whether the last attempt to store something succeeded."""
        return self._healthy and self._thread.is_alive()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Store all that was submitted, then end the thread."""
        self._jobs.put(_STOP)
        self._thread.join()

    def submit(
        self, submission: Submission, *, size: int, resolve: Callable[[Answer], None]
    ) -> None:
        """Queue an envelope; ``resolve`` is called, in the thread, when it is durable."""
        self._jobs.put(_Envelope(submission, size, resolve))

    def call(self, run: Callable[[Store], T]) -> Future[T]:
        """Let the thread call ``run``: all writes go this way."""
        future: Future[T] = Future()
        self._jobs.put(_Call(run, future))
        return future

    def count(self, project_id: int, fate: Fate) -> None:
        """Count what became of something that isn't submitted."""
        with self._notes_lock:
            is_first = not self._notes
            self._notes[project_id, fate] += 1
        if is_first:
            self._jobs.put(_WAKE)

    def _run(self) -> None:
        while True:
            envelopes, calls, is_last = self._next()
            self._store_all(envelopes)
            for call in calls:
                self._call(call)
            if is_last:
                return

    def _next(self) -> tuple[list[_Envelope], list[_Call], bool]:
        """Wait for a job; return it with all that is there already, up to the limits."""
        envelopes: list[_Envelope] = []
        calls: list[_Call] = []
        items = size = 0
        job = self._jobs.get()
        while job is not _STOP:
            if isinstance(job, _Envelope):
                envelopes.append(job)
                items += len(job.submission.envelope.items)
                size += job.size
            elif isinstance(job, _Call):
                calls.append(job)
            if items >= self._limits.max_batch_items or size >= self._limits.max_batch_bytes:
                return envelopes, calls, False
            try:
                job = self._jobs.get_nowait()
            except Empty:
                return envelopes, calls, False
        return envelopes, calls, True

    def _store_all(self, envelopes: list[_Envelope]) -> None:
        """Store a batch behind a border: whatever goes wrong, each client gets an answer."""
        notes = self._take_notes()
        if not (envelopes or notes):
            return
        try:
            answers = self._stored(envelopes, notes)
        except Exception:
            log.exception("a batch of %d envelopes is lost to a bug", len(envelopes))
            answers = [_not_stored()] * len(envelopes)
        for envelope, answer in zip(envelopes, answers, strict=True):
            envelope.resolve(answer)

    def _stored(self, envelopes: list[_Envelope], notes: list[Digested]) -> list[Answer]:
        digested = [self._digester.digest(each.submission) for each in envelopes]
        match self._write([*digested, *notes]):
            case _Written.STORED:
                return [_answer(*pair) for pair in zip(envelopes, digested, strict=True)]
            case _Written.DAMAGED:
                # One by one, so that only the damaged one is lost.
                return [self._store_alone(*pair) for pair in zip(envelopes, digested, strict=True)]
            case _Written.FAILED:
                return [_not_stored()] * len(envelopes)

    def _store_alone(self, envelope: _Envelope, digested: Digested) -> Answer:
        written = self._write([digested])
        if written is _Written.DAMAGED:
            outcome = Digested(
                project_id=digested.project_id,
                received_at=digested.received_at,
                fates=Counter({Fate("envelope", INVALID, "not storable"): 1}),
            )
            written = self._write([outcome])
        return _answer(envelope, digested) if written is _Written.STORED else _not_stored()

    def _write(self, batch: Sequence[Digested]) -> _Written:
        try:
            self._store.write(batch)
        except WriteFailedError as error:
            log.exception("a batch of %d envelopes can't be stored", len(batch))
            self._healthy = error.is_damage
            return _Written.DAMAGED if error.is_damage else _Written.FAILED
        self._healthy = True
        return _Written.STORED

    def _take_notes(self) -> list[Digested]:
        with self._notes_lock:
            notes, self._notes = self._notes, Counter()
        return [
            Digested(project_id=project_id, received_at=now_ms(), fates=Counter({fate: quantity}))
            for (project_id, fate), quantity in notes.items()
        ]

    def _call(self, call: _Call) -> None:
        try:
            call.future.set_result(call.run(self._store))
        except Exception as error:  # noqa: BLE001 - whoever waits for the result gets it
            call.future.set_exception(error)


def _answer(envelope: _Envelope, digested: Digested) -> Answer:
    sent = event_id_of(envelope.submission.envelope.headers.get("event_id"))
    return Answer(sent or next((event.event_id for event in digested.events), None))


def _not_stored() -> Answer:
    return Answer(error=NotStoredError("the monitor can't write to its data folder"))
