"""How a team tests that its application reports what it should: ``pytest examples``, no Sentry needed."""

from any_fastapi_app import app
from fastapi.testclient import TestClient

from toolboxai.telemetry.testing import captured

client = TestClient(app, raise_server_exceptions=False)


def test_a_division_by_zero_is_reported_with_its_route() -> None:
    with captured() as seen:
        client.get("/divide/0", headers={"authorization": "Bearer hunter22"})

    assert seen.event["transaction"] == "/divide/{by}"
    assert seen.event["exception"]["values"][-1]["type"] == "ZeroDivisionError"
    assert "hunter22" not in str(seen.envelopes)


def test_a_division_is_traced_and_no_error() -> None:
    with captured() as seen:
        client.get("/divide/2")

    assert seen.events == []
    assert [trace["transaction"] for trace in seen.transactions] == ["/divide/{by}"]
