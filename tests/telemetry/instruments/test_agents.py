"""pydantic-ai and openai, the real libraries against a server that answers as OpenAI's: spans, errors, and no words."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import openai
import pytest
import sentry_sdk
from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse
from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart
from pydantic_ai.models import Model
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.models.test import TestModel
from pydantic_ai.providers.openai import OpenAIProvider
from starlette.testclient import TestClient

from tests.telemetry.conftest import Start
from tests.telemetry.instruments.conftest import Bench, PlannedError
from tests.telemetry.instruments.models import (
    ANSWER,
    ARGUMENT,
    CANARY,
    DESCRIPTION,
    PROMPT,
    RESULT,
    SYSTEM,
    running_models,
)
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.telemetry import instruments
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.current import MAX_NOTED_ERRORS

TRACE = "0123456789abcdef0123456789abcdef"
MESSAGES: Any = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": PROMPT}]
TOOLS: Any = [
    {"type": "function", "function": {"name": "look_up", "description": DESCRIPTION, "parameters": {}}}
]  # fmt: skip


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server of models."""
    with running_models() as address:
        yield address


def a_client(url: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=url, api_key="k", max_retries=0)


def an_async_client(url: str) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=url, api_key="k", max_retries=0)


def a_model(url: str, name: str) -> OpenAIChatModel:
    return OpenAIChatModel(name, provider=OpenAIProvider(openai_client=an_async_client(url)))


def an_agent(model: Model) -> Agent[None, str]:
    return Agent(model, name="teacher", system_prompt=SYSTEM)


def plainly(url: str) -> None:
    with a_client(url) as client:
        client.chat.completions.create(model="gpt-9", messages=MESSAGES)


async def asynchronously(url: str) -> None:
    async with an_async_client(url) as client:
        await client.chat.completions.create(model="gpt-9", messages=MESSAGES)


def streaming(url: str) -> None:
    with a_client(url) as client:
        for _ in client.chat.completions.create(model="gpt-9", messages=MESSAGES, stream=True):
            pass


async def streaming_asynchronously(url: str) -> None:
    async with an_async_client(url) as client:
        stream = await client.chat.completions.create(model="gpt-9", messages=MESSAGES, stream=True)
        async for _ in stream:
            pass


async def responding(url: str) -> None:
    async with an_async_client(url) as client:
        await client.responses.create(model="gpt-9", instructions=SYSTEM, input=PROMPT)


async def choosing_tools(url: str) -> None:
    async with an_async_client(url) as client:
        await client.chat.completions.create(model="gpt-9", messages=MESSAGES, tools=TOOLS)


calls = pytest.mark.parametrize(
    "call",
    [plainly, asynchronously, streaming, streaming_asynchronously, responding, choosing_tools],
)


def working(call: Callable[[str], Any], url: str) -> Callable[[], Any]:
    """Return an endpoint that makes ``call``: on the loop or in a thread, as the call is."""
    if asyncio.iscoroutinefunction(call):

        async def work() -> None:
            await call(url)

        return work
    return lambda: call(url)


