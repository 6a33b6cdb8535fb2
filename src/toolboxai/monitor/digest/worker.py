"""The one thread that writes. A batch is whatever arrived during the last commit."""

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from enum import Enum, auto
from queue import Empty, SimpleQueue
from typing import TypeVar

from toolboxai.monitor.digest.items import INVALID, Digester, Submission
from toolboxai.monitor.digest.jobs import NOT_STORED, Answer, CallJob, EnvelopeJob
from toolboxai.monitor.protocol import event_id_of
from toolboxai.monitor.settings import Limits
from toolboxai.monitor.store import Digested, Fate, Store, WriteFailedError, now_ms

log = logging.getLogger(__name__)

T = TypeVar("T")


class _Written(Enum):
    """How a write ended: the batch is durable, its content was at fault, or the disk was."""

    STORED = auto()
    DAMAGED = auto()
    FAILED = auto()


_STOP = object()
_WAKE = object()
# How long the answers have to leave when the thread has died.
GRACE_SECONDS = 1.0
EXIT_CODE = 70


def _end_process() -> None:
    """End without a way back, and without needing memory: a supervisor may start anew."""
    time.sleep(GRACE_SECONDS)
    os._exit(EXIT_CODE)


class Digest:
    """Takes envelopes from any thread, stores them in its own, and answers when they are durable."""

    def __init__(
        self, store: Store, limits: Limits, *, on_death: Callable[[], None] = _end_process
    ) -> None:
        self._store = store
        self._on_death = on_death
        self._limits = limits
        self._digester = Digester(
            limits,
            finds_older_issues=store.has_issues_of_older_rules(),
            dictionaries=store.dictionaries(),
        )
        self._jobs: SimpleQueue[object] = SimpleQueue()
        self._notes: Counter[tuple[int, Fate]] = Counter()
        self._notes_lock = threading.Lock()
        self._healthy = True
        self._is_over = False
        # What the thread has taken but not answered.
        self._envelopes: list[EnvelopeJob] = []
        self._calls: list[CallJob] = []
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

    def submit(self, submission: Submission, size: int, resolve: Callable[[Answer], None]) -> None:
        """Queue an envelope; ``resolve`` is called, in the thread, when it is durable."""
        self._ask(EnvelopeJob(submission, size, resolve))

    def call(self, run: Callable[[Store], T]) -> Future[T]:
        """Let the thread call ``run``: all writes go this way."""
        future: Future[T] = Future()
        self._ask(CallJob(run, future))
        return future

    def count(self, project_id: int, fate: Fate) -> None:
        """Count what became of something that isn't submitted."""
        with self._notes_lock:
            is_first = not self._notes
            self._notes[project_id, fate] += 1
        if is_first:
            self._jobs.put(_WAKE)

    def _ask(self, job: EnvelopeJob | CallJob) -> None:
        if self._is_over:
            job.refuse()
        else:
            self._jobs.put(job)

    def _run(self) -> None:
        try:
            self._work()
        except BaseException:
            self._refuse_rest()
            with suppress(Exception):  # there may be no memory for it
                log.critical("the writer died; the monitor ends with it", exc_info=True)
            self._on_death()
        else:
            self._refuse_rest()

    def _work(self) -> None:
        is_last = False
        while not is_last:
            is_last = self._take()
            self._store_all()
            self._digester.learn()
            while self._calls:
                self._calls.pop(0).carry_out(self._store)

    def _take(self) -> bool:
        """Wait for a job; take it with all that is there already, up to the limits."""
        items = size = 0
        job = self._jobs.get()
        while job is not _STOP:
            if isinstance(job, EnvelopeJob):
                self._envelopes.append(job)
                items += len(job.submission.envelope.items)
                size += job.size
            elif isinstance(job, CallJob):
                self._calls.append(job)
            if items >= self._limits.max_batch_items or size >= self._limits.max_batch_bytes:
                return False
            try:
                job = self._jobs.get_nowait()
            except Empty:
                return False
        return True

    def _refuse_rest(self) -> None:
        """Answer everybody who waits; from now on nobody has to."""
        self._is_over = True
        while self._envelopes:
            self._envelopes.pop().refuse()
        while self._calls:
            self._calls.pop().refuse()
        with suppress(Empty):
            while True:
                job = self._jobs.get_nowait()
                if isinstance(job, (EnvelopeJob, CallJob)):
                    job.refuse()

    def _store_all(self) -> None:
        """Store a batch behind a border: whatever goes wrong, each client gets an answer."""
        notes = self._take_notes()
        if not (self._envelopes or notes):
            return
        try:
            answers = self._stored(self._envelopes, notes)
        except Exception:
            log.exception("a batch of %d envelopes is lost to a bug", len(self._envelopes))
            answers = [NOT_STORED] * len(self._envelopes)
        for answer in answers:
            self._envelopes.pop(0).resolve(answer)

    def _stored(self, envelopes: list[EnvelopeJob], notes: list[Digested]) -> list[Answer]:
        digested = [self._digester.digest(each.submission) for each in envelopes]
        match self._write([*digested, *notes]):
            case _Written.STORED:
                return [_answer(*pair) for pair in zip(envelopes, digested, strict=True)]
            case _Written.DAMAGED:
                # One by one, so that only the damaged one is lost.
                return [self._store_alone(*pair) for pair in zip(envelopes, digested, strict=True)]
            case _Written.FAILED:
                return [NOT_STORED] * len(envelopes)

    def _store_alone(self, envelope: EnvelopeJob, digested: Digested) -> Answer:
        written = self._write([digested])
        if written is _Written.DAMAGED:
            outcome = Digested(
                project_id=digested.project_id,
                received_at=digested.received_at,
                fates=Counter({Fate("envelope", INVALID, "not storable"): 1}),
            )
            written = self._write([outcome])
        return _answer(envelope, digested) if written is _Written.STORED else NOT_STORED

    def _write(self, batch: Sequence[Digested]) -> _Written:
        try:
            self._store.write(batch, self._digester.dictionaries)
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


def _answer(envelope: EnvelopeJob, digested: Digested) -> Answer:
    sent = event_id_of(envelope.submission.envelope.headers.get("event_id"))
    if digested.events:
        return Answer(digested.events[0].event_id)
    invalid = (fate.reason for fate in digested.fates if fate.outcome == INVALID)
    return Answer(sent, dropped=next(invalid, None))
