"""The SDK's transport, and the door by which our own events reach it without the SDK's serialiser."""

import logging
import os
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from time import monotonic, time
from typing import Any
from urllib.parse import urlsplit

import sentry_sdk
from sentry_sdk.envelope import Envelope, Item
from sentry_sdk.transport import Transport

from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.figures import Figures, Workers, moment
from toolboxai.telemetry.figures.durations import durations
from toolboxai.telemetry.options import Options
from toolboxai.telemetry.privacy import Gate, Policy, Pseudonym, rules_of
from toolboxai.telemetry.spool import Entry, Heir, Slot, Spool, claim_folder, may_pass
from toolboxai.telemetry.transport.courier import GAP_SECONDS, Courier, Delivery
from toolboxai.telemetry.transport.keeper import Keeper, LogRecord, Render
from toolboxai.telemetry.transport.limit_file import LIMITS_NAME, LimitFile
from toolboxai.telemetry.transport.losses import count_body, count_damaged, count_items
from toolboxai.telemetry.transport.regate import regated
from toolboxai.telemetry.transport.reports import Reports
from toolboxai.telemetry.transport.sender import Sender
from toolboxai.telemetry.transport.sink import Post, Sink
from toolboxai.telemetry.transport.wire import Outgoing, OutgoingItem, categories_of

log = logging.getLogger(__name__)

CLIENT = f"toolboxai.telemetry/{sentry_sdk.VERSION}"

# To a monitor on this machine: it shares one commit among all that come at once.
NEAR_CONNECTIONS = 4


def label_of(dsn: str) -> str:
    """Return host and project of a DSN, never its key: what people are told of a sink."""
    parts = urlsplit(dsn)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}"


def as_it_may_leave(entry: Entry, *, rules: int, gate: Callable[[], Gate]) -> bytes:
    """Return what was kept as today's rules let it leave; empty when nothing of it may.

    Most processes never meet what was kept under others, so ``gate`` is asked for with the first.
    """
    return entry.body if entry.rules == rules else regated(entry.body, gate())


