"""What telemetry says of itself is true of all workers, tells no secret, and has reasons."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
import sentry_sdk
from fastapi import APIRouter, FastAPI
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from tests.cli.processes import wait_until
from tests.telemetry.conftest import Start, without_a_disk
from tests.telemetry.sink import RecordingSink, answer
from toolboxai import telemetry
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.figures import Durations, Figures, Moment, Workers
from toolboxai.telemetry.figures.durations import durations
from toolboxai.telemetry.spool import claim_folder

LOCAL = {"base_url": "http://localhost:8008", "client": ("127.0.0.1", 5)}


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    counters.after_fork()
    durations.after_fork()


@pytest.fixture
def other(sink: RecordingSink, tmp_path: Path) -> Iterator[Workers]:
    """Another worker of the same application."""
    slot = claim_folder(tmp_path / "spool", sink.dsn)
    yield Workers(slot.folder)
    slot.release()


def serving() -> TestClient:
    app = FastAPI()
    telemetry.instrument(app)
    telemetry.add_routes(app)
    return TestClient(app, **LOCAL)  # type: ignore[arg-type]


def test_what_all_workers_counted_is_added_up(start: Start, other: Workers) -> None:
    theirs = Durations()
    theirs.observe("GET", "/lessons", 200, 0.1)
    other.share(
        lambda: Figures(
            pid=7,
            serves=True,
            queued=2,
            spool_waiting=3,
            counts={"sent.error": 4, "dropped.storm.error": 5, "redacted.password": 6},
            durations=theirs.snapshot(),
        )
    )
    start(traces_sample_rate=0.0)
    counters.dropped("storm", "error")
    sentry_sdk.capture_message("one more")
    telemetry.flush(5)
    client = serving()

    client.get("/nowhere")
    told = client.get("/sentry/status").json()

    assert told["workers"] == 2
    assert [each["pid"] for each in told["processes"]][1:] == [7]
    assert [each["requests"] for each in told["processes"]] == [1, 1]
    assert told["requests"] == 2
    assert told["queued"] == 2
    assert told["spool"]["waiting"] == 3
    assert told["spool"]["max_bytes"] == 2 * 256 * 1024 * 1024
    assert told["sent"]["error"] == 5
    assert told["dropped"] == {"storm": {"error": 6}}
    assert told["redacted"] == {"password": 6}
    assert told["counts"]["dropped.storm.error"] == 6
    assert told["last_success"]["what"] in {"1 error", "1 internal"}  # that, or of what was lost
    assert told["last_success"]["at"] == told["last_delivery"]
    assert told["last_failure"] is None


def test_one_worker_in_trouble_is_trouble(start: Start, other: Workers) -> None:
    when = datetime(2099, 1, 1, tzinfo=UTC)
    other.share(
        lambda: Figures(
            trouble="the disk does not take what is captured: No space left on device",
            last_success=Moment(at=when.timestamp(), what="1 error"),
        )
    )
    start()

    told = telemetry.status()

    assert not told["healthy"]
    assert told["reason"].endswith("No space left on device")
    assert told["last_delivery"] == when.isoformat()


def test_a_sink_that_does_not_answer_is_named_as_the_reason(
    start: Start, sink: RecordingSink
) -> None:
    sink.behaviour = lambda request: answer(request, 503)
    start()
    sentry_sdk.capture_message("hello")
    telemetry.flush(5)

    told = telemetry.details()

    assert not told["healthy"]
    assert told["reason"].startswith("nothing gets through to the sink: HTTP 503 (")
    assert told["last_failure"]["what"] == told["last_error"] == "HTTP 503"
    assert told["spool"]["waiting"] == 1
    assert 0 <= told["spool"]["oldest_waiting_seconds"] < 60


def test_what_the_sink_wants_none_of_is_told_and_until_when(
    start: Start, sink: RecordingSink
) -> None:
    sink.behaviour = lambda request: answer(request, 429, X_Sentry_Rate_Limits="600:error:key")
    start()
    sentry_sdk.capture_message("hello")
    telemetry.flush(5)

    told = telemetry.details()

    assert told["limited"].keys() == {"error"}
    assert 590 < told["limited"]["error"]["seconds"] <= 600
    until = datetime.fromisoformat(told["limited"]["error"]["until"])
    assert 590 < (until - datetime.now(UTC)).total_seconds() <= 600
    assert told["last_failure"]["what"] == "HTTP 429"


def test_a_sink_that_refuses_is_named_as_the_reason(start: Start, sink: RecordingSink) -> None:
    sink.behaviour = lambda request: answer(request, 403)
    start()
    sentry_sdk.capture_message("hello")
    telemetry.flush(5)

    assert telemetry.status()["reason"] == "the sink refused what it was sent: HTTP 403"
    # What is then told of that loss may be refused in time to be counted, too.
    assert telemetry.details()["dropped"]["send_error"]["error"] == 1


def test_a_disk_that_takes_nothing_is_named_as_the_reason(
    start: Start, sink: RecordingSink, tmp_path: Path
) -> None:
    start(flush_timeout_seconds=0.1)
    with without_a_disk(tmp_path):
        sentry_sdk.capture_message("hello")
        telemetry.flush(0.5)
        told = telemetry.status()

    reason = "the disk does not take what is captured: No such file or directory"
    assert told["reason"] == reason
    wait_until(is_healthy_after_one_more, "a disk that takes something again")
    assert sink.items("event")


def test_what_memory_holds_while_the_disk_refuses_is_told(
    start: Start, sink: RecordingSink, tmp_path: Path
) -> None:
    sink.behaviour = lambda request: answer(request, 503)
    start(flush_timeout_seconds=0.1)
    with without_a_disk(tmp_path):
        sentry_sdk.capture_message("hello")
        wait_until(lambda: telemetry.details()["spool"]["held"] == 1, "one is held")

    wait_until(lambda: telemetry.details()["spool"]["held"] == 0, "it is on disk")


def is_healthy_after_one_more() -> bool:
    sentry_sdk.capture_message("one more")
    telemetry.flush(5)
    return bool(telemetry.status()["healthy"])


def test_before_init_it_says_so() -> None:
    assert telemetry.status()["reason"] == "telemetry.init was not called"
    assert telemetry.details()["requests"] == 0


def test_choices_are_told_but_no_text_among_them(start: Start, tmp_path: Path) -> None:
    options = start(environment="production", traces_sample_rate=0.25, pseudonym_key="k" * 40)

    told = telemetry.details()

    assert told["sampling"] == {
        "traces_sample_rate": 0.25,
        "profiles_sample_rate": 0.0,
        "profiled_share_of_requests": 0.0,
        "slow_request_seconds": 2.0,
        "storm_errors_per_minute": 5,
    }
    assert told["options"]["queue_max_logs"] == 10_000
    assert told["options"]["send_default_pii"] is False
    whole = orjson.dumps(told).decode()
    for secret in (str(options.dsn), "publickey", str(tmp_path), "k" * 40):
        assert secret not in whole


def test_in_development_no_storm_is_held_back(start: Start) -> None:
    start()

    assert telemetry.details()["sampling"]["storm_errors_per_minute"] is None


def test_any_application_has_a_metrics_page(start: Start) -> None:
    start()
    client = serving()
    client.get("/nowhere")

    page = client.get("/metrics")
    as_json = client.get("/metrics", headers={"accept": "application/json"}).json()

    families = {family.name: family for family in text_string_to_metric_families(page.text)}
    assert page.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert families["toolboxai_telemetry_workers"].samples[0].value == 1
    assert families["toolboxai_http_request_duration_seconds"].type == "histogram"
    assert as_json["sentry"]["requests"] == 2
    assert {"name": "toolboxai_telemetry_enabled", "labels": {}, "value": 1} in as_json["samples"]


def test_strangers_see_little_of_it(start: Start) -> None:
    start(traces_sample_rate=0.0)
    client = TestClient(serving().app)
    client.get("/nowhere")

    page = client.get("/metrics").text
    as_json = client.get("/metrics", headers={"accept": "application/json"}).json()

    names = {family.name for family in text_string_to_metric_families(page)}
    assert names == {"toolboxai_telemetry_enabled", "toolboxai_telemetry_healthy"}
    assert {sample["name"] for sample in as_json["samples"]} == names
    assert as_json["sentry"] == telemetry.status()


async def own_page(_request: object) -> PlainTextResponse:
    return PlainTextResponse("own")


def own_router() -> APIRouter:
    router = APIRouter()
    router.add_route("/metrics", own_page)
    return router


@pytest.mark.parametrize("is_first", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(
    "add",
    [
        pytest.param(lambda app: app.add_route("/metrics", own_page), id="route"),
        pytest.param(lambda app: app.include_router(own_router()), id="router"),
        pytest.param(
            lambda app: app.mount("/metrics", Starlette(routes=[Route("/", own_page)])), id="mount"
        ),
    ],
)
def test_an_application_keeps_its_own_metrics_page(start: Start, add: Any, is_first: bool) -> None:  # noqa: ANN401, FBT001
    start()
    app = FastAPI()
    for step in (add, telemetry.add_routes) if is_first else (telemetry.add_routes, add):
        step(app)

    assert TestClient(app).get("/metrics").text == "own"


def test_a_mount_for_everything_is_no_metrics_page(start: Start) -> None:
    start()
    app = FastAPI()
    telemetry.add_routes(app)
    app.router.routes.append(Mount("/", Starlette()))

    assert "toolboxai_telemetry_enabled" in TestClient(app).get("/metrics").text


FORKS = """
import os, sys, time
from pathlib import Path
from starlette.applications import Starlette
from starlette.testclient import TestClient
from toolboxai import telemetry

