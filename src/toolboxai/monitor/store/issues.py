"""Which issue an event belongs to: known, known under older rules, new, or one too many."""

from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from toolboxai.monitor.grouping import GROUPING_VERSION
from toolboxai.monitor.settings import Limits
from toolboxai.monitor.store.batch import Batch, IssueKey
from toolboxai.monitor.store.meta import MetaFile
from toolboxai.monitor.store.records import OVERFLOW
from toolboxai.monitor.store.regressions import first_regression

HOUR_MS = 3_600_000


@dataclass(slots=True)
class Placement:
    """The issue of each (project, fingerprint), and what that changes in meta.db."""

    ids: dict[IssueKey, int]
    # The fingerprints that our rules give to issues of older ones.
    aliases: list[tuple[int, str, int]] = field(default_factory=list)
    # Which issues, at what time (ms), by which version of the rules.
    created: list[tuple[int, int, int]] = field(default_factory=list)
    # Which issues, and when they were seen (ms).
    regressions: list[tuple[int, int]] = field(default_factory=list)


class Issues:
    """Gives ids to issues. A failed write makes it worthless: make a new one."""

    def __init__(self, meta: MetaFile, limits: Limits) -> None:
        self._meta = meta
        self._limits = limits
        self._ids: OrderedDict[IssueKey, int] = OrderedDict()
        self._next_id = meta.next_issue_id()
        self._hour = 0
        self._new_this_hour: Counter[int] = Counter()

    def place(self, batch: Batch, now: int) -> Placement:
        """Return the ids for all events of the batch; those that are one issue too many get one."""
        placement = Placement({})
        self._find(batch, placement)
        # Sorted, so that one batch always gives the same ids.
        new = sorted(batch.issue_keys() - placement.ids.keys())
        allowed = self._allowed(new, now)
        if len(allowed) < len(new):
            batch.gather(set(new) - set(allowed), self._limits.max_new_issues_per_project_hour)
            overflow = {key for key in batch.issue_keys() if key[1] == OVERFLOW}
            placement.ids |= self._known(overflow)
            allowed += sorted(overflow - placement.ids.keys())
        for key in allowed:
            placement.ids[key] = self._next_id
            placement.created.append((self._next_id, now, GROUPING_VERSION))
            self._next_id += 1
        self._remember(placement.ids)
        self._note_regressions(batch, placement)
        return placement

    def _find(self, batch: Batch, placement: Placement) -> None:
        facts = batch.facts_of_issues()
        placement.ids |= self._known(facts.keys())
        older = {
            key: [(key[0], each) for each in facts[key].older_fingerprints]
            for key in facts.keys() - placement.ids.keys()
        }
        known = self._known({each for keys in older.values() for each in keys})
        for key, older_keys in older.items():
            found = next((known[each] for each in older_keys if each in known), None)
            if found is not None:
                placement.ids[key] = found
                placement.aliases.append((*key, found))

    def _known(self, wanted: Iterable[IssueKey]) -> dict[IssueKey, int]:
        ids = {key: self._ids[key] for key in wanted if key in self._ids}
        return ids | self._meta.issue_ids(set(wanted) - ids.keys())

    def _allowed(self, new: list[IssueKey], now: int) -> list[IssueKey]:
        """Return those of the new ones that this hour has room for, and count them."""
        hour = now // HOUR_MS * HOUR_MS
        if new and hour != self._hour:
            self._hour = hour
            self._new_this_hour = self._meta.issues_created_since(hour)
        allowed = []
        for key in new:
            if self._new_this_hour[key[0]] < self._limits.max_new_issues_per_project_hour:
                self._new_this_hour[key[0]] += 1
                allowed.append(key)
        return allowed

    def _remember(self, ids: dict[IssueKey, int]) -> None:
        for key, number in ids.items():
            self._ids[key] = number
            self._ids.move_to_end(key)
        while len(self._ids) > self._limits.max_cached_issues:
            self._ids.popitem(last=False)

    def _note_regressions(self, batch: Batch, placement: Placement) -> None:
        resolved = self._meta.resolutions(placement.ids.values())
        if not resolved:
            return
        for issue_id, sightings in batch.sightings(placement.ids).items():
            regression = issue_id in resolved and first_regression(resolved[issue_id], sightings)
            if regression:
                placement.regressions.append((issue_id, regression.at))
