"""Of a conversation with a model names and counts leave, and none of its words."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.telemetry.conversations import (
    is_of_a_library,
    quotes_a_conversation,
    without_quotes,
    without_words,
)

WORDS = "tell me about volcanoes"
CONTENT = [
    "embeddings.input", "input.messages", "output.messages", "prompt", "request.available_tools", "request.messages",
    "response.text", "response.tool_calls", "system_instructions", "tool.call.arguments", "tool.call.result",
    "tool.definitions", "tool.description", "tool.input", "tool.output", "whatever.comes.next",
]  # fmt: skip


def told(data: dict[str, Any]) -> dict[str, Any]:
    """Return a transaction whose only span, and whose own data, are ``data``."""
    return {"spans": [{"data": dict(data)}], "contexts": {"trace": {"data": dict(data)}}}


@pytest.mark.parametrize("name", CONTENT)
@pytest.mark.parametrize("value", [WORDS, [WORDS], {"content": WORDS}], ids=["text", "list", "map"])
def test_words_stay_here(name: str, value: object) -> None:
    event = told({f"gen_ai.{name}": value, "http.route": "/a"})

    assert without_words(event) == 2
    assert event == told({"http.route": "/a"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("usage.input_tokens", 11),
        ("usage.input_tokens.cached", 0),
        ("cost.total_tokens", 0.002),
        ("response.streaming", False),
        ("request.model", "gpt-9"),
        ("response.finish_reasons", ["stop"]),
        ("agent.name", "teacher"),
        ("some.new.count", 3),
    ],
)
def test_names_and_numbers_leave(name: str, value: object) -> None:
    event = told({f"gen_ai.{name}": value})

    assert without_words(event) == 0
    assert event == told({f"gen_ai.{name}": value})


def test_what_is_too_long_for_a_name_is_none() -> None:
    assert without_words(told({"gen_ai.request.model": WORDS * 10})) == 2


@given(
    st.recursive(
        st.none() | st.text(), lambda part: st.lists(part) | st.dictionaries(st.text(), part)
    )
)
def test_any_event_is_looked_at(value: Any) -> None:  # noqa: ANN401 - any JSON
    event = {
        "spans": value if isinstance(value, list) else [],
        "contexts": {"trace": {"data": value}},
    }

    without_words(event)
    assert without_words(event) == 0


class OpenAIError(Exception):
    """As the library's own."""

    __module__ = "openai._exceptions"

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        vars(self).update(facts)


class ToolRetryError(OpenAIError):
    """Says nothing but what the model said."""


class OurError(OpenAIError):
    """An application's own, made of the library's."""


@pytest.mark.parametrize(
    ("error", "text"),
    [
        pytest.param(
            OpenAIError(f"Error code: 429 - {WORDS}", status_code=429, code="rate_limit"),
            "Error code (status_code=429, code=rate_limit)",
            id="status",
        ),
        pytest.param(OpenAIError("Connection error."), "Connection error.", id="plain"),
        pytest.param(OpenAIError(f"Bad output, body:\n{WORDS}"), "Bad output, body", id="body"),
        pytest.param(OpenAIError(f"Invalid\n{WORDS}", code=WORDS), "Invalid", id="code of words"),
        pytest.param(ToolRetryError(WORDS), "", id="words only"),
    ],
)
def test_an_error_of_a_library_does_not_quote(error: Exception, text: str) -> None:
    assert quotes_a_conversation(error)
    assert without_quotes(error, str(error)) == text


def test_an_error_made_of_a_library_error_is_one_too() -> None:
    assert quotes_a_conversation(OurError(WORDS))
    assert not quotes_a_conversation(ValueError(WORDS))


def test_a_library_is_known_by_its_whole_name() -> None:
    assert is_of_a_library("openai")
    assert is_of_a_library("pydantic_ai.models.fallback")
    assert not is_of_a_library("openai_helpers.prompts")
