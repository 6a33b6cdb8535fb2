"""What is said twice is reported once, and with all that was said."""

import logging

import sentry_sdk
from fastapi import BackgroundTasks, FastAPI
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.testclient import TestClient

from tests.telemetry.conftest import Start, arrived, the_event
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry


class DomainError(Exception):
    """What fails in these tests."""


def fail() -> None:
    raise DomainError


def fail_as(number: int) -> None:
    raise ValueError(number)


def test_an_error_that_a_background_task_logs_and_raises_is_unhandled(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    def work() -> None:
        try:
            fail()
        except DomainError:
            logging.getLogger("school").exception("it does not go on")
            raise

    @app.get("/later")
    async def later(tasks: BackgroundTasks) -> None:
        tasks.add_task(work)

    client.get("/later")

    mechanism = the_event(sink)["exception"]["values"][-1]["mechanism"]
    assert (mechanism["type"], mechanism["handled"]) == ("toolboxai.background", False)


def test_an_error_in_words_that_is_answered_with_a_500_is_one_event(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    @app.get("/words")
    async def words() -> Response:
        logging.getLogger("school").error("the database is gone")
        return Response(status_code=500)

    client.get("/words")

    assert the_event(sink)["logentry"]["formatted"] == "the database is gone"


def test_a_500_is_an_event_although_what_was_logged_is_nobodys_fault(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    def leave() -> None:
        raise ClientDisconnect

    @app.get("/left")
    async def left() -> Response:
        try:
            leave()
        except ClientDisconnect:
            logging.getLogger("school").exception("nobody to talk to")
        return Response(status_code=500)

    client.get("/left")

    assert the_event(sink)["message"] == "/left answered 500"


def test_what_was_said_of_an_error_is_on_its_event(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    @app.get("/logged")
    async def logged() -> None:
        try:
            fail()
        except DomainError:
            logging.getLogger("school").exception("job %s failed", 7)

    client.get("/logged")

    event = the_event(sink)
    assert event["logger"] == "school"
    assert event["logentry"] == {"message": "job %s failed", "formatted": "job 7 failed"}


def test_a_request_that_logs_many_errors_loses_none(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    @app.get("/many")
    async def many() -> None:
        for number in range(30):
            try:
                fail_as(number)
            except ValueError:
                logging.getLogger("school").exception("one of many")

    client.get("/many")

    values = {event["exception"]["values"][-1]["value"] for event in arrived(sink)}
    assert values == {str(number) for number in range(30)}


def test_an_event_full_of_the_applications_own_facts_keeps_what_says_most(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    @app.get("/full")
    async def full() -> None:
        for number in range(500):
            sentry_sdk.set_context(f"context {number}", {"text": f"{number}" * 2_000})
        fail()

    client.get("/full")

    event = the_event(sink)
    assert event["transaction"] == "/full"
    assert event["request"]["url"].endswith("/full")
    assert event["exception"]["values"][-1]["type"] == "DomainError"


def test_a_second_client_of_the_applications_own_is_told_of(start: Start) -> None:
    options = start()
    assert telemetry.status()["enabled"]
    sentry_sdk.init(dsn=options.dsn, default_integrations=False)
    try:
        assert "remove that call" in telemetry.status()["reason"]
        assert not telemetry.status()["healthy"]
    finally:
        sentry_sdk.get_client().close(0)
