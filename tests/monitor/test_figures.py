"""How long things take: every transaction counts once, for as many as it stands for, in each length of time."""

import json
import random
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.monitor.running import Monitor, envelope
from toolboxai.monitor.digest.timings import parametrised, timing_of
from toolboxai.monitor.models import TimedSeries
from toolboxai.monitor.queries import Queries
from toolboxai.monitor.queries.windows import RANGES, Window
from toolboxai.monitor.settings import Limits, MonitorSettings
from toolboxai.monitor.store import (
    Digested,
    EventRecord,
    Store,
    TransactionFacts,
    WriteFailedError,
)
from toolboxai.monitor.store.meta import MetaFile
from toolboxai.monitor.store.periods import DAY_MS, HOUR_MS, MINUTE_MS, Resolution, covering

NOON = 20_000 * DAY_MS + DAY_MS // 2
AT_NOON = datetime.fromtimestamp(NOON / 1_000, UTC)


def ran(number: int, duration_ms: float = 100.0, **changes: object) -> EventRecord:
    facts: dict[str, Any] = {
        "name": "GET /lessons",
        "op": "http.server",
        "environment": "production",
        "seen_at": NOON,
        "duration_ms": duration_ms,
        "failed": False,
        **changes,
    }
    return EventRecord(
        event_id=f"{number:032x}",
        trace_id=f"{number + 7:032x}",
        payload=b"",
        timing=TransactionFacts(**facts),
    )


class Measuring:
    """A store, and what its files say."""

    def __init__(self, settings: MonitorSettings) -> None:
        self.settings = settings
        self.now = NOON
        self.store = Store(settings, now=lambda: self.now)

    def write(self, *events: EventRecord) -> None:
        self.store.write([Digested(project_id=1, received_at=self.now, events=list(events))])

    def queries(self) -> Queries:
        return Queries(self.settings.data)

    def table(self, name: str = "24h", order: str = "total") -> list[TimedSeries]:
        with closing(self.queries()) as queries:
            return queries.figures.transactions(self.window(name), order=order)[0]

    def window(self, name: str = "24h") -> Window:
        return Window.ending(datetime.fromtimestamp(self.now / 1_000, UTC), name)


@pytest.fixture
def measuring(settings: MonitorSettings) -> Generator[Measuring]:
    made = Measuring(settings)
    yield made
    made.store.close()


@pytest.mark.parametrize("name", RANGES)
def test_percentiles_of_any_range_are_within_one_percent(measuring: Measuring, name: str) -> None:
    chance = random.Random(7)
    window = measuring.window(name)
    durations = [chance.lognormvariate(4, 1) for _ in range(400)]
    events = [
        ran(number, duration, seen_at=chance.randrange(window.since, NOON))
        for number, duration in enumerate(durations)
    ]
    # What is older than a length of time is kept is gone with the first batch of a minute.
    measuring.write(*events[:100])
    measuring.write(*events[100:])

    (found,) = measuring.table(name)
    timing = found.timing
    durations.sort()
    exact = [durations[ceil(rank * 400) - 1] for rank in (0.5, 0.95, 0.99)]
    assert [timing.p50_ms, timing.p95_ms, timing.p99_ms] == pytest.approx(exact, rel=0.0101)
    assert [timing.count, timing.total_ms] == pytest.approx([400, sum(durations)])


def test_a_transaction_stands_for_those_that_were_not_sent(measuring: Measuring) -> None:
    measuring.write(
        ran(1, 10.0, weight=20.0), ran(2, 10.0, weight=20.0, failed=True), ran(3, 900.0)
    )

    (found,) = measuring.table()
    timing = found.timing
    assert (timing.count, timing.extrapolated) == (3, 41.0)
    assert timing.failure_rate == pytest.approx(20 / 41)
    assert [timing.p50_ms, timing.p95_ms, timing.p99_ms] == pytest.approx([10, 10, 900], rel=0.01)


