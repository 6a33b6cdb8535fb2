"""A model outside, over real HTTP: what it writes well is handed out, whatever else it does the engine steps in."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import stamina

from tests.server.conftest import AskTeacher, Start
from tests.server.fake_llm import (
    ASKED,
    CANARY,
    INPUT_TOKENS,
    KEY,
    MODEL,
    OUTPUT_TOKENS,
    FakeLlm,
    changed,
    counted,
    object_to_it,
)
from tests.server.people import full_school
from toolboxai.server.content.agents.outside_model import (
    FailedTryError,
    wait_before_retry,
    wait_from,
)
from toolboxai.server.content.agents.tasks import Task
from toolboxai.server.content.errors import Trouble


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """Try again at once, as often as in earnest."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def test_what_a_good_model_writes_is_handed_out_with_its_name_and_its_tokens(
    llm: FakeLlm, teacher_with: AskTeacher
) -> None:
    teacher = teacher_with()

    lesson = teacher.post("/generate_content", json=ASKED).json()

    assert (lesson["provider"], lesson["model"]) == ("openai-compatible", MODEL)
    assert (lesson["ai_generated"], lesson["fallback_reason"]) == (True, None)
    assert lesson["usage"] == {
        "input_tokens": 4 * INPUT_TOKENS,
        "output_tokens": 4 * OUTPUT_TOKENS,
    }
    assert llm.steps == ["plan", "write", "quiz", "review"]
    assert {asked["authorization"] for asked in llm.asked} == {f"Bearer {KEY}"}
    assert {asked["seed"] for asked in llm.asked} == {7}
    assert counted(teacher, "toolboxai_model_orders_total") == {"made": 1.0}
    assert counted(teacher, "toolboxai_model_tokens_total") == {
        "input": 4.0 * INPUT_TOKENS,
        "output": 4.0 * OUTPUT_TOKENS,
    }


def test_the_reviewer_is_not_shown_the_key(llm: FakeLlm, teacher_with: AskTeacher) -> None:
    seen: list[Task] = []

    def review(task: Task) -> dict[str, Any]:
        seen.append(task)
        return llm.good(task)

    llm.says["review"] = review
    teacher_with().post("/generate_quiz", json=ASKED)

    (task,) = seen
    assert set(task.model_dump()["quiz"][0]) == {"question", "options"}


@pytest.mark.parametrize(
    ("misbehave", "code", "calls"),
    [
        pytest.param({"always": 401}, "model-refused", 1, id="a wrong key"),
        pytest.param({"always": 404}, "model-refused", 1, id="an unknown model"),
        pytest.param({"always": 429}, "model-busy", 3, id="too many requests"),
        pytest.param({"always": 500}, "model-failed", 3, id="an error of its own"),
        pytest.param({"always": b"<html>hello</html>"}, "model-bad-answer", 1, id="no JSON"),
        pytest.param({"always": b'{"choices": []}'}, "model-bad-answer", 1, id="no choice"),
        pytest.param({"always": b"{}"}, "model-bad-answer", 1, id="an empty object"),
        pytest.param({"always": b" " * 1_048_577}, "model-bad-answer", 1, id="too long"),
        pytest.param(
            {"always": b"{}", "headers": {"Content-Encoding": "gzip"}},
            "model-bad-answer",
            1,
            id="compressed",
        ),
        pytest.param(
            {"always": 429, "headers": {"Retry-After": "3600"}},
            "model-busy",
            1,
            id="an hour's rest",
        ),
    ],
)
def test_a_model_that_fails_is_replaced_by_the_engine_and_the_lesson_says_why(
    llm: FakeLlm, teacher_with: AskTeacher, misbehave: dict[str, Any], code: str, calls: int
) -> None:
    for name, value in misbehave.items():
        setattr(llm, name, value)
    teacher = teacher_with()

    answer = teacher.post("/generate_content", json=ASKED)

    lesson = answer.json()
    assert answer.status_code == 201
    assert (lesson["provider"], lesson["fallback_reason"]) == ("toolbox-offline", code)
    assert lesson["ai_generated"] is False
    assert len(llm.asked) == calls
    assert counted(teacher, "toolboxai_model_orders_total") == {code: 1.0}


