"""The only place that writes the monitor's data: batches that are there whole or not at all."""

import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from toolboxai.monitor import auth
from toolboxai.monitor.grouping import GROUPING_VERSION
from toolboxai.monitor.models import Project
from toolboxai.monitor.settings import MonitorSettings
from toolboxai.monitor.store.batch import Batch, EventKey
from toolboxai.monitor.store.copies import Snapshot
from toolboxai.monitor.store.days import (
    DayFile,
    PastDays,
    Rows,
    bring_up_to_date,
    finish_or_undo,
    newest_dictionary,
    open_days,
)
from toolboxai.monitor.store.folder import (
    DamagedError,
    DataFolder,
    FolderLock,
    Kind,
    StoreError,
    WriteFailedError,
)
from toolboxai.monitor.store.issues import Issues
from toolboxai.monitor.store.meta import PASSWORD, SESSION_KEY, MetaFile
from toolboxai.monitor.store.periods import Resolution
from toolboxai.monitor.store.records import Delta, Dictionary, Digested
from toolboxai.monitor.store.retention import Kept, room_for, surplus
from toolboxai.monitor.store.series import Series

log = logging.getLogger(__name__)

HOUR_MS = 3_600_000
EVENT_KINDS = (Kind.ERRORS, Kind.TRACES)
NO_DICTIONARIES: Mapping[Kind, Dictionary | None] = {}
# What SQLite or Python says when a value, not the disk, is the problem.
DAMAGE = (sqlite3.DataError, sqlite3.IntegrityError, TypeError, ValueError, OverflowError)


def now_ms() -> int:
    """Return the time as the files keep it."""
    return time.time_ns() // 1_000_000


