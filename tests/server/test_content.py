"""Lessons and quizzes over HTTP: made, stored, read back, refused, and seen by one school only."""

import json
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.server.conftest import Start
from tests.server.people import FullSchool, full_school, signed_in
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.server.content.authors import Authors
from toolboxai.server.content.checks import CHECKS
from toolboxai.server.content.engine.curriculum import Curriculum
from toolboxai.server.content.engine.exercise import Exercise, Objective, exercise
from toolboxai.server.models import Role

ASKED = {"grade": 4, "objective": "equivalent-fractions", "seed": 7, "questions": 4}
SCIENCE = {"subject": "science", "grade": 5, "objective": "Food chains", "seed": 7}


@pytest.fixture
def teacher(school: FullSchool) -> TestClient:
    """Somebody who may order lessons."""
    return school.teacher


def a_teacher(client: TestClient) -> TestClient:
    """Return a teacher of a new school at this server."""
    return full_school(client, "Hill School").teacher


def test_a_lesson_is_made_checked_and_labelled(teacher: TestClient) -> None:
    answer = teacher.post("/generate_content", json=ASKED)

    lesson = answer.json()
    assert answer.status_code == 201
    assert lesson["title"] == "Equivalent fractions"
    assert lesson["objective"] == "equivalent-fractions"
    assert (lesson["grade"], lesson["grade_band"], lesson["seed"]) == (4, "3-5", 7)
    assert (lesson["provider"], lesson["model"]) == ("toolbox-offline", "toolbox-curriculum")
    assert (lesson["ai_generated"], lesson["fallback_reason"]) == (False, None)
    assert lesson["usage"] == {"input_tokens": 0, "output_tokens": 0}
    assert len(lesson["quiz"]) == 4
    assert len(lesson["sections"]["worked_examples"]) == 2
    assert len(lesson["sections"]["practice"]) == 3
    assert lesson["validity"]["valid"]
    assert [check["name"] for check in lesson["validity"]["checks"]] == list(CHECKS)
    assert all(check["passed"] for check in lesson["validity"]["checks"])


def test_a_lesson_of_facts_explains_them_then_lets_gaps_be_filled_then_asks(
    teacher: TestClient,
) -> None:
    lesson = teacher.post("/generate_content", json=SCIENCE).json()

    gaps = [task["question"] for task in lesson["sections"]["practice"]]
    assert (lesson["subject"], lesson["objective"]) == ("science", "food-chains")
    assert lesson["sections"]["explanation"][0] == "A food chain shows who eats whom."
    assert all(gap.startswith("Fill the gap: ") and "___" in gap for gap in gaps)
    assert len({question["question"] for question in lesson["quiz"]}) == 5


def test_a_quiz_asks_what_the_lesson_with_the_same_seed_asks(teacher: TestClient) -> None:
    lesson = teacher.post("/generate_content", json=ASKED).json()
    answer = teacher.post("/generate_quiz", json=ASKED)

    quiz = answer.json()
    assert answer.status_code == 201
    assert quiz["questions"] == lesson["quiz"]
    assert quiz["id"] != lesson["id"]
    assert "sections" not in quiz
    assert (quiz["provider"], quiz["seed"], quiz["validity"]["valid"]) == (
        "toolbox-offline",
        7,
        True,
    )


@pytest.mark.parametrize("path", ["/generate_content", "/generate_quiz"])
def test_what_was_made_is_read_back_as_it_was_handed_out(
    start: Start, database_url: str, path: str
) -> None:
    teacher = a_teacher(start(database_url=database_url))
    made = teacher.post(path, json=ASKED)

    read = teacher.get(made.headers["location"])

    assert read.status_code == 200
    assert read.content == made.content


def test_a_quiz_is_no_lesson_and_a_lesson_no_quiz(teacher: TestClient) -> None:
    lesson = teacher.post("/generate_content", json=ASKED).json()["id"]
    quiz = teacher.post("/generate_quiz", json=ASKED).json()["id"]

    answers = [teacher.get(f"/lessons/{quiz}"), teacher.get(f"/quizzes/{lesson}")]

    assert [answer.json()["type"] for answer in answers] == [
        "urn:toolboxai:problem:lesson-not-found",
        "urn:toolboxai:problem:quiz-not-found",
    ]


