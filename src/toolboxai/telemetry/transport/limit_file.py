"""The limits of one sink, remembered over restarts and shared by the workers of one machine."""

from collections.abc import Callable
from contextlib import suppress
from os import getpid
from pathlib import Path
from threading import RLock
from time import monotonic, time

import orjson

from toolboxai.telemetry.transport.limits import Limits, in_force

LIMITS_NAME = "limits.json"
MAX_FILE_BYTES = 64 * 1024


class LimitFile:
    """What the sink told any worker. Without a file, or when it can't be written, memory serves.

    A limit ends when the wall clock says so, or when as much time has passed: the clock may have been set back.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        now: Callable[[], float] = time,
        elapsed: Callable[[], float] = monotonic,
    ) -> None:
        self._path = path
        self._now = now
        self._elapsed = elapsed
        self._limits: Limits = {}
        self._passes: dict[str, tuple[float, float]] = {}  # which limit, and when it has passed
        self._lock = RLock()  # a status page asks, too
        self._seen: tuple[int, int] | None = None

    def in_force(self) -> Limits:
        """Return the limits that hold now, another worker's too."""
        with self._lock:
            self._look()
            if self._limits:
                self._limits = {
                    category: until
                    for category, until in in_force(self._limits, now=self._now()).items()
                    if not self._has_passed(category, until)
                }
            return self._limits

    def add(self, limits: Limits) -> None:
        """Remember new limits; of one category the newest counts, as the sink knows best."""
        with self._lock:
            self._limits = in_force({**self.in_force(), **limits}, now=self._now())
            self.in_force()
            with suppress(OSError):
                self._write()

    def _has_passed(self, category: str, until: float) -> bool:
        """Say whether the time until then, as it was when the limit was first seen, has passed."""
        known, passes_at = self._passes.get(category, (None, 0.0))
        if known != until:
            passes_at = self._elapsed() + until - self._now()
            self._passes[category] = until, passes_at
        return self._elapsed() >= passes_at

    def _look(self) -> None:
        if self._path is None:
            return
        with suppress(OSError):
            facts = self._path.stat()
            seen = (facts.st_mtime_ns, facts.st_ino)
            if seen != self._seen:
                self._seen = seen
                self._limits = {**self._limits, **_read(self._path)}

    def _write(self) -> None:
        if self._path is None:
            return
        # Not synced: after a power cut the sink says it again. A name of its own for each writer.
        partial = self._path.with_name(f"{self._path.name}.{getpid()}.partial")
        partial.touch(0o600)
        partial.write_bytes(orjson.dumps(self._limits))
        partial.replace(self._path)


def _read(path: Path) -> Limits:
    with path.open("rb") as file:
        body = file.read(MAX_FILE_BYTES)
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: float(until) for name, until in found.items() if type(until) in {int, float}}
