"""Which envelope goes next, when, and what becomes of it. No thread of its own, and no clock but those it is given."""

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from math import inf
from time import monotonic, time

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.spool import MAX_AGE_HOURS, Entry, Spool
from toolboxai.telemetry.transport.limit_file import LimitFile
from toolboxai.telemetry.transport.limits import Limits, allow, asked
from toolboxai.telemetry.transport.losses import count_body, count_sent
from toolboxai.telemetry.transport.sink import Answer, Post
from toolboxai.telemetry.transport.volley import Volley
from toolboxai.telemetry.transport.wire import stamped

FIRST_WAIT_SECONDS = 0.25
MAX_WAIT_SECONDS = 15.0
# What is older than this has piled up, and is sent at Sentry's pace for that: so long between two ...
BACKLOG_SECONDS = 5.0
GAP_SECONDS = 0.1
# Who answers with more than anybody reads makes us connect anew each time ...
LONG_ANSWER_SECONDS = 1.0
# ... unless it would take longer than this, when what comes in could outrun what goes out.
MAX_DRAIN_SECONDS = 600.0
# The file of limits may change, and so may the clock: no pause for a limit is longer.
LOOK_AGAIN_SECONDS = 60.0
# As often as it is tried in vain until what waits is too old: after a night each has its place again.
MAX_FAILED_IN_A_ROW = MAX_PARDONED = int(MAX_AGE_HOURS * 3_600 / MAX_WAIT_SECONDS)
# These say "not now", 407 in the name of a proxy; every other 4xx is final.
_NOT_NOW = frozenset({407, 408, 425, 429})


@dataclass(slots=True)
class Delivery:
    """How sending goes, for people to look at. ``limited`` says until when the sink wants none of a category."""

    last_delivered_at: datetime | None = None
    last_delivered: str = ""
    last_failed_at: datetime | None = None
    last_failure: str = ""
    last_error: str | None = None
    failures_in_a_row: int = 0
    limited: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def is_healthy(self) -> bool:
        """Whether the last attempt, if there was one, ended in a yes."""
        return self.last_error is None


def is_final(status: int) -> bool:
    """Say whether the sink has decided: a yes, or a no for good.

    A redirect is no yes, a proxy's sign-in page would swallow everything; nor is 103, which promises an answer.
    """
    return 200 <= status < 300 or (400 <= status < 500 and status not in _NOT_NOW)