def test_a_failure_that_passes_is_tried_again_unnoticed(
    llm: FakeLlm, teacher_with: AskTeacher
) -> None:
    llm.next = [503, 429]

    lesson = teacher_with().post("/generate_content", json=ASKED).json()

    assert (lesson["provider"], lesson["fallback_reason"]) == ("openai-compatible", None)
    assert len(llm.asked) == 6


def test_a_model_that_hangs_is_given_up_in_time(llm: FakeLlm, teacher_with: AskTeacher) -> None:
    llm.hangs = True

    lesson = teacher_with(llm_timeout_seconds=0.5).post("/generate_content", json=ASKED).json()

    assert lesson["fallback_reason"] == "model-timeout"
    assert len(llm.asked) <= 1


def test_a_model_that_is_not_there_is_replaced(start: Start) -> None:
    server = start(llm_base_url="http://127.0.0.1:9/v1", llm_model=MODEL)

    lesson = full_school(server, "Hill School").teacher.post("/generate_content", json=ASKED).json()

    assert lesson["fallback_reason"] == "model-unreachable"


def _wrong_key(quiz: dict[str, Any]) -> None:
    for question in quiz["questions"]:
        question["answer"] = (question["answer"] + 1) % 4


def _same_options(quiz: dict[str, Any]) -> None:
    quiz["questions"][0]["options"] = ["a", "A ", "b", "c"]


def _no_such_option(quiz: dict[str, Any]) -> None:
    quiz["questions"][0]["answer"] = 4


def _one_question(quiz: dict[str, Any]) -> None:
    del quiz["questions"][1:]


def _not_the_type(quiz: dict[str, Any]) -> None:
    quiz["questions"] = "none"


def _hard_words(text: dict[str, Any]) -> None:
    text["explanation"] = [
        "Photosynthetic organisms constitute the foundational trophic level of ecosystems.",
        "Heterotrophic organisms subsequently metabolize accumulated chemical energy.",
    ]


def _something_else(text: dict[str, Any]) -> None:
    text["explanation"] = ["The king had a red coat.", "He rode his horse to the big town."]


def _unsuitable(text: dict[str, Any]) -> None:
    text["explanation"].append("Now go and kill yourself.")


def _link(text: dict[str, Any]) -> None:
    text["explanation"].append("See www.example.org for more.")


def _two_right(verdict: dict[str, Any]) -> None:
    verdict["right_options"][0] = [0, 1]


@pytest.mark.parametrize(
    ("step", "change"),
    [
        ("quiz", _wrong_key),
        ("quiz", _same_options),
        ("quiz", _no_such_option),
        ("quiz", _one_question),
        ("quiz", _not_the_type),
        ("write", _hard_words),
        ("write", _something_else),
        ("write", _unsuitable),
        ("write", _link),
        ("review", object_to_it),
        ("review", _two_right),
    ],
)
def test_content_that_fails_a_check_is_never_handed_out(
    llm: FakeLlm, teacher_with: AskTeacher, step: str, change: Callable[[dict[str, Any]], None]
) -> None:
    llm.says[step] = changed(llm, change)

    lesson = teacher_with().post("/generate_content", json=ASKED).json()

    assert (lesson["provider"], lesson["fallback_reason"]) == ("toolbox-offline", "invalid-content")
    assert all(check["passed"] for check in lesson["validity"]["checks"])


