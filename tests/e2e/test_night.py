"""A day without a monitor: in the morning it has all of it, with its own times, the newest first."""

from pathlib import Path
from time import time

from benchmarks.night import DAY_SECONDS, faults, live
from benchmarks.outage import KINDS, Orders


def test_the_monitor_tells_in_the_morning_what_happened_in_the_night(tmp_path: Path) -> None:
    now = time()
    orders = Orders(
        errors=4 * KINDS, requests=60, since=now - DAY_SECONDS, until=now, spool_mebibytes=8
    )

    _, morning, _ = live(tmp_path, orders)

    assert morning["delivered"]
    assert list(faults(tmp_path / "monitor", orders, morning["counts"])) == []
    assert not [name for name in morning["counts"] if name.startswith("dropped.cache")]