def test_what_comes_twice_counts_once(measuring: Measuring) -> None:
    measuring.write(ran(1), ran(1))
    measuring.write(ran(1), ran(2))

    assert [each.timing.count for each in measuring.table()] == [2]


def test_a_batch_that_meta_db_lacks_is_counted_at_the_next_start(
    measuring: Measuring, monkeypatch: pytest.MonkeyPatch
) -> None:
    measuring.write(ran(1, 10.0))
    with monkeypatch.context() as broken:
        broken.setattr(MetaFile, "advance", _fail)
        with pytest.raises(WriteFailedError):
            measuring.write(ran(2, 1_000.0, spans=(("db", "SELECT", 5.0, False),)))
    measuring.store.close()
    measuring.store = Store(measuring.settings, now=lambda: NOON)

    with closing(measuring.queries()) as queries:
        (found,), _ = queries.figures.transactions(measuring.window())
        spans = queries.figures.spans(found.id, measuring.window())
    assert [each.timing.count for each in (found, *spans)] == [2, 1]
    assert found.timing.p99_ms == pytest.approx(1_000, rel=0.01)


def _fail(*_: object, **__: object) -> None:
    raise OSError


def test_the_table_can_be_in_any_order(measuring: Measuring) -> None:
    measuring.write(
        ran(1, 500.0, name="slow"),
        ran(2, 30.0, name="failing", failed=True),
        *(ran(number, 10.0, name="often") for number in range(3, 93)),
    )

    first = {
        order: measuring.table(order=order)[0].name
        for order in ("total", "count", "p50", "p95", "p99", "failure_rate")
    }
    assert first == {
        "total": "often",
        "count": "often",
        "p50": "slow",
        "p95": "slow",
        "p99": "slow",
        "failure_rate": "failing",
    }


def test_projects_and_environments_can_be_chosen(measuring: Measuring) -> None:
    measuring.write(ran(1), ran(2, environment="staging"))

    with closing(measuring.queries()) as queries:
        figures, window = queries.figures, measuring.window()
        assert figures.environments() == ["production", "staging"]
        staging, size = figures.transactions(window, environment="staging")
        assert ([each.environment for each in staging], size) == (["staging"], 1)
        assert figures.transactions(window, project_id=2) == ([], 0)


def test_spans_are_grouped_within_their_transaction_by_the_time_they_take(
    measuring: Measuring,
) -> None:
    query = ("db", "SELECT %s", 20.0, False)
    call = ("http.client", "GET /model", 300.0, True)
    measuring.write(ran(1, spans=(query, query, call)), ran(2, name="other", spans=(query,)))

    with closing(measuring.queries()) as queries:
        table, _ = queries.figures.transactions(measuring.window())
        number = next(each.id for each in table if each.name == "GET /lessons")
        found = [queries.figures.spans(number, measuring.window(name)) for name in RANGES]
    call_group, query_group = found[0]
    assert found == [[call_group, query_group]] * 4
    assert [(each.op, each.timing.count) for each in found[0]] == [("http.client", 1), ("db", 2)]
    assert call_group.timing.failure_rate == 1.0
    assert query_group.timing.p95_ms == pytest.approx(20, rel=0.01)


def test_each_step_of_a_range_has_its_own_figures(measuring: Measuring) -> None:
    measuring.write(ran(1, 10.0), ran(2, 70.0, seen_at=NOON - 2 * HOUR_MS), ran(3, 20.0))

    with closing(measuring.queries()) as queries:
        (found,), _ = queries.figures.transactions(measuring.window())
        steps = queries.figures.steps(found.id, measuring.window())
        whole = queries.figures.transaction(found.id, measuring.window())
        missing = queries.figures.transaction(99, measuring.window())
    assert [each.count for each in steps] == [0] * 21 + [1, 0, 2]
    assert steps[21].p50_ms == pytest.approx(70, rel=0.01)
    assert (whole, missing) == (found, None)


