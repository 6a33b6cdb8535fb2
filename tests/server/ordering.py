"""Orders for tests of long work: a school that orders, and work that does as the test says."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from toolboxai.server.database import Database
from toolboxai.server.jobs import Jobs, Result
from toolboxai.server.models import (
    Generation,
    GenerationStatus,
    Role,
    School,
    StoredLesson,
    User,
    new_id,
)

WAIT_SECONDS = 20.0


@dataclass(frozen=True)
class Orderer:
    """Somebody who orders, for their school."""

    school_id: UUID
    user_id: UUID

    def order(self, seed: int = 1, **more: object) -> Generation:
        """Return an order that nobody has made yet."""
        ordered = {
            "id": new_id(),
            "school_id": self.school_id,
            "user_id": self.user_id,
            "role": Role.TEACHER,
            "kind": "lesson",
            "subject": "mathematics",
            "objective": "times-tables",
            "grade": 3,
            "seed": seed,
            "questions": 5,
        }
        return Generation(**ordered | more)


async def orderer(database: Database) -> Orderer:
    """Make a school with a teacher who orders."""
    school = School(id=new_id(), name=f"School {uuid4()}")
    user = User(
        id=new_id(),
        school_id=school.id,
        username=uuid4().hex,
        role=Role.TEACHER,
        password_hash="",
    )
    for row in (school, user):
        async with database.writing() as session:
            session.add(row)
    return Orderer(school.id, user.id)


@dataclass
class Making:
    """Work on orders that takes until the test says so, and can't be done twice at once unnoticed."""

    begun: list[int] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)
    over: list[Generation] = field(default_factory=list)
    twice_at_once: list[int] = field(default_factory=list)
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)
    error: Exception | None = None
    about_now: list[int] = field(default_factory=list)
    at_work: set[int] = field(default_factory=set)

    @contextmanager
    def about(self, order: Generation) -> Generator[None]:
        """Remember what it is about."""
        self.about_now.append(order.seed)
        yield

    async def make(self, order: Generation, progress: Callable[[str, int, int], None]) -> Result:
        """Wait until the test lets it go on; then store a lesson, or fail."""
        if order.seed in self.at_work:
            self.twice_at_once.append(order.seed)
        self.at_work.add(order.seed)
        self.begun.append(order.seed)
        progress("write", 1, 4)
        try:
            await self.may_go_on.wait()
        except asyncio.CancelledError:
            self.cancelled.append(order.seed)
            raise
        finally:
            self.at_work.discard(order.seed)
        if self.error is not None:
            raise self.error
        return result_for(order)

    def ended(self, order: Generation) -> None:
        """Remember it."""
        self.over.append(order)

    def waiting(self, count: int) -> None:
        """Make nothing of it."""


def result_for(order: Generation) -> Result:
    """Return a result that stores one lesson of the order's seed."""

    async def store(session: AsyncSession) -> UUID:
        lesson = StoredLesson(
            id=new_id(),
            school_id=order.school_id,
            subject=order.subject,
            objective=order.objective,
            grade=order.grade,
            seed=order.seed,
            content="{}",
        )
        session.add(lesson)
        await session.flush()
        return lesson.id

    return Result(store=store, provider="test", model="test", input_tokens=1, output_tokens=2)


async def rows(database: Database) -> list[Generation]:
    """Return all orders, in the order in which they came."""
    async with database.session() as session:
        return list((await session.scalars(select(Generation).order_by(Generation.id))).all())


async def stored_seeds(database: Database) -> list[int]:
    """Return the seeds of all lessons, each as often as it was stored."""
    async with database.session() as session:
        return sorted((await session.scalars(select(StoredLesson.seed))).all())


async def until_final(jobs: Jobs, order: Generation) -> Generation:
    """Return ``order`` as it is once it has ended."""
    return await until(jobs, order, GenerationStatus.DONE, "failed", "cancelled")


async def until(jobs: Jobs, order: Generation, *statuses: str) -> Generation:
    """Return ``order`` once it has one of ``statuses``."""
    with jobs.watch.follow(await jobs.queue.find(order.school_id, order.id)) as followed:
        async with asyncio.timeout(WAIT_SECONDS):
            found: Generation | None = followed.order
            while found is None or found.status not in statuses:
                version = followed.order.version
                found = await followed.after(version, within_seconds=WAIT_SECONDS)
    return found
