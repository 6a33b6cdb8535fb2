"""What is done with an order for content: make it, and store it where readers find it."""

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from toolboxai import telemetry
from toolboxai.server.content import service
from toolboxai.server.content.authors import Authors
from toolboxai.server.content.generations.tally import GenerationTally
from toolboxai.server.content.orders import Made, Order, Progress
from toolboxai.server.jobs import Result
from toolboxai.server.models import Generation


class Generate(Protocol):
    """Make what is ordered, or raise an `AppError`."""

    def __call__(
        self, order: Order, *, authors: Authors, progress: Progress
    ) -> Awaitable[Made]: ...


class Generating:
    """Makes content, and counts what became of it."""

    def __init__(
        self, tally: GenerationTally, authors: Authors, generate: Generate = service.generate
    ) -> None:
        self._authors = authors
        self._generate = generate
        self.ended: Callable[[Generation], None] = tally.ended
        self.waiting: Callable[[int], None] = tally.waiting

    @contextmanager
    def about(self, order: Generation) -> Generator[None]:
        """Say for the block who ordered what."""
        telemetry.set_user(telemetry.User(id=str(order.user_id), role=order.role))
        with telemetry.content_generation(service.about(_order_of(order), self._authors)):
            yield

    async def make(self, order: Generation, progress: Progress) -> Result:
        """Make it."""
        made = await self._generate(_order_of(order), authors=self._authors, progress=progress)
        return Result(
            store=partial(_store, made=made, school_id=order.school_id),
            provider=made.provider,
            model=made.model,
            input_tokens=made.input_tokens,
            output_tokens=made.output_tokens,
        )


def _order_of(row: Generation) -> Order:
    return Order(
        kind="quiz" if row.kind == "quiz" else "lesson",
        school_id=row.school_id,
        subject=row.subject,
        objective=row.objective,
        grade=row.grade,
        seed=row.seed,
        questions=row.questions,
    )


async def _store(session: AsyncSession, *, made: Made, school_id: UUID) -> UUID:
    await service.store(session, made.content, school_id)
    return made.content.id
