"""Lessons over HTTP: made, stored, read back, refused."""

import json
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.server.conftest import Start
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.server.content.engine.curriculum import Curriculum
from toolboxai.server.content.engine.exercise import Exercise, Objective, exercise
from toolboxai.server.content.router import curriculum

ASKED = {"grade": 4, "objective": "equivalent-fractions", "seed": 7, "questions": 4}


def test_a_lesson_is_made_checked_and_labelled(client: TestClient) -> None:
    answer = client.post("/generate_content", json=ASKED)

    lesson = answer.json()
    assert answer.status_code == 201
    assert lesson["title"] == "Equivalent fractions"
    assert lesson["objective"] == "equivalent-fractions"
    assert (lesson["grade"], lesson["grade_band"], lesson["seed"]) == (4, "3-5", 7)
    assert (lesson["provider"], lesson["ai_generated"]) == ("toolbox-offline", False)
    assert len(lesson["quiz"]) == 4
    assert len(lesson["sections"]["worked_examples"]) == 2
    assert len(lesson["sections"]["practice"]) == 3
    assert lesson["validity"]["valid"]
    assert all(check["passed"] for check in lesson["validity"]["checks"])


def test_a_lesson_is_read_back_as_it_was_handed_out(start: Start, database_url: str) -> None:
    client = start(database_url=database_url)
    made = client.post("/generate_content", json=ASKED)

    read = client.get(made.headers["location"])

    assert read.status_code == 200
    assert read.content == made.content


def test_the_same_request_gives_the_same_bytes_and_is_stored_once(
    start: Start, database_url: str
) -> None:
    client = start(database_url=database_url)

    first, second = (client.post("/generate_content", json=ASKED) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.content == second.content
    assert first.headers["location"] == second.headers["location"]


def test_a_lesson_outlives_the_server(start: Start, database_url: str) -> None:
    made = start(database_url=database_url).post("/generate_content", json=ASKED)

    read = start(database_url=database_url).get(made.headers["location"])

    assert read.content == made.content


def test_without_a_seed_one_is_drawn_and_returned(client: TestClient) -> None:
    without = {name: value for name, value in ASKED.items() if name != "seed"}

    first, second = (client.post("/generate_content", json=without).json() for _ in range(2))
    again = client.post("/generate_content", json={**ASKED, "seed": first["seed"]}).json()

    assert first["seed"] != second["seed"]
    assert again == first


def test_the_quiz_has_five_questions_unless_asked_otherwise(client: TestClient) -> None:
    lesson = client.post("/generate_content", json={"grade": 1, "objective": "Addition within 20"})

    assert len(lesson.json()["quiz"]) == 5


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"grade": 0}, "grade", "greater than or equal to 1"),
        ({"grade": 13}, "grade", "less than or equal to 12"),
        ({"grade": "4"}, "grade", "valid integer"),
        ({"grade": True}, "grade", "valid integer"),
        ({"grade": 1}, "objective", "is not taught in grade 1; see GET /objectives?grade=1"),
        ({"objective": "alchemy"}, "objective", "is not in the curriculum"),
        ({"objective": ""}, "objective", "at least 1 character"),
        ({"objective": "x" * 101}, "objective", "at most 100 characters"),
        ({"objective": None}, "objective", "valid string"),
        ({"seed": -1}, "seed", "greater than or equal to 0"),
        ({"seed": 2**53}, "seed", "less than or equal to 9007199254740991"),
        ({"questions": 2}, "questions", "greater than or equal to 3"),
        ({"questions": 11}, "questions", "less than or equal to 10"),
        ({"subject": "history"}, "subject", "'mathematics'"),
        ({"colour": "red"}, "colour", "not permitted"),
    ],
)
def test_bad_input_gets_a_422_that_says_which_field_and_why(
    client: TestClient, change: dict[str, Any], field: str, reason: str
) -> None:
    answer = client.post("/generate_content", json=ASKED | change)

    problem = answer.json()
    assert answer.status_code == 422
    assert [error["field"] for error in problem["errors"]] == [field]
    assert reason in problem["errors"][0]["reason"]
    assert field in problem["detail"]


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None],
)
def test_a_body_that_does_not_say_it_is_json_is_a_415_that_names_json(
    client: TestClient, content_type: str | None
) -> None:
    headers = {"content-type": content_type} if content_type else {}

    answer = client.post("/generate_content", content=json.dumps(ASKED), headers=headers)

    problem = answer.json()
    assert answer.status_code == 415
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["accept"] == "application/json"
    assert problem["type"] == "urn:toolboxai:problem:unsupported-media-type"
    assert "Content-Type: application/json" in problem["detail"]
    assert problem["trace_id"] == answer.headers["x-trace-id"]