class Store:
    """Holds the data folder's lock and writes. For one thread at a time."""

    def __init__(self, settings: MonitorSettings, *, now: Callable[[], int] = now_ms) -> None:
        self._limits = settings.limits
        self._now = now
        self.folder = DataFolder(settings.data)
        self.folder.prepare()
        self._lock = FolderLock(self.folder)
        self._is_open = False
        try:
            self._open()
        except BaseException:
            self._lock.release()
            raise

    def close(self) -> None:
        """Write everything back and let go of the folder."""
        self._close_files()
        self._lock.release()

    def dictionaries(self) -> dict[Kind, Dictionary]:
        """Return what events were compressed with last, of each kind."""
        found = {kind: newest_dictionary(self.folder.day_files(kind)) for kind in EVENT_KINDS}
        return {kind: dictionary for kind, dictionary in found.items() if dictionary}

    def write(
        self,
        envelopes: Iterable[Digested],
        dictionaries: Mapping[Kind, Dictionary | None] = NO_DICTIONARIES,
    ) -> None:
        """Store a batch durably, with the dictionaries that its events were compressed with.

        What is known already is counted as repeated, not stored again.

        After a failure the files are as if it had never been tried, or, when only meta.db was
        missing, as if it had succeeded: sending it again is right in both cases.
        """
        try:
            self._write(envelopes, dictionaries)
        except (sqlite3.Error, StoreError, OSError, TypeError, ValueError, OverflowError) as error:
            self._recover()
            raise WriteFailedError(error, is_damage=isinstance(error, DAMAGE)) from error

    def prepare_today(self) -> None:
        """Make the files of errors and traces, so that the first event needn't wait for them."""
        day = max(_day_of(self._now()), self._day)
        for kind in EVENT_KINDS:
            self._file(day, kind)

    def forget(self) -> None:
        """Delete the files that are too old or too many, and the issues that are as old.

        A write that failed may have left no file open: then there is nothing to do before the next.
        """
        if not self._is_open:
            return
        now = self._now()
        today = max(_day_of(now), self._day)
        self.folder.remove_leftovers()
        gone = [path for kind in Kind for path in self._surplus(kind, today)]
        if gone:
            # They may be open for the search of what was seen before.
            self._past.close()
        for path in gone:
            self.folder.remove(path)
            log.info("%s is forgotten", path.name)
        # What is kept may have happened before it arrived.
        days = self._limits.keep_errors_days + self._limits.max_event_age_days
        if self._meta.forget(_start_of(today - timedelta(days=days))):
            self._issues = Issues(self._meta, self._limits)

    def snapshot(self) -> Snapshot:
        """Return all files as they are now: what was answered is in them, and no half batch."""
        return Snapshot(self.folder)

    def projects(self) -> list[Project]:
        """Return all projects."""
        return self._meta.projects()

    def ensure_password(self) -> str | None:
        """Return a new password if there is none yet."""
        return None if self._meta.has_secret(PASSWORD) else self.reset_password()

    def reset_password(self) -> str:
        """Return a new password, which replaces the old one and ends all sessions."""
        password = auth.new_password()
        self._meta.set_secrets(
            {PASSWORD: auth.password_hash(password), SESSION_KEY: auth.new_session_key()}
        )
        return password

    def create_token(self) -> str:
        """Return a new API token, of which only the hash is kept."""
        token = auth.new_token()
        self._meta.add_token(auth.token_hash(token), created_at=self._now())
        return token

    def has_issues_of_older_rules(self) -> bool:
        """Say whether there are issues that only their older fingerprints find."""
        return self._meta.has_issues_before(GROUPING_VERSION)

    def resolve(self, issue_id: int, *, in_release: str | None = None) -> bool:
        """Mark an issue as resolved until it is seen again, or in a release after ``in_release``."""
        return self._meta.resolve(issue_id, at=self._now(), in_release=in_release)

    def reopen(self, issue_id: int) -> bool:
        """Mark an issue as unresolved; say whether there is such an issue."""
        return self._meta.reopen(issue_id)

    def _write(
        self, envelopes: Iterable[Digested], dictionaries: Mapping[Kind, Dictionary | None]
    ) -> None:
        if not self._is_open:
            self._open()
        now = self._now()
        day = max(_day_of(now), self._day)
        batch = Batch(now)
        for envelope in envelopes:
            if self._is_known(envelope):
                batch.add_repeated_envelope(envelope.project_id)
            else:
                batch.add(envelope)
        batch.drop_repeated(self._known_events(batch.event_keys(), day))
        placement = self._issues.place(batch, now)
        delta = batch.delta(placement.ids)
        delta.aliases, delta.created = placement.aliases, placement.created
        delta.regressions = placement.regressions
        delta.series, delta.measures = self._series.measured(batch.timed())
        rows = batch.rows(placement.ids)
        for kind, dictionary in dictionaries.items():
            if kind in rows:
                rows[kind].dictionary = dictionary
        self._commit(rows, delta, day, now)
        self._forget_measures(now)

    def _surplus(self, kind: Kind, today: date) -> Iterator[Path]:
        files = [
            Kept(path, self.folder.day_of(path), self.folder.size_of(path))
            for path in self.folder.day_files(kind)
        ]
        return surplus(files, room_for(kind, self._limits), today=today)

    def _recover(self) -> None:
        """Open the files anew; a batch that is only half there goes away."""
        with suppress(sqlite3.Error, OSError):  # what is broken may not even close
            self._close_files()
        try:
            self._open()
        except (sqlite3.Error, OSError, StoreError):
            # The next write tries this again.
            self._is_open = False
            log.exception("can't open the data folder again after a failed write")

    def _open(self) -> None:
        self._past = PastDays()
        self._today: dict[Kind, DayFile] = {}
        self._meta = MetaFile(self.folder)
        try:
            bring_up_to_date(self.folder)
            self._sequence, self._day = self._meta.progress()
            self._finish_last_batch()
            self._issues = Issues(self._meta, self._limits)
            self._series = Series(self._meta, self._limits)
            self._forgotten_at = 0
            self._ensure_project()
        except sqlite3.DatabaseError as error:
            self._meta.close()
            raise DamagedError(self.folder.meta, error) from error
        except BaseException:
            self._meta.close()
            raise
        self._is_open = True

    def _ensure_project(self) -> None:
        if not self._meta.projects():
            key = auth.new_dsn_key()
            self._meta.add_project(Project(id=1, slug="server", name="server", public_key=key))

    def _finish_last_batch(self) -> None:
        files = open_days(self.folder, self._day)
        try:
            missing = finish_or_undo(files, self._sequence)
            if missing:
                sequence, delta, day = missing
                self._advance(delta, sequence, day, forget_before=0)
        finally:
            for file in files:
                file.close()

    def _close_files(self) -> None:
        self._close_today()
        self._past.close()
        self._meta.close()

    def _close_today(self) -> None:
        while self._today:
            self._today.popitem()[1].close()

    def _is_known(self, envelope: Digested) -> bool:
        return envelope.envelope_id is not None and self._meta.is_known_envelope(
            envelope.project_id, envelope.envelope_id
        )

    def _known_events(self, keys: Sequence[EventKey], day: date) -> set[EventKey]:
        """Look where an event of the last hours can be; an older one would be stored again."""
        if not keys:
            return set()
        oldest = day - timedelta(days=-(-self._limits.remember_ids_hours // 24))
        past = [
            path
            for kind in EVENT_KINDS
            for path in self.folder.day_files(kind)
            if oldest <= self.folder.day_of(path) < day
        ]
        known = self._past.known_events(past, keys)
        for kind in EVENT_KINDS:
            if self.folder.day_file(day, kind).exists():
                known |= self._file(day, kind).known_events(keys)
        return known

    def _commit(self, rows: dict[Kind, Rows], delta: Delta, day: date, now: int) -> None:
        sequence = self._sequence + 1
        files = {kind: self._file(day, kind) for kind in rows}
        names = [file.path.name for file in files.values()]
        # One of the files carries the delta; without all of them it isn't used.
        body = delta.to_bytes()
        for kind, file in files.items():
            file.commit(rows[kind], sequence=sequence, files=names, delta=body)
            body = b""
        forget_before = now - self._limits.remember_ids_hours * HOUR_MS
        self._advance(delta, sequence, day, forget_before=forget_before)

    def _forget_measures(self, now: int) -> None:
        """Once a minute remove old figures, once a day the names of what is no longer there."""
        past, self._forgotten_at = self._forgotten_at, now
        if now // Resolution.MINUTE == past // Resolution.MINUTE:
            return
        is_new_day = now // Resolution.DAY != past // Resolution.DAY
        self._meta.forget_measures(now, also_series=is_new_day)
        if is_new_day:
            self._series = Series(self._meta, self._limits)

    def _advance(self, delta: Delta, sequence: int, day: date, *, forget_before: int) -> None:
        self._meta.advance(delta, sequence, day, forget_before=forget_before)
        self._sequence, self._day = sequence, day

    def _file(self, day: date, kind: Kind) -> DayFile:
        path = self.folder.day_file(day, kind)
        file = self._today.get(kind)
        if file is None or file.path != path:
            if file is not None:
                file.close()
                self._past.close()
            file = self._today[kind] = DayFile(path, kind)
            self.folder.sync_days()
        return file


def _start_of(day: date) -> int:
    return round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1_000)


def _day_of(milliseconds: int) -> date:
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).date()
