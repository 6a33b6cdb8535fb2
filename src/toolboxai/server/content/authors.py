"""Who writes what is ordered: first a model outside, where there is one, and the curriculum engine if that fails."""

import asyncio
import logging
from functools import cached_property

from toolboxai.server.content.assembling import content_from
from toolboxai.server.content.engine.lesson import Plan
from toolboxai.server.content.errors import InvalidContentError, ModelFailedError, Trouble
from toolboxai.server.content.orders import Made, Order, Progress
from toolboxai.server.content.outside.breaker import State
from toolboxai.server.content.outside.choice import MAX_SLOW_ANSWERS, Outside
from toolboxai.server.content.provider import ENGINE, Provider, outside_provider
from toolboxai.server.content.schemas import Usage
from toolboxai.server.content.subjects import SUBJECTS, Subjects
from toolboxai.server.content.tally import LessonTally
from toolboxai.server.content.writing import RejectedError, Writer, Written
from toolboxai.server.error_handling import DependencyError
from toolboxai.server.parts import Part, PartStatus

log = logging.getLogger(__name__)


class Authors:
    """The writers of one application. Their library is loaded when the first order comes: that takes most of a second."""

    def __init__(
        self, tally: LessonTally, subjects: Subjects = SUBJECTS, *, outside: Outside | None = None
    ) -> None:
        self.tally = tally
        self.subjects = subjects
        self._outside = outside
        self._loading = asyncio.Lock()
        self._is_loaded = False

    @property
    def first(self) -> Provider:
        """Who is asked first."""
        return ENGINE if self._outside is None else outside_provider(self._outside.model)

    async def write(self, order: Order, plan: Plan, progress: Progress) -> Made:
        """Return checked content, or raise an `AppError`."""
        await self._load()
        if self._outside is None:
            return await self._by_engine(order, plan, progress)
        try:
            made = await self._by_outside(self._outside, order, plan, progress)
        except ModelFailedError as error:
            self._outside.tally.count(error.code)
            if not self._outside.falls_back:
                raise
            _tell_that_the_engine_writes(error)
            return await self._by_engine(order, plan, progress, fallback_reason=error.code)
        self._outside.tally.count("made")
        return made

    async def health(self) -> Part:
        """Say who writes, and why if it isn't the model that was set up."""
        if self._outside is None:
            return Part(status=PartStatus.UNUSED, says="none: the curriculum engine writes")
        hindrance = await _hindrance_of(self._outside)
        if hindrance is None:
            return Part(status=PartStatus.OK, says=f"{self._outside.model} writes")
        if self._outside.falls_back:
            says = f"{hindrance}; the curriculum engine writes"
            return Part(status=PartStatus.DEGRADED, says=says)
        return Part(status=PartStatus.DOWN, says=f"{hindrance}; nobody writes")

    async def close(self) -> None:
        """End what the writers hold open."""
        if self._is_loaded and self._outside is not None:
            await self._outside_writer.close()

    async def _by_engine(
        self, order: Order, plan: Plan, progress: Progress, *, fallback_reason: str | None = None
    ) -> Made:
        meter = _Meter()
        try:
            written = await self._engine_writer.write(plan, order.kind, progress, meter.add)
        except RejectedError as error:
            raise InvalidContentError(plan, error.findings, error.attempts) from None
        return _made(order, written, ENGINE, meter, fallback_reason)

    async def _by_outside(
        self, outside: Outside, order: Order, plan: Plan, progress: Progress
    ) -> Made:
        # Asked before any agent is: that a model rests is told once, not with each order.
        if outside.breaker.state is State.OPEN:
            raise ModelFailedError(Trouble.RESTING)
        if not await outside.budget.has_left():
            raise ModelFailedError(Trouble.BUDGET)
        meter, writer = _Meter(), self._outside_writer
        try:
            async with asyncio.timeout(MAX_SLOW_ANSWERS * outside.timeout_seconds):
                written = await writer.write(plan, order.kind, progress, meter.add)
        except TimeoutError:
            raise ModelFailedError(Trouble.TIMEOUT) from None
        except RejectedError:
            raise ModelFailedError(Trouble.INVALID) from None
        finally:
            if meter.input_tokens or meter.output_tokens:
                outside.tally.spend(meter.input_tokens, meter.output_tokens)
                await outside.budget.spend(
                    order.school_id,
                    input_tokens=meter.input_tokens,
                    output_tokens=meter.output_tokens,
                )
        return _made(order, written, writer.provider, meter, None)

    async def _load(self) -> None:
        """Import the agents' library in a thread, so that nobody else waits for it."""
        async with self._loading:
            if not self._is_loaded:
                await asyncio.to_thread(self._load_writers)
                self._is_loaded = True

    def _load_writers(self) -> None:
        _ = self._engine_writer
        if self._outside is not None:
            _ = self._outside_writer

    @cached_property
    def _engine_writer(self) -> Writer:
        from toolboxai.server.content.agents.writers import engine_writer

        return engine_writer(self.subjects)

    @cached_property
    def _outside_writer(self) -> Writer:
        from toolboxai.server.content.agents.writers import outside_writer

        if self._outside is None:
            raise LookupError
        return outside_writer(self._outside)


async def _hindrance_of(outside: Outside) -> str | None:
    """Return why a model outside isn't asked now, if it isn't."""
    if outside.breaker.state is State.OPEN:
        return f"{outside.model} is left alone for a while, after failures in a row"
    try:
        has_left = await outside.budget.has_left()
    except DependencyError:
        return "nobody knows what is left of today's tokens, as the database does not answer"
    return None if has_left else "today's tokens are used up; see TOOLBOXAI_LLM_MAX_TOKENS_PER_DAY"


def _tell_that_the_engine_writes(error: ModelFailedError) -> None:
    rejected = error.__context__
    words = "the model outside did not write: %s; the engine does"
    if isinstance(rejected, RejectedError) and rejected.has_errors:
        # Else each agent that gave up would be an event, under its library's name.
        log.error(words, error.code, exc_info=error)
    else:
        log.warning(words, error.code)


class _Meter:
    """What an order has used."""

    def __init__(self) -> None:
        self.input_tokens = 0
        self.output_tokens = 0

    def add(self, input_tokens: int, output_tokens: int) -> None:
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens


def _made(
    order: Order, written: Written, provider: Provider, meter: _Meter, fallback_reason: str | None
) -> Made:
    content = content_from(
        order,
        written.material,
        written.findings,
        provider=provider,
        usage=Usage(input_tokens=meter.input_tokens, output_tokens=meter.output_tokens),
        fallback_reason=fallback_reason,
    )
    return Made(
        content=content,
        provider=provider.name,
        model=provider.model,
        input_tokens=meter.input_tokens,
        output_tokens=meter.output_tokens,
        attempts=written.attempts,
    )
