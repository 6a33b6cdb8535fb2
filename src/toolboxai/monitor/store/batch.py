"""What a set of envelopes changes in the files. Pure: asks no file, so it can be asked anything."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from toolboxai.monitor.models import ACCEPTED
from toolboxai.monitor.store.days import Rows
from toolboxai.monitor.store.folder import Kind
from toolboxai.monitor.store.records import (
    OVERFLOW,
    Delta,
    Digested,
    EventRecord,
    Fate,
    IssueFacts,
    Timed,
)
from toolboxai.monitor.store.regressions import Sighting

HOUR_MS = 3_600_000
REPEATED = "repeated"
GATHERED = Fate("error", "overflow", "new issues per hour")

EventKey = tuple[int, bytes]
IssueKey = tuple[int, str]


@dataclass(frozen=True, slots=True)
class _Received:
    project_id: int
    received_at: int
    event: EventRecord


@dataclass(frozen=True, slots=True)
class _Growth:
    """What a batch adds to one issue."""

    facts: IssueFacts
    count: int
    first_seen: int
    last_seen: int
    latest_event_id: str

    def plus(self, event_id: str, facts: IssueFacts) -> "_Growth":
        is_latest = facts.seen_at >= self.last_seen
        latest = facts if is_latest else self.facts
        return replace(
            self,
            facts=replace(latest, handled=facts.handled and self.facts.handled),
            count=self.count + 1,
            first_seen=min(self.first_seen, facts.seen_at),
            last_seen=max(self.last_seen, facts.seen_at),
            latest_event_id=event_id if is_latest else self.latest_event_id,
        )


class Batch:
    """Collects envelopes; then says which rows they are and what they change in meta.db."""

    def __init__(self, now: int) -> None:
        self._hour = now // HOUR_MS * HOUR_MS
        self._events: dict[EventKey, _Received] = {}
        self._rows = {Kind.LOGS: Rows(), Kind.OTHER: Rows()}
        self._totals: Counter[tuple[int, str]] = Counter()
        self._fates: Counter[tuple[int, Fate]] = Counter()
        self._envelopes: dict[tuple[int, str], int] = {}

    def add(self, envelope: Digested) -> None:
        """Take an envelope in, unless the batch has it."""
        if envelope.envelope_id is not None:
            key = (envelope.project_id, envelope.envelope_id)
            if key in self._envelopes:
                self.add_repeated_envelope(envelope.project_id)
                return
            self._envelopes[key] = envelope.received_at
        for fate, quantity in envelope.fates.items():
            self._fates[envelope.project_id, fate] += quantity
        self._add_events(envelope)
        self._add_logs(envelope)
        self._add_items(envelope)

    def add_repeated_envelope(self, project_id: int) -> None:
        """Count an envelope that was stored before."""
        self._fates[project_id, Fate("envelope", REPEATED, "envelope id")] += 1

    def event_keys(self) -> list[EventKey]:
        """Return the (project, event id) of all events."""
        return list(self._events)

    def drop_repeated(self, known: Iterable[EventKey]) -> None:
        """Count events that were stored before, and leave them out."""
        for key in known:
            received = self._events.pop(key)
            self._count_repeated_event(received.project_id, received.event)

    def issue_keys(self) -> set[IssueKey]:
        """Return the (project, fingerprint) of all issues that the events belong to."""
        return set(self.facts_of_issues())

    def facts_of_issues(self) -> dict[IssueKey, IssueFacts]:
        """Return what one event says of each of these issues."""
        return {
            (received.project_id, issue.fingerprint): issue
            for received in self._events.values()
            if (issue := received.event.issue)
        }

    def gather(self, keys: set[IssueKey], limit: int) -> None:
        """Let the events of these issues belong to the one that says that there are too many."""
        for event_key, received in self._events.items():
            facts = received.event.issue
            if facts and (received.project_id, facts.fingerprint) in keys:
                event = replace(received.event, issue=_overflow(facts, limit))
                self._events[event_key] = replace(received, event=event)
                self._fates[received.project_id, GATHERED] += 1

    def sightings(self, issue_ids: dict[IssueKey, int]) -> dict[int, list[Sighting]]:
        """Return when and in which release each issue was seen."""
        found: dict[int, list[Sighting]] = defaultdict(list)
        for received in self._events.values():
            if facts := received.event.issue:
                issue_id = issue_ids[received.project_id, facts.fingerprint]
                found[issue_id].append(Sighting(facts.seen_at, facts.release))
        return found

    def timed(self) -> Iterator[Timed]:
        """Yield the transactions that say how long they took."""
        for received in self._events.values():
            event = received.event
            if event.timing is not None:
                yield Timed(received.project_id, event.event_id, event.trace_id or "", event.timing)

    def rows(self, issue_ids: dict[IssueKey, int]) -> dict[Kind, Rows]:
        """Return what each kind of file gets; kinds that get nothing are missing."""
        rows = {Kind.ERRORS: Rows(), Kind.TRACES: Rows(), **self._rows}
        for (project_id, event_id), received in self._events.items():
            event = received.event
            issue = event.issue and issue_ids[project_id, event.issue.fingerprint]
            trace_id = event.trace_id and bytes.fromhex(event.trace_id)
            received_at = received.received_at
            seen_at = event.issue.seen_at if event.issue else received_at
            rows[Kind.ERRORS if issue else Kind.TRACES].rows.append(
                (project_id, event_id, issue or 0, trace_id, received_at, event.payload, seen_at)
            )
        return {kind: added for kind, added in rows.items() if added.rows}

    def delta(self, issue_ids: dict[IssueKey, int]) -> Delta:
        """Return what changes in meta.db."""
        totals = self._totals + Counter(
            (received.project_id, "error" if received.event.issue else "transaction")
            for received in self._events.values()
        )
        return Delta(
            issues=[
                _issue_row(issue_ids[key], key, growth) for key, growth in self._growths().items()
            ],
            totals=[(*key, quantity) for key, quantity in totals.items()],
            outcomes=[
                (project_id, self._hour, fate.category, fate.outcome, fate.reason, quantity)
                for (project_id, fate), quantity in (self._fates + _accepted(totals)).items()
            ],
            envelopes=[(*key, seen_at) for key, seen_at in self._envelopes.items()],
        )

    def _add_events(self, envelope: Digested) -> None:
        for event in envelope.events:
            key = (envelope.project_id, bytes.fromhex(event.event_id))
            if key in self._events:
                self._count_repeated_event(envelope.project_id, event)
            else:
                self._events[key] = _Received(envelope.project_id, envelope.received_at, event)

    def _add_logs(self, envelope: Digested) -> None:
        for log in envelope.logs:
            added = self._rows[Kind.LOGS]
            position = len(added.rows)
            added.rows.append((envelope.project_id, envelope.received_at, log.payload))
            added.traces += [(position, bytes.fromhex(trace_id)) for trace_id in log.trace_ids]
            self._totals[envelope.project_id, "log"] += log.quantity

    def _add_items(self, envelope: Digested) -> None:
        for item in envelope.items:
            event_id = item.event_id and bytes.fromhex(item.event_id)
            self._rows[Kind.OTHER].rows.append(
                (
                    envelope.project_id,
                    event_id,
                    item.type,
                    item.headers,
                    envelope.received_at,
                    item.payload,
                )
            )
            self._totals[envelope.project_id, item.category] += item.quantity

    def _count_repeated_event(self, project_id: int, event: EventRecord) -> None:
        category = "error" if event.issue else "transaction"
        self._fates[project_id, Fate(category, REPEATED, "event id")] += 1

    def _growths(self) -> dict[IssueKey, _Growth]:
        growths: dict[IssueKey, _Growth] = {}
        for received in self._events.values():
            facts = received.event.issue
            if facts is None:
                continue
            key = (received.project_id, facts.fingerprint)
            event_id = received.event.event_id
            known = growths.get(key)
            growths[key] = (
                known.plus(event_id, facts)
                if known
                else _Growth(facts, 1, facts.seen_at, facts.seen_at, event_id)
            )
        return growths


def _accepted(totals: Mapping[tuple[int, str], int]) -> Counter[tuple[int, Fate]]:
    return Counter(
        {
            (project_id, Fate(category, ACCEPTED, "")): quantity
            for (project_id, category), quantity in totals.items()
        }
    )


def _overflow(facts: IssueFacts, limit: int) -> IssueFacts:
    return replace(
        facts,
        fingerprint=OVERFLOW,
        title=f"Too many new issues: more than {limit:,} within an hour",
        culprit="What would have been further ones is gathered here (max_new_issues_per_project_hour)",
        older_fingerprints=(),
    )


def _issue_row(
    issue_id: int, key: IssueKey, growth: _Growth
) -> tuple[int, int, str, str, str, str, str, bool, int, int, int, str]:
    project_id, fingerprint = key
    facts = growth.facts
    return (
        issue_id,
        project_id,
        fingerprint,
        facts.title,
        facts.culprit,
        facts.level,
        facts.platform,
        facts.handled,
        growth.count,
        growth.first_seen,
        growth.last_seen,
        growth.latest_event_id,
    )
