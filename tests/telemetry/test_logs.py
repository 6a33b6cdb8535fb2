"""A log line at the sink: whose request it belongs to, what was logged with it, and one line whatever it says."""

import logging
import re
from collections.abc import Callable
from enum import StrEnum

import pytest
import sentry_sdk
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.telemetry.conftest import Start, arrived, lines
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.telemetry.lines import one_line
from toolboxai.telemetry.logs.entries import MAX_VALUE_CHARS, MAX_VALUES, values_of
from toolboxai.telemetry.logs.items import attribute

NAUGHTY = "a\r\nb\x1b[31m\x00\u2028\u2029\x85"
NEAT = "a\\r\\nb\\x1b[31m\\x00\\u2028\\u2029\\x85"
log = logging.getLogger("school")


class Colour(StrEnum):
    """A text that is an enumeration's member, too."""

    RED = "red"


@pytest.fixture(autouse=True)
def talkative() -> None:
    log.setLevel(logging.INFO)


def serve(work: Callable[[], object]) -> None:
    """Serve one request that does ``work``."""
    app = FastAPI()

    @app.get("/lessons/{number}")
    async def lesson(number: int) -> None:
        del number
        work()

    telemetry.instrument(app)
    with TestClient(app, raise_server_exceptions=False) as client:
        client.get("/lessons/7")


def test_a_line_says_who_was_served_and_where(start: Start, sink: RecordingSink) -> None:
    start()

    def work() -> None:
        sentry_sdk.set_user({"id": 17})
        sentry_sdk.set_tag("role", "teacher")
        with telemetry.span("content.plan", "plan"):
            log.warning("opened %d", 7)

    serve(work)

    (line,) = lines(sink)
    (transaction,) = sink.items("transaction")
    (span,) = transaction["spans"]
    facts = line["attributes"]
    assert facts["user.id"]
    assert facts["user.role"] == "teacher"
    assert facts["http.route"] == "/lessons/{number}"
    assert facts["sentry.message.template"] == "opened %d"
    assert facts["sentry.trace.parent_span_id"] == span["span_id"]
    assert line["trace_id"] == transaction["contexts"]["trace"]["trace_id"]
    assert "sentry.message.parameter.0" not in facts


def test_a_line_of_a_trace_that_is_not_kept_names_no_span(
    start: Start, sink: RecordingSink
) -> None:
    start(traces_sample_rate=0.0)

    serve(lambda: log.info("opened"))

    (line,) = lines(sink)
    assert "sentry.trace.parent_span_id" not in line["attributes"]
    assert "sentry.message.template" not in line["attributes"]
    assert line["attributes"]["http.route"] == "/lessons/{number}"


def test_a_user_on_the_current_scope_counts_too(start: Start, sink: RecordingSink) -> None:
    start()
    with sentry_sdk.new_scope() as scope:
        scope._user = {"id": "p1_aaaaaaaaaaaaaaaaaaaaaaaaaa"}  # noqa: SLF001 - what older code does
        scope.set_tag("role", "pupil")
        log.info("outside of any request")

    (line,) = lines(sink)
    assert line["trace_id"] == "0" * 32
    assert line["attributes"]["user.role"] == "pupil"
    assert line["attributes"]["user.id"]


def test_one_users_lines_do_not_name_the_next_user(start: Start, sink: RecordingSink) -> None:
    start()
    serve(lambda: sentry_sdk.set_user({"id": "1"}))
    serve(lambda: log.info("nobody is logged in"))

    (line,) = lines(sink)
    assert "user.id" not in line["attributes"]


def test_extra_values_become_attributes(start: Start, sink: RecordingSink) -> None:
    start()
    log.info(
        "opened",
        extra={
            "lesson": 7,
            "share": 0.5,
            "is_new": True,
            "colour": Colour.RED,
            "topic": "x" * 2_000,
            "school.name": "north",
            "not a name": 1,
            "path": object(),
            "nothing": None,
            "huge": 2**80,
            "endless": float("inf"),
            "logger.name": "forged",
        },
    )

    (line,) = lines(sink)
    facts = line["attributes"]
    expected = {"lesson": 7, "share": 0.5, "is_new": True, "colour": "red", "school.name": "north"}
    assert expected.items() <= facts.items()
    assert len(facts["topic"]) == MAX_VALUE_CHARS
    assert facts["logger.name"] == "school"
    assert (facts["huge"], facts["endless"]) == (hex(2**80), "inf")
    assert not {"not a name", "path", "nothing", "thread", "msg", "args"} & set(facts)


def test_nobody_can_forge_a_line(start: Start, sink: RecordingSink) -> None:
    start()
    naughty = logging.getLogger(f"school.{NAUGHTY}")
    naughty.setLevel(logging.INFO)

    def work() -> None:
        naughty.error("said %s", NAUGHTY, extra={"by": NAUGHTY})

    serve(work)

    (line,) = lines(sink)
    (event,) = sink.items("event")
    (crumb,) = event["breadcrumbs"]["values"]
    assert line["body"] == f"said {NEAT}"
    assert line["attributes"]["by"] == NEAT
    assert line["attributes"]["logger.name"] == f"school.{NEAT}"
    assert (crumb["category"], crumb["message"]) == (f"school.{NEAT}", f"said {NEAT}")
    assert event["logger"] == f"school.{NEAT}"
    assert event["logentry"] == {"message": "said %s", "formatted": f"said {NEAT}"}


def test_nobody_can_forge_a_breadcrumb(start: Start, sink: RecordingSink) -> None:
    start()

    def work() -> None:
        telemetry.breadcrumb("content", NAUGHTY, topic=NAUGHTY)
        log.error("failed")

    serve(work)
    assert telemetry.flush(5)

    (event,) = sink.items("event")
    crumb = event["breadcrumbs"]["values"][0]
    assert (crumb["message"], crumb["data"]) == (NEAT, {"topic": NEAT})


def test_a_level_of_the_applications_own_has_a_name_of_sentrys(
    start: Start, sink: RecordingSink
) -> None:
    start()
    logging.addLevelName(35, NAUGHTY)
    log.log(35, "between")

    assert [line["level"] for line in lines(sink)] == ["warn"]


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.floats(), st.binary())))
def test_values_stay_within_their_limits(given_values: dict[str, object]) -> None:
    shown = values_of(given_values)

    assert len(shown) <= MAX_VALUES
    assert all(re.fullmatch(r"[A-Za-z0-9_.]{1,64}", name) for name in shown)
    attributes = [attribute(value) for value in shown.values()]
    assert all(set(one) == {"value", "type"} for one in attributes)


@given(st.text())
def test_a_line_that_was_made_one_stays_as_it_is(text: str) -> None:
    line = one_line(text)

    assert len(line.splitlines()) <= 1
    assert one_line(line) == line


def raised() -> Exception:
    try:
        int("words")
    except ValueError as error:
        return error
    raise AssertionError


def test_an_error_that_is_itself_the_message_is_reported_with_its_stack(
    start: Start, sink: RecordingSink
) -> None:
    start()
    serve(lambda: log.error(raised()))

    (event,) = arrived(sink)
    (value,) = event["exception"]["values"]
    assert value["type"] == "ValueError"
    assert value["stacktrace"]["frames"][-1]["function"] == "raised"


def test_an_error_that_was_never_raised_is_words(start: Start, sink: RecordingSink) -> None:
    start()
    serve(lambda: log.error(ValueError("not today")))

    (event,) = arrived(sink)
    assert event["logentry"]["formatted"] == "not today"
