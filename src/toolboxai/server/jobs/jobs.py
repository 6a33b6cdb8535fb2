"""Everything about long work in one place: what takes orders in, works on them, and tells how far they are."""

from typing import Self
from uuid import UUID

from toolboxai.server.database import Database
from toolboxai.server.jobs.crew import Crew, Work
from toolboxai.server.jobs.leases import LEASE_SECONDS, Leases
from toolboxai.server.jobs.queue import Queue
from toolboxai.server.jobs.watch import Watch
from toolboxai.server.models import Generation
from toolboxai.server.parts import Part


class Jobs:
    """The orders of all schools, as one process sees them, from `start` to `stop`."""

    def __init__(
        self,
        database: Database,
        work: Work,
        *,
        workers: int,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._work = work
        self.watch = Watch(database)
        self.queue = Queue(database, changed=self.watch.tell)
        leases = Leases(database, changed=self.watch.tell, lease_seconds=lease_seconds)
        self._crew = Crew(leases, work, workers=workers)

    async def __aenter__(self) -> Self:
        """Begin to work."""
        await self._crew.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Finish what can be finished in three seconds, and leave the rest to others."""
        await self._crew.stop()
        await self.watch.stop()

    async def health(self) -> Part:
        """Say whether orders are taken up, and how many are."""
        return self._crew.health()

    async def order(self, order: Generation) -> Generation:
        """Take ``order`` in; return the order that the same user made with the same key, if there is one."""
        taken = await self.queue.add(order)
        self._crew.call()
        return taken

    async def cancel(self, school_id: UUID, order_id: UUID) -> Generation:
        """End an order that isn't finished yet."""
        cancelled, is_new = await self.queue.cancel(school_id, order_id)
        if is_new:
            self._crew.drop(order_id)
            self._work.ended(cancelled)
        return cancelled
