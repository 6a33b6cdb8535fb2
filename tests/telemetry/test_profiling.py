"""Profiles: of which share of requests, what of them arrives, and what is never profiled."""

import random
from time import perf_counter

import pytest
from fastapi import APIRouter, FastAPI
from starlette.testclient import TestClient

from tests.telemetry.conftest import Start
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.telemetry import profiling
from toolboxai.telemetry.current import Request
from toolboxai.telemetry.options import Options

BUSY_SECONDS = 0.1
router = APIRouter()


@router.get("/busy/{pupil}")
def busy(pupil: str) -> str:
    compute_for_a_while()
    return pupil[:0]


def compute_for_a_while() -> None:
    end = perf_counter() + BUSY_SECONDS
    while perf_counter() < end:
        pass


@router.get("/quick")
async def quick() -> None:
    return None


def watched(start: Start, *, traces: float) -> TestClient:
    start(traces_sample_rate=traces, profiles_sample_rate=1.0)
    app = FastAPI()
    telemetry.instrument(app)
    app.include_router(router)
    return TestClient(app)


@pytest.fixture
def client(start: Start) -> TestClient:
    return watched(start, traces=1.0)


def test_a_profile_shows_where_the_time_of_its_transaction_went(
    client: TestClient, sink: RecordingSink
) -> None:
    client.get("/busy/amy.winters")
    telemetry.flush()

    (profile,), (transaction,) = sink.items("profile"), sink.items("transaction")
    (about,) = profile["transactions"]
    inside = profile["profile"]
    functions = {frame["function"] for frame in inside["frames"]}
    assert about["id"] == transaction["event_id"]
    assert about["name"] == transaction["transaction"] == "/busy/{pupil}"
    assert about["trace_id"] == transaction["contexts"]["trace"]["trace_id"]
    assert "compute_for_a_while" in functions
    assert len(inside["samples"]) >= profiling.MIN_SAMPLES
    assert all(sample["stack_id"] < len(inside["stacks"]) for sample in inside["samples"])
    assert all(place < len(inside["frames"]) for stack in inside["stacks"] for place in stack)
    assert (profile["platform"], profile["version"]) == ("python", "1")
    assert "winters" not in str(profile)


def test_the_status_shows_which_share_of_all_requests_is_profiled(client: TestClient) -> None:
    before = telemetry.measurements().get(profiling.PROFILED, 0)

    client.get("/busy/1")

    told, sampling = telemetry.details(), telemetry.details()["sampling"]
    profiled = telemetry.measurements()[profiling.PROFILED]
    assert profiled == before + 1
    assert sampling["profiles_sample_rate"] == 1.0
    assert sampling["profiled_share_of_requests"] == profiled / told["requests"]


def test_a_request_too_short_for_two_samples_has_no_profile_and_is_counted(
    client: TestClient, sink: RecordingSink
) -> None:
    before = telemetry.measurements().get("profiles_too_short", 0)

    client.get("/quick")
    telemetry.flush()

    assert sink.items("profile") == []
    assert telemetry.measurements()["profiles_too_short"] == before + 1


def test_what_is_not_traced_is_not_profiled(start: Start, sink: RecordingSink) -> None:
    client = watched(start, traces=0.0)

    client.get("/busy/1")
    telemetry.flush()

    assert sink.items("profile") == []


@pytest.mark.parametrize("rate", [0.0, 0.1, 1.0])
def test_of_ten_thousand_kept_traces_the_given_share_is_profiled(
    rate: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiling, "chance", random.Random(7).random)
    profiler, begun = profiling.Profiler(rate), 0
    for _ in range(10_000):
        request = Request({"type": "job", "path": "x", "headers": ()})
        profiler.begin(request)
        if request.profile is not None:
            begun += 1
            request.profile.stop()
    profiler.close()

    assert begun == pytest.approx(10_000 * rate, abs=100)


@pytest.mark.parametrize("environment", ["production", "development"])
def test_nothing_is_profiled_unless_somebody_says_so(environment: str) -> None:
    assert Options(environment=environment).effective_profiles_sample_rate == 0
    assert (
        Options(environment=environment, profiles_sample_rate=0).effective_profiles_sample_rate == 0
    )
