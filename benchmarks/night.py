"""A day without a network, and the morning after: does all of it arrive, with its own times, and what does that cost?

``python -m benchmarks.night [--errors 7200] [--requests 17280] [--spool-mebibytes 256] [--folder PATH]``. Errors are as many
as in a day with five a minute; of 20 requests a second, each with a log record, a hundredth; a tenth of them are traced.
Exits with 1 when an error or, while there was room, anything else is missing, repeated or has the time of the morning.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from typing import Any

from benchmarks.kills import told_dsn
from benchmarks.outage import KINDS, Orders
from benchmarks.processes import Told, free_port, running
from benchmarks.stored import payloads, stored_in
from toolboxai.monitor.queries import Queries
from toolboxai.telemetry.transport.transport import NEAR_CONNECTIONS

DAY_SECONDS = 24 * 3_600.0
# How far an error's time may be from when it was made to happen.
CLOSE_SECONDS = 5.0


def cpu_of(pid: int) -> float:
    """Return the CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def live(folder: Path, orders: Orders) -> tuple[dict[str, Any], dict[str, Any], float]:
    """Let the day pass and the morning come; return what the application said of both, the monitor's CPU seconds."""
    port, data = free_port(), folder / "monitor"
    outage = Told("benchmarks.outage", told_dsn(data, port), str(folder / "spool"))
    outage.tell(json.dumps(asdict(orders)))
    day = json.loads(outage.says())
    arguments = ("toolboxai", "monitor", "--port", str(port), "--data", str(data))
    with running(*arguments, port=port) as monitor:
        before = cpu_of(monitor.pid)
        outage.tell("deliver")
        morning = json.loads(outage.says())
        used = cpu_of(monitor.pid) - before
        outage.end()
    return day, morning, used


def faults(data: Path, orders: Orders, counts: dict[str, int]) -> Iterator[str]:
    """Yield what is not as it should be in the monitor, in words."""
    stored = stored_in(data)
    yield from stored.contradictions
    if stored.errors.keys() != set(range(orders.errors)) or stored.errors.total() != orders.errors:
        yield f"{orders.errors - len(stored.errors)} errors are missing or some are there twice"
    lost = counts.get("dropped.cache_overflow.log_item", 0)
    if stored.logs.total() + lost != orders.requests or max(stored.logs.values()) > 1:
        yield f"{stored.logs.total()} log records and {lost} counted as lost are not {orders.requests}"
    if stored.counts["transaction"] != counts["sent.transaction"]:
        yield f"{counts['sent.transaction']} traces were sent, {stored.counts['transaction']} are there"
    yield from faults_of_times(data, orders)
    yield from faults_of_issues(data, orders)


def faults_of_times(data: Path, orders: Orders) -> Iterator[str]:
    """Yield where errors have other times than they had, or didn't come newest first."""
    times = []
    for path in (data / "days").glob("*-errors.db"):
        for event in payloads(path, "event"):
            number = int(event["exception"]["values"][-1]["value"].partition("-")[2])
            happened = orders.since + number / orders.errors * (orders.until - orders.since)
            if abs(event["timestamp"] - happened) > CLOSE_SECONDS:
                yield f"error {number} happened at {happened}, the monitor says {event['timestamp']}"
            times.append(event["timestamp"])
    # The first is whichever was to be tried when the sink came back; then those that had been tried get their places back.
    # Of those that go at once any may be the first.
    in_turn = zip(times[1:], times[1 + NEAR_CONNECTIONS :], strict=False)
    if any(earlier < later for earlier, later in in_turn):
        yield "the errors didn't come newest first"


def faults_of_issues(data: Path, orders: Orders) -> Iterator[str]:
    """Yield where issues don't say how the day was."""
    with closing(Queries(data)) as queries:
        issues = queries.issues(limit=1_000)
        newest = {issue.id: queries.latest_event(issue.id) for issue in issues}
    if [issue.count for issue in issues] != [orders.errors // KINDS] * KINDS:
        yield f"not {KINDS} issues of equally many errors: {[issue.count for issue in issues]}"
    between = KINDS * (orders.until - orders.since) / orders.errors + CLOSE_SECONDS
    for issue in issues:
        first, last = issue.first_seen.timestamp(), issue.last_seen.timestamp()
        if first - orders.since > between or orders.until - last > between:
            yield f"issue {issue.id} was seen from {first} to {last}"
        event = newest[issue.id]
        if event is None or abs(event.payload["timestamp"] - last) > 1:
            yield f"issue {issue.id} isn't shown by its newest event"


def main() -> None:
    """Live, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--errors", type=int, default=7_200, help=f"a multiple of {KINDS}")
    parser.add_argument("--requests", type=int, default=17_280)
    parser.add_argument("--spool-mebibytes", type=int, default=256)
    parser.add_argument("--folder", type=Path, default=None, help="on the disk that is meant")
    asked = parser.parse_args()
    now = time()
    orders = Orders(asked.errors, asked.requests, now - DAY_SECONDS, now, asked.spool_mebibytes)
    with TemporaryDirectory(dir=asked.folder) as folder:
        day, morning, monitor_cpu = live(Path(folder), orders)
        wrong = list(faults(Path(folder) / "monitor", orders, morning["counts"]))
    report(day, morning, monitor_cpu)
    if wrong or not morning["delivered"]:
        sys.exit("\n".join(wrong[:20]) or "not everything was delivered")


def report(day: dict[str, Any], morning: dict[str, Any], monitor_cpu: float) -> None:
    """Print a table."""
    counts, envelopes = morning["counts"], morning["counts"]["envelopes.delivered"]
    rows = [
        ("waiting in the morning", f"{day['counts']['spool_waiting']:,} envelopes"),
        ("on disk", f"{day['counts']['spool_size_bytes'] / 1024**2:.1f} MiB"),
        (
            "memory at most, by day and in the morning",
            f"{day['rss_mib']:.0f}, {morning['rss_mib']:.0f} MiB",
        ),
        (
            "drained in",
            f"{morning['seconds']:.1f} s, {envelopes / morning['seconds']:,.0f} a second",
        ),
        ("CPU an envelope, application", f"{morning['cpu'] / envelopes * 1e6:.0f} µs"),
        ("CPU an envelope, monitor", f"{monitor_cpu / envelopes * 1e6:.0f} µs"),
    ]
    rows += [
        (name, f"{number:,}")
        for name, number in sorted(counts.items())
        if name.startswith(("sent.", "dropped."))
    ]
    print("| question | figure |\n| --- | --- |")
    for row in rows:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