def of_models(spans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [span for span in spans if span["op"].startswith("gen_ai.")]


def values_of(event: dict[str, Any]) -> list[tuple[str, bool]]:
    """Return the types of an event's errors, outermost first, and whether each was handled."""
    values = reversed(event["exception"]["values"])
    return [(value["type"], value["mechanism"]["handled"]) for value in values]


@calls
def test_a_call_of_a_model_is_a_span(bench: Bench, url: str, call: Callable[[str], Any]) -> None:
    trace = bench.trace(working(call, url))

    (span,) = of_models(trace["spans"])
    (outgoing,) = [each for each in trace["spans"] if each["op"] == "http.client"]
    facts = span["data"]
    assert span["parent_span_id"] == trace["contexts"]["trace"]["span_id"]
    assert outgoing["parent_span_id"] == span["span_id"]
    assert (facts["gen_ai.request.model"], facts["gen_ai.response.model"]) == (
        "gpt-9",
        "gpt-9-2026",
    )
    assert facts["gen_ai.usage.input_tokens"] == 11
    assert facts["gen_ai.usage.output_tokens"] == 7
    assert facts["gen_ai.usage.total_tokens"] == 18
    assert not bench.has_seen(CANARY)


def test_an_embedding_is_a_span(bench: Bench, url: str) -> None:
    async def work() -> None:
        async with an_async_client(url) as client:
            await client.embeddings.create(model="small", input=PROMPT)

    (span,) = of_models(bench.spans(work))

    assert (span["op"], span["data"]["gen_ai.request.model"]) == ("gen_ai.embeddings", "small")
    assert span["data"]["gen_ai.usage.input_tokens"] == 11
    assert not bench.has_seen(CANARY)


@calls
def test_a_trace_that_is_not_kept_gets_none_of_its_own(
    bench: Bench, url: str, call: Callable[[str], Any]
) -> None:
    app = FastAPI()
    app.add_api_route("/work", working(call, url), response_model=None)
    telemetry.instrument(app)
    with TestClient(app) as client:
        headers = {"sentry-trace": f"{TRACE}-0123456789abcdef-0"}
        assert client.get("/work", headers=headers).status_code == 200
    assert telemetry.flush(5)

    assert bench.sink.items("transaction") == []


def teach(url: str) -> Agent[None, str]:
    """Return an agent with a tool."""
    agent = an_agent(a_model(url, "gpt-9"))

    @agent.tool_plain(description=DESCRIPTION)
    def look_up(topic: str) -> str:
        assert topic == ARGUMENT
        return RESULT

    return agent


def test_an_agents_run_is_shown_with_its_models_and_tools(bench: Bench, url: str) -> None:
    agent = teach(url)

    async def work() -> None:
        assert (await agent.run(PROMPT)).output == ANSWER

    trace = bench.trace(work)

    run, first, tool, second = of_models(trace["spans"])
    assert [span["description"] for span in (run, first, tool, second)] == [
        "invoke_agent teacher",
        "chat gpt-9",
        "execute_tool look_up",
        "chat gpt-9",
    ]
    assert run["parent_span_id"] == trace["contexts"]["trace"]["span_id"]
    assert {span["parent_span_id"] for span in (first, tool, second)} == {run["span_id"]}
    for chat in (first, second):
        assert chat["data"]["gen_ai.usage.input_tokens"] == 11
        assert chat["data"]["gen_ai.usage.output_tokens"] == 7
        assert chat["data"]["gen_ai.response.model"] == "gpt-9-2026"
    outgoing = [span for span in trace["spans"] if span["op"] == "http.client"]
    assert [span["parent_span_id"] for span in outgoing] == [first["span_id"], second["span_id"]]
    assert not bench.has_seen(CANARY)


def test_no_word_leaves_whatever_is_allowed(start: Start, sink: RecordingSink, url: str) -> None:
    start(send_default_pii=True)
    bench, agent = Bench(sink), teach(url)

    async def work() -> None:
        await agent.run(PROMPT)
        await choosing_tools(url)
        await responding(url)
        async with an_async_client(url) as client:
            await client.embeddings.create(model="small", input=PROMPT)

    before = counters.snapshot().get("redacted.conversation", 0)
    assert len(of_models(bench.spans(work))) == 7
    assert not bench.has_seen(CANARY)
    assert counters.snapshot()["redacted.conversation"] > before


def test_a_streamed_run_is_shown(bench: Bench, url: str) -> None:
    agent = an_agent(a_model(url, "gpt-9"))

    async def work() -> None:
        async with agent.run_stream(PROMPT) as result:
            async for _ in result.stream_text():
                pass

    spans = of_models(bench.spans(work))

    assert [span["op"] for span in spans] == ["gen_ai.invoke_agent", "gen_ai.chat"]
    assert spans[1]["data"]["gen_ai.usage.output_tokens"] == 7
    assert not bench.has_seen(CANARY)


def _answer(_messages: list[ModelMessage], _info: AgentInfo) -> ModelResponse:
    return ModelResponse(parts=[TextPart(ANSWER)])


async def _stream(_messages: list[ModelMessage], _info: AgentInfo) -> AsyncIterator[str]:
    yield ANSWER


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(FunctionModel(_answer, stream_function=_stream), id="function"),
        pytest.param(TestModel(custom_output_text=ANSWER), id="test"),
    ],
)
def test_any_model_is_shown_and_a_plain_endpoint_may_wait_for_it(
    bench: Bench, model: Model
) -> None:
    agent = an_agent(model)

    def work() -> None:
        asyncio.run(agent.run(PROMPT))

    run, chat = of_models(bench.spans(work))
    assert (run["op"], chat["op"]) == ("gen_ai.invoke_agent", "gen_ai.chat")
    assert chat["parent_span_id"] == run["span_id"]
    assert chat["data"]["gen_ai.usage.input_tokens"] > 0
    assert not bench.has_seen(CANARY)


