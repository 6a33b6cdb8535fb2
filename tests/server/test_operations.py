"""Health and figures."""

import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as strictly_read,
)
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from benchmarks.processes import free_port
from tests.server.conftest import AskTeacher, Start, application, asking_from, on_this_machine
from tests.server.fake_llm import ASKED, FakeLlm
from tests.server.people import FullSchool, full_school, person
from tests.telemetry.sink import RecordingSink
from toolboxai import __version__, telemetry
from toolboxai.server.content.authors import Authors
from toolboxai.server.content.engine.curriculum import Curriculum
from toolboxai.server.content.engine.exercise import Objective, exercise
from toolboxai.server.content.outside.breaker import MAX_FAILURES
from toolboxai.server.database import Database
from toolboxai.server.models import Role

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


def test_an_operator_and_the_machine_itself_see_how_each_part_is(client: TestClient) -> None:
    operator = person(client, Role.OPERATOR).client

    answers = [asker.get("/health").json() for asker in (operator, on_this_machine(client))]

    for answer in answers:
        parts = answer["parts"]
        assert answer["status"] == "ok"
        assert {name: part["status"] for name, part in parts.items()} == {
            "database": "ok",
            "redis": "unused",
            "model": "unused",
            "orders": "ok",
            "telemetry": "unused",
        }
        assert parts["database"]["figures"]["milliseconds"] > 0
        assert parts["orders"]["figures"] == {"workers": 2, "working": 0}


@pytest.mark.parametrize("role", [Role.STUDENT, Role.TEACHER, Role.ADMIN])
def test_people_of_a_school_do_not_see_the_parts(school: FullSchool, role: Role) -> None:
    answer = school.people[role].client.get("/health")

    assert answer.json() == {"status": "ok", "version": __version__}


def test_a_token_that_is_not_good_is_refused_and_not_taken_for_nobodys(client: TestClient) -> None:
    headers = {"Authorization": "Bearer made-up"}

    assert client.get("/health", headers=headers).status_code == 401
    assert client.get("/health/live", headers=headers).status_code == 200


def test_what_is_away_is_named_with_what_it_means(start: Start, sink: RecordingSink) -> None:
    closed = f"redis://127.0.0.1:{free_port()}/0"
    client = start(redis_url=closed, sentry_dsn=sink.dsn, generation_workers=0)
    application(client).state.parts["database"] = Database("postgresql+asyncpg://x@127.0.0.1:1/x")

    answer = on_this_machine(client).get("/health")

    parts = answer.json()["parts"]
    assert (answer.status_code, answer.json()["status"]) == (200, "down")
    assert {name: part["status"] for name, part in parts.items()} == {
        "database": "down",
        "redis": "degraded",
        "model": "unused",
        "orders": "unused",
        "telemetry": "ok",
    }
    assert "DATABASE_URL" in parts["database"]["says"]
    assert "each process counts limits for itself" in parts["redis"]["says"]


@pytest.mark.parametrize(
    ("falls_back", "status", "meaning"),
    [(True, "degraded", "the curriculum engine writes"), (False, "down", "nobody writes")],
)
def test_a_model_that_is_left_alone_or_has_used_its_tokens_is_named(
    teacher_with: AskTeacher, *, falls_back: bool, status: str, meaning: str
) -> None:
    teacher = teacher_with(llm_fallback=falls_back, llm_max_tokens_per_day=100)
    machine = on_this_machine(teacher)
    before = machine.get("/health").json()["parts"]["model"]
    teacher.post("/generate_quiz", json=ASKED)
    spent = machine.get("/health").json()["parts"]["model"]

    assert before == {"status": "ok", "says": "school-model writes", "figures": {}}
    assert (spent["status"], meaning in spent["says"]) == (status, True)
    assert "tokens are used up" in spent["says"]


def test_a_model_that_fails_again_and_again_is_named(
    teacher_with: AskTeacher, llm: FakeLlm
) -> None:
    teacher = teacher_with()
    llm.always = 400
    for _ in range(MAX_FAILURES):
        teacher.post("/generate_quiz", json=ASKED)

    model = on_this_machine(teacher).get("/health").json()["parts"]["model"]

    assert model["status"] == "degraded"
    assert "left alone" in model["says"]


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
    client = asking_from(started, address, host, headers)

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
