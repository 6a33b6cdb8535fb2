"""Orders come in, within bounds, and are found again. Knows rows, not what they ask for."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import ScalarSelect, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute

from toolboxai.server.database import Database
from toolboxai.server.error_handling import CallerError, DependencyError, database_operation
from toolboxai.server.models import FINAL, Generation, GenerationStatus, utc_now

MAX_WAITING = 1_000
MAX_WAITING_PER_SCHOOL = 100
RETRY_AFTER_SECONDS = 10

Changed = Callable[[Generation], None]
# What an order says when it comes in; all else is said of it later.
ORDERED: tuple[InstrumentedAttribute[object], ...] = (
    Generation.id,
    Generation.school_id,
    Generation.user_id,
    Generation.kind,
    Generation.subject,
    Generation.objective,
    Generation.grade,
    Generation.seed,
    Generation.questions,
    Generation.role,
    Generation.request_key,
    Generation.trace,
)


class SchoolQueueFullError(CallerError):
    """A school has as many orders waiting as it may have."""

    status = 429
    headers: Mapping[str, str] = {"Retry-After": str(RETRY_AFTER_SECONDS)}

    def __init__(self) -> None:
        super().__init__(
            f"Your school has {MAX_WAITING_PER_SCHOOL} orders waiting, which is the most there can"
            " be. Wait for some to be done, or cancel them."
        )


class QueueFullError(DependencyError):
    """So many orders wait that one more would wait for too long."""

    def __init__(self) -> None:
        super().__init__(service="the queue of orders", operation="take an order")


class OrderNotFoundError(CallerError):
    """No order of this school has this id."""

    status = 404

    def __init__(self) -> None:
        super().__init__(
            "Your school has no order with this id. GET /api/v1/generations lists them."
        )


class AlreadyFinishedError(CallerError):
    """What is done can't be cancelled."""

    status = 409

    def __init__(self) -> None:
        super().__init__("This order is finished already, so there is nothing to cancel.")


class Queue:
    """The orders of all schools; whoever asks sees those of one."""

    def __init__(self, database: Database, *, changed: Changed = lambda _order: None) -> None:
        self._database = database
        self._changed = changed

    async def add(self, order: Generation) -> Generation:
        """Store ``order``, or return the one that the same user made with the same request key.

        The bounds hold give or take what comes in at the very same moment.
        """
        known = await self._known(order)
        if known is not None:
            return known
        try:
            added = await self._insert(order)
        except IntegrityError:
            known = await self._known(order)
            if known is None:
                raise
            return known
        self._changed(added)
        return added

    async def _known(self, order: Generation) -> Generation | None:
        if order.request_key is None:
            return None
        same = select(Generation).where(
            Generation.user_id == order.user_id, Generation.request_key == order.request_key
        )
        with database_operation("look for the same order"):
            async with self._database.session() as session:
                return await session.scalar(same)

    async def _insert(self, order: Generation) -> Generation:
        of_school = count_waiting(MAX_WAITING_PER_SCHOOL, order.school_id)
        values = {
            **{column.key: getattr(order, column.key) for column in ORDERED},
            "status": GenerationStatus.QUEUED,
            "version": 1,
            "step": "",
            "steps_done": 0,
            "steps": 0,
            "attempts": 0,
            "created_at": utc_now(),
        }
        columns = Generation.__table__.c
        row = select(*(literal(value, columns[name].type) for name, value in values.items()))
        within_bounds = row.where(
            of_school < MAX_WAITING_PER_SCHOOL, count_waiting(MAX_WAITING) < MAX_WAITING
        )
        statement = insert(Generation).from_select(list(values), within_bounds)
        with database_operation("take an order"):
            async with self._database.writing() as session:
                added: Generation | None = await session.scalar(statement.returning(Generation))
                if added is not None:
                    return added
                waiting = await session.scalar(select(of_school)) or 0
        raise SchoolQueueFullError if waiting >= MAX_WAITING_PER_SCHOOL else QueueFullError

    async def find(self, school_id: UUID, order_id: UUID) -> Generation:
        """Return an order of the school, or raise `OrderNotFoundError`."""
        mine = select(Generation).where(
            Generation.id == order_id, Generation.school_id == school_id
        )
        with database_operation("read an order"):
            async with self._database.session() as session:
                found = await session.scalar(mine)
        if found is None:
            raise OrderNotFoundError
        return found

    async def page(
        self, school_id: UUID, *, limit: int, before: UUID | None = None
    ) -> Sequence[Generation]:
        """Return the newest orders of the school, those older than ``before``."""
        newest = select(Generation).where(Generation.school_id == school_id)
        if before is not None:
            newest = newest.where(Generation.id < before)
        newest = newest.order_by(Generation.id.desc()).limit(limit)
        with database_operation("list orders"):
            async with self._database.session() as session:
                return (await session.scalars(newest)).all()

    async def cancel(self, school_id: UUID, order_id: UUID) -> tuple[Generation, bool]:
        """Cancel an order; say whether it was this that ended it. One that is running loses its lease."""
        ending = (
            update(Generation)
            .where(
                Generation.id == order_id,
                Generation.school_id == school_id,
                Generation.status.not_in(FINAL),
            )
            .values(
                status=GenerationStatus.CANCELLED,
                held_by=None,
                held_until=None,
                finished_at=utc_now(),
                version=Generation.version + 1,
            )
            .returning(Generation)
        )
        with database_operation("cancel an order"):
            async with self._database.writing() as session:
                cancelled = await session.scalar(ending)
        if cancelled is not None:
            self._changed(cancelled)
            return cancelled, True
        found = await self.find(school_id, order_id)
        if found.status != GenerationStatus.CANCELLED:
            raise AlreadyFinishedError
        return found, False


def count_waiting(limit: int, school_id: UUID | None = None) -> ScalarSelect[int]:
    """Return how many orders wait, and stop counting at ``limit``."""
    waiting = select(Generation.id).where(Generation.status == GenerationStatus.QUEUED)
    if school_id is not None:
        waiting = waiting.where(Generation.school_id == school_id)
    return select(func.count()).select_from(waiting.limit(limit).subquery()).scalar_subquery()
