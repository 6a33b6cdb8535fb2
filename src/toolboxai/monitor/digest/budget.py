"""How much may wait in memory."""

import threading


class Budget:
    """Bytes that are taken when they arrive and given back when they are stored or dropped."""

    def __init__(self, *, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._taken = 0
        self._lock = threading.Lock()

    @property
    def taken_bytes(self) -> int:
        """How much is taken now."""
        return self._taken

    def take(self, size: int) -> bool:
        """Take ``size`` bytes, or nothing when that would be too many."""
        with self._lock:
            if self._taken + size > self._max_bytes:
                return False
            self._taken += size
            return True

    def give_back(self, size: int) -> None:
        """Give back what was taken."""
        with self._lock:
            self._taken -= size