class Courier:
    """Takes from the spool what may go now. An error of the network, a 429 or a 5xx keeps it for another try."""

    def __init__(
        self,
        spool: Spool,
        posts: Sequence[Post],
        limits: LimitFile,
        *,
        as_it_may_leave: Callable[[Entry], bytes] = lambda entry: entry.body,
        gap_seconds: float = GAP_SECONDS,
        now: Callable[[], float] = time,
        elapsed: Callable[[], float] = monotonic,
    ) -> None:
        self._spool = spool
        self._volley = Volley(posts)
        self._limits = limits
        self._as_it_may_leave = as_it_may_leave
        self._gap_seconds = gap_seconds
        self._now = now
        self._elapsed = elapsed
        self._delivery = Delivery()
        self._due_at = 0.0
        self._hurried = False
        self._failed_in_a_row: deque[Entry] = deque(maxlen=MAX_FAILED_IN_A_ROW)
        self._pardoned: set[tuple[str, int]] = set()
        self.is_pacing = False

    @property
    def delivery(self) -> Delivery:
        """How sending goes."""
        limited = {
            category: datetime.fromtimestamp(until, UTC)
            for category, until in self._limits.in_force().items()
        }
        return replace(self._delivery, limited=limited)

    def hurry(self) -> None:
        """Don't wait out our own pause after a failure. What the sink asked for still holds."""
        self._hurried = True

    def advance(self) -> float:
        """Attempt one envelope, if one may go; return the seconds until there may be another.

        Zero is at once, ``inf`` when something new has come. ``is_pacing`` says that there is more to send
        and only the gap between two is waited for.
        """
        hurried, self._hurried = self._hurried and not self.is_pacing, False
        pause_seconds = self._due_at - self._elapsed()
        if pause_seconds > 0 and not hurried:
            return pause_seconds
        self.is_pacing = False
        limits = self._limits.in_force()
        entries = self._next(partial(allow, limits))
        if not entries:
            return self._until_one_ends(limits)
        pause_seconds = self._deal_with(entries)
        self._due_at = self._elapsed() + pause_seconds
        return pause_seconds

    def _until_one_ends(self, limits: Limits) -> float:
        if not limits:
            return inf
        return min(LOOK_AGAIN_SECONDS, max(0.001, min(limits.values()) - self._now()))

    def _next(self, accept: Callable[[Collection[str]], bool]) -> list[Entry]:
        """Take the next one; of what has piled up for a sink that answers, as many as may go at once."""
        entry = self._spool.take(accept)
        entries = [] if entry is None else [entry]
        if entry is None or not self._is_backlog(entry) or self._delivery.failures_in_a_row:
            return entries
        while len(entries) < self._volley.size and (entry := self._spool.take(accept)):
            entries.append(entry)
        return entries

    def _is_backlog(self, entry: Entry) -> bool:
        return self._spool.age_seconds(entry) >= BACKLOG_SECONDS

    def _deal_with(self, entries: Sequence[Entry]) -> float:
        """Deliver or keep; return the seconds to wait before the next."""
        ready = [(entry, body) for entry in entries if (body := self._ready(entry))]
        answers = self._volley([body for _, body in ready])
        return max(
            (self._after(entry, answer) for (entry, _), answer in zip(ready, answers, strict=True)),
            default=0.0,
        )

    def _after(self, entry: Entry, answer: Answer | str) -> float:
        with quietly:
            if isinstance(answer, Answer):
                return self._answered(entry, answer)
            return self._not_now(entry, answer)
        return self._not_now(entry, "internal error")

    def _ready(self, entry: Entry) -> bytes:
        """Return the bytes to send; none, and it is done with, of what may not leave or would break us again."""
        with quietly:
            if body := self._as_it_may_leave(entry):
                return stamped(body, now=self._now())
            self._spool.acknowledge(entry)
            return b""
        count_body("internal_sdk_error", entry.body)
        self._spool.acknowledge(entry)
        return b""

    def _answered(self, entry: Entry, answer: Answer) -> float:
        limits = asked(answer.status, answer.rate_limits, answer.retry_after, now=self._now())
        if limits:
            self._limits.add(limits)
        if is_final(answer.status):
            self._settle(entry, answer.status)
            return self._gap_after(entry, answer)
        if allow(self._limits.in_force(), entry.categories):
            return self._not_now(entry, f"HTTP {answer.status}")
        # It is its kind's turn to wait, not its own fault; others go on.
        self._spool.give_back(entry)
        self._note_failure(f"HTTP {answer.status}")
        return 0.0

    def _not_now(self, entry: Entry, why: str) -> float:
        """Let others go first: it may be the one that the sink can't take."""
        self._spool.defer(entry)
        self._failed_in_a_row.append(replace(entry, body=b""))
        self._note_failure(why)
        doubled = FIRST_WAIT_SECONDS * 2.0 ** min(self._delivery.failures_in_a_row - 1, 10)
        return min(MAX_WAIT_SECONDS, doubled)

    def _note_failure(self, why: str) -> None:
        self._delivery.failures_in_a_row += 1
        self._note_error(why)
        counters.add("attempts.failed")

    def _note_error(self, why: str) -> None:
        self._delivery.last_error = self._delivery.last_failure = why
        self._delivery.last_failed_at = datetime.fromtimestamp(self._now(), UTC)

    def _settle(self, entry: Entry, status: int) -> None:
        """The sink has decided: it has it, or will never want it."""
        self._spool.acknowledge(entry)
        self._delivery.failures_in_a_row = 0
        self._pardon()
        if status < 300:
            self._delivery.last_delivered_at = datetime.fromtimestamp(self._now(), UTC)
            self._delivery.last_delivered = count_sent(entry.body)
            self._delivery.last_error = None
            counters.add("envelopes.delivered")
        else:
            self._note_error(f"HTTP {status}")
            counters.add(f"envelopes.refused.{status}")
            count_body("send_error", entry.body)

    def _pardon(self) -> None:
        """When several failed in a row it was the sink's fault: they get their places back, each once."""
        if len(self._failed_in_a_row) > 1:
            if len(self._pardoned) > MAX_PARDONED:
                self._pardoned.clear()
            for entry in self._failed_in_a_row:
                name = (entry.segment.path.name, entry.index)
                if name not in self._pardoned:
                    self._pardoned.add(name)
                    self._spool.give_back(entry)
        self._failed_in_a_row.clear()

    def _gap_after(self, entry: Entry, answer: Answer) -> float:
        """Return the seconds to leave the sink alone: what waits has piled up, or it talks without end."""
        gap_seconds = 0.0 if answer.is_short else LONG_ANSWER_SECONDS
        if self._is_backlog(entry):
            gap_seconds = max(gap_seconds, self._gap_seconds)
        if not gap_seconds:
            return 0.0
        self.is_pacing = True
        return min(gap_seconds, MAX_DRAIN_SECONDS / max(1, self._spool.waiting))
