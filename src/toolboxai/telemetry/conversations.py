"""What may leave of a conversation with a language model: names and counts, none of its words. Pure."""

from collections.abc import Mapping, MutableMapping
from typing import Any

MAX_NAME_CHARS = 128
# Libraries that talk to models: their errors quote what was asked and answered, their callers hold it in variables.
LIBRARIES = ("anthropic", "cohere", "google.genai", "groq", "mistralai", "openai", "pydantic_ai")
_PREFIX = "gen_ai."
# Attributes whose text is somebody's choice of a name. Numbers pass under any name; no other text does.
_NAMES = frozenset(
    f"{_PREFIX}{name}"
    for name in (
        "agent.name", "conversation.id", "function_id", "operation.name", "operation.type", "output.type",
        "pipeline.name", "prompt.name", "provider.name", "request.model", "request.reasoning.level",
        "request.service_tier", "response.finish_reason", "response.finish_reasons", "response.id",
        "response.model", "system", "tool.name", "tool.type",
    )
)  # fmt: skip
# What a model is told to mend: the words of its own answer.
_ALL_WORDS = frozenset({"ModelRetry", "ToolFailedError", "ToolRetryError"})
_FACTS = ("status_code", "code", "type", "model_name")


def is_of_a_library(module: str) -> bool:
    """Say whether code of ``module`` is part of a library that talks to models."""
    return f"{module}.".startswith(_ROOTS)


_ROOTS = tuple(f"{name}." for name in LIBRARIES)


def quotes_a_conversation(error: BaseException) -> bool:
    """Say whether what ``error`` says of itself may be what was asked or answered."""
    return any(is_of_a_library(kind.__module__) for kind in type(error).__mro__)


def without_quotes(error: BaseException, text: str) -> str:
    """Return the beginning of ``text``, up to where libraries put what they quote, and the error's plain facts."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    said = "" if kinds & _ALL_WORDS else _beginning(text)
    known = ((name, getattr(error, name, None)) for name in _FACTS)
    facts = [f"{name}={fact}" for name, fact in known if _is_fact(fact)]
    return f"{said} ({', '.join(facts)})".strip() if facts else said


def _beginning(text: str) -> str:
    first = text.partition("\n")[0]
    return first.partition(":")[0].partition(" - ")[0].partition("'")[0].strip()


def _is_fact(value: object) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= MAX_NAME_CHARS and not any(letter.isspace() for letter in value)
    return type(value) is int


def without_words(event: MutableMapping[str, Any]) -> int:
    """Take from a transaction what its spans tell of a conversation but names and numbers; return how much."""
    contexts = event.get("contexts") or {}
    told = [(contexts.get("trace") or {}).get("data")]
    told += [span.get("data") for span in event.get("spans") or () if isinstance(span, Mapping)]
    return sum(_take_words(data) for data in told if isinstance(data, MutableMapping))


def _take_words(data: MutableMapping[str, Any]) -> int:
    words = [name for name, value in data.items() if _is_words(name, value)]
    for name in words:
        del data[name]
    return len(words)


def _is_words(name: object, value: object) -> bool:
    if not isinstance(name, str) or not name.startswith(_PREFIX):
        return False
    if value is None or isinstance(value, int | float):
        return False
    is_short = all(len(str(part)) <= MAX_NAME_CHARS for part in _parts(value))
    return name not in _NAMES or not is_short


def _parts(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]
