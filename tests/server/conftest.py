"""A server for each test: its own data folder, its own database, its own sink."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests import services
from tests.conftest import need
from tests.server.databases import SharedPostgres, migrated_file
from tests.server.fake_llm import KEY, MODEL, FakeLlm, running_llm
from tests.server.people import CHEAP, FullSchool, full_school
from tests.telemetry.sink import RecordingSink, running_sink
from toolboxai import telemetry
from toolboxai.server.auth import Passwords
from toolboxai.server.config import Settings
from toolboxai.server.database import create_private_folder
from toolboxai.server.main import create_app

Start = Callable[..., TestClient]
AskTeacher = Callable[..., TestClient]
ON_BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
# For a test whose server uses what only one of them has: @ON_SQLITE beside `start`.
ON_SQLITE = pytest.mark.parametrize("server_database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the developer's own variables and `.env` out of the tests."""
    for name in list(os.environ):
        if name.startswith(("SENTRY_", "TOOLBOXAI_")) or name in {"DATABASE_URL", "REDIS_URL"}:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def reporting_ends() -> Iterator[None]:
    """Telemetry belongs to the process; the next test starts without."""
    yield
    telemetry.close()


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    """Return settings for this test's folder, with what the test changes."""

    def build(**changes: Any) -> Settings:  # noqa: ANN401 - the values of any setting
        given = {"data_dir": tmp_path / "data", "allowed_hosts": "testserver"}
        return Settings(**{**given, **changes})

    return build


@pytest.fixture(scope="session")
def shared_postgres(request: pytest.FixtureRequest) -> Iterator[SharedPostgres]:
    """Hold a PostgreSQL database for as long as tests run."""
    need(services.POSTGRES, request.config)
    with services.empty_database() as url:
        yield SharedPostgres(url)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a SQLite database in which there is nothing yet."""
    return migrated_file(tmp_path_factory.mktemp("sqlite") / "toolboxai.db")


@pytest.fixture(params=ON_BOTH)
def server_database(request: pytest.FixtureRequest, settings: Callable[..., Settings]) -> str:
    """Return the address of the database that servers of this test use; empty for a file in their data folder."""
    if request.param == "sqlite":
        folder = settings().data_dir
        create_private_folder(folder)
        (folder / "toolboxai.db").write_bytes(request.getfixturevalue("migrated_sqlite"))
        return ""
    shared: SharedPostgres = request.getfixturevalue("shared_postgres")
    return shared.emptied()


@pytest.fixture
def start(settings: Callable[..., Settings], server_database: str) -> Iterator[Start]:
    """Start servers that stop when the test ends, once on each kind of database."""
    running: list[TestClient] = []

    def run(adapt: Callable[[FastAPI], None] = lambda _: None, **changes: Any) -> TestClient:  # noqa: ANN401 - the values of any setting
        app = create_app(settings(**{"database_url": server_database, **changes}))
        app.state.passwords = Passwords(CHEAP)
        adapt(app)
        client = TestClient(app, raise_server_exceptions=False)
        client.__enter__()
        running.append(client)
        return client

    yield run
    for client in running:
        client.__exit__(None, None, None)


@pytest.fixture
def client(start: Start) -> TestClient:
    """A server with nothing special."""
    return start()


@pytest.fixture
def school(client: TestClient) -> FullSchool:
    """A school whose administrator, teacher and pupil are signed in at ``client``'s server."""
    return full_school(client, "Hill School")


@pytest.fixture
def other_school(client: TestClient) -> FullSchool:
    """Another school at the same server."""
    return full_school(client, "Lake School")


@pytest.fixture
def llm() -> Iterator[FakeLlm]:
    """A model that answers well until it is told otherwise."""
    with running_llm() as model:
        yield model


@pytest.fixture
def teacher_with(start: Start, llm: FakeLlm) -> AskTeacher:
    """Return a teacher at a server that asks ``llm``, with what the test changes."""

    def run(**changes: Any) -> TestClient:  # noqa: ANN401 - the values of any setting
        server = start(llm_base_url=llm.url, llm_model=MODEL, llm_api_key=KEY, **changes)
        return full_school(server, "Hill School").teacher

    return run


def application(client: TestClient) -> FastAPI:
    """Return the application behind ``client``."""
    assert isinstance(client.app, FastAPI)
    return client.app


def on_this_machine(client: TestClient, host: str = "127.0.0.1:8008") -> TestClient:
    """Return a client of the same running server that asks it over the loopback address."""
    return asking_from(client, "127.0.0.1", host)


def asking_from(
    client: TestClient, address: str, host: str, headers: dict[str, str] | None = None
) -> TestClient:
    """Return a client of the same running server, in the same event loop, that asks it from ``address`` by ``host``."""
    app = application(client)
    same = TestClient(app, base_url=f"http://{host}", client=(address, 50_000), headers=headers)
    same.portal = client.portal
    return same


@pytest.fixture
def sink() -> Iterator[RecordingSink]:
    """Something that takes envelopes and remembers them."""
    with running_sink() as running:
        yield running


@pytest.fixture(params=ON_BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database, of each kind that the server supports."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url
