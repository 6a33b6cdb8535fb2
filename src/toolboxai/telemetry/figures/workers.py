"""Each worker's figures in a file of its own folder, so that any of them can tell what all have counted."""

import fcntl
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from time import monotonic, time

from toolboxai.telemetry.figures.figures import Figures, from_json, to_json
from toolboxai.telemetry.spool import FIGURES_NAME

WRITE_SECONDS = 1.0
TOUCH_SECONDS = 5.0
STALE_SECONDS = 15.0
READ_SECONDS = 1.0
MAX_FILE_BYTES = 8 * 1024 * 1024
# Of ten thousand series the writing alone would be felt; a hundredth of the time is enough for it.
_REST_FACTOR = 100


class Workers:
    """The figures of the process that holds ``folder``, for the others, and theirs for it.

    ``share`` belongs to one thread, ``others`` to any. ``now`` is a clock in seconds that never goes back.
    """

    def __init__(self, folder: Path, *, now: Callable[[], float] = monotonic) -> None:
        self._folder = folder
        self._now = now
        self._written = b""
        self._touched = self._next = float("-inf")
        self._read = float("-inf")
        self._others: list[Figures] = []
        self._lock = Lock()

    def share(self, figures: Callable[[], Figures]) -> None:
        """Let the others know, at most once a second; a disk that takes no more is no trouble."""
        began = self._now()
        if began < self._next:
            return
        body = to_json(figures())
        if body != self._written or began >= self._touched + TOUCH_SECONDS:
            with suppress(OSError):
                _write_whole(self._folder / FIGURES_NAME, body)
                self._written, self._touched = body, began
        took = self._now() - began
        self._next = began + min(TOUCH_SECONDS, max(WRITE_SECONDS, took * _REST_FACTOR))

    def others(self) -> list[Figures]:
        """Return what the other live workers have last shared, at most a second ago."""
        with self._lock:
            if self._now() >= self._read + READ_SECONDS:
                folders = sorted(self._folder.parent.glob("worker-*"))
                theirs = [figures_in(folder) for folder in folders if folder != self._folder]
                self._others = [figures for figures in theirs if figures is not None]
                self._read = self._now()
            return self._others


def _write_whole(path: Path, body: bytes) -> None:
    """Make ``path`` hold ``body``, all or nothing for whoever reads it. No power cut is survived."""
    partial = path.with_suffix(".partial")
    file = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "wb") as writing:
        writing.write(body)
    partial.replace(path)


def figures_in(folder: Path) -> Figures | None:
    """Return what the worker in ``folder`` has last shared, if it lives; nothing of what we wouldn't write."""
    path = folder / FIGURES_NAME
    with suppress(OSError, ValueError):
        # What isn't a file of our own must neither be followed nor waited for.
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(file, "rb") as reading:
            about = os.fstat(file)
            is_fresh = abs(time() - about.st_mtime) < STALE_SECONDS
            is_ours = stat.S_ISREG(about.st_mode) and about.st_size <= MAX_FILE_BYTES
            if is_fresh and is_ours and _is_held(path.with_name("lock")):
                return from_json(reading.read(MAX_FILE_BYTES))
    return None


def _is_held(lock: Path) -> bool:
    """Say whether a process holds the folder. Unlike its id, the lock also tells of other containers'."""
    file = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(file)
