"""What `/metrics` says of the schools' Studios."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.testclient import TestClient

from tests.server.conftest import application
from tests.server.people import FullSchool, in_database
from tests.server.plugins import paired, send
from toolboxai.server.database import Database
from toolboxai.server.models import PluginMessage, PluginSession, utc_now
from toolboxai.server.roblox import figures

BROKEN = {
    "type": "error",
    "message": "attempt to index nil with 'Position'",
    "script": "Workspace.Volcano.Lava",
    "line": 12,
}


@pytest.fixture(autouse=True)
def asked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each look be a new one."""
    monkeypatch.setattr(figures, "MIN_AGE_SECONDS", 0)


def _figures(client: TestClient) -> dict[str, float]:
    """Return the plugins' figures by name and label."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    samples = [sample for family in families for sample in family.samples]
    return {
        " ".join([sample.name.removeprefix("toolboxai_"), *sample.labels.values()]): sample.value
        for sample in samples
        if "plugin" in sample.name or sample.name == "toolboxai_luau_errors_total"
    }


def _change(client: TestClient, row: type[Any], which: UUID, **values: object) -> None:
    column = PluginSession.id if row is PluginSession else PluginMessage.session_id

    async def run(session: AsyncSession) -> None:
        await session.execute(update(row).where(column == which).values(values))

    in_database(client, run)


def test_sessions_their_lag_what_waits_for_them_and_their_errors_are_counted_over_all_schools(
    client: TestClient, school: FullSchool, other_school: FullSchool
) -> None:
    here, there = paired(client, school.teacher), paired(client, other_school.teacher)
    silent, left = (paired(client, school.teacher, name) for name in ("studio-2", "studio-3"))
    left.client.delete("/plugin/session")
    for plugin in (here, there):
        send(school.teacher if plugin is here else other_school.teacher, plugin)
    _change(client, PluginSession, silent.session, seen_at=utc_now() - timedelta(minutes=5))
    _change(client, PluginSession, there.session, seen_at=utc_now() - timedelta(seconds=40))
    _change(client, PluginMessage, there.session, created_at=utc_now() - timedelta(minutes=2))
    here.report(BROKEN)
    here.report(BROKEN)

    found = _figures(client)

    assert 40 <= found.pop("plugin_heartbeat_lag_seconds") < 60
    assert found == {
        "plugin_sessions open": 2,
        "plugin_sessions silent": 1,
        "plugin_messages_waiting new": 1,
        "plugin_messages_waiting late": 1,
        "plugin_polls": 0,
        "luau_errors_total reported": 1,
        "luau_errors_total held_back": 1,
    }


def test_without_studios_there_is_no_lag_to_tell_of(client: TestClient) -> None:
    assert _figures(client) == {
        "plugin_sessions open": 0,
        "plugin_sessions silent": 0,
        "plugin_messages_waiting new": 0,
        "plugin_messages_waiting late": 0,
        "plugin_polls": 0,
    }


def test_without_the_database_its_figures_are_missing_and_not_zero(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = Database("postgresql+asyncpg://x@127.0.0.1:1/x")
    office = application(client).state.plugin_office
    monkeypatch.setattr(office.figures, "_database", away)

    assert _figures(client) == {"plugin_polls": 0}


def test_who_asks_often_does_not_ask_the_database_as_often(
    client: TestClient, school: FullSchool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "MIN_AGE_SECONDS", 3600)
    first = _figures(client)
    paired(client, school.teacher)

    assert _figures(client) == first
