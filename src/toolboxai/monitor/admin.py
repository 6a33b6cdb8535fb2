"""What an operator does from the command line, whether the monitor runs or not."""

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from toolboxai.monitor import control
from toolboxai.monitor.address import dsn_of, url_of
from toolboxai.monitor.queries import Queries
from toolboxai.monitor.settings import MonitorSettings
from toolboxai.monitor.store import CopyError, DataFolder, FolderInUseError, Store, put_back

MAX_BACKUP_SECONDS = 3_600.0


def dsn(settings: MonitorSettings) -> str:
    """Return the DSN of the first project. It is made if there is none."""
    folder = DataFolder(settings.data)
    try:
        with closing(Store(settings)) as store:
            return dsn_of(store.projects()[0], url_of(settings.host, settings.port))
    except FolderInUseError:
        # The running monitor knows its port better than these settings.
        return folder.dsn.read_text(encoding="utf-8").strip()


def create_token(settings: MonitorSettings) -> str:
    """Return a new token for the web API; only its hash is kept."""
    return _write(settings, "token", Store.create_token)


def reset_password(settings: MonitorSettings) -> str:
    """Return a new password for the user ``admin``; the old one ends, and all sessions."""
    return _write(settings, "password", Store.reset_password)


def back_up(settings: MonitorSettings, target: Path) -> None:
    """Copy the data as it is at one moment to the new folder ``target``, also while the monitor runs."""
    whole = target.absolute()
    try:
        with closing(Store(settings)) as store, closing(store.snapshot()) as snapshot:
            snapshot.copy_to(whole)
    except FolderInUseError:
        folder, seconds = DataFolder(settings.data), MAX_BACKUP_SECONDS
        control.ask(folder, "backup", str(whole), timeout_seconds=seconds)
    except OSError as error:
        raise CopyError.from_os(whole, error) from error


def restore(settings: MonitorSettings, backup: Path) -> None:
    """Make the unused data folder what ``backup`` is; a damaged file is refused."""
    try:
        put_back(backup, DataFolder(settings.data))
    except OSError as error:
        raise CopyError.from_os(settings.data, error) from error
    Store(settings).close()


def counts(settings: MonitorSettings) -> dict[str, int]:
    """Return how many items of each category are stored: error, transaction, log …."""
    with closing(_settled(settings)) as queries:
        return queries.counts()


def event_ids(settings: MonitorSettings) -> Iterator[str]:
    """Yield the ids of all stored errors and transactions."""
    with closing(_settled(settings)) as queries:
        yield from queries.event_ids()


def _write(settings: MonitorSettings, action: str, write: Callable[[Store], str]) -> str:
    try:
        with closing(Store(settings)) as store:
            return write(store)
    except FolderInUseError:
        return control.ask(DataFolder(settings.data), action)


def _settled(settings: MonitorSettings) -> Queries:
    """Return questions to files in which no half batch is left from a crash."""
    # A running monitor has settled them already.
    with suppress(FolderInUseError):
        Store(settings).close()
    return Queries(settings.data, settings.limits)
