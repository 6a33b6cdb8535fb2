"""Batches are there whole or not at all, whatever happened between the files."""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
import zstandard

from toolboxai import telemetry
from toolboxai.monitor.models import Issue, Outcome
from toolboxai.monitor.queries import Queries, cursor_of
from toolboxai.monitor.settings import Limits, MonitorSettings
from toolboxai.monitor.store import (
    Digested,
    EventRecord,
    Fate,
    FolderInUseError,
    IssueFacts,
    ItemRecord,
    LogRecord,
    Store,
    StoreError,
    WriteFailedError,
)
from toolboxai.monitor.store.days import DayFile
from toolboxai.monitor.store.meta import MetaFile

DAY_MS, HOUR_MS = 86_400_000, 3_600_000
NOON = 20_000 * DAY_MS + DAY_MS // 2


def event(number: int, *, issue: str = "one", seen_at: int = NOON) -> EventRecord:
    facts = IssueFacts(
        fingerprint=issue,
        title=f"title of {issue}",
        culprit="culprit",
        level="error",
        platform="python",
        handled=True,
        seen_at=seen_at,
    )
    payload = zstandard.compress(b'{"number":%d}' % number)
    return EventRecord(event_id=f"{number:032x}", trace_id=None, payload=payload, issue=facts)


def transaction(number: int) -> EventRecord:
    return EventRecord(
        event_id=f"{number:032x}", trace_id="f" * 32, payload=zstandard.compress(b"{}")
    )


def log(quantity: int) -> LogRecord:
    payload = zstandard.compress(
        b"[%s]" % b",".join([b'{"trace_id":"%s"}' % (b"f" * 32)] * quantity)
    )
    return LogRecord(quantity=quantity, trace_ids=frozenset({"f" * 32}), payload=payload)


def received(*events: EventRecord, envelope_id: str | None = None, logs: int = 0) -> Digested:
    return Digested(
        project_id=1,
        received_at=NOON,
        envelope_id=envelope_id,
        events=list(events),
        logs=[log(logs)] if logs else [],
    )


def whole(number: int) -> Digested:
    """An envelope that lies in all four kinds of files."""
    item = ItemRecord(category="session", type="session", event_id=None, headers="{}", payload=b"")
    digested = received(
        event(number), transaction(number + 1_000), envelope_id=f"envelope {number}", logs=2
    )
    digested.items.append(item)
    digested.fates[Fate("error", "invalid", "reason")] += 1
    return digested


def open_store(settings: MonitorSettings, *, now: int = NOON) -> Store:
    return Store(settings, now=lambda: now)


@dataclass(frozen=True)
class Known:
    """What the monitor knows, to be compared."""

    issues: list[Issue]
    counts: dict[str, int]
    ids: list[str]
    outcomes: list[Outcome]
    logs: int


def everything(data: Path) -> Known:
    with closing(Queries(data)) as queries:
        return Known(
            issues=queries.issues(),
            counts=queries.counts(),
            ids=sorted(queries.event_ids()),
            outcomes=queries.outcomes(),
            logs=len(queries.logs_of_trace("f" * 32)),
        )


@pytest.fixture
def data(settings: MonitorSettings) -> Path:
    return settings.data


def test_a_batch_is_there_after_a_restart(settings: MonitorSettings, data: Path) -> None:
    with closing(open_store(settings)) as store:
        store.write([whole(1), whole(2)])

    with closing(open_store(settings)):
        known = everything(data)

    assert known.counts == {"error": 2, "transaction": 2, "log": 4, "session": 2}
    assert len(known.ids) == 4


class PowerCutError(Exception):
    """What a test raises where a process would end."""


