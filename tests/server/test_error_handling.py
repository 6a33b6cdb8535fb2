"""Every kind of error: what the caller is told, and what is reported."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import pytest
from fastapi import FastAPI, HTTPException, Query
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator, BaseModel
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.testclient import TestClient

from tests.server.conftest import Start
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.server.error_handling import (
    CallerError,
    DependencyError,
    Failure,
    InvalidInputError,
    OurFaultError,
    database_operation,
)


class TeapotError(CallerError):
    """It is a teapot."""

    status = 418


class BrokenPromiseError(OurFaultError):
    """We noticed."""


def _without_secrets(text: str) -> str:
    if "s3cret" in text:
        message = f"{text} is a secret"
        raise ValueError(message)
    return text


class Form(BaseModel):
    name: Annotated[str, AfterValidator(_without_secrets)]
    tags: dict[str, int] = {}


def _raising(error: Exception) -> Callable[[FastAPI], None]:
    async def fail() -> None:
        raise error

    return lambda app: app.add_api_route("/fail", fail)


def _with_form(app: FastAPI) -> None:
    async def fill(form: Form, page: Annotated[int, Query(ge=1)] = 1) -> Form:
        _ = page
        return form

    app.add_api_route("/form", fill, methods=["POST"])


def _answer(start: Start, error: Exception) -> Any:  # noqa: ANN401 - the client's response
    return start(_raising(error)).get("/fail")


def test_the_callers_fault_is_named_and_not_reported(start: Start, sink: RecordingSink) -> None:
    client = start(_raising(TeapotError("Ask for tea.")), sentry_dsn=sink.dsn)

    answer = client.get("/fail")

    telemetry.flush(5)
    problem = answer.json()
    assert answer.status_code == 418
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == "urn:toolboxai:problem:teapot"
    assert problem["detail"] == "Ask for tea."
    assert problem["instance"] == "/fail"
    assert "event_id" not in problem
    assert sink.items("event") == []


def test_the_answer_carries_the_ids_that_the_headers_carry(client: TestClient) -> None:
    answer = client.get("/nowhere")

    problem = answer.json()
    assert problem["trace_id"] == answer.headers["x-trace-id"]
    assert problem["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("failure", Failure)
def test_the_fault_of_a_dependency_is_reported_as_handled_under_the_id_in_the_answer(
    start: Start, sink: RecordingSink, failure: Failure
) -> None:
    error = DependencyError("canvas", "list courses", failure=failure)
    client = start(_raising(error), sentry_dsn=sink.dsn)

    answer = client.get("/fail")

    telemetry.flush(5)
    (event,) = sink.items("event")
    assert answer.status_code == failure.value
    assert answer.json()["event_id"] == event["event_id"]
    assert answer.json()["type"] == "urn:toolboxai:problem:dependency"
    assert "canvas" in answer.json()["detail"]
    assert answer.headers["retry-after"] == "5"
    assert event["exception"]["values"][-1]["type"] == "DependencyError"
    assert event["exception"]["values"][-1]["mechanism"]["handled"] is True


@pytest.mark.parametrize("error", [ZeroDivisionError("s3cret"), BrokenPromiseError("s3cret")])
def test_our_fault_is_reported_and_answered_without_internals(
    start: Start, sink: RecordingSink, error: Exception
) -> None:
    client = start(_raising(error), sentry_dsn=sink.dsn)

    answer = client.get("/fail")

    telemetry.flush(5)
    (event,) = sink.items("event")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["event_id"] == event["event_id"]
    assert "s3cret" not in answer.text
    assert event["exception"]["values"][-1]["mechanism"]["handled"] is False


def test_without_a_sink_no_event_is_promised(start: Start) -> None:
    answer = _answer(start, ZeroDivisionError("oops"))

    assert answer.status_code == 500
    assert "event_id" not in answer.json()


def test_a_stream_that_breaks_after_its_start_is_still_reported(
    start: Start, sink: RecordingSink
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"first"
        raise ZeroDivisionError

    async def stream() -> StreamingResponse:
        return StreamingResponse(pieces())

    client = start(lambda app: app.add_api_route("/stream", stream), sentry_dsn=sink.dsn)

    answer = client.get("/stream")

    telemetry.flush(5)
    assert answer.status_code == 200
    assert len(sink.items("event")) == 1


def test_an_http_exception_keeps_its_status_detail_and_headers(start: Start) -> None:
    error = HTTPException(401, "Please sign in.", {"WWW-Authenticate": "Bearer"})

    answer = _answer(start, error)

    assert answer.status_code == 401
    assert answer.json()["detail"] == "Please sign in."
    assert answer.headers["www-authenticate"] == "Bearer"


def test_an_http_exception_of_ours_is_reported(start: Start, sink: RecordingSink) -> None:
    client = start(_raising(HTTPException(503, "Closed for repairs.")), sentry_dsn=sink.dsn)

    answer = client.get("/fail")

    telemetry.flush(5)
    (event,) = sink.items("event")
    assert answer.json()["event_id"] == event["event_id"]


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_gets_none(start: Start, status: int) -> None:
    answer = _answer(start, HTTPException(status))

    assert (answer.status_code, answer.content) == (status, b"")


def test_an_unknown_path_is_a_404_problem(client: TestClient) -> None:
    answer = client.get("/no where?secret=1")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["instance"] == "/no%20where"


def test_a_wrong_method_is_a_405_that_says_what_is_allowed(client: TestClient) -> None:
    answer = client.delete("/generate_content")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("body", "field", "kind", "place"),
    [
        ({"name": "a s3cret"}, "name", "value_error", "body"),
        ({"name": {"s3cret": 1}}, "name", "string_type", "body"),
        ({"name": "a", "tags": {"maths": "s3cret"}}, "tags.maths", "int_parsing", "body"),
        (["s3cret"], "body", "model_attributes_type", "body"),
        ({}, "name", "missing", "body"),
    ],
)
def test_invalid_input_is_located_and_never_echoed(
    start: Start, body: object, field: str, kind: str, place: str
) -> None:
    answer = start(_with_form).post("/form", json=body)

    (error,) = answer.json()["errors"]
    assert answer.status_code == 422
    assert (error["field"], error["kind"], error["in"]) == (field, kind, place)
    assert error["reason"]
    assert "s3cret" not in answer.text


def test_a_query_parameter_is_located_in_the_query(start: Start) -> None:
    answer = start(_with_form).post("/form?page=s3cret", json={"name": "a"})

    (error,) = answer.json()["errors"]
    assert (error["field"], error["in"]) == ("page", "query")
    assert "s3cret" not in answer.text


def test_broken_json_is_located(start: Start) -> None:
    headers = {"content-type": "application/json"}

    answer = start(_with_form).post("/form", content=b'{"name": s3cret', headers=headers)

    (error,) = answer.json()["errors"]
    assert error["field"] == "body"
    assert "not at character 9" in error["reason"]
    assert "s3cret" not in answer.text


def test_the_list_of_fields_is_bounded(start: Start) -> None:
    tags = {f"{number}{'x' * 200}": "no" for number in range(50)}

    answer = start(_with_form).post("/form", json={"name": "a", "tags": tags})

    errors = answer.json()["errors"]
    assert len(errors) == 20
    assert {len(error["field"]) for error in errors} == {100}


def test_an_unusable_value_is_a_422_of_the_same_shape(start: Start) -> None:
    answer = _answer(start, InvalidInputError(field="seed", reason="is used up"))

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"field": "seed", "reason": "is used up", "kind": "unusable"}
    ]


@pytest.mark.parametrize(
    ("cause", "failure"),
    [
        (OperationalError("SELECT", {}, Exception("disk I/O error")), Failure.UNAVAILABLE),
        (OperationalError("SELECT", {}, Exception("database is locked")), Failure.TIMEOUT),
        (PoolTimeoutError(), Failure.TIMEOUT),
        (ConnectionRefusedError(), Failure.UNAVAILABLE),
        (TimeoutError(), Failure.TIMEOUT),
    ],
)
def test_a_failure_of_the_database_becomes_the_fault_of_a_dependency(
    cause: Exception, failure: Failure
) -> None:
    with pytest.raises(DependencyError) as raised, database_operation("read a lesson"):
        raise cause

    error = raised.value
    assert (error.service, error.operation) == ("database", "read a lesson")
    assert error.failure is failure
    assert error.__cause__ is cause


def test_our_own_mistake_with_the_database_stays_a_bug() -> None:
    with pytest.raises(IntegrityError), database_operation("store a lesson"):
        raise IntegrityError(statement="INSERT", params={}, orig=Exception("UNIQUE"))
