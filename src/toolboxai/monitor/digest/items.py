"""An envelope's items → what the store keeps of them. Knows neither files nor threads."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import zstandard

from toolboxai.monitor import grouping
from toolboxai.monitor.digest.categories import (
    CATEGORY,
    CLIENT_CATEGORIES,
    CLIENT_REASONS,
    CONTAINERS,
    COUNTED,
    KNOWN_TYPES,
)
from toolboxai.monitor.digest.packing import ZSTD_LEVEL, packers
from toolboxai.monitor.digest.timings import timing_of
from toolboxai.monitor.protocol import (
    Envelope,
    Flags,
    Item,
    NotRepairableError,
    dumps,
    event_id_of,
    glance,
    id_for,
    loads,
    repair_event,
    trim,
)
from toolboxai.monitor.settings import Limits
from toolboxai.monitor.store import (
    Dictionary,
    Digested,
    EventRecord,
    Fate,
    IssueFacts,
    ItemRecord,
    Kind,
    LogRecord,
    TransactionFacts,
)

log = logging.getLogger(__name__)

INVALID = "invalid"
EVENTS = frozenset({"event", "transaction"})
DISCARDED = "discarded by client"
NO_DICTIONARIES: Mapping[Kind, Dictionary] = {}
MAX_ENVELOPE_ID_CHARS = 64
MAX_REPORTED = 100
MAX_QUANTITY = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """An envelope that may be stored. ``received_at`` is in ms, UTC."""

    project_id: int
    received_at: int
    envelope: Envelope


class Digester:
    """Digests one envelope after the other. For one thread: its compressor isn't shared."""

    def __init__(
        self,
        limits: Limits,
        *,
        finds_older_issues: bool = False,
        dictionaries: Mapping[Kind, Dictionary] = NO_DICTIONARIES,
    ) -> None:
        self._limits = limits
        self._packers = packers(dictionaries)
        self._finds_older_issues = finds_older_issues
        self._compress = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress
        self._digest_of: dict[str, Callable[[Item, Submission, Digested], None]] = {
            "event": self._event,
            "transaction": self._event,
            "log": self._logs,
            "client_report": self._client_report,
        }

    @property
    def dictionaries(self) -> dict[Kind, Dictionary | None]:
        """What events are compressed with now."""
        return {kind: packer.dictionary for kind, packer in self._packers.items()}

    def learn(self) -> None:
        """Learn what events have in common. Not between digesting and storing them."""
        for packer in self._packers.values():
            packer.learn()

    def digest(self, submission: Submission) -> Digested:
        """Return what is to be stored. An item that can't be is dropped, with an outcome."""
        envelope_id = submission.envelope.header_text("envelope_id")
        digested = Digested(
            project_id=submission.project_id,
            received_at=submission.received_at,
            envelope_id=envelope_id and envelope_id[:MAX_ENVELOPE_ID_CHARS],
        )
        for item in submission.envelope.items:
            self._one(item, submission, digested)
        return digested

    def _one(self, item: Item, submission: Submission, digested: Digested) -> None:
        """Digest an item behind a border: whatever is wrong with it stays its own problem."""
        try:
            if len(item.payload) > self._max_bytes(item):
                digested.fates[_invalid(item, "too large")] += 1
                return
            self._digest_of.get(item.type, self._raw)(item, submission, digested)
        except NotRepairableError as error:
            digested.fates[_invalid(item, error.reason)] += 1
        except MemoryError:
            # Not even logged: that takes memory, too.
            digested.fates[_invalid(item, "out of memory")] += 1
        except Exception:
            log.exception("an item of type %r can't be digested; it is dropped", item.type)
            digested.fates[_invalid(item, "internal error")] += 1

    def _max_bytes(self, item: Item) -> int:
        if item.type in CONTAINERS or item.type in CATEGORY:
            return self._limits.max_container_bytes
        return self._limits.max_attachment_bytes

    def _event(self, item: Item, submission: Submission, digested: Digested) -> None:
        event, body = self._seen(item, submission)
        event_id = _event_id(event, item, submission)
        is_error = item.type == "event"
        digested.events.append(
            EventRecord(
                event_id=event_id,
                trace_id=_trace_id(event),
                payload=self._packers[Kind.ERRORS if is_error else Kind.TRACES].pack(body),
                issue=self._issue(event) if is_error else None,
                timing=_timing(event, submission) if item.type == "transaction" else None,
            )
        )

    def _seen(self, item: Item, submission: Submission) -> tuple[dict[str, Any], bytes]:
        """Return what is to be known of an event now, and what is kept of it."""
        received_at, limits = submission.received_at, self._limits
        if item.type == "event":
            event = glance(item.payload, received_at=received_at, limits=limits)
            if event is not None:
                return event, item.payload
        flags = Flags()
        event = repair_event(
            self._loads(item, flags), flags, received_at=received_at, limits=limits
        )
        return event, self._body(event, flags)

    def _issue(self, event: dict[str, Any]) -> IssueFacts:
        found = grouping.group(event)
        return IssueFacts(
            fingerprint=found.fingerprint,
            title=found.title,
            culprit=found.culprit,
            level=event.get("level", "error"),
            platform=event.get("platform", "other"),
            handled=grouping.is_handled(event),
            seen_at=round(event["timestamp"] * 1_000),
            release=event.get("release", ""),
            older_fingerprints=(
                grouping.older_fingerprints(event) if self._finds_older_issues else ()
            ),
        )

    def _body(self, event: dict[str, Any], flags: Flags) -> bytes:
        limits = self._limits
        body = dumps(event, flags, max_depth=limits.max_json_depth)
        if len(body) > limits.max_event_bytes:
            event = trim(orjson.loads(body), flags, max_bytes=limits.max_event_bytes)
        elif not flags.reasons:
            return body
        event["_meta"] = flags.as_meta(event.get("_meta"))
        return dumps(event, Flags(), max_depth=limits.max_json_depth)

    def _logs(self, item: Item, submission: Submission, digested: Digested) -> None:
        flags = Flags()
        depth = self._limits.max_json_depth
        container = self._loads(item, flags)
        lines = container.get("items") if isinstance(container, dict) else None
        if not isinstance(lines, list):
            reason = "no items"
            raise NotRepairableError(reason)
        kept = [line for line in lines if isinstance(line, dict)]
        if len(kept) < len(lines):
            digested.fates[_invalid(item, "not an object")] += len(lines) - len(kept)
        if not kept:
            return
        received = submission.received_at / 1_000
        for line in kept:
            _repair_log(line, received)
        digested.logs.append(
            LogRecord(
                quantity=len(kept),
                trace_ids=frozenset(line["trace_id"] for line in kept if line["trace_id"]),
                payload=self._compress(dumps(kept, flags, max_depth=depth)),
            )
        )

    def _client_report(self, item: Item, submission: Submission, digested: Digested) -> None:
        self._raw(item, submission, digested)
        report = self._loads(item, Flags())
        discarded = report.get("discarded_events") if isinstance(report, dict) else None
        for entry in discarded[:MAX_REPORTED] if isinstance(discarded, list) else ():
            if isinstance(entry, dict):
                _count_discarded(entry, digested)

    def _loads(self, item: Item, flags: Flags) -> Any:  # noqa: ANN401 - JSON
        limits = self._limits
        return loads(
            item.payload,
            flags,
            max_depth=limits.max_json_depth,
            max_values=limits.max_json_values,
        )

    def _raw(self, item: Item, submission: Submission, digested: Digested) -> None:
        digested.items.append(
            ItemRecord(
                category=item.type if item.type in KNOWN_TYPES else "unknown",
                type=item.type,
                event_id=event_id_of(submission.envelope.headers.get("event_id")),
                headers=orjson.dumps(item.headers).decode(),
                payload=self._compress(item.payload),
                quantity=self._quantity(item),
            )
        )

    def _quantity(self, item: Item) -> int:
        claimed = item.headers.get("item_count") if item.type in COUNTED else None
        if not isinstance(claimed, int) or claimed < 1:
            return 1
        return min(claimed, self._limits.max_container_items)