def cut(method: str, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process end before the ``at``-th of a batch's four day files, or before meta.db."""
    owner = DayFile if method == "commit" else MetaFile
    original: Callable[..., None] = getattr(owner, method)
    calls = Counter[str]()

    def ending(*args: object, **kwargs: object) -> None:
        calls[method] += 1
        if calls[method] == at:
            raise PowerCutError
        original(*args, **kwargs)

    monkeypatch.setattr(owner, method, ending)


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_batch_that_is_torn_between_day_files_was_never_there(
    settings: MonitorSettings, data: Path, at: int
) -> None:
    with closing(open_store(settings)) as store:
        store.write([whole(1)])
        before = everything(data)
        with pytest.MonkeyPatch.context() as monkeypatch:
            cut("commit", at, monkeypatch)
            with pytest.raises(PowerCutError):
                store.write([whole(2)])

    with closing(open_store(settings)) as store:
        assert everything(data) == before
        store.write([whole(2)])
        again = everything(data)

    assert again.counts == {"error": 2, "transaction": 2, "log": 4, "session": 2}
    assert again.logs == 4


def test_a_batch_newer_than_meta_is_digested_again_once(
    settings: MonitorSettings, data: Path
) -> None:
    with closing(open_store(settings)) as store:
        store.write([whole(1)])
        with pytest.MonkeyPatch.context() as monkeypatch:
            cut("advance", 1, monkeypatch)
            with pytest.raises(PowerCutError):
                store.write([whole(2)])
        assert everything(data).counts == {"error": 1, "transaction": 1, "log": 2, "session": 1}

    with closing(open_store(settings)):
        after = everything(data)
    with closing(open_store(settings)) as store:
        store.write([whole(2)])
        repeated = everything(data)

    assert after.counts == {"error": 2, "transaction": 2, "log": 4, "session": 2}
    assert repeated.counts == after.counts
    assert repeated.issues == after.issues
    (issue,) = after.issues
    assert issue.count == 2


@pytest.mark.parametrize("days_later", [0, 1, 4])
def test_an_event_is_stored_once_within_four_days(
    settings: MonitorSettings, data: Path, days_later: int
) -> None:
    with closing(open_store(settings)) as store:
        store.write([received(event(1))])

    with closing(open_store(settings, now=NOON + days_later * DAY_MS)) as store:
        store.write([received(event(1), event(2))])
        store.write([received(event(1))])

    with closing(Queries(data)) as queries:
        assert queries.counts()["error"] == 2
        assert queries.issues()[0].count == 2


def test_an_envelope_that_a_spool_sends_again_on_its_last_day_is_recognised(
    settings: MonitorSettings, data: Path
) -> None:
    last_hour = NOON + int(telemetry.Options().spool_max_age_hours + 1) * 3_600_000
    with closing(open_store(settings)) as store:
        store.write([received(envelope_id="a", logs=1)])

    with closing(open_store(settings, now=last_hour)) as store:
        store.write([received(logs=1)])
        store.write([received(envelope_id="a", logs=1)])

    with closing(Queries(data)) as queries:
        assert queries.counts()["log"] == 2


def test_the_ids_of_old_envelopes_are_forgotten(settings: MonitorSettings, data: Path) -> None:
    with closing(open_store(settings)) as store:
        store.write([received(envelope_id="a", logs=1)])
    later = NOON + 97 * 3_600_000

    with closing(open_store(settings, now=later)) as store:
        store.write([received(logs=1)])
        store.write([received(envelope_id="a", logs=1)])

    with closing(Queries(data)) as queries:
        assert queries.counts()["log"] == 3


def test_a_clock_that_goes_back_does_not_go_back_to_an_older_file(
    settings: MonitorSettings, data: Path
) -> None:
    with closing(open_store(settings)) as store:
        store.write([received(event(1))])
    with closing(open_store(settings, now=NOON - 5 * DAY_MS)) as store:
        store.write([received(event(2))])

    day = date.fromordinal(date(1970, 1, 1).toordinal() + 20_000)
    assert [path.name for path in (data / "days").glob("*.db")] == [f"{day}-errors.db"]


def test_an_issue_adds_up_its_events(settings: MonitorSettings, data: Path) -> None:
    with closing(open_store(settings)) as store:
        store.write([received(event(1, seen_at=NOON + 5), event(2, seen_at=NOON))])
        store.write([received(event(3, seen_at=NOON + 1))])

    with closing(Queries(data)) as queries:
        (issue,) = queries.issues()
        latest = queries.latest_event(issue.id)
        assert issue.count == 3
        assert round(issue.first_seen.timestamp() * 1_000) == NOON
        assert round(issue.last_seen.timestamp() * 1_000) == NOON + 5
        assert latest is not None
        assert latest.payload["number"] == 1
        assert [ref.event_id for ref in queries.events_of(issue.id, limit=2)] == [
            f"{1:032x}",
            f"{3:032x}",
        ]


@pytest.mark.parametrize("in_one_batch", [True, False])
def test_after_an_outage_an_issue_is_told_by_its_newest_event_though_it_came_first(
    settings: MonitorSettings, data: Path, *, in_one_batch: bool
) -> None:
    night = [event(number, seen_at=NOON - number * HOUR_MS) for number in range(3)]
    night[0] = replace(night[0], issue=told_as(night[0], "the words of today"))
    with closing(open_store(settings)) as store:
        for batch in [night] if in_one_batch else [[each] for each in night]:
            store.write([received(*batch)])

    with closing(Queries(data)) as queries:
        (issue,) = queries.issues()
        refs = queries.events_of(issue.id)
        latest = queries.latest_event(issue.id)
    assert issue.title == "the words of today"
    assert issue.latest_event_id == night[0].event_id
    assert latest is not None
    assert latest.event_id == night[0].event_id
    assert [ref.event_id for ref in refs] == [each.event_id for each in night]
    assert round(issue.first_seen.timestamp() * 1_000) == NOON - 2 * HOUR_MS


def told_as(record: EventRecord, title: str) -> IssueFacts:
    assert record.issue is not None
    return replace(record.issue, title=title)


def test_files_of_the_first_version_are_read_and_written_on(
    settings: MonitorSettings, data: Path
) -> None:
    with closing(open_store(settings)) as store:
        store.write([received(event(1), event(2))])
    (today,) = (data / "days").glob("*-errors.db")
    as_of_the_first_version(today)
    shutil.copy(today, today.with_name("2020-01-01-errors.db"))

    with closing(open_store(settings)) as store:
        store.write([received(event(3))])

    with closing(Queries(data)) as queries:
        (issue,) = queries.issues()
        refs = queries.events_of(issue.id)
    assert [int(ref.event_id, 16) for ref in refs] == [3, 2, 1, 2, 1]


def as_of_the_first_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.executescript(
            """
            CREATE INDEX event_of_issue ON event (issue_id);
            DROP TABLE dictionary;
            DROP INDEX event_of_issue_by_time;
            ALTER TABLE event DROP COLUMN seen_at;
            PRAGMA user_version=1;
            """
        )


def test_issues_keep_their_ids_when_the_cache_is_small(data: Path) -> None:
    settings = MonitorSettings(data=data, limits=Limits(max_cached_issues=1))
    with closing(open_store(settings)) as store:
        for number in range(6):
            store.write([received(event(number, issue="even" if number % 2 else "odd"))])

    with closing(Queries(data)) as queries:
        assert [issue.count for issue in queries.issues()] == [3, 3]


def test_pages_of_issues_follow_each_other(settings: MonitorSettings, data: Path) -> None:
    with closing(open_store(settings)) as store:
        store.write(
            [received(*(event(n, issue=f"100%_{n}", seen_at=NOON + n // 2) for n in range(5)))]
        )

    with closing(Queries(data)) as queries:
        first = queries.issues(limit=3)
        rest = queries.issues(limit=3, before=cursor_of(first[-1]), project_id=1)
        assert [i.title[-1] for i in [*first, *rest]] == ["4", "3", "2", "1", "0"]
        assert len(queries.issues(query="100%_3")) == 1
        assert queries.issues(query="100_") == []
        assert queries.issues(project_id=2) == []
        for wrong in ("", "x", "1:", "1:x", f"{10**20}:1"):
            with pytest.raises(ValueError, match="not a cursor"):
                queries.issues(before=wrong)


def test_what_is_not_there_is_none(settings: MonitorSettings, data: Path) -> None:
    open_store(settings).close()

    with closing(Queries(data)) as queries:
        assert queries.issue(1) is None
        assert queries.latest_event(1) is None
        assert queries.event(1, "a" * 32) is None
        assert queries.event(1, "'") is None
        assert queries.spans_of_trace("'") == []
        assert queries.logs_of_trace("'") == []


def test_a_second_monitor_is_refused(settings: MonitorSettings) -> None:
    with (
        closing(open_store(settings)),
        pytest.raises(FolderInUseError, match="in use by another monitor"),
    ):
        open_store(settings)
    open_store(settings).close()


def test_a_folder_of_a_newer_monitor_is_refused(settings: MonitorSettings, data: Path) -> None:
    open_store(settings).close()
    with closing(sqlite3.connect(data / "meta.db")) as db:
        db.execute("PRAGMA user_version=99")

    for _ in range(2):
        with pytest.raises(StoreError, match="schema version 99"):
            open_store(settings)


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreError, match="choose another one"):
        open_store(MonitorSettings(data=tmp_path / "file" / "data"))


def test_only_the_owner_may_read(settings: MonitorSettings, data: Path) -> None:
    with closing(open_store(settings)) as store:
        store.write([whole(1)])
        modes = {path.stat().st_mode & 0o077 for path in [data, *data.rglob("*.db")]}

    assert modes == {0}


def test_one_damaged_record_fails_the_batch_and_leaves_the_store_usable(
    settings: MonitorSettings, data: Path
) -> None:
    damaged = received(event(1, issue="\ud800"))
    with closing(open_store(settings)) as store:
        with pytest.raises(WriteFailedError) as caught:
            store.write([received(event(2)), damaged])
        store.write([received(event(2))])

    assert caught.value.is_damage
    assert everything(data).counts == {"error": 1, "transaction": 0, "log": 0}


def test_a_failing_disk_is_not_called_damage(settings: MonitorSettings, data: Path) -> None:
    with closing(open_store(settings)) as store:
        with pytest.MonkeyPatch.context() as monkeypatch:
            failure = sqlite3.OperationalError("database or disk is full")
            monkeypatch.setattr(
                MetaFile, "advance", lambda *_, **__: (_ for _ in ()).throw(failure)
            )
            with pytest.raises(WriteFailedError, match="disk is full") as caught:
                store.write([received(event(1))])
        store.write([received(event(1))])

    assert not caught.value.is_damage
    assert everything(data).counts == {"error": 1, "transaction": 0, "log": 0}


def test_secrets_are_kept_as_hashes_only(settings: MonitorSettings, data: Path) -> None:
    with closing(open_store(settings)) as store:
        password, token = store.ensure_password(), store.create_token()
        assert store.ensure_password() is None
        assert password is not None
        with closing(Queries(data)) as queries:
            key = queries.session_key()
            assert queries.password_matches(password)
            assert not queries.password_matches("wrong")
            assert queries.token_is_known(token)
            assert not queries.token_is_known("wrong")
            replaced = store.reset_password()
            assert queries.password_matches(replaced)
            assert not queries.password_matches(password)
            assert queries.session_key() != key

    recorded = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    assert password.encode() not in recorded
    assert token.encode() not in recorded


def test_a_batch_that_fails_in_its_last_file_leaves_nothing_in_the_first(
    settings: MonitorSettings, data: Path
) -> None:
    damaged = received(event(1))
    damaged.items.append(
        ItemRecord(category="session", type=None, event_id=None, headers="{}", payload=b"")  # type: ignore[arg-type]
    )
    with closing(open_store(settings)) as store:
        with pytest.raises(WriteFailedError, match="NOT NULL"):
            store.write([damaged])
        assert everything(data).ids == []
        store.write([received(event(1))])

    assert everything(data).counts == {"error": 1, "transaction": 0, "log": 0}


def test_repeats_within_one_batch_are_stored_once(settings: MonitorSettings, data: Path) -> None:
    with closing(open_store(settings)) as store:
        store.write(
            [
                received(event(1), envelope_id="a"),
                received(event(2), envelope_id="a"),
                received(event(1), event(1)),
            ]
        )

    known = everything(data)
    assert known.ids == [f"{1:032x}"]
    assert {(o.category, o.reason, o.quantity) for o in known.outcomes} == {
        ("envelope", "envelope id", 1),
        ("error", "event id", 2),
    }
