"""Those of this process who work on orders, a few at a time. Knows neither rows nor what is made."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, suppress
from functools import partial
from time import monotonic
from types import TracebackType
from typing import Protocol, TypeVar
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from toolboxai import telemetry
from toolboxai.server.error_handling import (
    AppError,
    CallerError,
    DependencyError,
    OurFaultError,
)
from toolboxai.server.jobs.leases import MAX_ATTEMPTS, Held, Leases, Result
from toolboxai.server.models import Generation
from toolboxai.server.parts import Part, PartStatus

log = logging.getLogger(__name__)
T = TypeVar("T")

POLL_SECONDS = 2.0
RENEW_SECONDS = 1.0
TIDY_SECONDS = 5.0
FORGET_SECONDS = 3_600.0
DRAIN_SECONDS = 3.0
GIVE_BACK_SECONDS = 5.0
INTERNAL_ERROR = "internal-error"
OUR_SIDE = "Something went wrong on our side. It was reported, and ordering it again may help."

Progress = Callable[[str, int, int], None]


class Work(Protocol):
    """What is done with an order."""

    def about(self, order: Generation) -> AbstractContextManager[object]:
        """Say for the block what reports are about."""

    async def make(self, order: Generation, progress: Progress) -> Result:
        """Do it, and call ``progress`` before each step. It may be cancelled wherever it awaits."""

    def ended(self, order: Generation) -> None:
        """Take note of an order that was done or failed."""

    def waiting(self, count: int) -> None:
        """Take note of how many orders wait."""


class WorkerLostError(OurFaultError):
    """Whoever worked on an order was lost, as often as it is tried."""

    def __init__(self, order_id: UUID) -> None:
        super().__init__(f"order {order_id} was lost {MAX_ATTEMPTS} times with who worked on it")


class _Reported:
    """What a job lets out is reported, and stored with the order; the next order gets its turn."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> bool:
        return isinstance(error, Exception)


