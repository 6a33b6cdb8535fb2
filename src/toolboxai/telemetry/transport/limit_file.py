"""The limits of one sink, remembered over restarts and shared by the workers of one machine."""

from collections.abc import Callable
from contextlib import suppress
from os import getpid
from pathlib import Path
from time import time

import orjson

from toolboxai.telemetry.transport.limits import Limits, in_force

MAX_FILE_BYTES = 64 * 1024


class LimitFile:
    """What the sink told any worker. The file helps and is no condition: without it memory serves."""

    def __init__(self, path: Path, *, now: Callable[[], float] = time) -> None:
        self._path = path
        self._now = now
        self._limits: Limits = {}
        self._seen: tuple[int, int] | None = None

    def in_force(self) -> Limits:
        """Return the limits that hold now, another worker's too."""
        self._look()
        if self._limits:
            self._limits = in_force(self._limits, now=self._now())
        return self._limits

    def add(self, limits: Limits) -> None:
        """Remember new limits; of one category the newest counts, as the sink knows best."""
        self._limits = in_force({**self.in_force(), **limits}, now=self._now())
        with suppress(OSError):
            self._write()

    def _look(self) -> None:
        with suppress(OSError):
            facts = self._path.stat()
            seen = (facts.st_mtime_ns, facts.st_ino)
            if seen != self._seen:
                self._seen = seen
                self._limits = {**self._limits, **self._read()}

    def _read(self) -> Limits:
        with self._path.open("rb") as file:
            return _limits_of(file.read(MAX_FILE_BYTES))

    def _write(self) -> None:
        # Not synced: after a power cut the sink says it again. A name of its own for each writer.
        partial = self._path.with_name(f"{self._path.name}.{getpid()}.partial")
        partial.touch(0o600)
        partial.write_bytes(orjson.dumps(self._limits))
        partial.replace(self._path)


def _limits_of(body: bytes) -> Limits:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: float(until) for name, until in found.items() if type(until) in {int, float}}
