"""From the unmodified SDK over HTTP to the page and the web API: what is shown is what was measured."""

import random
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

import pytest
import sentry_sdk

from tests.monitor.running import Monitor, Reply
from toolboxai.monitor import admin
from toolboxai.monitor.settings import MonitorSettings
from toolboxai.monitor.web.wording import duration

TRANSACTIONS = "/api/0/organizations/toolboxai/transactions/"
NAME = "GET /lessons/{lesson_id}"


class Reader:
    """Reads with a token, or as somebody who has signed in."""

    def __init__(self, monitor: Monitor, settings: MonitorSettings) -> None:
        self._monitor = monitor
        self._headers = {"Authorization": f"Bearer {admin.create_token(settings)}"}
        form = f"user=admin&password={admin.reset_password(settings)}".encode()
        kind = {"content-type": "application/x-www-form-urlencoded"}
        signed_in = monitor.request("POST", "/sign-in", form, kind)
        self._headers["Cookie"] = signed_in.headers["set-cookie"].partition(";")[0]

    def get(self, path: str) -> Reply:
        return self._monitor.request("GET", path, headers=self._headers)

    def json(self, path: str = "") -> Any:  # noqa: ANN401 - JSON
        reply = self.get(TRANSACTIONS + path)
        assert reply.status == 200, reply.body
        return reply.json


@pytest.fixture
def reader(monitor: Monitor, settings: MonitorSettings) -> Reader:
    return Reader(monitor, settings)


def report(dsn: str, durations_ms: list[float]) -> None:
    """Let the SDK send a transaction of each duration, in each one query that takes half of it."""
    client = sentry_sdk.Client(
        dsn, traces_sample_rate=1.0, transport_queue_size=1_000, default_integrations=False
    )
    ended = datetime.now(UTC)
    with sentry_sdk.new_scope() as scope:
        scope.set_client(client)
        for duration_ms in durations_ms:
            began = ended - timedelta(milliseconds=duration_ms)
            transaction = scope.start_transaction(
                name=NAME, op="http.server", source="route", start_timestamp=began
            )
            query = transaction.start_child(op="db", name="SELECT 17", start_timestamp=began)
            query.finish(end_timestamp=began + timedelta(milliseconds=duration_ms / 2))
            transaction.set_status("ok")
            transaction.finish(end_timestamp=ended)
    client.close(timeout=20)


def test_percentiles_of_real_transactions_are_shown_within_one_percent(
    monitor: Monitor, reader: Reader
) -> None:
    chance = random.Random(11)
    durations = sorted(chance.lognormvariate(4, 0.8) for _ in range(200))
    report(monitor.dsn, durations)

    (found,) = reader.json("?statsPeriod=1h&sort=p95&project=1")
    exact = [durations[ceil(rank * 200) - 1] for rank in (0.5, 0.95, 0.99)]
    # The SDK writes microseconds; beside them there is only the sketch's 1 %.
    assert [found["p50"], found["p95"], found["p99"]] == pytest.approx(exact, rel=0.0101)
    assert (found["count"], found["extrapolatedCount"], found["failureRate"]) == (200, 200.0, 0)

    whole = reader.json(f"{found['id']}/?statsPeriod=1h")
    (span,) = whole["spans"]
    assert (span["op"], span["name"], span["count"]) == ("db", "SELECT <value>", 200)
    assert span["p95"] == pytest.approx(exact[1] / 2, rel=0.0101)
    assert whole["slowest"][0]["duration"] == pytest.approx(durations[-1], rel=0.001)
    assert sum(step["count"] for step in whole["series"]) == 200

    page = reader.get("/performance/?range=1h&sort=p95").body.decode()
    assert f"p95 </span>{duration(found['p95'])}<" in page
    trace = f"/traces/{whole['slowest'][0]['traceId']}/"
    assert trace in reader.get(f"/performance/{found['id']}/").body.decode()
    assert "SELECT 17" in reader.get(trace).body.decode()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("?statsPeriod=3y", 400),
        ("?sort=luck", 400),
        ("?project=x", 400),
        ("?limit=0", 400),
        ("17/", 404),
        ("x/", 404),
        ("?project=-1&environment=nowhere", 200),
    ],
)
def test_the_api_says_what_it_doesnt_have(reader: Reader, path: str, status: int) -> None:
    reply = reader.get(TRANSACTIONS + path)
    assert (reply.status, bool(reply.body)) == (status, True)
