"""A storm of one error is told, and doesn't become one of envelopes."""

import pytest
import sentry_sdk
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.telemetry.conftest import Start
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.reporting import storms as storms_module
from toolboxai.telemetry.reporting.storms import Storms, kind_of


class Clock:
    """A time that is set by hand."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@given(st.lists(st.sampled_from("abc"), max_size=60), st.integers(1, 5))
def test_what_is_admitted_and_what_is_held_back_are_all_there_is(
    kinds: list[str], limit: int
) -> None:
    storms = Storms(limit=limit, window_seconds=60, now=Clock())

    admitted = [kind for kind in kinds if storms.admits(kind)]
    held_back = sum(storm.held_back for storm in storms.over(all_of_them=True))

    for kind in set(kinds):
        assert admitted.count(kind) == min(limit, kinds.count(kind))
    assert len(admitted) + held_back == len(kinds)


def test_a_window_ends_and_a_new_one_begins() -> None:
    clock = Clock()
    storms = Storms(limit=1, window_seconds=60, now=clock)
    assert [storms.admits("a", user) for user in ("x", "y", "y", None)] == [
        True,
        False,
        False,
        False,
    ]

    clock.seconds = 59
    assert storms.over() == []
    clock.seconds = 60
    (storm,) = storms.over()

    assert (storm.held_back, len(storm.users)) == (3, 1)
    assert storms.admits("a")


def test_a_storm_without_a_pause_is_told_window_by_window() -> None:
    clock = Clock()
    storms = Storms(limit=1, window_seconds=60, now=clock)
    for second in range(0, 180, 10):
        clock.seconds = second
        storms.admits("a")

    told = [storm.held_back for storm in storms.over(all_of_them=True)]

    assert told == [5, 5, 5]


def test_there_is_an_end_to_how_many_kinds_are_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storms_module, "MAX_KINDS", 2)
    storms = Storms(limit=1, window_seconds=60)

    assert [storms.admits(kind) for kind in "aabbcc"] == [True, False, True, False, True, True]


def test_an_error_without_a_traceback_has_a_kind() -> None:
    kind = kind_of(ValueError(), None, is_in_app=lambda _step: True)

    assert kind == "builtins.ValueError at nowhere"


def test_a_storm_is_five_events_and_one_that_tells_how_many_more(
    start: Start, sink: RecordingSink
) -> None:
    before = counters.snapshot().get("dropped.storm.error", 0)
    start(environment="production")
    app = FastAPI()

    @app.exception_handler(ValueError)
    async def say(_request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"event_id": telemetry.event_id_for(error)}, status_code=500)

    @app.get("/boom/{pupil}")
    async def boom(pupil: str) -> None:
        sentry_sdk.set_user({"id": pupil})
        raise ValueError(pupil)

    @app.get("/other")
    async def other() -> None:
        raise ValueError

    telemetry.instrument(app)
    with TestClient(app, raise_server_exceptions=False) as client:
        promised = [client.get(f"/boom/{number % 10}").json()["event_id"] for number in range(25)]
        promised.append(client.get("/other").json()["event_id"])

    assert telemetry.flush(5)
    *single, aggregate = sink.items("event")
    assert [event["event_id"] for event in single] == [each for each in promised if each]
    assert promised.count(None) == 20
    assert aggregate["contexts"]["storm"] == {"held_back": 20, "users": 10, "window_seconds": 60}
    assert aggregate["tags"]["storm"] == "true"
    assert aggregate["exception"]["values"][-1]["type"] == "ValueError"
    assert counters.snapshot()["dropped.storm.error"] == before + 20


def test_of_a_storm_those_traces_are_kept_whose_errors_are(
    start: Start, sink: RecordingSink
) -> None:
    start(environment="production", traces_sample_rate=1e-9)
    app = FastAPI()

    @app.get("/boom")
    async def boom() -> None:
        raise ValueError

    telemetry.instrument(app)
    with TestClient(app, raise_server_exceptions=False) as client:
        for _ in range(25):
            client.get("/boom")

    assert telemetry.flush(5)
    traces = [event["contexts"]["trace"]["trace_id"] for event in sink.items("event")[:-1]]
    assert [each["contexts"]["trace"]["trace_id"] for each in sink.items("transaction")] == traces
    assert len(traces) == 5


def test_answers_that_say_only_how_bad_it_is_can_be_a_storm_too(
    start: Start, sink: RecordingSink
) -> None:
    start(environment="production")
    app = FastAPI()

    @app.get("/health/ready")
    async def ready() -> JSONResponse:
        return JSONResponse({"status": "down"}, status_code=503)

    telemetry.instrument(app)
    with TestClient(app) as client:
        for _ in range(25):
            client.get("/health/ready")

    assert telemetry.flush(5)
    *single, aggregate = sink.items("event")
    assert {event["message"] for event in single} == {"/health/ready answered 503"}
    assert len(single) == 5
    assert aggregate["contexts"]["storm"]["held_back"] == 20


def test_errors_that_their_author_tells_apart_are_storms_of_their_own(
    start: Start, sink: RecordingSink
) -> None:
    class ModelError(Exception):
        def __init__(self, reason: str) -> None:
            super().__init__(reason)
            self.fingerprint = ("model", reason)

    start(environment="production")
    app = FastAPI()

    @app.get("/boom")
    async def boom(reason: str) -> None:
        raise ModelError(reason)

    telemetry.instrument(app)
    with TestClient(app, raise_server_exceptions=False) as client:
        for reason in ["slow"] * 25 + ["key"]:
            client.get("/boom", params={"reason": reason})

    assert telemetry.flush(5)
    told = [event["fingerprint"] for event in sink.items("event")]
    assert told.count(["model", "key"]) == 1
