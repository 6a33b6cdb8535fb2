"""The keeper thread: what was captured → the gate → the spool. Never touches the network."""

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Condition, Event, Thread
from time import monotonic, sleep
from typing import Any

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.current import new_id
from toolboxai.telemetry.privacy import Gate
from toolboxai.telemetry.spool import Spool
from toolboxai.telemetry.transport.losses import count_items
from toolboxai.telemetry.transport.regate import through_gate
from toolboxai.telemetry.transport.wire import (
    Outgoing,
    container,
    record,
    trace_header,
)

# Long enough to share one fsync among many, short enough to be durable within 50 ms of the capture.
TICK_SECONDS = 0.02
# A thread that computes without a pause stalls the event loop for a switch interval at a time. Each pause costs as
# much as cleaning a small envelope, so not after every one.
SLICE_SECONDS = 0.001
PAUSE_SECONDS = 0.0005
BACKLOG_ENVELOPES = (
    40  # from which on it only lets others go first: what waits should be durable soon
)
RETRY_SECONDS = 0.25
IDLE_SECONDS = 1.0
MAX_LOGS_PER_ENVELOPE = 100
MAX_BATCH_ENVELOPES = 100

LogRecord = tuple[Any, ...]
Render = Callable[[LogRecord], Mapping[str, Any]]


