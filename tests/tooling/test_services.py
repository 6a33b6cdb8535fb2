"""The services of this machine are found, used and reported truthfully."""

import sys
from pathlib import Path

import asyncpg
import pytest

from tests import services
from tests.services import Service, Used
from tests.tooling.copies import ROOT, run


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


HOOKS = """
from tests.conftest import (
    pytest_configure, pytest_runtest_setup, pytest_sessionfinish, pytest_testnodedown
)
"""
TESTS = """
import pytest

@pytest.mark.postgres
@pytest.mark.parametrize("number", range(4))
def test_that_needs_it(number):
    pass
"""


@pytest.mark.postgres
def test_the_report_tells_what_workers_used(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(HOOKS)
    (tmp_path / "test_made_up.py").write_text(TESTS)
    report = tmp_path / "report"
    command = [sys.executable, "-m", "pytest", "-p", "xdist", "-n", "2"]
    environment = {
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": str(ROOT),
        "SERVICES_REPORT": str(report),
    }

    done = run(command, cwd=tmp_path, env=environment)

    assert "4 passed" in done.stdout
    assert f"PostgreSQL {services.version_of(services.POSTGRES)} used" in report.read_text()
    assert f"Redis {services.version_of(services.REDIS)} used" not in report.read_text()
