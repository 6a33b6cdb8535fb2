"""Long work: taken up once, held by a lease, given back, given up; on SQLite and PostgreSQL."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from tests.cli.processes import wait_until
from tests.server.ordering import (
    Making,
    Orderer,
    orderer,
    result_for,
    rows,
    stored_seeds,
    until,
    until_final,
)
from toolboxai.server.config import Settings
from toolboxai.server.database import Database
from toolboxai.server.error_handling import DependencyError, InvalidInputError
from toolboxai.server.jobs import (
    AlreadyFinishedError,
    Jobs,
    OrderNotFoundError,
    QueueFullError,
    Result,
    SchoolQueueFullError,
    TooManyReadersError,
    crew,
    queue,
    watch,
)
from toolboxai.server.jobs.crew import Progress
from toolboxai.server.jobs.leases import Held, Leases
from toolboxai.server.models import AuditEvent, Generation, utc_now

pytestmark = pytest.mark.anyio
Build = Callable[..., Settings]


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "RENEW_SECONDS", 0.05)
    monkeypatch.setattr(crew, "POLL_SECONDS", 0.1)
    monkeypatch.setattr(crew, "TIDY_SECONDS", 0.1)
    monkeypatch.setattr(crew, "DRAIN_SECONDS", 0.05)
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.05)


@pytest.fixture
async def database(settings: Build, server_database: str) -> AsyncGenerator[Database]:
    opened = Database(settings(database_url=server_database).database_address)
    await opened.start()
    yield opened
    await opened.stop()


@pytest.fixture
async def teacher(database: Database) -> Orderer:
    return await orderer(database)


async def test_what_is_ordered_is_made_once_and_stored_with_its_end(
    database: Database, teacher: Orderer
) -> None:
    making = Making()
    making.may_go_on.set()
    async with Jobs(database, making, workers=2) as jobs:
        orders = [await jobs.order(teacher.order(seed)) for seed in range(8)]
        done = [await until_final(jobs, order) for order in orders]

    assert [order.status for order in done] == ["done"] * 8
    assert sorted(making.begun) == list(range(8))
    assert await stored_seeds(database) == list(range(8))
    assert {(order.attempts, order.provider, order.input_tokens) for order in done} == {
        (1, "test", 1)
    }
    assert all(order.lesson_id and order.started_at and order.finished_at for order in done)
    assert sorted(order.seed for order in making.over) == list(range(8))


async def test_a_crew_works_on_as_many_at_once_as_it_has_workers(
    database: Database, teacher: Orderer
) -> None:
    making = Making()
    async with Jobs(database, making, workers=2) as jobs:
        orders = [await jobs.order(teacher.order(seed)) for seed in range(4)]
        for order in orders[:2]:
            await until(jobs, order, "running")

        states = [order.status for order in await rows(database)]
        making.may_go_on.set()
        for order in orders:
            await until_final(jobs, order)

    assert states == ["running", "running", "queued", "queued"]


async def test_several_processes_share_the_work_and_none_is_done_twice(
    database: Database, teacher: Orderer
) -> None:
    making = Making()
    making.may_go_on.set()
    others = [Database(database.address) for _ in range(3)]
    async with AsyncExitStack() as stack:
        crews = [await stack.enter_async_context(Jobs(each, making, workers=2)) for each in others]
        orders = [await crews[seed % 3].order(teacher.order(seed)) for seed in range(30)]
        for order in orders:
            await until_final(crews[0], order)
    for each in others:
        await each.stop()

    assert sorted(making.begun) == list(range(30))
    assert making.twice_at_once == []
    assert await stored_seeds(database) == list(range(30))


async def test_the_longest_waiting_is_taken_first(database: Database, teacher: Orderer) -> None:
    making = Making()
    making.may_go_on.set()
    waiting = Jobs(database, making, workers=0)
    orders = [await waiting.order(teacher.order(seed)) for seed in range(5)]

    async with Jobs(database, making, workers=1) as jobs:
        for order in orders:
            await until_final(jobs, order)

    assert making.begun == list(range(5))


async def test_a_school_has_a_bound_of_its_own_and_all_together_have_one(
    database: Database, teacher: Orderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MAX_WAITING_PER_SCHOOL", 2)
    monkeypatch.setattr(queue, "MAX_WAITING", 3)
    jobs = Jobs(database, Making(), workers=0)
    other, third = await orderer(database), await orderer(database)
    for _ in range(2):
        await jobs.order(teacher.order())

    with pytest.raises(SchoolQueueFullError) as refused:
        await jobs.order(teacher.order())
    await jobs.order(other.order())
    with pytest.raises(QueueFullError):
        await jobs.order(third.order())

    assert refused.value.headers["Retry-After"] == "10"
    assert len(await rows(database)) == 3


async def test_the_same_order_sent_many_times_at_once_is_one(
    database: Database, teacher: Orderer
) -> None:
    jobs = Jobs(database, Making(), workers=0)

    taken = await asyncio.gather(
        *(jobs.order(teacher.order(seed, request_key="same")) for seed in range(6))
    )

    assert len({order.id for order in taken}) == 1
    assert len(await rows(database)) == 1


async def test_who_has_lost_the_lease_changes_nothing_any_more(
    database: Database, teacher: Orderer
) -> None:
    slow, quick = Leases(database, lease_seconds=-1), Leases(database)
    await Jobs(database, Making(), workers=0).order(teacher.order(seed=5))
    lost = await slow.take()
    assert lost
    await quick.take_away()
    held = await quick.take()
    assert held
    assert held.order.attempts == 2

    late = [
        await slow.finish(lost, result_for(lost.order)),
        await slow.fail(lost, code="late", text="late", event_id=None),
    ]
    await slow.give_back(lost)

    assert late == [None, None]
    assert await slow.renew(lost) is False
    assert await stored_seeds(database) == []
    assert await quick.finish(held, result_for(held.order)) is not None
    assert await stored_seeds(database) == [5]


async def test_a_lease_that_holds_is_nobody_elses(database: Database, teacher: Orderer) -> None:
    leases, others = Leases(database), Leases(database)
    await Jobs(database, Making(), workers=0).order(teacher.order())
    held = await leases.take()
    assert held

    assert await others.take_away() == []
    assert await others.take() is None
    assert await leases.renew(held) is True


async def test_an_order_whose_workers_are_lost_three_times_has_failed(
    database: Database, teacher: Orderer
) -> None:
    lost, making = Leases(database, lease_seconds=-1), Making()
    jobs = Jobs(database, making, workers=1)
    order = await jobs.order(teacher.order())
    for _ in range(2):
        assert await lost.take()
        assert await lost.take_away() == []
    assert await lost.take()

    async with jobs:
        failed = await until_final(jobs, order)

    assert (failed.status, failed.error_code, failed.attempts) == ("failed", "worker-lost", 3)
    assert [ended.id for ended in making.over] == [order.id]
    assert making.begun == []


async def test_a_cancelled_order_is_not_begun(database: Database, teacher: Orderer) -> None:
    making = Making()
    jobs = Jobs(database, making, workers=1)
    order = await jobs.order(teacher.order())

    cancelled = await jobs.cancel(teacher.school_id, order.id)
    again = await jobs.cancel(teacher.school_id, order.id)
    async with jobs:
        other = await jobs.order(teacher.order(seed=2))
        await until(jobs, other, "running")

    assert (cancelled.status, again.status) == ("cancelled", "cancelled")
    assert again.version == cancelled.version
    assert making.begun == [2]


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "in another process"])
async def test_work_on_an_order_ends_when_it_is_cancelled(
    database: Database, teacher: Orderer, *, elsewhere: bool
) -> None:
    making = Making()
    async with Jobs(database, making, workers=1) as jobs:
        order = await jobs.order(teacher.order(seed=7))
        await until(jobs, order, "running")
        where = Jobs(database, making, workers=0) if elsewhere else jobs
        await where.cancel(teacher.school_id, order.id)
        after = await jobs.order(teacher.order(seed=8))
        await until(jobs, after, "running")

    assert making.begun == [7, 8]
    assert 7 in making.cancelled
    assert await stored_seeds(database) == []


async def test_what_is_done_can_not_be_cancelled(database: Database, teacher: Orderer) -> None:
    making = Making()
    making.may_go_on.set()
    async with Jobs(database, making, workers=1) as jobs:
        done = await until_final(jobs, await jobs.order(teacher.order()))

        with pytest.raises(AlreadyFinishedError):
            await jobs.cancel(teacher.school_id, done.id)


async def test_nobody_finds_or_cancels_what_another_school_ordered(
    database: Database, teacher: Orderer
) -> None:
    jobs, other = Jobs(database, Making(), workers=0), await orderer(database)
    order = await jobs.order(teacher.order())

    with pytest.raises(OrderNotFoundError):
        await jobs.queue.find(other.school_id, order.id)
    with pytest.raises(OrderNotFoundError):
        await jobs.cancel(other.school_id, order.id)

    assert await jobs.queue.page(other.school_id, limit=10) == []
    assert [row.status for row in await rows(database)] == ["queued"]


async def test_at_the_end_running_work_is_given_back_and_done_by_the_next(
    database: Database, teacher: Orderer
) -> None:
    making, next_making = Making(), Making()
    next_making.may_go_on.set()
    async with Jobs(database, making, workers=1) as jobs:
        order = await jobs.order(teacher.order(seed=3))
        await until(jobs, order, "running")
    (given_back,) = await rows(database)

    async with Jobs(database, next_making, workers=1) as after:
        done = await until_final(after, order)

    assert (given_back.status, given_back.attempts, given_back.held_by) == ("queued", 0, None)
    assert (done.status, done.attempts) == ("done", 1)
    assert await stored_seeds(database) == [3]


async def test_how_far_work_is_can_be_seen_from_another_process(
    database: Database, teacher: Orderer
) -> None:
    making = Making()
    async with (
        Jobs(database, making, workers=1) as jobs,
        Jobs(database, making, workers=0) as elsewhere,
    ):
        order = await jobs.order(teacher.order())
        with elsewhere.watch.follow(order) as followed:
            async with asyncio.timeout(10):
                while not followed.order.step:
                    await followed.after(followed.order.version, within_seconds=10)

        seen = followed.order
    assert (seen.status, seen.step, seen.steps_done, seen.steps) == ("running", "write", 1, 4)


async def test_our_own_fault_is_told_without_its_words(
    database: Database, teacher: Orderer
) -> None:
    making = Making(error=ZeroDivisionError("s3cret"))
    making.may_go_on.set()
    async with Jobs(database, making, workers=1) as jobs:
        failed = await until_final(jobs, await jobs.order(teacher.order()))

    assert (failed.status, failed.error_code) == ("failed", "internal-error")
    assert "s3cret" not in (failed.error or "")
    assert [order.status for order in making.over] == ["failed"]


async def test_a_callers_fault_is_told_in_its_words(database: Database, teacher: Orderer) -> None:
    making = Making(error=InvalidInputError("objective", "is not taught"))
    making.may_go_on.set()
    async with Jobs(database, making, workers=1) as jobs:
        failed = await until_final(jobs, await jobs.order(teacher.order()))

    assert (failed.error_code, failed.error) == ("invalid-input", "objective: is not taught")


async def test_while_the_database_is_away_the_crew_waits_says_so_once_and_goes_on_afterwards(
    database: Database, teacher: Orderer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    making = Making()
    making.may_go_on.set()
    async with Jobs(database, making, workers=1) as jobs:
        order = await jobs.order(teacher.order(seed=1))
        await until_final(jobs, order)
        await _rename(database, "generation", "away")
        await asyncio.to_thread(wait_until, lambda: "can't be taken up" in caplog.text, "a line")
        with pytest.raises(Exception, match=r"database failed|does not exist"):
            await jobs.order(teacher.order(seed=2))
        await _rename(database, "away", "generation")

        done = await until_final(jobs, await jobs.order(teacher.order(seed=3)))

    assert done.status == "done"
    assert caplog.text.count("orders can't be taken up") == 1
    assert caplog.text.count("orders are taken up again") == 1


async def _rename(database: Database, before: str, after: str) -> None:
    async with database.writing() as session:
        await session.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))


async def test_while_the_database_is_away_a_lease_holds_until_it_is_over(
    database: Database, teacher: Orderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    leases, short = Leases(database), Leases(database, lease_seconds=0)
    jobs = Jobs(database, Making(), workers=0)
    for seed in range(2):
        await jobs.order(teacher.order(seed))
    held, held_shortly = await leases.take(), await short.take()
    assert held
    assert held_shortly

    def away() -> None:
        raise DependencyError(service="database", operation="test")

    monkeypatch.setattr(database, "writing", away)

    assert await leases.renew(held) is True
    assert await short.renew(held_shortly) is False


async def test_a_result_that_can_not_be_stored_is_made_again(
    database: Database, teacher: Orderer
) -> None:
    class AwayAtFirst(Making):
        async def make(self, order: Generation, progress: Progress) -> Result:
            made = await super().make(order, progress)
            if len(self.begun) == 1:
                raise DependencyError(service="database", operation="test")
            return made

    making = AwayAtFirst()
    making.may_go_on.set()
    async with Jobs(database, making, workers=1, lease_seconds=0.2) as jobs:
        done = await until_final(jobs, await jobs.order(teacher.order(seed=4)))

    assert (done.status, done.attempts) == ("done", 2)
    assert await stored_seeds(database) == [4]


async def test_a_result_is_stored_once_the_database_is_back_while_the_lease_lasts(
    database: Database, teacher: Orderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish, times = Leases.finish, iter(range(10))

    async def away_at_first(leases: Leases, held: Held, result: Result) -> Generation | None:
        if next(times) < 3:
            raise DependencyError(service="database", operation="test")
        return await finish(leases, held, result)

    monkeypatch.setattr(Leases, "finish", away_at_first)
    making = Making()
    making.may_go_on.set()
    async with Jobs(database, making, workers=1) as jobs:
        done = await until_final(jobs, await jobs.order(teacher.order(seed=4)))

    assert (done.status, done.attempts, making.begun) == ("done", 1, [4])
    assert next(times) == 4


async def test_an_order_that_was_let_go_is_tried_again_before_its_lease_would_be_over(
    database: Database, teacher: Orderer
) -> None:
    leases, others = Leases(database), Leases(database)
    await Jobs(database, Making(), workers=0).order(teacher.order())
    held = await leases.take()
    assert held

    await leases.let_go(held)
    assert await others.take_away() == []
    again = await others.take()

    assert again
    assert (again.order.id, again.order.attempts) == (held.order.id, 2)


async def test_orders_that_ended_long_ago_are_forgotten_and_what_was_made_stays(
    database: Database, teacher: Orderer
) -> None:
    making = Making()
    making.may_go_on.set()
    async with Jobs(database, making, workers=1) as jobs:
        await until_final(jobs, await jobs.order(teacher.order(seed=6)))
    await jobs.queue.add(teacher.order(seed=7))

    await Leases(database).forget()
    kept = len(await rows(database))
    await Leases(database, now=lambda: utc_now().replace(year=2100)).forget()

    assert kept == 2
    assert [row.seed for row in await rows(database)] == [7]
    assert await stored_seeds(database) == [6]


async def test_the_trail_is_forgotten_after_a_year(database: Database, teacher: Orderer) -> None:
    order, now = teacher.order(seed=1), utc_now()
    ages = (timedelta(days=364), timedelta(days=366))
    async with database.writing() as session:
        session.add_all(
            AuditEvent(school_id=order.school_id, action="test", at=now - age) for age in ages
        )

    await Leases(database).forget()

    async with database.session() as session:
        assert list(await session.scalars(select(AuditEvent.at))) == [now - ages[0]]


async def test_readers_have_a_bound(
    database: Database, teacher: Orderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "MAX_READERS_PER_SCHOOL", 2)
    jobs = Jobs(database, Making(), workers=0)
    order = await jobs.order(teacher.order())

    async with jobs:
        with (
            jobs.watch.follow(order),
            jobs.watch.follow(order),
            pytest.raises(TooManyReadersError),
            jobs.watch.follow(order),
        ):
            pass
        with jobs.watch.follow(order) as followed:
            assert await followed.after(0, within_seconds=1) is order
