"""What the figures of transactions cost: in the batch that stores them, and when their table is read.

Method: COUNT transactions with 10 spans over 20 names, in batches of 250, through the digest and
the store into a new folder, once with and once without their figures, in turns and in this
process; the difference of the CPU times is the cost. Then the table of ENDPOINTS names, each with
100 transactions in each of 24 hours (durations log-normal), is asked for in order of its 95th
percentile, 20 times, over the same connection.

Run: python -m benchmarks.figures [COUNT] [ENDPOINTS]
"""

import random
import statistics
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import orjson

from toolboxai.monitor.digest import Submission
from toolboxai.monitor.digest.items import Digester
from toolboxai.monitor.protocol import Envelope, Item
from toolboxai.monitor.queries import Queries
from toolboxai.monitor.queries.windows import Window
from toolboxai.monitor.settings import Limits, MonitorSettings
from toolboxai.monitor.store import Digested, EventRecord, Store, TransactionFacts, now_ms

NAMES = 20
SPANS = 10
BATCH = 250
ROUNDS = 3
HOUR_MS = 3_600_000


def main(count: int, endpoints: int) -> None:
    """Measure both; print a line each."""
    pairs = [(_cost(count, measured=True), _cost(count, measured=False)) for _ in range(ROUNDS)]
    costs = [(with_figures - without) / count * 1e6 for with_figures, without in pairs]
    print(
        f"{count:,} transactions with {SPANS} spans: figures cost "
        f"{statistics.median(costs):.1f} us of CPU each ({min(costs):.1f} - {max(costs):.1f}); "
        f"all else {statistics.median(each for _, each in pairs) / count * 1e6:.0f} us"
    )
    times, size = _table(endpoints)
    print(
        f"the table of {size:,} transactions over 24 h by p95: {statistics.median(times):.1f} ms "
        f"({min(times):.1f} - {max(times):.1f})"
    )


def _cost(count: int, *, measured: bool) -> float:
    """Return the CPU time (s) of digesting and storing ``count`` transactions."""
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        digester = Digester(Limits())
        with closing(Store(MonitorSettings(data=Path(folder)))) as store:
            submissions = [_transaction(number, chance, measured) for number in range(count)]
            begun = time.process_time()
            for start in range(0, count, BATCH):
                store.write([digester.digest(each) for each in submissions[start : start + BATCH]])
            return time.process_time() - begun


def _transaction(number: int, chance: random.Random, measured: bool) -> Submission:  # noqa: FBT001
    now = time.time()
    name = chance.randrange(NAMES)
    spans = [
        {
            "span_id": f"{step:016x}",
            "op": "db" if step % 2 else "http.client",
            "description": f"redis.get lesson:{name} {step % 5}",
            "start_timestamp": now - chance.random(),
            "timestamp": now,
        }
        for step in range(SPANS)
    ]
    event = {
        "event_id": f"{chance.getrandbits(128):032x}",
        "type": "transaction",
        "transaction": f"GET /endpoint/{name}",
        # What doesn't say how long it took has no figures.
        "start_timestamp": now - chance.random() if measured else None,
        "timestamp": now,
        "contexts": {"trace": {"trace_id": f"{number:032x}", "op": "http.server"}},
        "spans": spans,
    }
    item = Item(type="transaction", headers={"type": "transaction"}, payload=orjson.dumps(event))
    envelope = Envelope(headers={"event_id": event["event_id"]}, items=(item,))
    return Submission(project_id=1, received_at=now_ms(), envelope=envelope)


def _table(endpoints: int) -> tuple[list[float], int]:
    """Return how long the table took (ms), and how many rows it is made of."""
    chance = random.Random(2)
    now = now_ms()
    times: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        settings = MonitorSettings(data=Path(folder))
        with closing(Store(settings)) as store:
            for hour in range(24):
                for first in range(0, endpoints, 100):
                    names = range(first, min(first + 100, endpoints))
                    events = [
                        _ran(chance, name, now - hour * HOUR_MS)
                        for name in names
                        for _ in range(100)
                    ]
                    store.write([Digested(project_id=1, received_at=now, events=events)])
        with closing(Queries(settings.data)) as queries:
            window = Window.ending(datetime.now(UTC), "24h")
            size = 0
            for _ in range(20):
                begun = time.perf_counter()
                _, size = queries.figures.transactions(window, order="p95")
                times.append((time.perf_counter() - begun) * 1_000)
    return times, size


def _ran(chance: random.Random, name: int, seen_at: int) -> EventRecord:
    facts = TransactionFacts(
        name=f"GET /endpoint/{name}",
        op="http.server",
        environment="production",
        seen_at=seen_at,
        duration_ms=chance.lognormvariate(4, 0.5),
        failed=False,
    )
    event_id = f"{chance.getrandbits(128):032x}"
    return EventRecord(event_id=event_id, trace_id=None, payload=b"", timing=facts)


if __name__ == "__main__":
    asked = [int(each) for each in sys.argv[1:]]
    main(*(asked + [10_000, 1_000][len(asked) :]))