def test_a_model_that_corrects_itself_when_it_is_told_why_is_believed(
    llm: FakeLlm, teacher_with: AskTeacher
) -> None:
    tries: list[str] = []

    def quiz(task: Task) -> dict[str, Any]:
        tries.append(task.step)
        said = llm.good(task)
        if len(tries) == 1:
            _same_options(said)
        return said

    llm.says["quiz"] = quiz

    lesson = teacher_with().post("/generate_content", json=ASKED).json()

    assert lesson["provider"] == "openai-compatible"
    assert llm.steps == ["plan", "write", "quiz", "quiz", "review"]
    assert "not 4 different options" in str(llm.asked[3]["messages"])


def test_a_key_that_the_reviewer_disputes_is_written_anew(
    llm: FakeLlm, teacher_with: AskTeacher
) -> None:
    tries: list[str] = []

    def quiz(task: Task) -> dict[str, Any]:
        tries.append(task.step)
        said = llm.good(task)
        if len(tries) == 1:
            _wrong_key(said)
        return said

    llm.says["quiz"] = quiz

    lesson = teacher_with().post("/generate_content", json=ASKED).json()

    assert lesson["provider"] == "openai-compatible"
    assert llm.steps == ["plan", *["write", "quiz", "review"] * 2]
    assert "the reviewer does not find the key" in str(llm.asked[4]["messages"])


@pytest.mark.parametrize(
    ("misbehave", "status", "code"),
    [
        ({"always": 500}, 503, "model-failed"),
        ({"always": 401}, 502, "model-refused"),
        ({"says": {"plan": lambda _: {}}}, 502, "invalid-content"),
    ],
)
def test_where_the_engine_may_not_step_in_a_failing_model_is_an_error_with_a_code(
    llm: FakeLlm, teacher_with: AskTeacher, misbehave: dict[str, Any], status: int, code: str
) -> None:
    for name, value in misbehave.items():
        setattr(llm, name, value)

    answer = teacher_with(llm_fallback=False).post("/generate_content", json=ASKED)

    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:toolboxai:problem:{code}")
    assert CANARY not in answer.text


def test_a_day_s_budget_ends_what_is_asked_of_the_model(
    llm: FakeLlm, teacher_with: AskTeacher
) -> None:
    used = 4 * (INPUT_TOKENS + OUTPUT_TOKENS)
    teacher = teacher_with(llm_max_tokens_per_day=2 * used)

    reasons = [
        teacher.post("/generate_content", json={**ASKED, "seed": seed}).json()["fallback_reason"]
        for seed in range(3)
    ]

    assert reasons == [None, None, "budget"]
    assert len(llm.asked) == 8


def test_tokens_of_content_that_was_thrown_away_count_too(
    llm: FakeLlm, teacher_with: AskTeacher
) -> None:
    llm.says["review"] = changed(llm, object_to_it)
    teacher = teacher_with(llm_max_tokens_per_day=1)

    reasons = [
        teacher.post("/generate_content", json={**ASKED, "seed": seed}).json()["fallback_reason"]
        for seed in range(2)
    ]

    assert reasons == ["invalid-content", "budget"]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-1", None),
    ],
)
def test_how_long_to_wait_is_read_as_a_number_or_a_date(header: str, seconds: float | None) -> None:
    now = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

    assert wait_from(header, now=now) == seconds


@pytest.mark.parametrize(
    ("trouble", "wanted", "waits"),
    [
        (Trouble.BUSY, 7.0, 7.0),
        (Trouble.BUSY, 10.0, 10.0),
        (Trouble.BUSY, 11.0, False),
        (Trouble.FAILED, None, True),
        (Trouble.UNREACHABLE, None, True),
        (Trouble.TIMEOUT, None, False),
        (Trouble.REFUSED, 1.0, False),
        (Trouble.BAD_ANSWER, None, False),
        (Trouble.RESTING, None, False),
    ],
)
def test_only_what_may_pass_is_tried_again_and_no_sooner_than_the_service_wants(
    trouble: Trouble, wanted: float | None, *, waits: float | bool
) -> None:
    assert wait_before_retry(FailedTryError(trouble, wanted)) == waits
