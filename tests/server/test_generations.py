"""Orders over HTTP: taken in, followed by asking, listed, cancelled, resumed; and what is told of them."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.cli.processes import wait_until
from tests.server.conftest import Start
from tests.server.people import FullSchool, full_school, person, signed_in
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.server.content import Generating
from toolboxai.server.content.authors import Authors
from toolboxai.server.content.orders import Made, Order, Progress
from toolboxai.server.jobs import Jobs, queue
from toolboxai.server.models import Role

ORDERS = "/api/v1/generations"
ORDERED = {"kind": "lesson", "grade": 4, "objective": "equivalent-fractions", "seed": 7}
Adapt = Callable[[FastAPI], None]


async def _fail(order: Order, *, authors: Authors, progress: Progress) -> Made:
    del authors
    progress("plan", 0, 4)
    msg = f"no plan for {order.objective}"
    raise RuntimeError(msg)


def making(generate: Callable[..., Any]) -> Adapt:
    """Return what lets a server make content by ``generate``."""

    def adapt(app: FastAPI) -> None:
        work = Generating(app.state.generation_tally, app.state.authors, generate)
        app.state.jobs = Jobs(app.state.database, work, workers=1)

    return adapt


@pytest.fixture
def idle(start: Start) -> TestClient:
    """A server that takes orders in and works on none."""
    return start(generation_workers=0)


@pytest.fixture
def waiting_school(idle: TestClient) -> FullSchool:
    return full_school(idle, "Hill School")


def finished(client: TestClient, address: str) -> dict[str, Any]:
    """Return the order once it has ended."""
    wait_until(lambda: "retry-after" not in client.get(address).headers, "the end of an order")
    order: dict[str, Any] = client.get(address).json()
    return order


@pytest.mark.parametrize("kind", ["lesson", "quiz"])
def test_what_is_ordered_is_accepted_at_once_and_made_soon(school: FullSchool, kind: str) -> None:
    answer = school.teacher.post(ORDERS, json=ORDERED | {"kind": kind, "questions": 3})

    accepted = answer.json()
    done = finished(school.teacher, answer.headers["location"])
    assert answer.status_code == 202
    assert answer.headers["retry-after"] == "2"
    assert answer.headers["location"] == f"{ORDERS}/{accepted['id']}"
    assert (accepted["status"], accepted["content"]) == ("queued", None)
    assert (done["id"], done["status"], done["error"]) == (accepted["id"], "done", None)
    assert (done["kind"], done["grade_band"], done["questions"]) == (kind, "3-5", 3)
    assert (done["provider"], done["model"]) == ("toolbox-offline", "toolbox-curriculum")
    assert done["progress"]["step"] == ""
    assert done["progress"]["done"] == done["progress"]["total"] > 0
    assert done["created_at"] <= done["started_at"] <= done["finished_at"]
    made = school.teacher.get(done["content"])
    assert made.status_code == 200
    assert made.json()["seed"] == 7


def test_without_a_seed_one_is_drawn_and_told(waiting_school: FullSchool) -> None:
    ordered = {"grade": 4, "objective": "equivalent-fractions"}

    first, second = (waiting_school.teacher.post(ORDERS, json=ordered).json() for _ in range(2))

    assert first["seed"] != second["seed"]
    assert (first["kind"], first["questions"]) == ("lesson", 5)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"grade": 1}, "objective"),
        ({"objective": "alchemy"}, "objective"),
        ({"kind": "song"}, "kind"),
        ({"subject": "alchemy"}, "subject"),
        ({"questions": 2}, "questions"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_can_not_be_made_is_refused_at_once(
    waiting_school: FullSchool, change: dict[str, Any], field: str
) -> None:
    answer = waiting_school.teacher.post(ORDERS, json=ORDERED | change)

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert waiting_school.teacher.get(ORDERS).json()["items"] == []


def test_an_order_sent_again_with_its_key_is_the_same_order(waiting_school: FullSchool) -> None:
    key = {"Idempotency-Key": "mondays-quiz"}
    unseeded = {name: value for name, value in ORDERED.items() if name != "seed"}

    first, again = (
        waiting_school.teacher.post(ORDERS, json=unseeded, headers=key) for _ in range(2)
    )
    by_another = waiting_school.admin.post(ORDERS, json=unseeded, headers=key)

    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert by_another.json()["id"] != first.json()["id"]


def test_a_key_is_for_one_order(waiting_school: FullSchool) -> None:
    key = {"Idempotency-Key": "monday"}
    waiting_school.teacher.post(ORDERS, json=ORDERED, headers=key)

    other = waiting_school.teacher.post(ORDERS, json=ORDERED | {"seed": 8}, headers=key)

    assert other.status_code == 422
    assert other.json()["errors"][0]["field"] == "Idempotency-Key"
    assert len(waiting_school.teacher.get(ORDERS).json()["items"]) == 1


@pytest.mark.parametrize("key", ["", "x" * 201, "two words", "é"])
def test_a_key_is_short_and_plain(waiting_school: FullSchool, key: str) -> None:
    headers = [(b"Idempotency-Key", key.encode())]

    answer = waiting_school.teacher.post(ORDERS, json=ORDERED, headers=headers)

    assert answer.status_code == 422


def test_orders_are_listed_the_newest_first_a_page_at_a_time(waiting_school: FullSchool) -> None:
    teacher = waiting_school.teacher
    ids = [teacher.post(ORDERS, json=ORDERED | {"seed": seed}).json()["id"] for seed in range(5)]

    first = teacher.get(ORDERS, params={"limit": 3}).json()
    second = teacher.get(ORDERS, params={"limit": 3, "cursor": first["next"]}).json()

    listed = [order["id"] for order in first["items"] + second["items"]]
    assert listed == sorted(ids, reverse=True)
    assert (len(first["items"]), second["next"]) == (3, None)


@pytest.mark.parametrize("params", [{"limit": 0}, {"limit": 101}, {"cursor": "x"}])
def test_a_page_that_can_not_be_is_refused(
    waiting_school: FullSchool, params: dict[str, Any]
) -> None:
    assert waiting_school.teacher.get(ORDERS, params=params).status_code == 422


def test_a_waiting_order_can_be_cancelled_and_stays_so(waiting_school: FullSchool) -> None:
    address = waiting_school.teacher.post(ORDERS, json=ORDERED).headers["location"]

    cancelled = [waiting_school.teacher.delete(address) for _ in range(2)]

    assert [answer.status_code for answer in cancelled] == [200, 200]
    assert cancelled[0].json() == cancelled[1].json()
    assert cancelled[0].json()["status"] == "cancelled"
    assert cancelled[0].json()["finished_at"]


def test_what_is_done_can_not_be_cancelled(school: FullSchool) -> None:
    address = school.teacher.post(ORDERS, json=ORDERED).headers["location"]
    finished(school.teacher, address)

    answer = school.teacher.delete(address)

    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:toolboxai:problem:already-finished"


def test_orders_are_for_teachers_and_administrators(
    idle: TestClient, waiting_school: FullSchool
) -> None:
    address = waiting_school.teacher.post(ORDERS, json=ORDERED).headers["location"]
    operator = person(idle, Role.OPERATOR).client
    addresses = [
        ("POST", ORDERS),
        ("GET", ORDERS),
        ("GET", address),
        ("DELETE", address),
        ("GET", f"{address}/events"),
    ]

    asked = [
        (who.request(method, where).status_code, method)
        for who in (waiting_school.student, operator, idle)
        for method, where in addresses
    ]

    assert [status for status, _ in asked] == [403] * 10 + [401] * 5
    assert waiting_school.admin.get(address).status_code == 200


def test_another_schools_orders_are_not_there(idle: TestClient, waiting_school: FullSchool) -> None:
    other = full_school(idle, "Lake School")
    address = waiting_school.teacher.post(ORDERS, json=ORDERED).headers["location"]

    answers = [
        other.admin.get(address),
        other.admin.delete(address),
        other.admin.get(f"{address}/events"),
        other.admin.get(f"{ORDERS}/{uuid4()}"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert len({answer.json()["detail"] for answer in answers}) == 1
    assert other.admin.get(ORDERS).json()["items"] == []
    assert waiting_school.teacher.get(address).json()["status"] == "queued"


def test_a_school_that_has_ordered_too_much_is_told_when_to_come_again(
    waiting_school: FullSchool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MAX_WAITING_PER_SCHOOL", 1)
    waiting_school.teacher.post(ORDERS, json=ORDERED)

    answer = waiting_school.teacher.post(ORDERS, json=ORDERED)

    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "10"
    assert answer.json()["type"] == "urn:toolboxai:problem:school-queue-full"


def test_a_full_queue_is_a_503_that_is_reported(
    start: Start, sink: RecordingSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MAX_WAITING", 0)
    client = start(generation_workers=0, sentry_dsn=sink.dsn)

    answer = full_school(client, "Hill School").teacher.post(ORDERS, json=ORDERED)

    telemetry.flush(5)
    (event,) = sink.items("event")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert answer.json()["event_id"] == event["event_id"]


def test_what_was_accepted_is_made_after_a_restart(
    waiting_school: FullSchool, start: Start
) -> None:
    address = waiting_school.teacher.post(ORDERS, json=ORDERED).headers["location"]
    started_again = start()

    teacher = signed_in(started_again, waiting_school.people[Role.TEACHER].id)

    assert finished(teacher, address)["status"] == "done"


def test_an_order_that_fails_says_why_and_is_an_event_that_leads_to_who_ordered_it(
    start: Start, sink: RecordingSink
) -> None:
    client = start(making(_fail), sentry_dsn=sink.dsn, sentry_traces_sample_rate=1.0)
    teacher = full_school(client, "Hill School").teacher

    answer = teacher.post(ORDERS, json=ORDERED)

    failed = finished(teacher, answer.headers["location"])
    telemetry.flush(5)
    (event,) = sink.items("event")
    assert (failed["status"], failed["content"]) == ("failed", None)
    assert failed["progress"] == {"step": "plan", "done": 0, "total": 4}
    assert failed["error"]["code"] == "internal-error"
    assert "no plan" not in failed["error"]["detail"]
    assert failed["error"]["event_id"] == event["event_id"]
    assert event["transaction"] == "generate lesson"
    assert event["exception"]["values"][-1]["type"] == "RuntimeError"
    assert event["contexts"]["education"]["objective"] == "equivalent-fractions"
    assert event["tags"]["role"] == "teacher"
    assert event["contexts"]["job"]["started_in_trace"] == answer.headers["x-trace-id"]
    assert event["user"]["id"]


def test_the_work_has_a_trace_of_its_own_that_links_to_the_order(
    start: Start, sink: RecordingSink
) -> None:
    client = start(sentry_dsn=sink.dsn, sentry_traces_sample_rate=1.0)
    teacher = full_school(client, "Hill School").teacher

    answer = teacher.post(ORDERS, json=ORDERED)

    finished(teacher, answer.headers["location"])
    telemetry.flush(5)
    (work,) = [
        each for each in sink.items("transaction") if each["transaction"] == "generate lesson"
    ]
    (link,) = work["contexts"]["trace"]["links"]
    assert link["trace_id"] == answer.headers["x-trace-id"]
    assert "content.generate" in [span["op"] for span in work["spans"]]
    assert sink.items("event") == []


def test_orders_are_counted_by_what_they_were_and_what_became_of_them(
    client: TestClient, school: FullSchool
) -> None:
    address = school.teacher.post(ORDERS, json=ORDERED).headers["location"]
    finished(school.teacher, address)

    figures = client.get("/metrics").text

    labels = 'grade_band="3-5",kind="lesson",outcome="made",subject="mathematics"'
    assert f"toolboxai_generation_seconds_count{{{labels}}} 1.0" in figures
    assert 'toolboxai_generation_wait_seconds_count{kind="lesson"} 1.0' in figures
    assert "toolboxai_generations_waiting 0.0" in figures


def test_a_cancelled_order_is_counted(idle: TestClient, waiting_school: FullSchool) -> None:
    address = waiting_school.teacher.post(ORDERS, json=ORDERED).headers["location"]

    waiting_school.teacher.delete(address)

    assert 'outcome="cancelled"' in idle.get("/metrics").text