def _event_id(event: dict[str, Any], item: Item, submission: Submission) -> str:
    """Return the id that the client is told: the envelope's, unless it has several events."""
    envelope = submission.envelope
    own, sent = (event_id_of(each.get("event_id")) for each in (event, envelope.headers))
    is_alone = sum(each.type in EVENTS for each in envelope.items) == 1
    return (sent or own if is_alone else own or sent) or id_for(item.payload)


def _timing(event: dict[str, Any], submission: Submission) -> TransactionFacts | None:
    trace = submission.envelope.headers.get("trace")
    return timing_of(event, trace.get("sample_rate") if isinstance(trace, dict) else None)


def _trace_id(event: dict[str, Any]) -> str | None:
    trace = event.get("contexts", {}).get("trace")
    return event_id_of(trace.get("trace_id")) if isinstance(trace, dict) else None


def _repair_log(line: dict[str, Any], received: float) -> None:
    line["trace_id"] = event_id_of(line.get("trace_id"))
    if not isinstance(line.get("timestamp"), (int, float)):
        line["timestamp"] = received


def _invalid(item: Item, reason: str) -> Fate:
    known = item.type if item.type in KNOWN_TYPES else "unknown"
    return Fate(CATEGORY.get(item.type, known), INVALID, reason)


def _count_discarded(entry: dict[str, Any], digested: Digested) -> None:
    reason, category, quantity = (entry.get(key) for key in ("reason", "category", "quantity"))
    if not isinstance(quantity, int) or not 0 < quantity <= MAX_QUANTITY:
        return
    fate = Fate(
        _one_of(category, CLIENT_CATEGORIES),
        DISCARDED,
        _one_of(reason, CLIENT_REASONS),
    )
    digested.fates[fate] += quantity


def _one_of(value: object, known: frozenset[str]) -> str:
    return value if isinstance(value, str) and value in known else "other"
