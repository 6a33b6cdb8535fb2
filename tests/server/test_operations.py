"""Health and figures."""

import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as strictly_read,
)
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from tests.server.conftest import Start, application, on_this_machine
from tests.server.people import FullSchool, full_school
from tests.telemetry.sink import RecordingSink
from toolboxai import __version__, telemetry
from toolboxai.server.content.authors import Authors
from toolboxai.server.content.engine.curriculum import Curriculum
from toolboxai.server.content.engine.exercise import Objective, exercise
from toolboxai.server.database import Database

WRONG = exercise(
    "What is 1 + 1?",
    3,
    is_right=lambda total: total == 2,
    mistakes=[(1, "a"), (2, "b"), (4, "c")],
    steps=["Guess."],
)
BROKEN = Objective("broken", "Broken", (12,), ("An idea.",), lambda _: WRONG)


@pytest.mark.parametrize("path", ["/health", "/health/live"])
def test_a_running_server_is_alive(client: TestClient, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "version": __version__}


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready"])
def test_head_answers_like_get_without_the_body(client: TestClient, path: str) -> None:
    head, get = client.head(path), client.get(path)

    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length"):
        assert head.headers[name] == get.headers[name]


def test_head_tells_a_load_balancer_that_the_database_is_away(client: TestClient) -> None:
    application(client).state.database = Database("postgresql+asyncpg://x@127.0.0.1:1/x")

    assert client.head("/health/ready").status_code == 503


def test_a_server_with_its_database_is_ready(client: TestClient) -> None:
    answer = client.get("/health/ready")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "version": __version__, "database": "ok"}


def test_a_server_without_its_database_is_alive_but_not_ready(client: TestClient) -> None:
    application(client).state.database = Database("postgresql+asyncpg://x@127.0.0.1:1/x")

    ready, alive = client.get("/health/ready"), client.get("/health/live")

    assert ready.status_code == 503
    assert ready.json() == {"status": "down", "version": __version__, "database": "down"}
    assert alive.status_code == 200


def test_metrics_are_prometheus_text_by_default(client: TestClient) -> None:
    answer = client.get("/metrics")

    names = {family.name for family in text_string_to_metric_families(answer.text)}
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert {"process_resident_memory_bytes", "toolboxai_telemetry_enabled"} <= names


def test_openmetrics_is_spoken_to_whoever_asks_for_it(client: TestClient) -> None:
    accept = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"

    near = on_this_machine(client)
    near.get("/objectives?grade=4")
    answer = near.get("/metrics", headers={"accept": accept})

    types = {family.name: family.type for family in strictly_read(answer.text)}  # type: ignore[no-untyped-call]
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert types["toolboxai_http_request_duration_seconds"] == "histogram"
    assert types["toolboxai_http_request_duration_quantile_seconds"] == "gauge"
    assert types["toolboxai_telemetry_workers"] == "gauge"


def test_lessons_are_counted_by_kind_subject_grade_band_and_outcome(
    client: TestClient, school: FullSchool
) -> None:
    lesson = {"grade": 4, "objective": "place-value"}
    school.teacher.post("/generate_content", json=lesson)
    school.teacher.post("/generate_content", json=lesson)
    school.teacher.post("/generate_quiz", json={**lesson, "objective": "alchemy"})
    school.teacher.post("/generate_quiz", json={**lesson, "subject": "made up by a caller"})
    state = application(client).state
    state.authors = Authors(state.authors.tally, {"mathematics": Curriculum([BROKEN])})
    school.teacher.post("/generate_content", json={"grade": 12, "objective": "broken"})

    text = client.get("/metrics").text

    assert _counted("3-5", "lesson", "made", "mathematics", 2.0) in text
    assert _counted("3-5", "quiz", "refused", "mathematics", 1.0) in text
    assert _counted("3-5", "quiz", "refused", "unknown", 1.0) in text
    assert _counted("9-12", "lesson", "failed", "mathematics", 1.0) in text


def _counted(band: str, kind: str, outcome: str, subject: str, times: float) -> str:
    labels = f'grade_band="{band}",kind="{kind}",outcome="{outcome}",subject="{subject}"'
    return f"toolboxai_lessons_total{{{labels}}} {times}"


def test_every_application_counts_for_itself(start: Start) -> None:
    teacher = full_school(start(), "Hill School").teacher
    teacher.post("/generate_content", json={"grade": 4, "objective": "place-value"})

    assert "toolboxai_lessons_total{" not in start().get("/metrics").text


def test_metrics_are_json_for_who_asks_for_json(client: TestClient, school: FullSchool) -> None:
    school.teacher.post("/generate_content", json={"grade": 4, "objective": "place-value"})

    figures = client.get("/metrics", headers={"accept": "application/json"}).json()

    made = {
        "name": "toolboxai_lessons_total",
        "labels": {
            "grade_band": "3-5",
            "kind": "lesson",
            "outcome": "made",
            "subject": "mathematics",
        },
        "value": 1.0,
    }
    assert made in figures["samples"]
    assert {"name": "toolboxai_telemetry_enabled", "labels": {}, "value": 0} in figures["samples"]
    assert figures["sentry"] == telemetry.status()
    assert figures["sentry"]["enabled"] is False


def test_what_telemetry_did_shows_in_the_metrics(start: Start, sink: RecordingSink) -> None:
    client = start(sentry_dsn=sink.dsn)
    client.get("/sentry-debug")
    telemetry.flush(5)

    text = on_this_machine(client).get("/metrics").text

    assert "toolboxai_telemetry_enabled 1.0" in text
    assert "toolboxai_telemetry_queued 0.0" in text
    assert 'toolboxai_telemetry_envelopes_total{kind="delivered"}' in text
    assert 'toolboxai_telemetry_sent_total{category="error"}' in text
    assert 'duration_seconds_count{method="GET",route="/sentry-debug",status="5xx"}' in text


@pytest.mark.parametrize(
    ("address", "host", "headers"),
    [
        pytest.param("192.0.2.7", "127.0.0.1", {}, id="from another machine"),
        pytest.param("127.0.0.1", "lessons.example", {}, id="by another name"),
        pytest.param("127.0.0.1", "127.0.0.1", {"x-forwarded-for": "192.0.2.7"}, id="by a proxy"),
    ],
)
def test_others_learn_only_whether_telemetry_is_enabled_and_healthy(
    start: Start, sink: RecordingSink, address: str, host: str, headers: dict[str, str]
) -> None:
    started = start(sentry_dsn=sink.dsn, allowed_hosts="testserver,lessons.example")
    started.get("/sentry-debug")
    started.post("/generate_content", json={"grade": 4, "objective": "place-value"})
    telemetry.flush(5)
    app = application(started)
    client = TestClient(app, base_url=f"http://{host}", client=(address, 5000), headers=headers)

    families = text_string_to_metric_families(client.get("/metrics").text)
    figures = client.get("/metrics", headers={"accept": "application/json"}).json()

    names = {family.name for family in families}
    assert {name for name in names if "telemetry" in name} == {
        "toolboxai_telemetry_enabled",
        "toolboxai_telemetry_healthy",
    }
    assert {"process_resident_memory_bytes", "toolboxai_lessons"} <= names
    assert set(figures["sentry"]) == set(telemetry.status())
    assert {sample["name"] for sample in figures["samples"] if "telemetry" in sample["name"]} == {
        "toolboxai_telemetry_enabled",
        "toolboxai_telemetry_healthy",
    }
    assert not [name for name in names if "duration" in name]


def test_who_gets_which_figures_is_documented(client: TestClient) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/metrics"]["get"]

    assert "for this machine alone" in operation["description"]