class Keeper:
    """Takes from any thread, without a lock and without waiting; keeps in order."""

    def __init__(
        self,
        gate: Gate,
        spool: Spool,
        *,
        render_log: Render,
        kept: Callable[[], None],
        idle: Callable[[], None],
        max_envelopes: int,
        max_logs: int,
    ) -> None:
        self._gate = gate
        self._spool = spool
        self._render_log = render_log
        self._kept = kept
        self._idle_work = idle
        self._idle_at = monotonic() + IDLE_SECONDS
        self._max_envelopes = max_envelopes
        self._max_logs = max_logs
        self._envelopes: deque[Outgoing] = deque()
        self._logs: deque[LogRecord] = deque()
        self._in_hand = 0  # taken from the queues, not yet kept
        self._pause_at = 0.0
        self.disk_error: str | None = None
        self._retry_at = 0.0  # when the disk is asked again after it refused
        # Not an Event: a signal handler that logs may interrupt the very thread that is setting it.
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._asleep = False
        self._closed = False
        self._hurry = Event()
        self._idle = Condition()
        self._busy = False
        self._stopping = False
        self._thread = Thread(target=self._run, name="telemetry-keeper", daemon=True)

    @property
    def queued(self) -> int:
        """How many envelopes and log records are not on disk yet; 0 promises that all of them are."""
        # In this order: what moves from the queues to the spool meanwhile is counted twice, not never.
        return self._unkept + self._spool.in_memory

    @property
    def _unkept(self) -> int:
        return len(self._envelopes) + len(self._logs) + self._in_hand

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def put(self, outgoing: Outgoing) -> None:
        """Take an envelope; when too many wait already it is counted as lost."""
        if self._closed or len(self._envelopes) >= self._max_envelopes:
            count_items("queue_overflow", outgoing.items)
            return
        self._envelopes.append(outgoing)
        self._notify()

    def put_log(self, log_record: LogRecord) -> None:
        """Take a log record, to be rendered and sent with others."""
        if self._closed or len(self._logs) >= self._max_logs:
            counters.dropped("queue_overflow", "log_item")
            return
        self._logs.append(log_record)
        self._notify()

    def _notify(self) -> None:
        if self._asleep:
            self._wake.put(None)

    def flush(self, timeout_seconds: float) -> bool:
        """Wait until all that was taken is in the spool; say whether it is."""
        self._hurry.set()
        self._wake.put(None)
        with self._idle:
            done = self._idle.wait_for(lambda: not self._unkept and not self._busy, timeout_seconds)
        self._hurry.clear()
        return done

    def stop(self, timeout_seconds: float) -> None:
        """Keep what is there and end the thread; what the spool doesn't get until then is counted."""
        self._closed = True
        self.flush(timeout_seconds)
        self._stopping = True
        self._hurry.set()
        self._wake.put(None)
        self._thread.join(timeout_seconds)
        for outgoing in self._envelopes:
            count_items("queue_overflow", outgoing.items)
        if self._logs:
            counters.dropped("queue_overflow", "log_item", len(self._logs))

    def _run(self) -> None:
        while not self._stopping:
            self._sleep_in_any_case()
            self._busy = True
            with quietly:
                self._keep_all()
            self._work_aside()
            self._in_hand = 0
            self._busy = False
            with self._idle:
                self._idle.notify_all()

    def _work_aside(self) -> None:
        """Do once a second what has time, also while there is so much to keep that nobody sleeps."""
        if monotonic() >= self._idle_at:
            self._idle_at = monotonic() + IDLE_SECONDS
            with quietly:
                self._spool.expire()
                self._idle_work()

    def _sleep_in_any_case(self) -> None:
        with quietly:
            self._sleep_until_needed()
            return
        sleep(RETRY_SECONDS)

    def _sleep_until_needed(self) -> None:
        if self._spool.held:  # the disk refuses: it is asked again now and then
            self._hurry.wait(RETRY_SECONDS)
            return
        self._asleep = True
        while not self._unkept and not self._stopping and not self._hurry.is_set():
            with suppress(Empty):
                self._wake.get(timeout=IDLE_SECONDS)
            break
        self._asleep = False
        while not self._wake.empty():
            self._wake.get()
        self._hurry.wait(TICK_SECONDS)

    def _keep_all(self) -> None:
        if self._spool.held:
            self._store([])
        while self._envelopes or self._logs:
            self._store(self._next_batch())
            self._in_hand = 0  # not before: until the disk has said yes, nothing is promised
            self._work_aside()

    def _next_batch(self) -> list[bytes]:
        batch: list[bytes] = []
        full_at = monotonic() + TICK_SECONDS
        self._pause_at = monotonic() + SLICE_SECONDS
        while self._envelopes and len(batch) < MAX_BATCH_ENVELOPES and monotonic() < full_at:
            self._in_hand += 1  # before it is popped: it must not be out of everybody's count
            batch.append(self._rendered(self._envelopes.popleft()))
            self._pause()
        while self._logs and len(batch) < MAX_BATCH_ENVELOPES:
            taken = min(MAX_LOGS_PER_ENVELOPE, len(self._logs))
            self._in_hand += taken
            logs = [self._logs.popleft() for _ in range(taken)]
            batch.append(self._rendered(Outgoing([container("log", self._render(logs))])))
            self._pause()
            if monotonic() >= full_at:  # only now: logs must not starve beside many envelopes
                break
        return [body for body in batch if body]

    def _pause(self) -> None:
        if monotonic() >= self._pause_at and not self._hurry.is_set():
            sleep(PAUSE_SECONDS if len(self._envelopes) < BACKLOG_ENVELOPES else 0)
            self._pause_at = monotonic() + SLICE_SECONDS

    def _render(self, logs: list[LogRecord]) -> list[Mapping[str, Any]]:
        rendered: list[Mapping[str, Any]] = []
        for log_record in logs:
            with quietly:
                rendered.append(self._render_log(log_record))
        return rendered

    def _rendered(self, outgoing: Outgoing) -> bytes:
        """Return the envelope as it may leave; empty when nothing of it may."""
        with quietly:
            items = [
                passed for item in outgoing.items if (passed := through_gate(self._gate, item))
            ]
            trace = self._gate.clean("event", trace_header(outgoing.trace))
            if not items:
                return b""
            return record(
                items,
                envelope_id=new_id(128),
                event_id=outgoing.event_id,
                trace=None if trace is None else trace.payload,
            )
        count_items("internal_sdk_error", outgoing.items)
        return b""

    def _store(self, batch: list[bytes]) -> None:
        """Put the batch on disk, after what waits for that; what the disk refuses is held in memory."""
        before = len(batch)
        is_asked = bool(batch) or self._spool.held > 0
        try:
            if monotonic() >= self._retry_at:
                self._spool.settle()
                self._spool.append(batch)
                if is_asked:  # of nothing it would take nothing
                    self.disk_error = None
        except OSError as error:
            self.disk_error = error.strerror or type(error).__name__
            counters.add("spool_errors")
            self._retry_at = monotonic() + RETRY_SECONDS
        if before:
            counters.add("envelopes.spooled", before - len(batch))
            counters.add("envelopes.held", len(batch))
            self._spool.hold(batch)
            self._kept()
