"""What `toolboxai monitor QUESTION` answers: bare values, for scripts."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from toolboxai.cli.errors import CommandError
from toolboxai.monitor import admin
from toolboxai.monitor.digest.categories import CATEGORY, KNOWN_TYPES
from toolboxai.monitor.models import MonitorError
from toolboxai.monitor.settings import MonitorSettings
from toolboxai.monitor.store import DataFolder

ALWAYS_COUNTED = frozenset(CATEGORY.values())


def find_dsn(settings: MonitorSettings) -> str:
    """Return the monitor's DSN; a folder that no monitor has used yet is made ready for one."""
    with _refusals_in_one_line():
        return admin.dsn(settings)


def warning_before_first_run(settings: MonitorSettings) -> str | None:
    """Return what to know about the DSN of a folder in which no monitor has run yet."""
    # A monitor that runs writes its address there.
    if DataFolder(settings.data).dsn.is_file():
        return None
    return (
        f"no monitor has run in {settings.data} yet, so the folder was prepared for one now, "
        f"and the DSN assumes that it will listen on port {settings.port}"
    )


def create_token(settings: MonitorSettings) -> str:
    """Return a new token for the web API."""
    with _refusals_in_one_line():
        return admin.create_token(_used(settings))


def reset_password(settings: MonitorSettings) -> str:
    """Return the new password of the user admin."""
    with _refusals_in_one_line():
        return admin.reset_password(_used(settings))


def back_up(settings: MonitorSettings, target: Path) -> None:
    """Copy all data to a new folder."""
    with _refusals_in_one_line():
        admin.back_up(_used(settings), target)


def restore(settings: MonitorSettings, backup: Path) -> None:
    """Put a copy into an unused data folder."""
    with _refusals_in_one_line():
        admin.restore(settings, backup)


def count_lines(settings: MonitorSettings, category: str | None) -> list[str]:
    """Return the number of items in ``category``, or of every category with its name."""
    with _refusals_in_one_line():
        counts = admin.counts(_used(settings))
    if category is None:
        return [f"{name} {number}" for name, number in sorted(counts.items())]
    known = ALWAYS_COUNTED | KNOWN_TYPES | counts.keys()
    if category not in known:
        message = f"nothing is counted as {category!r}; choose one of: {', '.join(sorted(known))}"
        raise CommandError(message)
    return [str(counts.get(category, 0))]


def find_event_ids(settings: MonitorSettings) -> Iterator[str]:
    """Yield the ids of all stored errors and transactions."""
    with _refusals_in_one_line():
        yield from admin.event_ids(_used(settings))


@contextmanager
def _refusals_in_one_line() -> Generator[None]:
    try:
        yield
    except MonitorError as error:
        raise CommandError(str(error), exit_code=1) from error


def _used(settings: MonitorSettings) -> MonitorSettings:
    """Refuse a folder no monitor has used: a typo must neither make one nor count 0 items."""
    if not DataFolder(settings.data).meta.is_file():
        message = (
            f"no monitor has used {settings.data} yet; "
            f"start one (toolboxai monitor --data {settings.data}) or correct --data"
        )
        raise CommandError(message)
    return settings
