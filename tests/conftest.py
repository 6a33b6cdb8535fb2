"""What every test may ask for: the services of this machine, and one event loop."""

import os
import sys
from collections.abc import Generator
from typing import Protocol

import pytest
from hypothesis import HealthCheck, settings

from tests import services
from tests.services import Service, Used
from tests.turns import turn

# Tests start hundreds of processes. Where bytecode isn't kept, each compiles again what it imports: the server 2.5 s of it.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Two cores are shared by everything that runs: a slow example is not a failure.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

# They start processes and take longest: begun last, one of them would keep all other workers waiting.
FIRST_FOLDERS = {"e2e", "tooling"}
USED = pytest.StashKey[Used]()
SERVICE_FOR_MARKER = {
    "browser": services.CHROMIUM,
    "postgres": services.POSTGRES,
    "redis": services.REDIS,
}


class Worker(Protocol):
    """What pytest-xdist shows of one of its workers."""

    config: pytest.Config
    workeroutput: dict[str, list[str]]


def pytest_configure(config: pytest.Config) -> None:
    config.stash[USED] = Used()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long; beyond that the order is random."""
    items.sort(key=lambda item: item.path.parent.name not in FIRST_FOLDERS)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a missing service; with REQUIRE_SERVICES=1 fail instead."""
    for marker, service in SERVICE_FOR_MARKER.items():
        if item.get_closest_marker(marker):
            need(service, item.config)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Run tests beside those of other processes, unless they want to be alone; then nobody counts lines either."""
    alone = item.get_closest_marker("alone") is not None
    with turn(alone=alone), pytest.MonkeyPatch.context() as environment:
        if alone:
            environment.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        return (yield)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell what was used: a worker of pytest-xdist its controller, everybody else the reader."""
    used = session.config.stash[USED]
    told: dict[str, list[str]] | None = getattr(session.config, "workeroutput", None)
    if told is None:
        services.write_report(used)
    else:
        told["services"] = [service.name for service in used]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Worker, error: object) -> None:
    """Hear from a worker what it used."""
    if error is None:
        told = node.workeroutput["services"]
        node.config.stash[USED].update(each for each in services.ALL if each.name in told)


def need(service: Service, config: pytest.Config) -> None:
    """Note that a test uses ``service``, or say why it cannot."""
    if services.version_of(service):
        config.stash[USED].add(service)
        return
    reason = f"{service.name} doesn't answer; {service.remedy}"
    if services.are_required():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> Generator[str]:
    """Return the address of an empty PostgreSQL database, gone after the test."""
    need(services.POSTGRES, request.config)
    with services.empty_database() as url:
        yield url


@pytest.fixture
def redis_url(request: pytest.FixtureRequest) -> str:
    """Return the address of a Redis that answers; its keys are shared, so name yours uniquely."""
    need(services.REDIS, request.config)
    return services.redis_url()


@pytest.fixture(scope="session")
def chromium_path(request: pytest.FixtureRequest) -> str:
    """Return where Chromium is, for Playwright's ``executable_path``."""
    need(services.CHROMIUM, request.config)
    return services.chromium_path()
