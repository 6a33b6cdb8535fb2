"""The server with work that takes its time and keeps a journal: ``python -m tests.server.slow_server PORT JOURNAL``.

SECONDS_A_STEP and LEASE_SECONDS come from the environment. The journal gets a line when work on an order begins and
one when it is made; lines are whole, also of several processes at once.
"""

import asyncio
import os
import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from toolboxai.server.config import load_settings
from toolboxai.server.content import Generating, service
from toolboxai.server.content.authors import Authors
from toolboxai.server.content.orders import Made, Order, Progress
from toolboxai.server.jobs import Jobs, crew
from toolboxai.server.main import create_app

STEPS = ("plan", "write", "quiz", "review")


class SlowWork:
    """Makes what is ordered, slowly."""

    def __init__(self, journal: Path, seconds: float) -> None:
        self._journal = os.open(journal, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        self._seconds = seconds

    async def __call__(self, order: Order, *, authors: Authors, progress: Progress) -> Made:
        """Take the time of all steps, then make it."""
        self._note("begin", order)
        for done, step in enumerate(STEPS):
            progress(step, done, len(STEPS))
            await asyncio.sleep(self._seconds)
        made = await service.generate(order, authors=authors, progress=progress)
        self._note("made", order)
        return made

    def _note(self, what: str, order: Order) -> None:
        os.write(self._journal, f"{what} {order.seed} {os.getpid()}\n".encode())


def slow_app(journal: Path) -> FastAPI:
    """Return the server that the environment describes, slowed down."""
    settings = load_settings()
    app = create_app(settings)
    work = SlowWork(journal, float(os.environ["SECONDS_A_STEP"]))
    app.state.jobs = Jobs(
        app.state.database,
        Generating(app.state.generation_tally, app.state.authors, work),
        workers=settings.generation_workers,
        lease_seconds=float(os.environ["LEASE_SECONDS"]),
    )
    return app


if __name__ == "__main__":
    crew.TIDY_SECONDS = 0.2
    crew.RENEW_SECONDS = 0.2
    uvicorn.run(slow_app(Path(sys.argv[2])), port=int(sys.argv[1]), log_level="warning")
