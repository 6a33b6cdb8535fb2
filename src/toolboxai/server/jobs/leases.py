"""Who works on which order: taken by one statement, held for a while, given back or taken away.

Every statement about an order that is held names the lease. Who has lost it (somebody cancelled the
order, or this process stood still for so long that another one took over) changes nothing any more.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningUpdate

from toolboxai.server.database import Database
from toolboxai.server.error_handling import DependencyError, database_operation
from toolboxai.server.jobs.queue import MAX_WAITING, Changed, count_waiting
from toolboxai.server.models import FINAL, AuditEvent, Generation, GenerationStatus, utc_now

LEASE_SECONDS = 30.0
MAX_ATTEMPTS = 3
KEEP_DAYS = 30
KEEP_TRAIL_DAYS = 365
MAX_FORGOTTEN_AT_ONCE = 500
MAX_ERROR_CHARS = 500
WORKER_LOST = "worker-lost"


@dataclass(slots=True)
class Held:
    """An order, and the lease under which this process works on it."""

    order: Generation
    lease: str
    until: float
    step: str = ""
    steps_done: int = 0
    steps: int = 0

    def tell(self, step: str, done: int, total: int) -> None:
        """Note how far the work is. It is stored when the lease is renewed."""
        self.step, self.steps_done, self.steps = step, done, total


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of an order, and how to store it in the transaction in which the order gets done."""

    store: Callable[[AsyncSession], Awaitable[UUID]]
    provider: str
    model: str
    input_tokens: int
    output_tokens: int


