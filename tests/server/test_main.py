"""The application as a whole: how it starts, what it documents, what it leaves out."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.server.conftest import Start
from tests.server.people import FullSchool
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.server.config import Settings, SettingsError
from toolboxai.server.database import DatabaseUnreachableError
from toolboxai.server.main import create_app, create_app_from_environment


def _operations(client: TestClient) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


@pytest.mark.parametrize("path", ["/generate_content", "/generate_quiz"])
def test_the_documented_request_gives_the_documented_answer(
    client: TestClient, school: FullSchool, path: str
) -> None:
    operation = dict(_operations(client))[f"POST {path}"]
    body = operation["requestBody"]["content"]["application/json"]["examples"]["fractions"]["value"]
    documented = operation["responses"]["201"]["content"]["application/json"]["example"]

    made = school.teacher.post(path, json=body).json()

    # The id is the school's own, and OpenAPI leaves out what is null.
    assert {**made, "id": ""} == {**documented, "id": "", "fallback_reason": None}


def test_no_application_exists_at_import_time() -> None:
    code = (
        "import toolboxai.server.main as main, fastapi, sentry_sdk;"
        "assert not any(isinstance(v, fastapi.FastAPI) for v in vars(main).values());"
        "assert not sentry_sdk.get_client().is_active()"
    )

    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


def test_the_environment_alone_describes_an_application(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TOOLBOXAI_DATA_DIR", str(tmp_path / "chosen"))

    with TestClient(create_app_from_environment()) as client:
        answer = client.get("/health/ready")

    assert answer.status_code == 200
    assert (tmp_path / "chosen" / "toolboxai.db").exists()


def test_the_data_folder_is_for_its_owner_alone(start: Start, tmp_path: Path) -> None:
    start(data_dir=tmp_path / "chosen", sentry_dsn="http://key@127.0.0.1:9/1")

    assert (tmp_path / "chosen").stat().st_mode & 0o777 == 0o700


def test_a_data_folder_that_exists_keeps_its_mode(start: Start, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o750)

    start(data_dir=tmp_path / "shared")

    assert (tmp_path / "shared").stat().st_mode & 0o777 == 0o750


def test_a_wrong_environment_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DSN", "nonsense")

    with pytest.raises(SettingsError, match="SENTRY_DSN"):
        create_app_from_environment()


def test_a_database_that_is_away_stops_the_start(settings: Callable[..., Settings]) -> None:
    app = create_app(settings(database_url="postgresql://x@127.0.0.1:1/x"))

    with pytest.raises(DatabaseUnreachableError, match="Check DATABASE_URL"), TestClient(app):
        pytest.fail("it started")


def test_in_production_without_a_sink_the_server_runs_and_says_that_monitoring_is_off(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    client = start(sentry_environment="production")

    assert client.get("/health").status_code == 200
    assert client.get("/sentry/status").json()["enabled"] is False
    assert "monitoring is off" in caplog.text


@pytest.mark.parametrize(
    ("environment", "status"), [("development", 500), ("staging", 404), ("production", 404)]
)
def test_the_debug_error_exists_in_development_only(
    start: Start, environment: str, status: int
) -> None:
    client = start(sentry_environment=environment)

    assert client.get("/sentry-debug").status_code == status


def test_a_model_that_is_not_there_can_be_tried_and_is_one_event(
    start: Start, sink: RecordingSink
) -> None:
    client = start(sentry_dsn=sink.dsn)

    answer = client.get("/sentry-debug/model")

    telemetry.flush(5)
    (event,) = sink.items("event")
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:toolboxai:problem:model-unreachable"
    assert answer.json()["event_id"] == event["event_id"]
    assert event["fingerprint"] == ["dependency", "llm", "model-unreachable"]
    assert event["contexts"]["education"]["objective"] == "place-value"


def test_the_debug_error_is_found_under_the_id_in_its_answer(
    start: Start, sink: RecordingSink
) -> None:
    client = start(sentry_dsn=sink.dsn)

    answer = client.get("/sentry-debug")

    telemetry.flush(5)
    (event,) = sink.items("event")
    assert answer.json()["event_id"] == event["event_id"]
    assert event["release"].startswith("toolboxai@")
    assert event["environment"] == "development"


def test_fastapis_own_telemetry_is_off(client: TestClient) -> None:
    native: Any = vars(client.app)["_telemetry"]

    assert {kind: native[kind] for kind in ("tracing", "metrics", "logs")} == {
        "tracing": False,
        "metrics": False,
        "logs": False,
    }