def test_a_model_that_a_tool_calls_is_shown_below_the_tool(bench: Bench, url: str) -> None:
    agent = an_agent(a_model(url, "gpt-9"))

    @agent.tool_plain
    async def look_up(topic: str) -> str:
        del topic
        await asynchronously(url)
        return RESULT

    async def work() -> None:
        await agent.run(PROMPT)

    spans = of_models(bench.spans(work))
    (tool,) = [span for span in spans if span["op"] == "gen_ai.execute_tool"]
    (inner,) = [span for span in spans if span["origin"] == "auto.ai.openai"]
    assert inner["parent_span_id"] == tool["span_id"]
    assert len(spans) == 5


def test_an_error_that_a_fallback_caught_is_one_handled_event(bench: Bench, url: str) -> None:
    agent = an_agent(FallbackModel(a_model(url, "broken"), a_model(url, "gpt-9")))

    async def work() -> None:
        assert (await agent.run(PROMPT)).output == ANSWER

    bench.serve(work)

    (event,) = bench.sink.items("event")
    assert values_of(event) == [("InternalServerError", True)]
    assert event["transaction"] == "/work/0"
    assert not bench.has_seen(CANARY)


def test_in_a_job_too_an_error_that_was_mended_is_handled_and_one_that_was_not_is_one_event(
    bench: Bench, url: str
) -> None:
    async def ask(*models: str) -> None:
        agent = an_agent(FallbackModel(*(a_model(url, model) for model in models)))
        with telemetry.job(models[-1]):
            await agent.run(PROMPT)

    async def work() -> None:
        await ask("broken", "gpt-9")
        with suppress(Exception):
            await ask("broken", "busy")

    bench.serve(work)

    mended, failed = sorted(bench.sink.items("event"), key=lambda each: each["timestamp"])
    assert (mended["transaction"], values_of(mended)) == ("gpt-9", [("InternalServerError", True)])
    assert failed["transaction"] == "busy"
    assert values_of(failed)[0] == ("FallbackExceptionGroup", False)


def test_when_all_models_fail_there_is_one_unhandled_event(bench: Bench, url: str) -> None:
    agent = an_agent(FallbackModel(a_model(url, "broken"), a_model(url, "busy")))

    async def work() -> None:
        await agent.run(PROMPT)

    bench.serve(work)

    (event,) = bench.sink.items("event")
    kinds = values_of(event)
    assert kinds[0] == ("FallbackExceptionGroup", False)
    assert {"InternalServerError", "RateLimitError"} <= {kind for kind, _ in kinds}
    shown = {value["type"]: value["value"] for value in event["exception"]["values"]}
    assert "status_code=429, code=no_luck" in shown["RateLimitError"]
    assert not bench.has_seen(CANARY)


def raised_on(agent: Agent[None, str]) -> Callable[[], Any]:
    async def work() -> None:
        try:
            await agent.run(PROMPT)
        except Exception as error:
            raise PlannedError from error

    return work


def answered_with_503(agent: Agent[None, str]) -> Callable[[], Any]:
    async def work() -> None:
        try:
            await agent.run(PROMPT)
        except Exception as error:
            raise HTTPException(503) from error

    return work


def returned_503(agent: Agent[None, str]) -> Callable[[], Any]:
    async def work() -> JSONResponse:
        with suppress(Exception):
            await agent.run(PROMPT)
        return JSONResponse({}, status_code=503)

    return work


def swallowed(agent: Agent[None, str]) -> Callable[[], Any]:
    async def work() -> None:
        with suppress(Exception):
            await agent.run(PROMPT)

    return work


