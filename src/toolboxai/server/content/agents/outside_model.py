"""A model outside, behind a time limit, a few retries and a circuit breaker. Its errors become ours here.

They become ours without their cause: what a service says about a request quotes the request, and sometimes the key.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

import openai
import stamina
import stamina.instrumentation
from pydantic_ai.exceptions import ModelAPIError, ModelHTTPError, UnexpectedModelBehavior
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.settings import ModelSettings

from toolboxai import telemetry
from toolboxai.server.content.agents.bounded import AnswerTooLongError, bound_answer
from toolboxai.server.content.errors import ModelFailedError, Trouble
from toolboxai.server.content.outside.breaker import RestingError
from toolboxai.server.content.outside.choice import Outside
from toolboxai.server.models import utc_now

MAX_TRIES: Final = 3
MIN_WAIT_SECONDS: Final = 0.5
MAX_WAIT_SECONDS: Final = 5.0
MAX_RETRY_AFTER_SECONDS: Final = 10.0
# What may be over in a moment.
PASSING = frozenset({Trouble.UNREACHABLE, Trouble.BUSY, Trouble.FAILED})


class FailedTryError(Exception):
    """A try that failed, and how long the service wants us to wait before the next."""

    def __init__(self, trouble: Trouble, wait_seconds: float | None) -> None:
        super().__init__(trouble.code)
        self.trouble = trouble
        self.wait_seconds = wait_seconds


class OutsideModel(OpenAIChatModel):
    """Any service that answers as OpenAI's chat completions do."""

    def __init__(self, outside: Outside) -> None:
        client = openai.AsyncOpenAI(
            base_url=outside.base_url,
            api_key=outside.api_key,
            timeout=outside.timeout_seconds,
            max_retries=0,
            default_headers={"Accept-Encoding": "identity"},
            http_client=openai.DefaultAsyncHttpxClient(event_hooks={"response": [bound_answer]}),
        )
        super().__init__(outside.model, provider=OpenAIProvider(openai_client=client))
        self._outside = outside
        # Stamina would log each retry with the error's text, which quotes what was asked.
        stamina.instrumentation.set_on_retry_hooks([])

    async def close(self) -> None:
        """Close the connections to the service."""
        await self.client.close()

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Ask, again if that may help, or raise `ModelFailedError`."""
        tries = stamina.retry_context(
            on=wait_before_retry,
            attempts=MAX_TRIES,
            timeout=MAX_TRIES * self._outside.timeout_seconds,
            wait_initial=MIN_WAIT_SECONDS,
            wait_max=MAX_WAIT_SECONDS,
        )
        failed: list[FailedTryError] = []
        try:
            async for each in tries:
                with each, telemetry.external_service("llm", "chat"):
                    try:
                        return await self._try(messages, model_settings, model_request_parameters)
                    except FailedTryError as error:
                        failed.append(error)
                        raise
        except FailedTryError:
            pass
        raise _failure_after(failed)

    async def _try(
        self,
        messages: list[ModelMessage],
        settings: ModelSettings | None,
        parameters: ModelRequestParameters,
    ) -> ModelResponse:
        try:
            with self._outside.breaker.watch():
                # The client's own limit is for each wait on the socket: bytes that drip in never reach it.
                async with asyncio.timeout(self._outside.timeout_seconds):
                    return await super().request(messages, settings, parameters)
        except TROUBLES as error:
            trouble = trouble_of(error)
            telemetry.breadcrumb("service", trouble.code, level="warning")
            raise FailedTryError(trouble, _wanted_wait(error)) from error


def _failure_after(failed: Sequence[FailedTryError]) -> ModelFailedError:
    """Return what to raise after these tries: one failure, of which they are all a part.

    So it is one event. Its context is not shown: it quotes what was asked.
    """
    failure = ModelFailedError(failed[-1].trouble)
    failure.__context__ = ExceptionGroup("tries", failed)
    failure.__suppress_context__ = True
    return failure


# ValueError: what isn't JSON, or isn't what was promised.
TROUBLES = (
    RestingError,
    TimeoutError,
    ModelAPIError,
    UnexpectedModelBehavior,
    openai.OpenAIError,
    ValueError,
)


def trouble_of(error: Exception) -> Trouble:
    """Say what kind of trouble ``error`` is."""
    if isinstance(error, ModelHTTPError):
        return _trouble_of_status(error.status_code)
    kinds = {
        AnswerTooLongError: Trouble.BAD_ANSWER,
        RestingError: Trouble.RESTING,
        TimeoutError: Trouble.TIMEOUT,
        # Before its parent: a time limit is a kind of connection error there.
        openai.APITimeoutError: Trouble.TIMEOUT,
        openai.APIConnectionError: Trouble.UNREACHABLE,
    }
    causes = list(_causes_of(error))
    for kind, trouble in kinds.items():
        if any(isinstance(cause, kind) for cause in causes):
            return trouble
    return Trouble.BAD_ANSWER


def _causes_of(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it came from: each library puts its own around the one below."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _trouble_of_status(status: int) -> Trouble:
    by_status = {408: Trouble.TIMEOUT, 429: Trouble.BUSY}
    return by_status.get(status, Trouble.FAILED if status >= 500 else Trouble.REFUSED)


def wait_before_retry(error: Exception) -> bool | float:
    """Say whether to try again, and how many seconds later where the service said so."""
    if not isinstance(error, FailedTryError) or error.trouble not in PASSING:
        return False
    if error.wait_seconds is None:
        return True
    return error.wait_seconds if error.wait_seconds <= MAX_RETRY_AFTER_SECONDS else False


def _wanted_wait(error: Exception) -> float | None:
    """Return for how many seconds the service wants to be left alone, if it says so."""
    cause = error.__cause__
    if not isinstance(cause, openai.APIStatusError):
        return None
    return wait_from(cause.response.headers.get("retry-after", ""), now=utc_now())


def wait_from(header: str, *, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for: a number or a date."""
    if header.strip().isdecimal():
        return float(header)
    try:
        return max((parsedate_to_datetime(header) - now).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None