def test_the_same_request_gives_the_same_bytes_and_is_stored_once(
    start: Start, database_url: str
) -> None:
    teacher = a_teacher(start(database_url=database_url))

    first, second = (teacher.post("/generate_content", json=ASKED) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.content == second.content
    assert first.headers["location"] == second.headers["location"]


def test_a_lesson_outlives_the_server(start: Start) -> None:
    first = start()
    school = full_school(first, "Hill School")
    made = school.teacher.post("/generate_content", json=ASKED)

    second = signed_in(start(), school.people[Role.TEACHER].id)

    assert second.get(made.headers["location"]).content == made.content


def test_two_schools_get_the_same_lesson_under_ids_of_their_own(
    school: FullSchool, other_school: FullSchool
) -> None:
    ours, theirs = (
        one.teacher.post("/generate_content", json=ASKED).json() for one in (school, other_school)
    )

    assert ours["id"] != theirs["id"]
    assert {**ours, "id": ""} == {**theirs, "id": ""}


def test_a_pupil_reads_the_schools_lessons_and_orders_none(school: FullSchool) -> None:
    made = school.teacher.post("/generate_content", json=ASKED)

    read = school.student.get(made.headers["location"])
    orders = [
        school.student.post(path, json=ASKED) for path in ("/generate_content", "/generate_quiz")
    ]

    assert read.content == made.content
    assert [order.status_code for order in orders] == [403, 403]


@pytest.mark.parametrize("path", ["/generate_content", "/generate_quiz"])
def test_what_another_school_made_is_not_there(
    school: FullSchool, other_school: FullSchool, path: str
) -> None:
    made = school.teacher.post(path, json=ASKED)

    assert other_school.admin.get(made.headers["location"]).status_code == 404


def test_nobody_orders_or_reads_without_signing_in(client: TestClient, teacher: TestClient) -> None:
    made = teacher.post("/generate_content", json=ASKED)

    answers = [client.post("/generate_content", json=ASKED), client.get(made.headers["location"])]

    assert [answer.status_code for answer in answers] == [401, 401]


def test_without_a_seed_one_is_drawn_and_returned(teacher: TestClient) -> None:
    without = {name: value for name, value in ASKED.items() if name != "seed"}

    first, second = (teacher.post("/generate_content", json=without).json() for _ in range(2))
    again = teacher.post("/generate_content", json={**ASKED, "seed": first["seed"]}).json()

    assert first["seed"] != second["seed"]
    assert again == first


def test_the_quiz_has_five_questions_unless_asked_otherwise(teacher: TestClient) -> None:
    lesson = teacher.post("/generate_content", json={"grade": 1, "objective": "Addition within 20"})

    assert len(lesson.json()["quiz"]) == 5


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"grade": 0}, "grade", "greater than or equal to 1"),
        ({"grade": 13}, "grade", "less than or equal to 12"),
        ({"grade": "4"}, "grade", "valid integer"),
        ({"grade": True}, "grade", "valid integer"),
        ({"grade": 1}, "objective", "is not taught in grade 1; see GET /objectives?subject=mathe"),
        ({"objective": "alchemy"}, "objective", "is not in the curriculum"),
        ({"objective": ""}, "objective", "at least 1 character"),
        ({"objective": "x" * 101}, "objective", "at most 100 characters"),
        ({"objective": None}, "objective", "valid string"),
        ({"seed": -1}, "seed", "greater than or equal to 0"),
        ({"seed": 2**53}, "seed", "less than or equal to 9007199254740991"),
        ({"questions": 2}, "questions", "greater than or equal to 3"),
        ({"questions": 11}, "questions", "less than or equal to 10"),
        ({"subject": "history"}, "subject", "is none of mathematics, science"),
        ({"subject": ""}, "subject", "at least 1 character"),
        ({"colour": "red"}, "colour", "not permitted"),
    ],
)
def test_bad_input_gets_a_422_that_says_which_field_and_why(
    teacher: TestClient, change: dict[str, Any], field: str, reason: str
) -> None:
    answer = teacher.post("/generate_content", json=ASKED | change)

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
    teacher: TestClient, content_type: str | None
) -> None:
    headers = {"content-type": content_type} if content_type else {}

    answer = teacher.post("/generate_content", content=json.dumps(ASKED), headers=headers)

    problem = answer.json()
    assert answer.status_code == 415
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["accept"] == "application/json"
    assert problem["type"] == "urn:toolboxai:problem:unsupported-media-type"
    assert "Content-Type: application/json" in problem["detail"]
    assert problem["trace_id"] == answer.headers["x-trace-id"]


