"""What is too old or too much is deleted as whole files, and nothing else is."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.monitor.test_store import DAY_MS, NOON, event, log, received, transaction
from toolboxai.monitor.application import forget
from toolboxai.monitor.queries import Queries
from toolboxai.monitor.settings import Limits, MonitorSettings
from toolboxai.monitor.store import Digested, Kind, Store
from toolboxai.monitor.store.retention import Kept, Room, surplus

TODAY = date(2026, 11, 24)


class Clock:
    """Noon of a day, some days on."""

    def __init__(self) -> None:
        self.days = 0

    def __call__(self) -> int:
        return NOON + self.days * DAY_MS


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits() -> Limits:
    return Limits(keep_errors_days=3, keep_traces_days=2, keep_logs_days=1, max_event_age_days=1)


@pytest.fixture
def store(tmp_path: Path, clock: Clock, limits: Limits) -> Iterator[Store]:
    with closing(Store(MonitorSettings(data=tmp_path, limits=limits), now=clock)) as store:
        yield store


def some_of_all(number: int, clock: Clock) -> Digested:
    return Digested(
        project_id=1,
        received_at=clock(),
        events=[
            event(number, issue=f"of day {clock.days}", seen_at=clock()),
            transaction(number + 1_000_000),
        ],
        logs=[log(1)],
    )


def day_of(milliseconds: int) -> date:
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).date()


def days_of(store: Store, kind: Kind) -> list[int]:
    first = day_of(NOON)
    return [(store.folder.day_of(path) - first).days for path in store.folder.day_files(kind)]


def test_each_kind_is_kept_for_its_days(store: Store, clock: Clock, tmp_path: Path) -> None:
    for day in range(6):
        clock.days = day
        store.write([some_of_all(day, clock)])
        store.forget()

    assert days_of(store, Kind.ERRORS) == [5, 4, 3, 2]
    assert days_of(store, Kind.TRACES) == [5, 4, 3]
    assert days_of(store, Kind.LOGS) == [5, 4]
    with closing(Queries(tmp_path)) as queries:
        assert {issue.title for issue in queries.issues()} == {
            f"title of of day {day}" for day in range(1, 6)
        }


def test_a_forgotten_file_leaves_nothing_behind(store: Store, clock: Clock) -> None:
    store.write([some_of_all(1, clock)])
    leftover = store.folder.days / "2001-01-01-errors.db-wal"
    leftover.touch()
    clock.days = 10
    store.write([received(event(2))])
    store.forget()

    assert not leftover.exists()
    assert {path.name[:10] for path in store.folder.days.iterdir()} == {day_of(clock()).isoformat()}


def test_an_issue_that_comes_back_after_it_was_forgotten_is_a_new_one(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    store.write([received(event(1))])
    clock.days = 10
    store.forget()
    store.write([received(event(2, seen_at=clock()))])

    with closing(Queries(tmp_path)) as queries:
        (issue,) = queries.issues()
        assert issue.count == 1
        assert queries.latest_event(issue.id)


def test_a_clock_that_goes_back_deletes_nothing(store: Store, clock: Clock) -> None:
    clock.days = 10
    store.write([some_of_all(1, clock)])
    clock.days = 0
    store.write([some_of_all(2, clock)])
    store.forget()

    assert days_of(store, Kind.ERRORS) == [10]
    clock.days = 10
    store.write([some_of_all(1, clock)])
    assert days_of(store, Kind.ERRORS) == [10]


def test_a_reader_is_not_disturbed(store: Store, clock: Clock, tmp_path: Path) -> None:
    store.write([received(event(1, seen_at=clock()))])
    with closing(Queries(tmp_path)) as queries:
        assert queries.event(1, f"{1:032x}")
        clock.days = 10
        store.write([received(event(2, seen_at=clock()))])
        listed = list(store.folder.day_files(Kind.ERRORS))
        store.forget()

        assert queries.event(1, f"{1:032x}") is None
        assert queries.event(1, f"{2:032x}")
        # The file was found just before it was deleted.
        assert queries._ask(listed[-1], "SELECT 1 FROM event") == []  # noqa: SLF001
        assert all(path.exists() for path, _ in queries._pool._idle)  # noqa: SLF001


def test_a_long_run_keeps_to_its_bytes(tmp_path: Path, clock: Clock) -> None:
    limits = Limits(max_errors_bytes=400_000, max_traces_bytes=400_000, max_logs_bytes=400_000)
    sizes = []
    with closing(Store(MonitorSettings(data=tmp_path, limits=limits), now=clock)) as store:
        for day in range(60):
            clock.days = day
            for batch in range(4):
                number = day * 1_000 + batch * 10
                store.write([some_of_all(number + each, clock) for each in range(10)])
            store.forget()
            sizes.append(sum(path.stat().st_size for path in store.folder.days.iterdir()))
        assert days_of(store, Kind.ERRORS)[0] == 59

    # Today's files may be above it.
    assert max(sizes) < 3 * 400_000 + max(sizes[:1]) * 2
    assert sizes[-1] <= max(sizes[20:40])


def test_a_disk_that_refuses_to_delete_does_not_end_the_monitor(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: Store) -> None:
        raise PermissionError

    monkeypatch.setattr(Store, "forget", refuse)
    forget(store)

    assert "can't be deleted" in caplog.text


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 100)), max_size=20),
    st.integers(1, 40),
    st.integers(1, 500),
)
def test_what_stays_is_young_fits_and_has_no_holes(
    days: list[tuple[int, int]], keep_days: int, max_bytes: int
) -> None:
    files = [
        Kept(Path(str(age)), TODAY - timedelta(days=age), size) for age, size in dict(days).items()
    ]
    gone = set(surplus(files, Room(keep_days, max_bytes), today=TODAY))
    stay = [file for file in files if file.path not in gone]

    assert all(file.day < TODAY for file in files if file.path in gone)
    past = [file for file in stay if file.day < TODAY]
    assert all((TODAY - file.day).days <= keep_days for file in past)
    assert not past or sum(file.size_bytes for file in stay) <= max_bytes
    youngest_gone = max((file.day for file in files if file.path in gone), default=date.min)
    assert all(file.day > youngest_gone for file in stay)