class Leases:
    """The orders that are worked on, by whomever. The clocks of all workers have to agree to some seconds."""

    def __init__(
        self,
        database: Database,
        *,
        changed: Changed = lambda _order: None,
        lease_seconds: float = LEASE_SECONDS,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._changed = changed
        self._lasts = timedelta(seconds=lease_seconds)
        self._now = now

    async def take(self) -> Held | None:
        """Take the order that has waited longest; nobody else gets it while the lease lasts."""
        longest = (
            select(Generation.id)
            .where(Generation.status == GenerationStatus.QUEUED)
            .order_by(Generation.created_at)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        now, lease = self._now(), uuid4().hex
        waiting = and_(Generation.id == longest, Generation.status == GenerationStatus.QUEUED)
        taking = _changing(
            waiting,
            status=GenerationStatus.RUNNING,
            held_by=lease,
            held_until=now + self._lasts,
            started_at=now,
            attempts=Generation.attempts + 1,
            step="",
            steps_done=0,
            steps=0,
        )
        order = await self._change("take up an order", taking)
        return None if order is None else Held(order, lease, self._lapses())

    async def renew(self, held: Held) -> bool:
        """Hold the order for longer, and store how far it is; say whether it is still held at all.

        While the database is away nobody can take it, but the lease runs on.
        """
        is_further = (held.step, held.steps_done) != (held.order.step, held.order.steps_done)
        renewing = _changing(
            _is_held(held),
            version=Generation.version + int(is_further),
            held_until=self._now() + self._lasts,
            step=held.step,
            steps_done=held.steps_done,
            steps=held.steps,
        )
        try:
            order = await self._change("renew a lease", renewing)
        except DependencyError:
            return monotonic() < held.until
        if order is not None:
            held.order, held.until = order, self._lapses()
        return order is not None

    async def finish(self, held: Held, result: Result) -> Generation | None:
        """Store the result and the order's end, both or neither; `None` when the lease was lost."""
        with database_operation("finish an order"):
            async with self._database.writing() as session:
                finishing = _ending(
                    _is_held(held),
                    status=GenerationStatus.DONE,
                    finished_at=self._now(),
                    step="",
                    steps_done=held.steps,
                    steps=held.steps,
                    lesson_id=await result.store(session),
                    provider=result.provider,
                    model=result.model,
                    input_tokens=result.input_tokens,
                    output_tokens=result.output_tokens,
                )
                done: Generation | None = await session.scalar(finishing)
                if done is None:
                    await session.rollback()
        if done is not None:
            self._changed(done)
        return done

    async def fail(
        self, held: Held, *, code: str, text: str, event_id: str | None
    ) -> Generation | None:
        """Store that nothing came of the order, and why; `None` when the lease was lost."""
        failing = _ending(
            _is_held(held),
            status=GenerationStatus.FAILED,
            finished_at=self._now(),
            step=held.step,
            steps_done=held.steps_done,
            steps=held.steps,
            error_code=code,
            error=text[:MAX_ERROR_CHARS],
            event_id=event_id,
        )
        return await self._change("fail an order", failing)

    async def give_back(self, held: Held) -> None:
        """Let somebody else do it: this process ends, which isn't the order's fault."""
        returning = _ending(
            _is_held(held), status=GenerationStatus.QUEUED, attempts=Generation.attempts - 1
        )
        await self._change("give an order back", returning)

    async def let_go(self, held: Held) -> None:
        """Let the lease be over now: the order gets the next of its attempts as soon as somebody tidies."""
        await self._change("let an order go", _changing(_is_held(held), held_until=self._now()))

    async def take_away(self) -> Sequence[Generation]:
        """End the leases that are over: to be tried again, and those tried often enough as failed.

        Return the failed.
        """
        now = self._now()
        is_over = and_(Generation.status == GenerationStatus.RUNNING, Generation.held_until < now)
        giving_up = _ending(
            and_(is_over, Generation.attempts >= MAX_ATTEMPTS),
            status=GenerationStatus.FAILED,
            finished_at=now,
            error_code=WORKER_LOST,
            error=f"The server was lost {MAX_ATTEMPTS} times while it worked on this.",
        )
        trying_again = _ending(is_over, status=GenerationStatus.QUEUED)
        with database_operation("end leases"):
            async with self._database.writing() as session:
                given_up = (await session.scalars(giving_up)).all()
                waiting = (await session.scalars(trying_again)).all()
        for order in (*given_up, *waiting):
            self._changed(order)
        return given_up

    async def forget(self) -> None:
        """Delete orders that ended long ago, whose content stays, and old entries of the trail."""
        old = (
            select(Generation.id)
            .where(
                Generation.status.in_(FINAL),
                Generation.created_at < self._now() - timedelta(days=KEEP_DAYS),
            )
            .limit(MAX_FORGOTTEN_AT_ONCE)
        )
        past = (
            select(AuditEvent.id)
            .where(AuditEvent.at < self._now() - timedelta(days=KEEP_TRAIL_DAYS))
            .limit(MAX_FORGOTTEN_AT_ONCE)
        )
        with database_operation("forget what is old"):
            async with self._database.writing() as session:
                await session.execute(delete(Generation).where(Generation.id.in_(old)))
                await session.execute(delete(AuditEvent).where(AuditEvent.id.in_(past)))

    async def waiting(self) -> int:
        """Return how many orders wait, counted up to the most there can be."""
        with database_operation("count waiting orders"):
            async with self._database.session() as session:
                return await session.scalar(select(count_waiting(MAX_WAITING))) or 0

    def _lapses(self) -> float:
        return monotonic() + self._lasts.total_seconds()

    async def _change(
        self, operation: str, statement: ReturningUpdate[Generation]
    ) -> Generation | None:
        with database_operation(operation):
            async with self._database.writing() as session:
                changed: Generation | None = await session.scalar(statement)
        if changed is not None:
            self._changed(changed)
        return changed


def _is_held(held: Held) -> ColumnElement[bool]:
    return and_(
        Generation.id == held.order.id,
        Generation.held_by == held.lease,
        Generation.status == GenerationStatus.RUNNING,
    )


def _changing(which: ColumnElement[bool], **values: object) -> ReturningUpdate[Generation]:
    changed = {"version": Generation.version + 1, **values}
    return update(Generation).where(which).values(changed).returning(Generation)


def _ending(which: ColumnElement[bool], **values: object) -> ReturningUpdate[Generation]:
    return _changing(which, held_by=None, held_until=None, **values)