@pytest.mark.parametrize("body", [b"[]", b"null", b'"a lesson"', b"4", b"true", b""])
def test_a_body_that_is_no_object_is_told_to_be_one(teacher: TestClient, body: bytes) -> None:
    headers = {"content-type": "application/json"}

    answer = teacher.post("/generate_content", content=body, headers=headers)

    problem = answer.json()
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [(error["field"], error["reason"]) for error in problem["errors"]] == [
        ("body", "Input must be a JSON object")
    ]
    assert problem["trace_id"]


def test_a_body_in_another_encoding_is_told_to_be_utf_8(teacher: TestClient) -> None:
    headers = {"content-type": "application/json"}

    answer = teacher.post("/generate_content", content=b'{"objective": "\xe9"}', headers=headers)

    problem = answer.json()
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "UTF-8; it is not at byte 15" in problem["errors"][0]["reason"]
    assert problem["trace_id"]


def test_an_unknown_lesson_is_a_404_that_says_what_to_do(teacher: TestClient) -> None:
    answer = teacher.get(f"/lessons/{uuid4()}")

    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:toolboxai:problem:lesson-not-found"
    assert "POST /generate_content" in answer.json()["detail"]


def test_what_can_be_asked_for_is_listed_by_grade_and_subject(client: TestClient) -> None:
    everything = client.get("/objectives").json()
    for_grade_12 = client.get("/objectives", params={"grade": 12}).json()
    science = client.get("/objectives", params={"grade": 12, "subject": "science"}).json()

    assert len(everything) > 45
    assert [objective["code"] for objective in for_grade_12] == [
        "derivatives",
        "definite-integrals",
        "acids-and-bases",
        "electric-circuits",
    ]
    assert science == for_grade_12[2:]
    assert for_grade_12[0]["grade_bands"] == ["9-12"]
    assert for_grade_12[0]["subject"] == "mathematics"


@pytest.mark.parametrize(("field", "value"), [("grade", 13), ("subject", "alchemy")])
def test_objectives_of_what_does_not_exist_are_refused(
    client: TestClient, field: str, value: object
) -> None:
    answer = client.get("/objectives", params={field: str(value)})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


def test_everything_that_is_listed_can_be_made(teacher: TestClient) -> None:
    asked = [
        {**one, "grade": grade, "objective": one["title"], "seed": 3}
        for one in teacher.get("/objectives").json()
        for grade in one["grades"]
    ]
    asked = [
        {name: one[name] for name in ("subject", "grade", "objective", "seed")} for one in asked
    ]

    answers = [teacher.post("/generate_content", json=one).status_code for one in asked]

    assert set(answers) == {201}


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
    idea = ("Guessing is easy.", "So guess.")
    wrong = Curriculum([Objective("guessing", "Guessing", (1,), idea, _wrong_sum)])
    app.state.authors = Authors(app.state.authors.tally, {"mathematics": wrong})


def test_an_invalid_quiz_is_never_handed_out_but_reported_as_our_bug(
    start: Start, sink: RecordingSink
) -> None:
    client = start(_teach_something_wrong, sentry_dsn=sink.dsn, sentry_traces_sample_rate=1.0)

    answer = a_teacher(client).post(
        "/generate_content", json={"grade": 1, "objective": "guessing", "seed": 5}
    )

    telemetry.flush(5)
    (event,) = sink.items("event")
    (trace,) = sink.items("transaction")
    error = event["exception"]["values"][-1]
    assert answer.status_code == 500
    assert answer.json()["event_id"] == event["event_id"]
    assert "quiz" not in answer.json()
    assert error["type"] == "InvalidContentError"
    assert "guessing with seed 5 failed one right answer, the key is right" in error["value"]
    assert "in 3 attempts" in error["value"]
    assert error["mechanism"]["handled"] is False
    assert event["tags"]["agent_task"] == "review"
    assert [span["op"] for span in trace["spans"]].count("content.write") == 3