@pytest.mark.parametrize("body", [b"[]", b"null", b'"a lesson"', b"4", b"true", b""])
def test_a_body_that_is_no_object_is_told_to_be_one(client: TestClient, body: bytes) -> None:
    headers = {"content-type": "application/json"}

    answer = client.post("/generate_content", content=body, headers=headers)

    problem = answer.json()
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [(error["field"], error["reason"]) for error in problem["errors"]] == [
        ("body", "Input must be a JSON object")
    ]
    assert problem["trace_id"]


def test_a_body_in_another_encoding_is_told_to_be_utf_8(client: TestClient) -> None:
    headers = {"content-type": "application/json"}

    answer = client.post("/generate_content", content=b'{"objective": "\xe9"}', headers=headers)

    problem = answer.json()
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "UTF-8; it is not at byte 15" in problem["errors"][0]["reason"]
    assert problem["trace_id"]


def test_an_unknown_lesson_is_a_404_that_says_what_to_do(client: TestClient) -> None:
    answer = client.get(f"/lessons/{uuid4()}")

    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:toolboxai:problem:lesson-not-found"
    assert "POST /generate_content" in answer.json()["detail"]


def test_what_can_be_asked_for_is_listed_by_grade(client: TestClient) -> None:
    everything = client.get("/objectives").json()
    for_grade_12 = client.get("/objectives", params={"grade": 12}).json()

    assert len(everything) > 25
    assert [objective["code"] for objective in for_grade_12] == [
        "derivatives",
        "definite-integrals",
    ]
    assert for_grade_12[0]["grade_bands"] == ["9-12"]


def test_objectives_of_a_grade_that_does_not_exist_are_refused(client: TestClient) -> None:
    answer = client.get("/objectives", params={"grade": 13})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "grade"


def test_everything_that_is_listed_can_be_made(client: TestClient) -> None:
    asked = [
        {"grade": grade, "objective": objective["title"], "seed": 3}
        for objective in client.get("/objectives").json()
        for grade in objective["grades"]
    ]

    answers = [client.post("/generate_content", json=one).status_code for one in asked]

    assert set(answers) == {201}


def test_making_a_lesson_is_traced_in_three_steps(start: Start, sink: RecordingSink) -> None:
    client = start(sentry_dsn=sink.dsn, sentry_traces_sample_rate=1.0)

    client.post("/generate_content", json=ASKED)

    telemetry.flush(5)
    (trace,) = sink.items("transaction")
    spans = {span["op"]: span for span in trace["spans"] if span["op"].startswith("content.")}
    assert list(spans) == ["content.generate", "content.plan", "content.write", "content.check"]
    assert spans["content.generate"]["data"]["education.subject"] == "mathematics"
    below = {span["parent_span_id"] for op, span in spans.items() if op != "content.generate"}
    assert below == {spans["content.generate"]["span_id"]}


def _wrong_sum(draw: Random) -> Exercise:
    number = draw.randint(1, 999)
    return exercise(
        f"What is 1 + {number}?",
        number + 2,
        is_right=lambda total: total - 1 == number,
        mistakes=[(number, "a"), (number + 3, "b"), (number + 4, "c")],
        steps=["Guess."],
    )


def _teach_something_wrong(app: FastAPI) -> None:
    objective = Objective("guessing", "Guessing", (1,), ("An idea.",), _wrong_sum)
    app.dependency_overrides[curriculum] = lambda: Curriculum([objective])


def test_an_invalid_quiz_is_never_handed_out_but_reported_as_our_bug(
    start: Start, sink: RecordingSink
) -> None:
    client = start(_teach_something_wrong, sentry_dsn=sink.dsn, sentry_traces_sample_rate=1.0)

    answer = client.post("/generate_content", json={"grade": 1, "objective": "guessing", "seed": 5})

    telemetry.flush(5)
    (event,) = sink.items("event")
    (trace,) = sink.items("transaction")
    error = event["exception"]["values"][-1]
    assert answer.status_code == 500
    assert answer.json()["event_id"] == event["event_id"]
    assert "quiz" not in answer.json()
    assert error["type"] == "InvalidContentError"
    assert "guessing with seed 5 failed one right answer, the key is right" in error["value"]
    assert error["mechanism"]["handled"] is False
    assert [span["op"] for span in trace["spans"]].count("content.write") == 3