def test_the_slowest_are_named_so_that_their_traces_can_be_opened(measuring: Measuring) -> None:
    for number in range(20):
        measuring.write(ran(number, float(number), seen_at=NOON - number * MINUTE_MS))

    with closing(measuring.queries()) as queries:
        (found,), _ = queries.figures.transactions(measuring.window())
        slowest = queries.figures.slowest(found.id, measuring.window())
    assert [each.duration_ms for each in slowest][:3] == [19.0, 18.0, 17.0]
    assert slowest[0].trace_id == f"{19 + 7:032x}"
    assert slowest[0].at == datetime.fromtimestamp((NOON - 19 * MINUTE_MS) / 1_000, UTC)


def test_names_above_the_limit_are_counted_together(settings: MonitorSettings) -> None:
    limits = Limits(
        max_transaction_names_per_project=3,
        max_span_groups_per_transaction=2,
        max_span_groups_per_project=4,
    )
    measuring = Measuring(replace(settings, limits=limits))
    spans = tuple(("db", f"SELECT {number}", 1.0, False) for number in range(5))
    with closing(measuring.store):
        for round_ in range(2):
            measuring.write(
                *(ran(round_ * 10 + n, name=f"name {n}", spans=spans) for n in range(6))
            )
            # A new start knows how many there are.
            measuring.store.close()
            measuring.store = Store(measuring.settings, now=lambda: NOON)
    with closing(measuring.queries()) as queries:
        table, _ = queries.figures.transactions(measuring.window())
        found = {
            each.name: {
                span.name: span.timing.count
                for span in queries.figures.spans(each.id, measuring.window())
            }
            for each in table
        }
    assert {each.name: each.timing.count for each in table} == {
        "<other>": 6,
        "name 0": 2,
        "name 1": 2,
        "name 2": 2,
    }
    assert found["name 0"] == {"SELECT 0": 2, "SELECT 1": 2, "<other>": 6}
    assert found["name 2"] == {"<other>": 10}


def test_figures_go_when_they_are_old_and_names_with_the_last_of_them(
    measuring: Measuring,
) -> None:
    measuring.write(ran(1))
    measuring.now += 3 * HOUR_MS
    measuring.write(ran(2, seen_at=measuring.now))
    assert measuring.table("24h")[0].timing.count == 2
    assert resolutions(measuring.settings.data)[Resolution.MINUTE] == 1

    measuring.now += 96 * DAY_MS
    measuring.write(ran(3, name="new", seen_at=measuring.now))
    assert [each.name for each in measuring.table("30d")] == ["new"]
    assert set(resolutions(measuring.settings.data).values()) == {1}
    measuring.write(ran(4, seen_at=measuring.now))
    assert len(measuring.table("1h")) == 2


def resolutions(data: Path) -> dict[int, int]:
    """Return how many rows of each length of time there are."""
    with closing(Queries(data)) as queries:
        return dict(
            queries._meta("SELECT resolution, count(*) FROM measure GROUP BY resolution")  # noqa: SLF001
        )


