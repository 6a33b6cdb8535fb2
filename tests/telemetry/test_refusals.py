"""Refused requests and failed sign-ins: counted without what was sent, told when there are many."""

import pytest
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

from tests.telemetry.conftest import Start, arrived
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.privacy.pseudonyms import IS_PSEUDONYM


class Inner(BaseModel):
    """A part of a body."""

    marks: dict[str, int]


class Body(BaseModel):
    """A body."""

    model_config = ConfigDict(extra="forbid")
    grade: int
    inner: Inner | None = None


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()

    @app.post("/lessons/{lesson}")
    async def lessons(lesson: str, body: Body) -> None: ...

    @app.get("/me")
    async def me() -> None:
        raise HTTPException(401)

    @app.post("/token/{account}")
    async def token(account: str, reason: str = "password") -> None:
        telemetry.authentication_failed(None if account == "nobody" else account, reason=reason)
        raise HTTPException(401)

    return app


@pytest.fixture
def client(app: FastAPI, start: Start) -> TestClient:
    start(environment="production", traces_sample_rate=0.0)
    telemetry.instrument(app)
    return TestClient(app, raise_server_exceptions=False)


def counted(prefix: str) -> dict[str, int]:
    found = counters.snapshot().items()
    return {name.removeprefix(prefix): count for name, count in found if name.startswith(prefix)}


def test_a_failed_validation_is_no_event_but_is_counted_by_route_field_and_kind(
    client: TestClient, sink: RecordingSink
) -> None:
    before = counted("refused.")

    client.post(
        "/lessons/Ada", json={"grade": "Ada", "Ada Lovelace": 1, "inner": {"marks": {"Ada": "x"}}}
    )
    client.post("/lessons/Ada", json={})

    new = {name for name, count in counted("refused.").items() if count > before.get(name, 0)}
    assert new == {
        "POST /lessons/{lesson} body.grade int_parsing",
        "POST /lessons/{lesson} body.* extra_forbidden",
        "POST /lessons/{lesson} body.inner.* int_parsing",
        "POST /lessons/{lesson} body.grade missing",
    }
    assert arrived(sink) == []


def test_many_of_one_kind_within_a_minute_are_one_event(
    client: TestClient, sink: RecordingSink
) -> None:
    for _ in range(50):
        client.post("/lessons/1", json={"grade": "x"})

    (event,) = arrived(sink)
    assert event["level"] == "warning"
    assert event["message"] == (
        "many requests refused: POST /lessons/{lesson} body.grade int_parsing"
    )
    assert event["transaction"] == "/lessons/{lesson}"
    assert event["contexts"]["burst"]["count"] == 20


def test_validation_is_seen_from_behind_a_middleware(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    class Passing(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
            return await call_next(request)

    app.add_middleware(Passing)
    for _ in range(20):
        client.post("/lessons/1", json={"grade": "x"})

    assert len(arrived(sink)) == 1


def test_many_refused_credentials_are_one_event(client: TestClient, sink: RecordingSink) -> None:
    for _ in range(45):
        client.get("/me")

    (event,) = arrived(sink)
    assert event["message"] == "many requests refused: GET /me credentials 401"


def test_a_failed_sign_in_is_a_security_event_with_the_accounts_pseudonym(
    client: TestClient, sink: RecordingSink
) -> None:
    client.post("/token/ada")
    client.post("/token/nobody")

    known, unknown = arrived(sink)
    assert known["message"] == "authentication failed: password"
    assert known["tags"]["security"] == "authentication"
    assert IS_PSEUDONYM.fullmatch(known["user"]["id"])
    assert unknown["user"]["id"] == "unknown"
    assert known["fingerprint"] == unknown["fingerprint"]
    assert known["transaction"] == "/token/{account}"


def test_a_hundred_failed_sign_ins_are_one_issue_with_their_number(
    client: TestClient, sink: RecordingSink
) -> None:
    with client:
        for number in range(100):
            client.post(f"/token/account-{number % 30}")

    sign_ins = sink.items("event")
    assert len(sign_ins) == 6
    assert {tuple(event["fingerprint"]) for event in sign_ins} == {("security", "authentication")}
    assert sign_ins[-1]["contexts"]["storm"]["held_back"] == 95
    assert sign_ins[-1]["contexts"]["storm"]["users"] == 30


def test_a_breadcrumb_has_plain_facts_and_nothing_else(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    @app.get("/quiz")
    async def quiz() -> None:
        telemetry.breadcrumb("content", "quiz requested", questions=5, of=object(), level="info")  # type: ignore[arg-type]
        raise ValueError

    client.get("/quiz")

    (event,) = arrived(sink)
    (crumb,) = event["breadcrumbs"]["values"]
    assert crumb["message"] == "quiz requested"
    assert crumb["data"] == {"questions": 5}


def test_an_error_with_a_fingerprint_is_grouped_by_it(
    app: FastAPI, client: TestClient, sink: RecordingSink
) -> None:
    class ServiceError(Exception):
        fingerprint = ("dependency", "openai", "timeout")

    @app.get("/ask")
    async def ask() -> None:
        raise ServiceError

    client.get("/ask")

    (event,) = arrived(sink)
    assert event["fingerprint"] == ["dependency", "openai", "timeout"]


def test_a_stolen_token_does_not_go_under_among_wrong_passwords(
    client: TestClient, sink: RecordingSink
) -> None:
    for _ in range(50):
        client.post("/token/nobody")
    client.post("/token/7?reason=reused")
    telemetry.flush(5)

    reasons = [event["tags"]["reason"] for event in sink.items("event")]
    assert reasons.count("reused") == 1
