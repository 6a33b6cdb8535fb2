"""What was sent, dropped and redacted, and why. Counts since the process started."""

from collections import Counter
from collections.abc import Mapping
from threading import RLock


class Counters:
    """Named counts that every thread may add to. Names are dotted: ``dropped.queue_overflow.error``."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = RLock()  # a signal handler may count, too
        # Requests whose trace chance passed over. Bare, as most requests add to it: no lock, no name.
        self.unsampled = 0
        # Which sink was last told what of all this, once nobody tells it any more.
        self.told: tuple[str, Mapping[tuple[str, str], int]] = ("", {})

    def add(self, name: str, quantity: int = 1) -> None:
        """Count ``quantity`` more of ``name``."""
        with self._lock:
            self._counts[name] += quantity

    def dropped(self, reason: str, category: str, quantity: int = 1) -> None:
        """Count what will never arrive, by Sentry's discard reason and data category."""
        self.add(f"dropped.{reason}.{category}", quantity)

    def after_fork(self) -> None:
        """Begin anew in a child: what the parent counted is the parent's, and a lock may be stuck."""
        self._begin()

    def snapshot(self) -> Mapping[str, int]:
        """Return a copy of all counts."""
        with self._lock:
            counts = self._counts.copy()
        for category in ("transaction", "span") if self.unsampled else ():
            counts[f"dropped.sample_rate.{category}"] += self.unsampled
        return dict(counts)


counters = Counters()
