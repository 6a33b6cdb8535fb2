"""Real processes of the server for tests: started, killed, asked over HTTP as a teacher."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from httpx2 import Client

from benchmarks.processes import free_port
from tests.cli.processes import Running, is_listening, wait_until
from tests.server.ordering import Orderer, orderer
from toolboxai.server.auth import AccessTokens
from toolboxai.server.config import Settings
from toolboxai.server.database import Database

ROOT = Path(__file__).parents[2]
AUTH_KEY = "a key that all processes of a test share"
ORDERS = "/api/v1/generations"


@dataclass
class Slow:
    """A running process."""

    process: Running
    port: int

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"


@dataclass
class Servers:
    """Processes that share a database, and a teacher who asks them."""

    folder: Path
    database_address: str
    token: str
    teacher: Orderer
    stack: ExitStack

    @property
    def headers(self) -> dict[str, str]:
        """What the teacher sends."""
        return {"Authorization": f"Bearer {self.token}"}

    def start(
        self, *, seconds_a_step: float = 0.05, lease_seconds: float = 30.0, workers: int = 2
    ) -> Slow:
        """Start one more."""
        port = free_port()
        folder = self.folder / str(port)
        folder.mkdir()
        process = Running(
            str(port),
            str(self.journal),
            module="tests.server.slow_server",
            folder=folder,
            PYTHONPATH=os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
            DATABASE_URL=self.database_address,
            TOOLBOXAI_AUTH_KEY=AUTH_KEY,
            TOOLBOXAI_DATA_DIR=str(folder / "data"),
            TOOLBOXAI_GENERATION_WORKERS=str(workers),
            SECONDS_A_STEP=str(seconds_a_step),
            LEASE_SECONDS=str(lease_seconds),
            SENTRY_ENVIRONMENT="production",
        )
        self.stack.callback(kill, process)
        wait_until(lambda: is_listening(port), f"a server: {process.output}")
        return Slow(process, port)

    def client(self, server: Slow) -> Client:
        """Return a client of the teacher's."""
        return Client(base_url=server.url, headers=self.headers, timeout=30)

    @property
    def journal(self) -> Path:
        """What was worked on, by whom."""
        return self.folder / "journal"

    def noted(self, what: str) -> Counter[int]:
        """Return how often something was noted of each seed."""
        lines = [line.split() for line in self.journal.read_text().splitlines()]
        return Counter(int(seed) for noted, seed, _ in lines if noted == what)

    def read(self, ask: Callable[[Database], Any]) -> Any:  # noqa: ANN401 - what the test asks for
        """Return what ``ask`` finds in the database."""
        return asyncio.run(_with(self.database_address, ask))


def kill(process: Running) -> None:
    """End a process without a last word."""
    if process.is_running():
        process.send(signal.SIGKILL)
    process.end()


@contextmanager
def servers(folder: Path, database_url: str) -> Generator[Servers]:
    """Give processes on one database; they end with the block."""
    settings = Settings(database_url=database_url, data_dir=folder / "data")
    address = settings.database_address
    teacher = asyncio.run(_with(address, _first_orderer))
    token = AccessTokens(AUTH_KEY).issue(teacher.user_id)
    with ExitStack() as stack:
        yield Servers(folder, address, token, teacher, stack)


async def _first_orderer(database: Database) -> Orderer:
    await database.start()
    return await orderer(database)


async def _with(address: str, ask: Callable[[Database], Any]) -> Any:  # noqa: ANN401
    database = Database(address)
    try:
        return await ask(database)
    finally:
        await database.stop()