class SpoolingTransport(Transport):
    """Keeps everything on disk before it sends it. Capturing never waits for disk or network."""

    def __init__(
        self,
        options: Options,
        render_log: Render,
        idle: Callable[[], None],
        pseudonym: Pseudonym,
        *,
        policy: Policy,
        post: Post | None = None,
    ) -> None:
        super().__init__({"dsn": options.dsn})
        if options.dsn is None:
            msg = "a transport needs a DSN"
            raise ValueError(msg)
        self._dsn = options.dsn
        self._choices = options
        self._spool_dir = options.spool_dir.absolute()  # the application may change its folder
        self._render_log = render_log
        self._idle = idle
        self._pseudonym = pseudonym
        self._policy = policy
        self._post = post  # instead of the network
        self._open()

    def _open(self) -> None:
        choices = self._choices
        self._is_over = False
        self._slot: Slot | None = None
        self._heir: Heir | None = None
        self._workers: Workers | None = None
        self._started = time()
        rules = rules_of(self._policy)
        folder = self._folder_if_possible()
        self.spool = Spool(
            folder,
            find_folder=self._claim,
            max_bytes=choices.spool_max_bytes,
            max_age_hours=choices.spool_max_age_hours,
            lost=count_body,
            damaged=count_damaged,
            categories_of=categories_of,
            rules=rules,
        )
        sink = Sink(self._dsn, CLIENT, choices)
        more = NEAR_CONNECTIONS - 1 if sink.is_near else 0
        self._sinks = [sink, *(Sink(self._dsn, CLIENT, choices) for _ in range(more))]
        self._courier = Courier(
            self.spool,
            [self._post] if self._post else self._sinks,
            LimitFile(folder and folder.parent / LIMITS_NAME),
            as_it_may_leave=partial(as_it_may_leave, rules=rules, gate=cache(self._new_gate)),
            gap_seconds=0.0 if self._post or sink.is_near else GAP_SECONDS,
        )
        self._sender = Sender(self.spool, self._courier)
        self._reports = Reports(self._dsn)
        self._keeper = Keeper(
            self._new_gate(),
            self.spool,
            render_log=self._render_log,
            kept=self._sender.notify,
            idle=self._when_idle,
            max_envelopes=choices.queue_max_envelopes,
            max_logs=choices.queue_max_logs,
        )

    def _new_gate(self) -> Gate:
        """Return a gate for one thread."""
        return Gate(
            self._pseudonym, policy=self._policy, max_string_chars=self._choices.max_string_chars
        )

    def _claim(self) -> Path:
        self._slot = claim_folder(self._spool_dir, self._dsn, label=label_of(self._dsn))
        self._workers = Workers(self._slot.folder)
        self._heir = Heir(self._slot, max_bytes=self._choices.spool_max_bytes)
        self._heir.look()
        return self._slot.folder

    def _folder_if_possible(self) -> Path | None:
        """Return the folder, or ``None`` while the disk takes nothing. Raises ``OSError`` if it never will."""
        try:
            return self._claim()
        except OSError as error:
            if not may_pass(error):
                raise
            counters.add("spool_errors")
            log.warning("reports wait in memory until the spool can be written to: %s", error)
            return None

    def after_fork(self) -> None:
        """Begin anew in a child: threads don't survive a fork, and the folder is the parent's.

        What the parent had captured by then stays the parent's to deliver.
        """
        if self._slot is not None:
            self._slot.release()
        self._open()
        self.start()

    def _when_idle(self) -> None:
        with quietly:
            self._idle()
        with quietly:
            self._report()
        with quietly:
            self._inherit()
        if self._workers is not None:
            self._workers.share(self.figures)

    def _inherit(self) -> None:
        if self._heir is not None and (names := self._heir.look()):
            self.spool.take_in(names)
            self._sender.notify()

    def others(self) -> list[Figures]:
        """Return what the other live workers have last shared."""
        return [] if self._workers is None else self._workers.others()

    def figures(self) -> Figures:
        """Return what this process has counted, as of now."""
        delivery = self.delivery
        return Figures(
            pid=os.getpid(),
            started=self._started,
            serves=durations.serves,
            queued=self.queued,
            spool_waiting=self.spool.waiting,
            spool_size_bytes=self.spool.size_bytes,
            spool_held=self.spool.held,
            oldest_waiting_at=self.spool.oldest_waiting_at,
            trouble=self._trouble(delivery),
            last_error=delivery.last_error,
            failures_in_a_row=delivery.failures_in_a_row,
            last_success=moment(delivery.last_delivered_at, delivery.last_delivered),
            last_failure=moment(delivery.last_failed_at, delivery.last_failure),
            limited={name: until.timestamp() for name, until in delivery.limited.items()},
            counts=counters.snapshot(),
            durations=durations.snapshot(),
        )

    def _trouble(self, delivery: Delivery) -> str | None:
        if self._keeper.disk_error is not None:
            return f"the disk does not take what is captured: {self._keeper.disk_error}"
        if delivery.last_error is None:
            return None
        if attempts := delivery.failures_in_a_row:
            return (
                f"nothing gets through to the sink: {delivery.last_error} ({attempts:,} in a row)"
            )
        return f"the sink refused what it was sent: {delivery.last_error}"

    def _report(self, *, at_once: bool = False) -> bool:
        """Tell the sink what never arrived; say whether there was anything to tell."""
        report = self._reports.due(at_once=at_once)
        if report is not None:
            self._keeper.put(Outgoing([report]))
        return report is not None

    def start(self) -> None:
        """Start both threads."""
        self._keeper.start()
        self._sender.start()

    @property
    def delivery(self) -> Delivery:
        """How sending goes."""
        return self._courier.delivery

    @property
    def queued(self) -> int:
        """How much is captured but not on disk yet."""
        return self._keeper.queued

    def put(self, outgoing: Outgoing) -> None:
        """Take an envelope of our own."""
        self._keeper.put(outgoing)

    def put_log(self, log_record: LogRecord) -> None:
        """Take a log record."""
        self._keeper.put_log(log_record)

    def capture_envelope(self, envelope: Envelope) -> None:
        """Take an envelope of the SDK's."""
        with quietly:
            items = [_outgoing_item(item) for item in envelope.items]
            trace = envelope.headers.get("trace") or {}
            self._keeper.put(Outgoing(items, envelope.headers.get("event_id"), trace))

    def record_lost_event(
        self,
        reason: str,
        data_category: str | None = None,
        item: Item | None = None,
        *,
        quantity: int = 1,
    ) -> None:
        """Count what the SDK itself threw away."""
        if item is not None:
            count_items(reason, [_outgoing_item(item)])
        else:
            counters.dropped(reason, data_category or "default", quantity)

    def flush(self, timeout: float, callback: Callable[[int, float], None] | None = None) -> None:
        """Wait up to ``timeout`` seconds until all is on disk and, while the sink answers, delivered."""
        del callback  # the SDK's own progress message; ours is the return value of `settle`
        if timeout > 0:
            self.settle(timeout)

    def settle(self, timeout_seconds: float) -> bool:
        """Do as ``flush`` does; say whether everything was delivered."""
        deadline = monotonic() + timeout_seconds
        if not self._keeper.flush(timeout_seconds):
            return False
        left_seconds = max(0.0, deadline - monotonic())
        if self._report(at_once=True) and not self._keeper.flush(left_seconds):
            return False
        return self._sender.drain(max(0.0, deadline - monotonic()))

    def kill(self) -> None:
        """Keep what is there, end the threads, give the folder to whoever comes next; once."""
        if self._is_over:
            return
        self._is_over = True
        if self._keeper.flush(self._choices.flush_timeout_seconds):
            self._report(at_once=True)
        self._keeper.stop(self._choices.flush_timeout_seconds)
        self._sender.stop(self._choices.flush_timeout_seconds)
        self.spool.close()
        for sink in self._sinks:
            sink.close()
        self._reports.close()
        if self._slot is not None:
            self._slot.release()

    def is_healthy(self) -> bool:
        """Say whether the last attempt to deliver succeeded."""
        return self.delivery.is_healthy


def _outgoing_item(item: Item) -> OutgoingItem:
    """Return an SDK item with its JSON; bytes that aren't JSON stay bytes and don't pass the gate."""
    payload = None if item.type == "attachment" else item.payload.json
    if payload is None:
        payload = item.payload.bytes if item.payload.bytes is not None else item.get_bytes()
    headers = {
        name: value for name, value in item.headers.items() if name not in {"type", "length"}
    }
    return OutgoingItem(item.type or "unknown", payload, headers)


class Door(sentry_sdk.Scope):
    """A scope to finish a transaction with: hands the event back as it is, unserialised."""

    def capture_event(self, event: Any, *_args: object, **_keywords: object) -> Any:  # noqa: ANN401 - the SDK's own signature
        """Return the finished transaction, which ``finish`` then returns."""
        return event


Headers = Mapping[str, Any]
