"""The SDK's own public API inside requests: all of it works where the trace is kept, and does no harm elsewhere."""

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sentry_sdk
from fastapi import FastAPI
from sentry_sdk import logger, metrics
from starlette.testclient import TestClient

from toolboxai import telemetry
from toolboxai.telemetry.testing import Seen, captured

Do = Callable[[], object]
Inside = Callable[[Do], Seen]
TRACE_ID, PARENT = "a" * 32, "b" * 16


@pytest.fixture
def inside() -> Iterator[Inside]:
    """A function that does something in an unsampled request, then in a sampled one; what was seen of the latter."""
    telemetry.init(telemetry.Options())
    app, work = FastAPI(), list[Do]()
    telemetry.instrument(app)

    @app.get("/work/{number}")
    async def route(number: int) -> int:
        work[0]()
        return number

    client = TestClient(app)

    def ask(*, is_kept: bool) -> None:
        headers = {"sentry-trace": f"{TRACE_ID}-{PARENT}-{int(is_kept)}"}
        assert client.get("/work/7", headers=headers).status_code == 200

    def run(do: Do) -> Seen:
        work[:] = [do]
        with captured() as unsampled:
            ask(is_kept=False)
            assert unsampled.transactions == unsampled.spans == []
        with captured() as seen:
            ask(is_kept=True)
        return seen

    yield run
    telemetry.close()


def transaction_of(seen: Seen) -> dict[str, Any]:
    (transaction,) = seen.transactions
    assert transaction["transaction"] == "/work/{number}"
    assert transaction["contexts"]["trace"]["trace_id"] == TRACE_ID
    return transaction


def message_with(inside: Inside, do: Do) -> dict[str, Any]:
    """Return the event of a message that is captured after ``do``, in the same request."""

    def both() -> None:
        do()
        sentry_sdk.capture_message("after")

    return inside(both).event


def test_start_span(inside: Inside) -> None:
    def do() -> None:
        with (
            sentry_sdk.start_span(op="outer", name="one") as outer,
            sentry_sdk.start_span(op="inner", name="two"),
        ):
            outer.set_data("number", 1)
            outer.set_tag("kind", "big")

    transaction = transaction_of(inside(do))

    outer, inner = transaction["spans"]
    assert (outer["op"], outer["description"]) == ("outer", "one")
    assert outer["parent_span_id"] == transaction["contexts"]["trace"]["span_id"]
    assert inner["parent_span_id"] == outer["span_id"]
    assert outer["data"]["number"] == 1
    assert outer["tags"] == {"kind": "big"}


def test_start_child(inside: Inside) -> None:
    def do() -> None:
        span = sentry_sdk.get_current_span()
        if span is not None:
            span.start_child(op="child", name="by hand").finish()

    (span,) = transaction_of(inside(do))["spans"]

    assert (span["op"], span["description"]) == ("child", "by hand")


def test_a_span_that_fails(inside: Inside) -> None:
    def do() -> None:
        with pytest.raises(KeyError), sentry_sdk.start_span(op="outer", name="one"):
            raise KeyError

    (span,) = transaction_of(inside(do))["spans"]

    assert span["status"] == "internal_error"


def test_a_transaction_within_a_request(inside: Inside) -> None:
    def do() -> None:
        with (
            sentry_sdk.start_transaction(op="own", name="nested"),
            sentry_sdk.start_span(op="step", name="of the nested"),
        ):
            pass
        with sentry_sdk.start_span(op="step", name="of the request"):
            pass

    nested, request = sorted(
        inside(do).transactions, key=lambda each: each["transaction"] != "nested"
    )

    assert [span["description"] for span in nested["spans"]] == ["of the nested"]
    assert [span["description"] for span in request["spans"]] == ["of the request"]
    assert request["transaction"] == "/work/{number}"


def test_get_current_span(inside: Inside) -> None:
    def do() -> None:
        span = sentry_sdk.get_current_span()
        if span is not None:
            span.set_data("school.size", 7)
            span.set_tag("found", "yes")

    transaction = transaction_of(inside(do))

    assert transaction["contexts"]["trace"]["data"]["school.size"] == 7
    assert transaction["tags"]["found"] == "yes"


def test_scope_transaction(inside: Inside) -> None:
    def do() -> None:
        transaction = sentry_sdk.get_current_scope().transaction
        if transaction is not None:
            transaction.set_tag("by", "transaction")

    assert transaction_of(inside(do))["tags"]["by"] == "transaction"


def test_update_current_span(inside: Inside) -> None:
    def do() -> None:
        with sentry_sdk.start_span(op="op", name="before"):
            sentry_sdk.update_current_span(op="new", name="after", attributes={"more": 1})

    (span,) = transaction_of(inside(do))["spans"]

    assert (span["op"], span["description"], span["data"]["more"]) == ("new", "after", 1)