def serve(requests):
    app = Starlette()
    telemetry.instrument(app)
    for _ in range(requests):
        TestClient(app).get("/")

telemetry.init(telemetry.Options(dsn=sys.argv[1], spool_dir=Path(sys.argv[2])))
serve(2)
to_child, from_parent = os.pipe()
from_child, to_parent = os.pipe()
child = os.fork()
serve(3)
if not child:
    os.write(to_parent, b"served")
    os.read(to_child, 1)
    telemetry.close()
    os._exit(0)
os.read(from_child, 6)
deadline = time.monotonic() + 10
while telemetry.details()["requests"] != 8:
    assert time.monotonic() < deadline, telemetry.details()
    time.sleep(0.02)
told = telemetry.details()
assert [each["requests"] for each in told["processes"]] == [5, 3], told
assert [each["pid"] for each in told["processes"]] == [os.getpid(), child], told
assert told["workers"] == 2
os.write(from_parent, b"x")
os.waitpid(child, 0)
while telemetry.details()["requests"] != 5:
    assert time.monotonic() < deadline, telemetry.details()
    time.sleep(0.02)
os._exit(0)
"""


def test_a_forked_child_counts_on_its_own(sink: RecordingSink, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKS, sink.dsn, str(tmp_path)],
        check=False,
        timeout=60,
    )

    assert ended.returncode == 0
