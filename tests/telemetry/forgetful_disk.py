"""A disk in memory that can lose power before any operation, and then has only what was synced.

A file's content survives as far as it was synced, plus ``survives`` of what was written after that (a
torn tail). A name that was made, moved or removed survives only if its folder was synced afterwards.
"""

from pathlib import Path

from toolboxai.telemetry.spool.disk import Appender


class PowerCutError(BaseException):
    """The machine is off."""


class _File:
    def __init__(self) -> None:
        self.body = b""
        self.synced_bytes = 0


class _ForgetfulAppender:
    def __init__(self, disk: "ForgetfulDisk", file: _File) -> None:
        self._disk = disk
        self._file = file

    def write(self, body: bytes) -> None:
        self._disk.step()
        self._file.body += body

    def sync(self) -> None:
        self._disk.step()
        self._file.synced_bytes = len(self._file.body)

    def close(self) -> None:
        pass


class ForgetfulDisk:
    """Counts operations; the one numbered ``power_cut_at`` doesn't happen any more."""

    def __init__(self, *, power_cut_at: int | None = None) -> None:
        self.operations = 0
        self.power_cut_at = power_cut_at
        self._now: dict[Path, _File] = {}
        self._synced: dict[Path, _File] = {}

    def step(self) -> None:
        if self.operations == self.power_cut_at:
            raise PowerCutError
        self.operations += 1

    def after_power_cut(self, *, survives: float) -> "ForgetfulDisk":
        """Return the disk as it is found in the morning."""
        found = ForgetfulDisk()
        for path, file in self._synced.items():
            copy = _File()
            unsynced = len(file.body) - file.synced_bytes
            copy.body = file.body[: file.synced_bytes + int(unsynced * survives)]
            copy.synced_bytes = len(copy.body)
            found._now[path] = found._synced[path] = copy
        return found

    def names(self, folder: Path) -> list[str]:
        return sorted(path.name for path in self._now if path.parent == folder)

    def create(self, path: Path) -> Appender:
        self.step()
        assert path not in self._now, f"{path} exists"
        self._now[path] = _File()
        return _ForgetfulAppender(self, self._now[path])

    def append(self, path: Path) -> Appender:
        if path not in self._now:
            return self.create(path)
        return _ForgetfulAppender(self, self._now[path])

    def size(self, path: Path) -> int:
        return len(self._now[path].body) if path in self._now else 0

    def modified_ns(self, path: Path) -> int:
        assert path in self._now
        return 0

    def read(self, path: Path) -> bytes:
        return self._now[path].body

    def read_part(self, path: Path, offset: int, length: int) -> bytes:
        return self._now[path].body[offset : offset + length]

    def remove(self, path: Path) -> None:
        self.step()
        self._now.pop(path, None)

    def sync_folder(self, folder: Path) -> None:
        self.step()
        self._synced = {path: file for path, file in self._synced.items() if path.parent != folder}
        self._synced |= {path: file for path, file in self._now.items() if path.parent == folder}
