"""What every test may ask for: the services of this machine, and one event loop."""

from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

from tests import services
from tests.services import Service, Used

# Two cores are shared by everything that runs: a slow example is not a failure.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

USED = pytest.StashKey[Used]()
SERVICE_FOR_MARKER = {
    "browser": services.CHROMIUM,
    "postgres": services.POSTGRES,
    "redis": services.REDIS,
}


def pytest_configure(config: pytest.Config) -> None:
    config.stash[USED] = Used()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a missing service; with REQUIRE_SERVICES=1 fail instead."""
    for marker, service in SERVICE_FOR_MARKER.items():
        if item.get_closest_marker(marker):
            need(service, item.config)


def pytest_sessionfinish(session: pytest.Session) -> None:
    services.write_report(session.config.stash[USED])


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