def test_the_trace_decorator(inside: Inside) -> None:
    @sentry_sdk.trace
    def traced() -> None:
        return None

    @sentry_sdk.trace(op="own.op", name="renamed")
    def renamed() -> None:
        return None

    def do() -> None:
        traced()
        renamed()

    spans = transaction_of(inside(do))["spans"]

    assert spans[0]["description"].endswith("traced")
    assert (spans[1]["op"], spans[1]["description"]) == ("own.op", "renamed")


def test_set_measurement(inside: Inside) -> None:
    def do() -> None:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            sentry_sdk.set_measurement("memory", 5, "megabyte")

    transaction = transaction_of(inside(do))

    assert transaction["measurements"]["memory"] == {"value": 5, "unit": "megabyte"}


def test_set_transaction_name_does_not_break_the_template(inside: Inside) -> None:
    transaction_of(inside(lambda: sentry_sdk.set_transaction_name("chosen")))


def test_set_tag_and_set_tags(inside: Inside) -> None:
    def do() -> None:
        sentry_sdk.set_tag("one", "1")
        sentry_sdk.set_tags({"two": "2", "three": "3"})
        sentry_sdk.capture_message("after")

    seen = inside(do)

    tags = {"one": "1", "two": "2", "three": "3"}
    assert seen.event["tags"] == tags
    assert transaction_of(seen)["tags"] == tags


def test_set_user_leaves_as_a_pseudonym(inside: Inside) -> None:
    event = message_with(inside, lambda: sentry_sdk.set_user({"id": "7", "email": "a@b.example"}))

    assert event["user"]["id"].startswith("p1_")
    assert "a@b.example" not in str(event)


def test_set_context_and_set_extra(inside: Inside) -> None:
    def do() -> None:
        sentry_sdk.set_context("lesson", {"minutes": 45})
        sentry_sdk.set_extra("more", [1, 2])

    event = message_with(inside, do)

    assert event["contexts"]["lesson"] == {"minutes": 45}
    assert event["extra"]["more"] == [1, 2]


def test_set_level(inside: Inside) -> None:
    assert message_with(inside, lambda: sentry_sdk.set_level("warning"))["level"] == "warning"


def test_add_breadcrumb(inside: Inside) -> None:
    crumb = {"category": "quiz", "message": "begun", "level": "info", "data": {"questions": 5}}
    event = message_with(inside, lambda: sentry_sdk.add_breadcrumb(crumb))

    (left,) = event["breadcrumbs"]["values"]
    assert {name: left[name] for name in crumb} == crumb


def test_attributes(inside: Inside) -> None:
    def do() -> None:
        sentry_sdk.set_attribute("school.kind", "primary")
        logger.info("with an attribute")

    (line,) = inside(do).logs

    assert line["attributes"]["school.kind"]["value"] == "primary"


def test_new_scope_ends_with_its_block(inside: Inside) -> None:
    def do() -> None:
        with sentry_sdk.new_scope() as scope:
            scope.set_tag("within", "yes")
            scope.fingerprint = ["mine"]
            sentry_sdk.capture_message("inner")
        sentry_sdk.capture_message("outer")

    inner, outer = inside(do).events

    assert inner["tags"] == {"within": "yes"}
    assert inner["fingerprint"] == ["mine"]
    assert "within" not in outer.get("tags", {})
    assert inner["transaction"] == outer["transaction"] == "/work/{number}"


def test_isolation_scope_ends_with_its_block(inside: Inside) -> None:
    def do() -> None:
        sentry_sdk.set_tag("before", "yes")
        with sentry_sdk.isolation_scope() as scope:
            scope.set_tag("within", "yes")
            sentry_sdk.capture_message("inner")
        sentry_sdk.capture_message("outer")

    inner, outer = inside(do).events

    assert inner["tags"] == {"before": "yes", "within": "yes"}
    assert outer["tags"] == {"before": "yes"}


def test_the_old_names_push_scope_and_configure_scope(inside: Inside) -> None:
    def do() -> None:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            with sentry_sdk.push_scope() as scope:
                scope.set_tag("pushed", "yes")
                sentry_sdk.capture_message("inner")
            with sentry_sdk.configure_scope() as scope:
                scope.set_tag("configured", "yes")
        sentry_sdk.capture_message("outer")

    inner, outer = inside(do).events

    assert inner["tags"] == {"pushed": "yes"}
    assert outer["tags"] == {"configured": "yes"}


