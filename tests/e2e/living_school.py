"""A school's server at work, with everything it depends on behind a line that a test can cut, and the real monitor."""

import asyncio
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import urllib3
from sqlalchemy import text

from benchmarks.processes import free_port
from tests.cli.processes import Running, wait_until
from tests.forwarder import Forwarder, line_to
from tests.server.fake_llm import KEY, MODEL, FakeLlm, running_llm
from tests.server.people import HASHED, PASSWORD, PUPILS_GRADE
from toolboxai.monitor.queries import Queries
from toolboxai.server.auth import AccessTokens
from toolboxai.server.database import Database
from toolboxai.server.models import Role, School, User, new_id

MODEL_TIMEOUT_SECONDS = 1.0
_http = urllib3.PoolManager(retries=False, timeout=30, maxsize=32)
Json = dict[str, Any]
Answer = urllib3.BaseHTTPResponse


def trace_id_of(name: str) -> str:
    """Return the trace id of everything that is asked under ``name``."""
    return md5(name.encode(), usedforsecurity=False).hexdigest()


@dataclass
class LivingSchool:
    """The server's process, its people, and what it depends on."""

    url: str
    folder: Path
    database_address: str
    auth_key: str
    people: dict[Role, UUID]
    database: Forwarder
    redis: Forwarder
    model: Forwarder
    monitor: Forwarder
    llm: FakeLlm
    # Whatever is asked belongs to the trace of this name.
    asking_about: str = "nothing"

    @property
    def tokens(self) -> AccessTokens:
        """What access tokens are made with."""
        return AccessTokens(self.auth_key)

    def ask(
        self,
        method: str,
        path: str,
        *,
        who: Role | str | None = None,
        json: Mapping[str, object] | None = None,
        body: bytes | None = None,
        content_type: str = "application/json",
    ) -> Answer:
        """Return the answer to somebody of the school, to a token, or to nobody."""
        token = self.tokens.issue(self.people[who]) if isinstance(who, Role) else who
        headers = {
            # uvicorn hangs up after an unhandled error, so a kept-alive connection would meet a reset.
            "Connection": "close",
            "Content-Type": content_type,
            "sentry-trace": f"{trace_id_of(self.asking_about)}-0123456789abcdef-1",
        }
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return _http.request(method, f"{self.url}{path}", headers=headers, json=json, body=body)

    def sign_in(self, username: str, password: str = PASSWORD) -> Answer:
        """Return the answer to a sign-in."""
        form = urlencode({"username": username, "password": password}).encode()
        kind = "application/x-www-form-urlencoded"
        return self.ask("POST", "/auth/token", body=form, content_type=kind)

    def execute(self, statement: str, **values: object) -> None:
        """Do something to the database behind the server's back."""

        async def run() -> None:
            database = Database(self.database_address)
            try:
                async with database.engine.begin() as connection:
                    await connection.execute(text(statement), values)
            finally:
                await database.stop()

        asyncio.run(run())

    def status(self) -> Json:
        """Return what telemetry says of itself."""
        told: Json = self.ask("GET", "/sentry/status").json()
        return told

    def events(self) -> list[Json]:
        """Return what the monitor has stored, once nothing is on its way any more."""
        wait_until(lambda: self.status()["queued"] == 0, "an empty queue")
        wait_until(lambda: self.status()["spool"]["waiting"] == 0, "an empty spool")
        queries = Queries(self.folder / "monitor")
        (project, *_) = queries.projects()
        found = (queries.event(project.id, event_id) for event_id in queries.event_ids())
        events = [event.payload for event in found if event is not None and event.issue_id]
        queries.close()
        return events


@contextmanager
def living_school(folder: Path, *, database_url: str, redis_url: str) -> Generator[LivingSchool]:
    """Start a monitor and a server of this school; both end with the block."""
    with (
        running_monitor(folder) as monitor_process,
        running_llm() as llm,
        line_to(database_url, 5432) as (database, cuttable_database),
        line_to(redis_url, 6379) as (redis, cuttable_redis),
        line_to(llm.url, 80) as (model, cuttable_model),
    ):
        address = database_url.replace("postgresql://", "postgresql+asyncpg://")
        people = asyncio.run(settle(address))  # while the monitor starts
        monitor_process.wait_to_say("listens on")
        dsn = (folder / "monitor" / "dsn").read_text().strip()
        with line_to(dsn, 80) as (monitor, cuttable_dsn):
            port, auth_key = free_port(), token_hex(32)
            school = LivingSchool(
                url=f"http://127.0.0.1:{port}",
                folder=folder,
                database_address=address,
                auth_key=auth_key,
                people=people,
                database=database,
                redis=redis,
                model=model,
                monitor=monitor,
                llm=llm,
            )
            (folder / "server").mkdir()
            server = Running(
                "serve",
                "--port",
                str(port),
                folder=folder / "server",
                SENTRY_DSN=cuttable_dsn,
                SENTRY_ENVIRONMENT="production",
                SENTRY_TRACES_SAMPLE_RATE="0",
                DATABASE_URL=cuttable_database,
                REDIS_URL=cuttable_redis,
                TOOLBOXAI_AUTH_KEY=auth_key,
                TOOLBOXAI_DATA_DIR=str(folder / "data"),
                TOOLBOXAI_LLM_BASE_URL=cuttable_model,
                TOOLBOXAI_LLM_MODEL=MODEL,
                TOOLBOXAI_LLM_API_KEY=KEY,
                TOOLBOXAI_LLM_TIMEOUT_SECONDS=str(MODEL_TIMEOUT_SECONDS),
                TOOLBOXAI_LLM_FALLBACK="false",
            )
            try:
                server.wait_to_say("Uvicorn running on")
                yield school
            finally:
                server.stop()


@contextmanager
def running_monitor(folder: Path) -> Generator[Running]:
    """Start a monitor; it may not listen yet."""
    data = str(folder / "monitor")
    process = Running("monitor", "--port", str(free_port()), "--data", data, folder=folder)
    try:
        yield process
    finally:
        process.stop()


async def settle(address: str) -> dict[Role, UUID]:
    """Make the tables, a school, and somebody of each role with `PASSWORD`; return their ids."""
    school, ids = School(id=new_id(), name="Hill School"), {role: new_id() for role in Role}
    people = [
        User(
            id=user_id,
            school_id=None if role is Role.OPERATOR else school.id,
            username=f"{role}@hill",
            role=role,
            password_hash=HASHED,
            grade=PUPILS_GRADE if role is Role.STUDENT else None,
        )
        for role, user_id in ids.items()
    ]
    database = Database(address)
    try:
        await database.start()
        for rows in ([school], people):
            async with database.writing() as session:
                session.add_all(rows)
    finally:
        await database.stop()
    return ids
