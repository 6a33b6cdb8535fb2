"""Which services this machine has for the tests, and what to say about them at the end."""

import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg

PROBE_TIMEOUT_SECONDS = 3
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Service:
    """Something outside Python that some tests need."""

    name: str
    find_version: Callable[[], str]
    remedy: str


class Used(set[Service]):
    """The services that a test of this run asked for."""


def postgres_url() -> str:
    """Return where the tests may make databases."""
    local = "postgresql://toolboxai:toolboxai@127.0.0.1:5432/toolboxai_test"
    return os.environ.get("TEST_POSTGRES_URL", local)


def redis_url() -> str:
    """Return where the tests may keep keys."""
    return os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0")


def chromium_path() -> str:
    """Return the Chromium on the PATH, or an empty string."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or ""


def are_required() -> bool:
    """Say whether a missing service fails the tests instead of skipping them."""
    return os.environ.get("REQUIRE_SERVICES") == "1"


@cache
def version_of(service: Service) -> str:
    """Return the version of ``service``, or an empty string when it does not answer."""
    try:
        return service.find_version()
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return ""


def _postgres_version() -> str:
    async def ask() -> str:
        connection = await asyncpg.connect(postgres_url(), timeout=PROBE_TIMEOUT_SECONDS)
        try:
            return str(await connection.fetchval("SHOW server_version"))
        finally:
            await connection.close()

    return _run(ask()).split()[0]


def _redis_version() -> str:
    address = urlsplit(redis_url())
    where = (address.hostname or "127.0.0.1", address.port or 6379)
    with socket.create_connection(where, timeout=PROBE_TIMEOUT_SECONDS) as connection:
        if address.password:
            connection.sendall(f"AUTH {address.password}\r\n".encode())
            connection.recv(100)
        connection.sendall(b"INFO server\r\n")
        answer = connection.recv(10_000).decode(errors="replace")
    return answer.partition("redis_version:")[2].partition("\r\n")[0]


def _chromium_version() -> str:
    if not chromium_path():
        return ""
    command = [chromium_path(), "--version"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    return answer.stdout.removeprefix("Chromium ").partition(" ")[0].strip()


POSTGRES = Service(
    "PostgreSQL", _postgres_version, "start it and set TEST_POSTGRES_URL, or run .ci/run"
)
REDIS = Service("Redis", _redis_version, "start it and set TEST_REDIS_URL, or run .ci/run")
CHROMIUM = Service("Chromium", _chromium_version, "install the package chromium")
ALL = (POSTGRES, REDIS, CHROMIUM)


@contextmanager
def empty_database() -> Generator[str]:
    """Make a database of its own for a test; drop it afterwards, whoever is still connected."""
    name = f"toolboxai_{uuid4().hex}"
    _run(_administer(f"CREATE DATABASE {name}"))
    try:
        yield urlsplit(postgres_url())._replace(path=f"/{name}").geturl()
    finally:
        _run(_administer(f"DROP DATABASE {name} WITH (FORCE)"))


async def _administer(statement: str) -> None:
    connection = await asyncpg.connect(postgres_url(), timeout=PROBE_TIMEOUT_SECONDS)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run ``work`` in a thread of its own: the caller may already be inside an event loop."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()


def write_report(used: Used) -> None:
    """Leave the line for ``./test`` to end with in the file that SERVICES_REPORT names."""
    if path := os.environ.get("SERVICES_REPORT"):
        Path(path).write_text(f"services: {report(used)}\n", encoding="utf-8")


def report(used: Used) -> str:
    """Say of every service whether it was there and whether a test used it."""
    return " · ".join(_state(service, is_used=service in used) for service in ALL)


def _state(service: Service, *, is_used: bool) -> str:
    version = version_of(service)
    if not version:
        return f"{service.name} MISSING ({service.remedy})"
    return f"{service.name} {version} {'used' if is_used else 'answers, no test needed it'}"
