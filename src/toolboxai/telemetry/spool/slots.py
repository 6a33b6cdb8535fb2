"""Which folder a worker may write to: one writer a folder."""

import errno
import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from toolboxai.telemetry.spool.disk import RealDisk

MAX_WORKERS = 256
LABEL_FILE = "sink"
# What a worker tells the others (telemetry.figures.workers): it means nothing once the worker is gone.
FIGURES_NAME = "figures.json"
_PASSING = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EIO,
    errno.EMFILE,
    errno.ENFILE,
    errno.EACCES,
    errno.EPERM,
}


@dataclass(frozen=True, slots=True)
class Slot:
    """A folder that is ours until ``release``."""

    folder: Path
    lock: int

    def release(self) -> None:
        """Let another worker have the folder."""
        os.close(self.lock)


def home_of(root: Path, sink: str) -> Path:
    """Return the folder of all workers for ``sink``; its name doesn't tell which sink that is."""
    return root / blake2b(sink.encode(), digest_size=8).hexdigest()


def claim_folder(root: Path, sink: str, *, label: str = "") -> Slot:
    """Return the lowest free worker's folder below ``root`` for ``sink``, 0700, locked.

    The lock dies with the process, so a restarted worker finds its own remains. ``label`` is what people
    are told of the sink, kept beside the folders. Raises ``OSError`` when the folder can't be made;
    ``may_pass`` says whether waiting helps.
    """
    home = home_of(root, sink)
    _make(home)
    for number in range(MAX_WORKERS):
        if slot := claim(home / f"worker-{number}"):
            forget_figures(slot.folder)
            with suppress(OSError):  # what can't be written now is for the next one to write
                _name(home, label)
            return slot
    msg = f"all {MAX_WORKERS} worker folders in {home} are in use"
    raise OSError(msg)


def _make(folder: Path) -> None:
    """Make ``folder`` and those above it, 0700, so that their names survive a power cut."""
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(exist_ok=True, mode=0o700)
    RealDisk().sync_folder(folder.parent)


def may_pass(error: OSError) -> bool:
    """Say whether a folder may be made later: the disk is full, out of order or not ours to write to, the path is right."""
    return error.errno in _PASSING


def claim(folder: Path) -> Slot | None:
    """Return ``folder`` as ours, made if missing; ``None`` while another process has it."""
    _make(folder)
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return Slot(folder, lock)


def _name(home: Path, label: str) -> None:
    path = home / LABEL_FILE
    if label and not path.exists():
        path.touch(mode=0o600)
        path.write_text(label)


def label_of(home: Path) -> str:
    """Return what people are told of the sink whose workers' folders are in ``home``."""
    with suppress(OSError):
        if label := (home / LABEL_FILE).read_text().strip():
            return label
    return home.name


def forget_figures(folder: Path) -> None:
    """Take away what a worker that is no more told the others."""
    with suppress(OSError):  # whatever is there under that name: it keeps nobody from working
        (folder / FIGURES_NAME).unlink(missing_ok=True)