@given(st.integers(0, 400), st.integers(1, 400), st.integers(0, 3))
def test_a_time_is_covered_without_gaps_and_without_overlap(
    since: int, steps: int, finest: int
) -> None:
    lengths = list(Resolution)[finest:]
    start = lengths[0].start_of(since * HOUR_MS)
    until = start + steps * lengths[0]
    stretches = list(covering(start, until, lengths))
    periods = [
        (at, at + each.resolution)
        for each in stretches
        for at in range(each.since, each.until, each.resolution)
    ]
    assert [start, *(end for _, end in periods)] == [*(begin for begin, _ in periods), until]
    assert all(each.since % each.resolution == 0 for each in stretches)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("SELECT * FROM lesson WHERE id = 17", "SELECT * FROM lesson WHERE id = <value>"),
        ("SELECT * FROM a1 WHERE n IN (%s, %s, %s)", "SELECT * FROM a1 WHERE n IN (%s, …)"),
        ("SELECT 1.5, 'it', 3 FROM \"user\"", 'SELECT <value>, … FROM "user"'),
        ("GET http://model/v1/runs/7?key=a", "GET http://model/v1/runs/<value>"),
        ("GET /lessons/3f2504e0-4f89-11d3-9a0c-0305e82c3301", "GET /lessons/<value>"),
        ("redis.get 9fb2c1d07e3a4c5f", "redis.get <value>"),
        ("WHERE a = $1 AND b = $2", "WHERE a = $1 AND b = $2"),
        ("is it there? yes", "is it there? yes"),
    ],
)
def test_descriptions_that_differ_by_values_are_one(sent: str, kept: str) -> None:
    assert parametrised(sent) == kept


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"start_timestamp": "1970-01-01T00:00:09Z"}, (1_000.0, 1.0), id="iso"),
        pytest.param({"start_timestamp": 11}, (0.0, 1.0), id="ends before it starts"),
        pytest.param({"start_timestamp": None}, None, id="no start"),
        pytest.param({"sent_timestamp": "nonsense"}, None, id="no end"),
        pytest.param({"sent_timestamp": 12.0}, (2_000.0, 1.0), id="a clock that is wrong"),
        pytest.param({"rate": 0.25}, (0.0, 4.0), id="a rate"),
        pytest.param({"rate": "0.5"}, (0.0, 2.0), id="a rate as text"),
        pytest.param({"rate": "often"}, (0.0, 1.0), id="a rate that is none"),
        pytest.param({"rate": 0}, (0.0, 1.0), id="never"),
        pytest.param({"rate": 1e-300}, (0.0, 1e6), id="hardly ever"),
        pytest.param({"spans": "none"}, (0.0, 1.0), id="odd spans"),
        pytest.param({"spans": [None, {}, {"start_timestamp": 1}]}, (0.0, 1.0), id="odd steps"),
    ],
)
def test_odd_transactions_are_measured_as_far_as_they_can_be(
    changes: dict[str, object], expected: tuple[float, float] | None
) -> None:
    trace = {"sample_rate": changes.pop("rate", None)}
    event: dict[str, object] = {"start_timestamp": 10.0, "timestamp": 10.0}
    found = timing_of({**event, "contexts": {"trace": trace}, **changes}, None)
    assert (found and (found.duration_ms, found.weight)) == expected
    assert found is None or (found.spans, found.name) == ((), "<unnamed>")


def test_transactions_over_http_are_in_the_table_at_the_200(monitor: Monitor) -> None:
    now = datetime.now(UTC).timestamp()
    span = {"op": "db", "description": "SELECT 7", "start_timestamp": now - 0.2, "timestamp": now}
    event = {
        "type": "transaction",
        "transaction": "/lessons/17",
        "transaction_info": {"source": "url"},
        "start_timestamp": now - 0.5,
        "timestamp": now,
        "contexts": {"trace": {"op": "http.server", "status": "internal_error"}},
        "spans": [span, {**span, "description": 7, "status": "ok"}],
    }
    item = ({"type": "transaction"}, json.dumps(event).encode())
    assert monitor.post(envelope(item, header={"trace": {"sample_rate": "0.1"}})).status == 200

    with closing(monitor.questions()) as queries:
        window = Window.ending(datetime.now(UTC), "1h")
        (found,), _ = queries.figures.transactions(window)
        spans = queries.figures.spans(found.id, window)
    assert (found.name, found.timing.extrapolated) == ("/lessons/<value>", 10.0)
    assert [found.timing.failure_rate, found.timing.p95_ms] == pytest.approx([1, 500], rel=0.01)
    assert {(each.name, each.timing.failed) for each in spans} == {("SELECT <value>", 0), ("", 0)}