class Crew:
    """Takes orders while there are any, and rests until there are."""

    def __init__(self, leases: Leases, work: Work, *, workers: int) -> None:
        self._leases = leases
        self._work = work
        self._workers = workers
        self._called = asyncio.Event()
        self._closing = asyncio.Event()
        self._is_late = False
        self._is_cut_off = False
        self._busy: list[asyncio.Task[None]] = []
        self._making: dict[asyncio.Task[Result], UUID] = {}

    async def start(self) -> None:
        """Begin to take orders. Without workers this process only takes them in."""
        if self._workers:
            serving = [self._serve() for _ in range(self._workers)]
            self._busy = [asyncio.create_task(each) for each in (self._tidy(), *serving)]

    async def stop(self) -> None:
        """Finish what can be finished in three seconds, and give the rest back."""
        if not self._busy:
            return
        self._closing.set()
        self._called.set()
        await asyncio.wait(self._busy, timeout=DRAIN_SECONDS)
        # Only the work is cancelled: a statement half-way would keep SQLite locked.
        self._is_late = True
        for making in self._making:
            making.cancel()
        _, hanging = await asyncio.wait(self._busy, timeout=GIVE_BACK_SECONDS)
        for task in hanging:
            task.cancel()

    def health(self) -> Part:
        """Say whether orders are taken up, and how many of how many this process works on."""
        if not self._workers:
            says = "this process takes orders in and leaves the work to others"
            return Part(status=PartStatus.UNUSED, says=says)
        figures: dict[str, float] = {"workers": self._workers, "working": len(self._making)}
        if self._is_cut_off:
            says = "orders can't be taken up until the database answers"
            return Part(status=PartStatus.DEGRADED, says=says, figures=figures)
        return Part(status=PartStatus.OK, says="orders are taken up", figures=figures)

    def call(self) -> None:
        """Say that there is an order, so that nobody has to look for it first."""
        self._called.set()

    def drop(self, order_id: UUID) -> None:
        """Stop working on an order that was cancelled."""
        for making, worked_on in self._making.items():
            if worked_on == order_id:
                making.cancel()

    async def _serve(self) -> None:
        while not self._closing.is_set():
            self._called.clear()
            held = await self._tried(self._leases.take)
            if held is None:
                await self._rest()
                continue
            # Where there is one order there may be another, for somebody else who rests.
            self._called.set()
            await self._work_on(held)

    async def _rest(self) -> None:
        if not self._closing.is_set():
            await _within(POLL_SECONDS, self._called)

    async def _tried(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        """Return what the database says. That it says nothing is reported once, until it does again."""
        try:
            answer = await ask()
        except (DependencyError, SQLAlchemyError):
            if not self._is_cut_off:
                log.exception("orders can't be taken up until the database answers")
            self._is_cut_off = True
            return None
        if self._is_cut_off:
            log.info("orders are taken up again")
        self._is_cut_off = False
        return answer

    async def _work_on(self, held: Held) -> None:
        order = held.order
        with _Reported(), telemetry.job(_name_of(order), link=order.trace), self._work.about(order):
            try:
                result = await self._made(held)
                if result is not None:
                    finish = partial(self._leases.finish, held, result)
                    self._tell(await self._insisted(held, finish))
                elif self._is_late:
                    await self._leases.give_back(held)
            except (
                CallerError
            ) as error:  # what was asked for can't be made: nobody has to mend anything
                await self._fail(held, error)
            except Exception as error:
                await self._fail(held, error)
                raise

    async def _made(self, held: Held) -> Result | None:
        """Return what came of the order, or `None` when it isn't ours any more."""
        making = asyncio.create_task(self._work.make(held.order, held.tell))
        self._making[making] = held.order.id
        try:
            while not (await asyncio.wait({making}, timeout=RENEW_SECONDS))[0]:
                if not await self._leases.renew(held):
                    return None
            return None if making.cancelled() else making.result()
        finally:
            del self._making[making]
            making.cancel()

    async def _fail(self, held: Held, error: Exception) -> None:
        if isinstance(error, DependencyError) and error.service == "database":
            # Nothing can be stored now. If that is over before the lease is, nobody has to wait for its end.
            with suppress(DependencyError):
                await self._insisted(held, partial(self._leases.let_go, held))
            return
        is_expected = isinstance(error, AppError) and not isinstance(error, OurFaultError)
        failed = await self._leases.fail(
            held,
            code=error.code if isinstance(error, AppError) else INTERNAL_ERROR,
            text=str(error) if is_expected else OUR_SIDE,
            event_id=None if isinstance(error, CallerError) else telemetry.event_id_for(error),
        )
        self._tell(failed)

    async def _insisted(self, held: Held, store: Callable[[], Awaitable[T]]) -> T:
        """Return what ``store`` gives, tried again while the database is away and the lease lasts."""
        while True:
            try:
                return await store()
            except DependencyError:
                if self._closing.is_set() or monotonic() >= held.until:
                    raise
            await _within(RENEW_SECONDS, self._closing)

    def _tell(self, ended: Generation | None) -> None:
        if ended is not None:
            self._work.ended(ended)

    async def _tidy(self) -> None:
        forgotten_at = -FORGET_SECONDS
        while not self._closing.is_set():
            for order in await self._tried(self._leases.take_away) or ():
                self._give_up(order)
            self._work.waiting(await self._tried(self._leases.waiting) or 0)
            if monotonic() - forgotten_at > FORGET_SECONDS:
                await self._tried(self._leases.forget)
                forgotten_at = monotonic()
            await _within(TIDY_SECONDS, self._closing)

    def _give_up(self, order: Generation) -> None:
        with _Reported(), telemetry.job(_name_of(order), link=order.trace), self._work.about(order):
            raise WorkerLostError(order.id)
        self._work.ended(order)


async def _within(seconds: float, happened: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await happened.wait()


def _name_of(order: Generation) -> str:
    return f"generate {order.kind}"
