"""pydantic-ai and openai: Sentry's own integrations of them, switched on without anybody's doing, without the words.

They make the spans. What they capture as unhandled waits here for the request's or job's end (``is_awaited``): an agent's
error is often the reason to ask the next model, and no failure at all.
"""

from collections.abc import Mapping
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

import sentry_sdk
from sentry_sdk import integrations
from sentry_sdk.integrations import DidNotEnable, Integration

from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.current import Request, captured_id, current_request
from toolboxai.telemetry.filtering import chain_of
from toolboxai.telemetry.instruments.calls import Choices
from toolboxai.telemetry.instruments.observing import Patches

_AGENTS, _OPENAI = "pydantic_ai", "openai"
_MODEL_CALLS = {
    "openai.resources.chat.completions": ("Completions", "AsyncCompletions"),
    "openai.resources.responses": ("Responses", "AsyncResponses"),
    "openai.resources.embeddings": ("Embeddings", "AsyncEmbeddings"),
}


def observe_pydantic_ai(module: ModuleType, patches: Patches, choices: Choices) -> None:
    """Show agents, their models and their tools."""
    del module, choices
    # What a tool refuses the model mends by itself: that is a conversation, not an error.
    _switch_on(_AGENTS, "PydanticAIIntegration", patches, handled_tool_call_exceptions=False)


def observe_openai(module: ModuleType, patches: Patches, choices: Choices) -> None:
    """Show calls of OpenAI's client, and note their errors whoever makes the span."""
    del module, choices
    if not _switch_on(_OPENAI, "OpenAIIntegration", patches):
        return
    for place, names in _MODEL_CALLS.items():
        for owner in (getattr(import_module(place), name, None) for name in names):
            if owner is not None:
                patches.observe(owner, "create", _Errors())


def _switch_on(name: str, kind: str, patches: Patches, **options: bool) -> bool:
    """Register Sentry's integration ``name`` with the client; say whether there is one."""
    client: Any = sentry_sdk.get_client()
    if not client.is_active():
        return False
    try:
        integration = getattr(import_module(f"sentry_sdk.integrations.{name}"), kind)
        made = integration(include_prompts=False, **options)
        _set_up_once(made)
    except (AttributeError, DidNotEnable, ImportError, TypeError):
        counters.add(f"instruments.unsupported.{name}")
        return False
    client.integrations = _Shown(client.integrations)
    client.integrations.setdefault(name, made)
    patches.also_undo(partial(_switch_off, client, name))
    return True


def _switch_off(client: Any, name: str) -> None:  # noqa: ANN401 - the SDK's client
    client.integrations.pop(name, None)


def _set_up_once(integration: Integration) -> None:
    """Do as the SDK's ``setup_integrations`` does, which would import everything that it knows."""
    name = integration.identifier
    with integrations._installer_lock:  # noqa: SLF001 - its own note of what is set up keeps it from doing so twice
        if name not in integrations._processed_integrations:  # noqa: SLF001
            type(integration).setup_once()
            integrations._installed_integrations.add(name)  # noqa: SLF001
            integrations._processed_integrations.add(name)  # noqa: SLF001


class _Shown(dict[str, Integration]):
    """A client's integrations, which look a call up here and do nothing when they aren't found.

    OpenAI's isn't, in a request whose trace isn't kept, where it would start a trace of its own, and below
    an agent's span of the same call, where all tokens would count twice.
    """

    def get(self, name: Any, default: Any = None) -> Any:  # noqa: ANN401 - as dict has it
        if name == _OPENAI and (_is_unsampled() or _is_shown_by_an_agent()):
            return default
        return super().get(name, default)


def _is_unsampled() -> bool:
    request = current_request()
    return request is not None and request.transaction is None


def _is_shown_by_an_agent() -> bool:
    span = sentry_sdk.get_current_span()
    origin, op = getattr(span, "origin", None), getattr(span, "op", None)
    return op == "gen_ai.chat" and origin == f"auto.ai.{_AGENTS}"


class _Errors:
    """Notes what a call raised, in requests and jobs whose end can be waited for."""

    def begin(
        self, request: Request, args: tuple[Any, ...], options: Mapping[str, Any]
    ) -> Request | None:
        """Return the request, to be told of an error."""
        del args, options
        return request if request.tells_what_became else None

    def end(self, call: Request, result: object, error: BaseException | None) -> None:
        """Note the error: whether it was dealt with is known at the end."""
        del result
        if isinstance(error, Exception):
            call.log(error)


def is_awaited(event: Mapping[str, Any], error: BaseException) -> bool:
    """Say whether what an integration of these captured is left to the request's end, or reported already."""
    values = (event.get("exception") or {}).get("values") or [{}]
    mechanism = (values[-1].get("mechanism") or {}).get("type")
    if mechanism not in {_AGENTS, _OPENAI}:
        return False
    request = current_request()
    if request is not None and request.tells_what_became and request.log(error):
        return True
    return any(captured_id(each) is not None for each in chain_of(error))