def test_capture_exception(inside: Inside) -> None:
    ids: list[str | None] = []

    def do() -> None:
        try:
            int("seven")
        except ValueError as error:
            ids.append(sentry_sdk.capture_exception(error, tags={"own": "tag"}))

    event = inside(do).event

    assert event["event_id"] == ids[-1]
    assert event["exception"]["values"][-1]["type"] == "ValueError"
    assert event["tags"] == {"own": "tag"}
    assert event["contexts"]["trace"]["trace_id"] == TRACE_ID


def test_capture_message(inside: Inside) -> None:
    event = inside(lambda: sentry_sdk.capture_message("look", level="warning")).event

    assert (event["message"], event["level"]) == ("look", "warning")
    assert event["request"]["url"].endswith("/work/{number}")


def test_capture_event_and_last_event_id(inside: Inside) -> None:
    last: list[str | None] = []

    def do() -> None:
        sentry_sdk.capture_event({"message": "made by hand", "level": "info"})
        last.append(sentry_sdk.last_event_id())

    event = inside(do).event

    assert (event["message"], event["event_id"]) == ("made by hand", last[-1])


def test_add_attachment(inside: Inside) -> None:
    def do() -> None:
        sentry_sdk.add_attachment(bytes=b"step 3\npassword=hunter22", filename="notes.txt")
        sentry_sdk.capture_message("after")

    seen = inside(do)

    assert seen.event["message"] == "after"
    assert seen.attachments == {"notes.txt": b"step 3\npassword=[redacted:key-value]"}


def test_continue_trace(inside: Inside) -> None:
    headers = {"sentry-trace": f"{'c' * 32}-{'d' * 16}-1"}

    def do() -> None:
        with sentry_sdk.start_transaction(sentry_sdk.continue_trace(headers, op="job", name="job")):
            sentry_sdk.capture_message("in the job")

    seen = inside(do)

    traces = {each["transaction"]: each["contexts"]["trace"] for each in seen.transactions}
    assert traces["job"]["trace_id"] == "c" * 32
    assert traces["job"]["parent_span_id"] == "d" * 16
    assert traces["/work/{number}"]["trace_id"] == TRACE_ID


def test_get_traceparent_and_get_baggage(inside: Inside) -> None:
    told: list[tuple[str | None, str | None]] = []

    transaction = transaction_of(
        inside(lambda: told.append((sentry_sdk.get_traceparent(), sentry_sdk.get_baggage())))
    )

    (unsampled, _), (sampled, baggage) = told
    assert unsampled is not None
    assert unsampled.startswith(TRACE_ID)
    assert sampled == f"{TRACE_ID}-{transaction['contexts']['trace']['span_id']}-1"
    assert "/work/7" not in str(baggage)


def test_the_sdks_logger(inside: Inside) -> None:
    def do() -> None:
        logger.warning("{count} lessons", count=3)

    (line,) = inside(do).logs

    assert (line["level"], line["body"]) == ("warn", "3 lessons")
    assert line["trace_id"] == TRACE_ID


def test_the_sdks_metrics(inside: Inside) -> None:
    def do() -> None:
        metrics.count("lessons", 2)
        metrics.gauge("pupils", 30)
        metrics.distribution("minutes", 45.0, unit="minute")

    (payload,) = inside(do).items("trace_metric")

    sent = [(metric["name"], metric["type"], metric["value"]) for metric in payload["items"]]
    assert sent == [
        ("lessons", "counter", 2),
        ("pupils", "gauge", 30),
        ("minutes", "distribution", 45.0),
    ]
    assert {metric["trace_id"] for metric in payload["items"]} == {TRACE_ID}


def test_the_old_hub(inside: Inside) -> None:
    def do() -> None:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            sentry_sdk.Hub.current.capture_message("by the hub")

    assert inside(do).event["message"] == "by the hub"


def test_is_initialized_get_client_and_flush(inside: Inside) -> None:
    told: list[tuple[bool, str | None]] = []

    def do() -> None:
        told.append((sentry_sdk.is_initialized(), sentry_sdk.get_client().dsn))
        sentry_sdk.flush(timeout=5)

    inside(do)

    assert {is_on for is_on, _ in told} == {True}
    assert all(dsn and dsn.startswith("https://captured@") for _, dsn in told)


def test_sessions_of_ones_own_do_no_harm(inside: Inside) -> None:
    def do() -> None:
        sentry_sdk.start_session()
        sentry_sdk.end_session()

    transaction_of(inside(do))


def test_every_function_of_the_api_is_looked_at() -> None:
    looked_at = Path(__file__).read_text(encoding="utf-8")
    beside = {
        "init",
        "monitor",
        "flush_async",
        "get_global_scope",
        "get_isolation_scope",
        "remove_attribute",
        "set_attributes",
    }

    assert [
        name for name in sentry_sdk.api.__all__ if name not in looked_at and name not in beside
    ] == []
