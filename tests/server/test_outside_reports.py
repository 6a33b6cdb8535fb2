"""What is told of a model outside that fails: once, by whom it concerns, and nothing of what was said."""

from collections.abc import Iterator

import pytest
import stamina

from tests.server.conftest import AskTeacher
from tests.server.fake_llm import ASKED, CANARY, MODEL, FakeLlm, changed, counted, object_to_it
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.server.content.outside.breaker import MAX_FAILURES


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """Try again at once, as often as in earnest."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def test_a_model_that_fails_again_and_again_is_left_alone_and_told_of_once(
    llm: FakeLlm, teacher_with: AskTeacher, sink: RecordingSink
) -> None:
    llm.always = 500
    teacher = teacher_with(sentry_dsn=sink.dsn)

    reasons = [
        teacher.post("/generate_content", json={**ASKED, "seed": seed}).json()["fallback_reason"]
        for seed in range(4)
    ]

    telemetry.flush(5)
    (told,) = [event for event in sink.items("event") if "logentry" in event]
    assert reasons == ["model-failed", "model-resting", "model-resting", "model-resting"]
    assert len(llm.asked) == MAX_FAILURES
    assert counted(teacher, "toolboxai_model_resting") == {"": 1.0}
    assert "left alone" in told["logentry"]["message"]


@pytest.mark.parametrize("falls_back", [True, False])
@pytest.mark.parametrize("misbehave", [401, 500, b"canary", None])
def test_neither_the_prompt_nor_the_key_nor_an_answer_reaches_the_sink(
    llm: FakeLlm,
    teacher_with: AskTeacher,
    sink: RecordingSink,
    misbehave: int | bytes | None,
    *,
    falls_back: bool,
) -> None:
    llm.always = misbehave
    llm.says["quiz"] = changed(llm, lambda said: said["questions"][0].update(question=CANARY))
    teacher = teacher_with(
        sentry_dsn=sink.dsn, sentry_traces_sample_rate=1.0, llm_fallback=falls_back
    )

    teacher.post("/generate_content", json=ASKED)

    telemetry.flush(5)
    (trace,) = sink.items("transaction")
    assert {span["op"] for span in trace["spans"]} >= {"gen_ai.invoke_agent", "service.call"}
    told = b"".join(sink.bodies)
    assert CANARY.encode() not in told
    assert b"Write for pupils" not in told


def test_a_failure_that_the_engine_mended_is_one_handled_event(
    llm: FakeLlm, teacher_with: AskTeacher, sink: RecordingSink
) -> None:
    llm.always = 500
    teacher = teacher_with(sentry_dsn=sink.dsn, sentry_traces_sample_rate=1.0)

    teacher.post("/generate_content", json=ASKED)

    telemetry.flush(5)
    (event,) = sink.items("event")
    (value,) = event["exception"]["values"]
    assert (value["type"], value["value"]) == (
        "ModelFailedError",
        "llm failed at generate: unavailable",
    )
    assert value["mechanism"]["handled"] is True


def test_content_that_the_engine_replaced_is_no_event(
    llm: FakeLlm, teacher_with: AskTeacher, sink: RecordingSink
) -> None:
    llm.says["review"] = changed(llm, object_to_it)
    teacher = teacher_with(sentry_dsn=sink.dsn)

    teacher.post("/generate_content", json=ASKED)

    telemetry.flush(5)
    assert sink.items("event") == []


@pytest.mark.parametrize("falls_back", [True, False])
def test_agents_that_give_up_are_one_handled_event_under_our_name(
    llm: FakeLlm, teacher_with: AskTeacher, sink: RecordingSink, *, falls_back: bool
) -> None:
    llm.says["write"] = changed(llm, lambda said: said["explanation"].append("You are an idiot."))
    teacher = teacher_with(sentry_dsn=sink.dsn, llm_fallback=falls_back)

    teacher.post("/generate_content", json=ASKED)

    telemetry.flush(5)
    (event,) = sink.items("event")
    (value,) = event["exception"]["values"]
    assert (value["type"], value["mechanism"]["handled"]) == ("ModelFailedError", True)
    assert event["fingerprint"] == ["dependency", "llm", "invalid-content"]


def test_a_failure_that_nobody_mended_is_one_handled_event_by_service_and_kind(
    llm: FakeLlm, teacher_with: AskTeacher, sink: RecordingSink
) -> None:
    llm.always = 500
    teacher = teacher_with(sentry_dsn=sink.dsn, llm_fallback=False)

    answer = teacher.post("/generate_content", json=ASKED)

    telemetry.flush(5)
    (event,) = sink.items("event")
    assert answer.json()["event_id"] == event["event_id"]
    assert event["fingerprint"] == ["dependency", "llm", "model-failed"]
    assert [value["mechanism"]["handled"] for value in event["exception"]["values"]] == [True]
    assert event["tags"]["service"] == "llm"
    assert event["tags"]["agent_task"] == "plan"
    assert event["tags"]["agent_model"] == MODEL
