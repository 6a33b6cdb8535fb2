"""The sender thread: the spool → the sink, one envelope at a time, as long as it takes."""

from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Condition, Event, Thread
from time import time

import urllib3

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.spool import Entry, Spool
from toolboxai.telemetry.transport.limits import ALL, asked
from toolboxai.telemetry.transport.losses import count_body
from toolboxai.telemetry.transport.sink import Post
from toolboxai.telemetry.transport.wire import stamped

FIRST_WAIT_SECONDS = 0.25
MAX_WAIT_SECONDS = 15.0
# These say "not now"; every other answer below 500 that isn't a yes is final.
_NOT_NOW = frozenset({408, 425, 429})


@dataclass(slots=True)
class Delivery:
    """How sending goes, for people to look at."""

    last_delivered_at: datetime | None = None
    last_error: str | None = None
    failures_in_a_row: int = 0

    @property
    def is_healthy(self) -> bool:
        """Whether the last attempt, if there was one, ended in a yes."""
        return self.last_error is None


class Sender:
    """Delivers what the spool holds. An error of the network, a 429 or a 5xx keeps it for another try."""

    def __init__(self, spool: Spool, post: Post) -> None:
        self._spool = spool
        self._post = post
        self.delivery = Delivery()
        self._wake = Event()
        self._nudge = Event()
        self._changed = Condition()
        self._stopping = False
        self._thread = Thread(target=self._run, name="telemetry-sender", daemon=True)

    def start(self) -> None:
        """Start the thread; the first thing it does is to read what an earlier process left."""
        self._thread.start()

    def notify(self) -> None:
        """Say that there is something new in the spool."""
        self._wake.set()

    def drain(self, timeout_seconds: float) -> bool:
        """Wait until the spool is empty; give up at once when an attempt fails. Say whether it is."""
        self._nudge.set()
        self._wake.set()
        failures = self.delivery.failures_in_a_row
        with self._changed:
            self._changed.wait_for(
                lambda: not self._spool.waiting or self.delivery.failures_in_a_row > failures,
                timeout_seconds,
            )
        return not self._spool.waiting

    def stop(self, timeout_seconds: float) -> None:
        """End the thread; what waits stays in the spool."""
        self._stopping = True
        self._nudge.set()
        self._wake.set()
        self._thread.join(timeout_seconds)

    def _run(self) -> None:
        with quietly:
            counters.add("envelopes.recovered", self._spool.recover())
        while not self._stopping:
            with quietly:
                self._deliver_all()
            with self._changed:
                self._changed.notify_all()
            self._wake.wait()
            self._wake.clear()

    def _deliver_all(self) -> None:
        while not self._stopping and (entry := self._spool.take()):
            if wait_seconds := self._settle(entry):
                with self._changed:
                    self._changed.notify_all()
                self._nudge.wait(wait_seconds)
                self._nudge.clear()

    def _settle(self, entry: Entry) -> float:
        """Deliver, refuse to go on with what breaks us, or return the seconds to wait before a retry."""
        with quietly:
            return self._attempt(entry)
        count_body("internal_sdk_error", entry.body)
        self._spool.acknowledge(entry)
        return 0.0

    def _attempt(self, entry: Entry) -> float:
        """Try to deliver; return the seconds to wait before trying again, 0 when it is settled."""
        try:
            answer = self._post(stamped(entry.body))
        except (OSError, urllib3.exceptions.HTTPError) as error:
            self._spool.give_back(entry)
            return self._failed(type(error).__name__)
        # A redirect is no yes either: a proxy's sign-in page would swallow everything.
        if answer.status in _NOT_NOW or answer.status >= 500 or 300 <= answer.status < 400:
            self._spool.defer(entry)
            now = time()
            limits = asked(answer.status, answer.rate_limits, answer.retry_after, now=now)
            return self._failed(f"HTTP {answer.status}", limits.get(ALL, now) - now)
        self._settled(entry, answer.status)
        return 0.0

    def _failed(self, why: str, wanted_seconds: float | None = None) -> float:
        self.delivery.failures_in_a_row += 1
        self.delivery.last_error = why
        counters.add("attempts.failed")
        doubled = FIRST_WAIT_SECONDS * 2 ** min(self.delivery.failures_in_a_row - 1, 10)
        return wanted_seconds or min(MAX_WAIT_SECONDS, doubled)

    def _settled(self, entry: Entry, status: int) -> None:
        """The sink has decided: it has it, or will never want it."""
        self.delivery.failures_in_a_row = 0
        if status < 300:
            self.delivery.last_delivered_at = datetime.now(UTC)
            self.delivery.last_error = None
            counters.add("envelopes.delivered")
        else:
            self.delivery.last_error = f"HTTP {status}"
            counters.add(f"envelopes.refused.{status}")
            count_body("send_error", entry.body)
        self._spool.acknowledge(entry)
