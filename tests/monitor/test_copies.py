"""A backup is the data of one moment, whatever goes on; a damaged one isn't put back."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from uuid import uuid4

import pytest

from tests.monitor.running import Monitor, event_envelope
from tests.monitor.test_store import event, received, whole
from toolboxai.monitor import admin
from toolboxai.monitor.models import MonitorError
from toolboxai.monitor.queries import Queries
from toolboxai.monitor.settings import MonitorSettings
from toolboxai.monitor.store import CopyError, Store


def stored_ids(data: Path) -> list[str]:
    with closing(Queries(data)) as queries:
        ids = list(queries.event_ids())
        assert queries.counts()["error"] == len(ids) == sum(each.count for each in queries.issues())
    return ids


def restored(backup: Path, place: Path) -> Path:
    admin.restore(MonitorSettings(data=place), backup)
    return place


def test_a_backup_under_load_has_all_that_was_answered_before_it_and_no_half_batch(
    monitor: Monitor, settings: MonitorSettings, tmp_path: Path
) -> None:
    answered: list[str] = []
    enough, over = Event(), Event()

    def send() -> None:
        while not over.is_set():
            event_id = uuid4().hex
            assert monitor.post(event_envelope(event_id)).status == 200
            answered.append(event_id)
            if len(answered) >= 40:
                enough.set()

    senders = [Thread(target=send) for _ in range(3)]
    for sender in senders:
        sender.start()
    assert enough.wait(60)
    before = answered.copy()
    admin.back_up(settings, tmp_path / "backup")
    over.set()
    for sender in senders:
        sender.join()

    ids = stored_ids(restored(tmp_path / "backup", tmp_path / "new"))
    assert set(before) <= set(ids)
    assert len(set(ids)) == len(ids)
    assert set(ids) <= set(answered)


def test_a_restored_folder_goes_on(tmp_path: Path) -> None:
    settings = MonitorSettings(data=tmp_path / "old")
    with closing(Store(settings)) as store:
        store.write([whole(1), received(event(2))])
    admin.back_up(settings, tmp_path / "backup")
    new = restored(tmp_path / "backup", tmp_path / "new")
    with closing(Store(MonitorSettings(data=new))) as store:
        store.write([received(event(2), event(3))])
        assert store.projects() == [*store.projects()]

    with closing(Queries(new)) as queries:
        assert queries.counts()["error"] == 3
    assert {path.stat().st_mode & 0o077 for path in new.rglob("*")} == {0}


def no_copy(backup: Path) -> None:
    (backup / "meta.db").unlink()


def torn(backup: Path) -> None:
    path = next((backup / "days").glob("*-errors.db"))
    body = bytearray(path.read_bytes())
    body[4096:] = b"\xff" * (len(body) - 4096)
    path.write_bytes(body)


def replaced(backup: Path) -> None:
    (backup / "meta.db").write_bytes(b"no database" * 1_000)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        pytest.param(no_copy, "is no copy", id="no copy"),
        pytest.param(torn, "errors.db", id="torn"),
        pytest.param(replaced, "not a database", id="no database"),
    ],
)
def test_what_is_damaged_is_not_put_back(
    tmp_path: Path, damage: Callable[[Path], None], reason: str
) -> None:
    settings = MonitorSettings(data=tmp_path / "old")
    with closing(Store(settings)) as store:
        store.write([received(*(event(number) for number in range(200)))])
    admin.back_up(settings, tmp_path / "backup")
    damage(tmp_path / "backup")

    with pytest.raises(MonitorError, match=reason):
        restored(tmp_path / "backup", tmp_path / "new")
    assert not (tmp_path / "new" / "meta.db").exists()


def test_nothing_is_written_over(
    monitor: Monitor, settings: MonitorSettings, tmp_path: Path
) -> None:
    admin.back_up(settings, tmp_path / "backup")

    with pytest.raises(MonitorError, match="exists"):
        admin.back_up(settings, tmp_path / "backup")
    with pytest.raises(CopyError, match="has data already"):
        restored(tmp_path / "backup", monitor.data)


def test_a_place_that_can_not_be_used_is_told(tmp_path: Path) -> None:
    settings = MonitorSettings(data=tmp_path / "old")
    Store(settings).close()
    (tmp_path / "file").touch()

    with pytest.raises(MonitorError, match="can't use"):
        admin.back_up(settings, tmp_path / "file" / "backup")
    admin.back_up(settings, tmp_path / "backup")
    with pytest.raises(MonitorError, match="file"):
        restored(tmp_path / "backup", tmp_path / "file" / "new")