@pytest.mark.parametrize(
    ("make", "outermost", "is_handled"),
    [
        pytest.param(raised_on, "PlannedError", False, id="raised in another"),
        pytest.param(answered_with_503, "HTTPException", True, id="answered with 503"),
        pytest.param(returned_503, "FallbackExceptionGroup", True, id="503 returned"),
        pytest.param(swallowed, "FallbackExceptionGroup", True, id="swallowed"),
    ],
)
def test_an_agents_error_is_one_event_whatever_becomes_of_it(
    bench: Bench,
    url: str,
    make: Callable[[Agent[None, str]], Callable[[], Any]],
    outermost: str,
    is_handled: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    agent = an_agent(FallbackModel(a_model(url, "broken"), a_model(url, "refusing")))

    bench.serve(make(agent))

    (event,) = bench.sink.items("event")
    assert values_of(event)[0] == (outermost, is_handled)
    assert not bench.has_seen(CANARY)


@pytest.mark.parametrize("is_raised", [True, False], ids=["raised", "swallowed"])
def test_a_clients_error_is_one_event_too(bench: Bench, url: str, *, is_raised: bool) -> None:
    async def work() -> None:
        try:
            async with an_async_client(url) as client:
                await client.chat.completions.create(model="refusing", messages=MESSAGES)
        except openai.BadRequestError:
            if is_raised:
                raise

    before = counters.snapshot().get("dropped.event_processor.error", 0)
    bench.serve(work)

    (event,) = bench.sink.items("event")
    assert values_of(event) == [("BadRequestError", not is_raised)]
    assert counters.snapshot().get("dropped.event_processor.error", 0) == before
    assert not bench.has_seen(CANARY)


def test_of_many_clients_errors_none_is_lost(bench: Bench, url: str) -> None:
    def work() -> None:
        with a_client(url) as client:
            for _ in range(MAX_NOTED_ERRORS + 1):
                with suppress(openai.BadRequestError):
                    client.chat.completions.create(model="refusing", messages=MESSAGES)

    bench.serve(work)

    assert len(bench.sink.items("event")) == MAX_NOTED_ERRORS + 1


def test_a_tools_error_shows_nothing_that_was_said(bench: Bench, url: str) -> None:
    agent = an_agent(a_model(url, "gpt-9"))

    @agent.tool_plain(description=DESCRIPTION)
    def look_up(topic: str) -> str:
        asked = topic * 2
        raise PlannedError(len(asked))

    async def work() -> None:
        prompt = PROMPT
        await agent.run(prompt)

    bench.serve(work)

    (event,) = bench.sink.items("event")
    assert values_of(event)[0] == ("PlannedError", False)
    assert not bench.has_seen(CANARY)


def test_an_answer_that_cannot_be_used_is_not_quoted(bench: Bench, url: str) -> None:
    agent = Agent(a_model(url, "gpt-9"), output_type=int, retries=0)

    async def work() -> None:
        await agent.run(PROMPT)

    bench.serve(work)

    (event,) = bench.sink.items("event")
    assert values_of(event)[0] == ("UnexpectedModelBehavior", False)
    assert not bench.has_seen(CANARY)


def test_outside_of_requests_an_error_is_reported_once_and_at_once(bench: Bench, url: str) -> None:
    agent = an_agent(FallbackModel(a_model(url, "broken"), a_model(url, "busy")))
    with suppress(Exception):
        asyncio.run(agent.run(PROMPT))
    with suppress(Exception), a_client(url) as client:
        client.chat.completions.create(model="refusing", messages=MESSAGES)
    assert telemetry.flush(5)

    first, second = bench.sink.items("event")
    assert values_of(first)[0][0] == "FallbackExceptionGroup"
    assert values_of(second)[0][0] == "BadRequestError"
    assert not bench.has_seen(CANARY)


def test_starting_again_does_not_double(start: Start, sink: RecordingSink, url: str) -> None:
    for _ in range(3):
        start()
        instruments.install()
    agent = an_agent(a_model(url, "gpt-9"))

    async def work() -> None:
        await agent.run(PROMPT)
        await asynchronously(url)

    assert len(of_models(Bench(sink).spans(work))) == 3


def test_removed_they_are_off(bench: Bench, url: str) -> None:
    client = sentry_sdk.get_client()
    assert {"openai", "pydantic_ai"} <= client.integrations.keys()
    instruments.remove()

    assert not {"openai", "pydantic_ai"} & client.integrations.keys()
    assert of_models(bench.spans(working(asynchronously, url))) == []


SCRIPT = """
import sys
from pathlib import Path
import sentry_sdk
from toolboxai import telemetry
telemetry.init(telemetry.Options(dsn="http://k@127.0.0.1:9/1", spool_dir=Path(sys.argv[1]), flush_timeout_seconds=0))
assert not {"openai", "pydantic_ai", "structlog"} & set(sys.modules), "imported by telemetry"
assert not sentry_sdk.get_client().integrations
import openai
assert [*sentry_sdk.get_client().integrations] == ["openai"]
import pydantic_ai
assert sorted(sentry_sdk.get_client().integrations) == ["openai", "pydantic_ai"]
telemetry.close()
"""


def test_they_are_switched_on_when_somebody_imports_them(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error::RuntimeWarning", "-c", SCRIPT, str(tmp_path / "spool")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stderr) == (0, "")
