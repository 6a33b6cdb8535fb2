"""Orders on their way through the agents: steps, spans, the same lesson everywhere, and nothing loaded too early."""

import asyncio
import subprocess
import sys
from typing import Any
from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry

from tests.server.conftest import Start
from tests.server.people import full_school
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.server.content import service
from toolboxai.server.content.agents.answers import Answers
from toolboxai.server.content.agents.tasks import Brief
from toolboxai.server.content.authors import Authors
from toolboxai.server.content.errors import UnknownObjectiveError, UnknownSubjectError
from toolboxai.server.content.orders import Kind, Made, Order, Progress, nobody_watches
from toolboxai.server.content.subjects import SUBJECTS
from toolboxai.server.content.tally import LessonTally
from toolboxai.server.error_handling import AppError

pytestmark = pytest.mark.anyio
ASKED = {"grade": 4, "objective": "equivalent-fractions", "seed": 7, "questions": 4}


@pytest.fixture
def authors() -> Authors:
    """The engine alone."""
    return Authors(LessonTally(CollectorRegistry()))


def an_order(kind: Kind = "lesson", **changes: Any) -> Order:  # noqa: ANN401 - the values of any field
    order = {
        "school_id": UUID(int=1),
        "subject": "mathematics",
        "objective": "equivalent-fractions",
        "grade": 4,
        "seed": 7,
        "questions": 4,
    }
    return Order(kind=kind, **{**order, **changes})


async def made(authors: Authors, order: Order, progress: Progress = nobody_watches) -> Made:
    return await service.generate(order, authors=authors, progress=progress)


@pytest.mark.parametrize(
    ("kind", "steps"),
    [
        ("lesson", [("plan", 0, 4), ("write", 1, 4), ("quiz", 2, 4), ("review", 3, 4)]),
        ("quiz", [("plan", 0, 3), ("quiz", 1, 3), ("review", 2, 3)]),
    ],
)
async def test_progress_is_told_before_each_step(
    authors: Authors, kind: Kind, steps: list[tuple[str, int, int]]
) -> None:
    told: list[tuple[str, int, int]] = []

    await made(authors, an_order(kind), lambda *step: told.append(step))

    assert told == steps


async def test_what_progress_raises_ends_the_work(authors: Authors) -> None:
    class CancelledOrderError(Exception):
        """Somebody doesn't want it any more."""

    def cancel(step: str, _done: int, _total: int) -> None:
        if step == "quiz":
            raise CancelledOrderError

    with pytest.raises(CancelledOrderError):
        await made(authors, an_order(), cancel)


async def test_the_agents_give_what_the_engine_says_to_the_same_brief(authors: Authors) -> None:
    lesson = (await made(authors, an_order())).content
    objective = SUBJECTS["mathematics"].find("equivalent-fractions")
    assert objective is not None
    whole = Answers(SUBJECTS).whole(
        Brief(
            subject="mathematics",
            objective=objective.code,
            title=objective.title,
            grade=4,
            curriculum=list(objective.idea),
            questions=4,
            seed=7,
        )
    )

    assert lesson.model_dump()["quiz"] == [one.model_dump() for one in whole.quiz]


async def test_many_orders_side_by_side_do_not_mix(authors: Authors) -> None:
    orders = [an_order(seed=seed, school_id=UUID(int=seed)) for seed in range(20)]

    together = await asyncio.gather(*(made(authors, order) for order in orders))
    alone = [await made(authors, order) for order in orders]

    assert [one.content for one in together] == [one.content for one in alone]


SHOW_A_LESSON = """
import asyncio
from uuid import UUID
from prometheus_client import CollectorRegistry
from toolboxai.server.content import service
from toolboxai.server.content.authors import Authors
from toolboxai.server.content.orders import Order
from toolboxai.server.content.tally import LessonTally

order = Order(kind="lesson", school_id=UUID(int=1), subject="science", objective="cells", grade=6, seed=7, questions=10)
made = asyncio.run(service.generate(order, authors=Authors(LessonTally(CollectorRegistry()))))
print(made.content.model_dump_json())
"""


@pytest.mark.parametrize("hash_seed", ["0", "1"])
async def test_the_same_seed_gives_the_same_bytes_in_every_process(
    authors: Authors, hash_seed: str
) -> None:
    here = await made(
        authors, an_order(subject="science", objective="cells", grade=6, questions=10)
    )

    there = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", SHOW_A_LESSON],
        env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        check=True,
        text=True,
    )

    assert there.stdout.strip() == here.content.model_dump_json()


@pytest.mark.parametrize(
    ("change", "error", "code"),
    [
        ({"subject": "alchemy"}, UnknownSubjectError, "unknown-subject"),
        ({"objective": "alchemy"}, UnknownObjectiveError, "unknown-objective"),
        ({"grade": 12}, UnknownObjectiveError, "unknown-objective"),
    ],
)
async def test_what_can_not_be_made_has_a_code_that_stays_the_same(
    authors: Authors, change: dict[str, Any], error: type[AppError], code: str
) -> None:
    with pytest.raises(error) as refused:
        await made(authors, an_order(**change))

    assert refused.value.code == code


def test_a_server_starts_without_the_agents_library() -> None:
    code = "import sys, toolboxai.server.main; print([name in sys.modules for name in ('pydantic_ai', 'openai')])"

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert told.stdout.strip() == "[False, False]"


def test_a_generation_is_traced_step_by_step_with_agents_and_models_and_without_words(
    start: Start, sink: RecordingSink
) -> None:
    client = start(sentry_dsn=sink.dsn, sentry_traces_sample_rate=1.0)

    full_school(client, "Hill School").teacher.post("/generate_content", json=ASKED)

    telemetry.flush(5)
    (trace,) = sink.items("transaction")
    spans = {span["span_id"]: span for span in trace["spans"]}
    shown = [
        (span["op"], spans.get(span["parent_span_id"], {}).get("op"), _agent_of(span))
        for span in trace["spans"]
        if span["op"].startswith(("content.", "gen_ai."))
    ]
    steps = ["plan", "write", "quiz", "review"]
    assert shown == [
        ("content.generate", None, None),
        *(
            row
            for step in steps
            for row in (
                (f"content.{step}", "content.generate", None),
                ("gen_ai.invoke_agent", f"content.{step}", step),
                ("gen_ai.chat", "gen_ai.invoke_agent", step),
            )
        ),
    ]
    chats = [span["data"] for span in trace["spans"] if span["op"] == "gen_ai.chat"]
    assert {chat["gen_ai.request.model"] for chat in chats} == {"toolbox-curriculum"}
    assert {chat["gen_ai.system"] for chat in chats} == {"toolbox-offline"}
    assert not any(chat.get("gen_ai.usage.total_tokens") for chat in chats)
    told = b"".join(sink.bodies)
    assert b"Two fractions are equivalent" not in told
    assert b"Write for pupils" not in told


def _agent_of(span: dict[str, Any]) -> str | None:
    name = span["data"].get("gen_ai.agent.name")
    return None if name is None else str(name)


def test_in_a_trace_that_is_not_kept_agents_start_none_of_their_own(
    start: Start, sink: RecordingSink
) -> None:
    client = start(sentry_dsn=sink.dsn, sentry_traces_sample_rate=0.0)

    answer = full_school(client, "Hill School").teacher.post("/generate_content", json=ASKED)

    telemetry.flush(5)
    assert answer.status_code == 201
    assert sink.items("transaction") == []
