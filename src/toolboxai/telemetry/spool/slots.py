"""Which folder a worker may write to: one writer a folder, and a dead worker's remains are taken over."""

import fcntl
import os
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from toolboxai.telemetry.spool.disk import RealDisk

MAX_WORKERS = 256


@dataclass(frozen=True, slots=True)
class Slot:
    """A folder that is ours until ``release``."""

    folder: Path
    lock: int

    def release(self) -> None:
        """Let another worker have the folder."""
        os.close(self.lock)


def claim_folder(root: Path, sink: str) -> Slot:
    """Return the lowest free worker's folder below ``root`` for ``sink``, 0700, locked.

    The lock dies with the process, so a restarted worker finds its own remains. Those of workers
    that didn't come back are moved in. Raises ``OSError`` when the folder can't be made.
    """
    home = root / blake2b(sink.encode(), digest_size=8).hexdigest()
    _make(home)
    for number in range(MAX_WORKERS):
        if slot := _try(home / f"worker-{number}"):
            _adopt(home, slot)
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


def _try(folder: Path) -> Slot | None:
    _make(folder)
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return Slot(folder, lock)


def _adopt(home: Path, mine: Slot) -> None:
    """Move the segments of folders that nobody holds into ours. Names are times, so order holds."""
    for folder in sorted(home.glob("worker-*")):
        if folder == mine.folder or not any(folder.glob("*.segment")):
            continue
        if orphan := _try(folder):
            # Acknowledgements first: without them a segment would only be delivered twice.
            for path in sorted(folder.glob("*.acknowledged")) + sorted(folder.glob("*.segment")):
                path.rename(mine.folder / path.name)
            orphan.release()
