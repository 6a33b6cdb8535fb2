"""The services of this machine are found, used and reported truthfully."""

import asyncpg
import pytest

from tests import services
from tests.services import Service, Used


@pytest.mark.postgres
@pytest.mark.anyio
async def test_a_test_gets_an_empty_database_of_its_own(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    tables = await connection.fetch("SELECT * FROM pg_tables WHERE schemaname = 'public'")
    await connection.close()

    assert tables == []


def test_the_report_tells_used_from_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Service("Here", lambda: "1.2", "…")
    idle = Service("Idle", lambda: "3", "…")
    gone = Service("Gone", lambda: "", "start it")
    monkeypatch.setattr(services, "ALL", (here, idle, gone))

    line = services.report(Used([here]))

    assert line == "Here 1.2 used · Idle 3 answers, no test needed it · Gone MISSING (start it)"


def test_a_service_that_refuses_is_missing() -> None:
    def refuse() -> str:
        raise ConnectionRefusedError

    assert services.version_of(Service("Closed", refuse, "open it")) == ""
