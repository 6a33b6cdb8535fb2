"""The sender thread: lets the courier go as long as there is something to do, and sleeps when there isn't."""

from math import inf
from threading import Condition, Event, Thread

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.spool import Spool
from toolboxai.telemetry.transport.courier import MAX_WAIT_SECONDS, Courier


class Sender:
    """Delivers what the spool holds, for as long as it takes."""

    def __init__(self, spool: Spool, courier: Courier) -> None:
        self._spool = spool
        self._courier = courier
        self._wake = Event()
        self._changed = Condition()
        self._asked = 0  # how often somebody wanted all that can be sent to be sent ...
        self._done = 0  # ... and for how many of these that has happened
        self._stopping = False
        self._thread = Thread(target=self._run, name="telemetry-sender", daemon=True)

    def start(self) -> None:
        """Start the thread; the first thing it does, and now and then again, is to read what others left."""
        self._thread.start()

    def notify(self) -> None:
        """Say that there is something new in the spool."""
        self._wake.set()

    def drain(self, timeout_seconds: float) -> bool:
        """Wait until nothing more can be sent now; say whether that is everything.

        One attempt that fails is enough, and what the sink asked to wait for isn't attempted.
        """
        with self._changed:
            self._asked += 1
            asked = self._asked
            self._courier.hurry()
            self._wake.set()
            self._changed.wait_for(lambda: self._done >= asked, timeout_seconds)
        return not self._spool.waiting

    def stop(self, timeout_seconds: float) -> None:
        """End the thread; what waits stays in the spool."""
        self._stopping = True
        self._wake.set()
        self._thread.join(timeout_seconds)

    def _run(self) -> None:
        while not self._stopping:
            asked = self._asked
            pause_seconds = MAX_WAIT_SECONDS
            with quietly:
                if recovered := self._spool.recover():
                    counters.add("envelopes.recovered", recovered)
                pause_seconds = self._courier.advance()
            if pause_seconds > 0:
                if not self._courier.is_pacing:
                    self._tell(asked)
                self._wake.wait(None if pause_seconds == inf else pause_seconds)
                self._wake.clear()

    def _tell(self, asked: int) -> None:
        with self._changed:
            self._done = asked
            self._changed.notify_all()
