"""The policy that people read says what the gate goes by, and no secret."""

import json
from dataclasses import fields
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from typer.testing import CliRunner

from tests.telemetry.conftest import Start
from toolboxai import telemetry
from toolboxai.cli.app import app as command_line
from toolboxai.telemetry.privacy import Collected, as_markdown, document_of, policy_of
from toolboxai.telemetry.privacy.catalogue import RULES
from toolboxai.telemetry.privacy.document import HOW, KINDS
from toolboxai.telemetry.privacy.policy import Collect

DSN = "https://publickey:privatekey@sentry.example.org:8443/prefix/42"
OWN = r"""
secret_names = ["locker_code"]
person_names = ["tutor_group"]
allowed_names = ["house"]
allowed_texts = ["helpdesk@school.example"]
switched_off = ["email"]
patterns.class-code = 'KL-\d{4}'
collect.production.staff.query = "scanned"
"""


def text_for(**choices: object) -> str:
    options = telemetry.Options(**choices)  # type: ignore[arg-type]
    return as_markdown(document_of(options, policy_of(options)))


def line_of(text: str, words: str) -> str:
    (line,) = [line for line in text.splitlines() if words in line]
    return line


@pytest.fixture
def own_rules(tmp_path: Path) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(OWN)
    return path


def test_every_kind_and_every_rule_is_explained() -> None:
    text = text_for()

    assert [*KINDS] == [kind.name for kind in fields(Collected)]
    assert [*HOW] == [*Collect]
    assert [rule.name for rule in RULES if f"| `{rule.name}` | {rule.takes} |" not in text] == []


def test_it_says_of_whom_how_much_may_leave() -> None:
    text = text_for(environment="staging", send_default_pii=True)

    assert "Environment: `staging`" in text
    assert line_of(text, f"| {KINDS['identity']} |") == (
        f"| {KINDS['identity']} | nothing | as it is, after the rules |"
    )
    assert f"\n| {KINDS['cookies']} | nothing | nothing |\n" in text


def test_what_is_collected_of_nobody_is_among_what_never_leaves() -> None:
    never = text_for().partition("## What never leaves")[2].partition("## The rules")[0]
    told = (
        text_for(send_default_pii=True).partition("## What never")[2].partition("## The rules")[0]
    )

    assert f"- {KINDS['identity']}\n" in never
    assert KINDS["identity"] not in told
    assert KINDS["query"] not in never
    assert "(`private-key`)" in never


def test_the_recipient_is_named_and_none_of_its_keys(own_rules: Path) -> None:
    options = telemetry.Options(dsn=DSN, privacy_policy=own_rules)
    document = document_of(options, policy_of(options))
    told = as_markdown(document) + json.dumps(document.as_json())

    assert "`sentry.example.org` (a disclosure to another machine)" in told
    assert [
        secret for secret in ("publickey", "privatekey", "8443", "prefix") if secret in told
    ] == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_a_monitor_on_this_machine_is_no_disclosure(host: str) -> None:
    assert "(this machine itself)" in text_for(dsn=f"http://key@{host}:8009/1")


def test_without_a_recipient_it_says_that_nothing_leaves() -> None:
    assert "Nobody: no recipient is set, so nothing leaves." in text_for()


def test_what_a_deployment_decided_itself_is_told_but_not_what_it_looks_for(
    own_rules: Path,
) -> None:
    text = text_for(privacy_policy=own_rules)

    assert "switched off" in line_of(text, "| `email` |")
    assert line_of(text, "`class-code`").endswith("| yes |")
    assert "KL-" not in text
    assert "helpdesk" not in text
    assert line_of(text, "Also secret").endswith("stands under: `locker_code`")
    assert line_of(text, "Also a person's").endswith("stands under: `tutor_group`")
    assert line_of(text, "May stay").endswith("stands under: `house`")
    assert line_of(text, "Whole texts").endswith(": 1")


def test_how_long_a_report_waits_is_told() -> None:
    assert "48 hours at most" in text_for(spool_max_age_hours=48)


def test_a_served_policy_is_the_one_that_was_read_at_start(start: Start, own_rules: Path) -> None:
    start(environment="production", privacy_policy=own_rules)
    app = FastAPI()
    telemetry.add_routes(app)
    own_rules.write_text("changed = after the start")

    with TestClient(app) as client:
        text = client.get("/privacy/policy")
        as_json = client.get("/privacy/policy", headers={"accept": "application/json"}).json()

    assert text.headers["content-type"].startswith("text/plain")
    assert "`class-code`" in text.text
    assert as_json["own_rules"] == ["class-code"]
    assert as_json["collected"]["staff"]["query"] == "scanned"
    assert as_json["recipients"][0]["host"] == "127.0.0.1"
    assert {rule["name"] for rule in as_json["rules"] if not rule["applies"]} == {"email"}


def test_an_application_keeps_its_own_policy_page(start: Start) -> None:
    start()
    app = FastAPI()
    telemetry.add_routes(app)
    app.add_route("/privacy/policy", lambda _request: PlainTextResponse("own"))

    assert TestClient(app).get("/privacy/policy").text == "own"


def test_the_command_prints_the_same(monkeypatch: pytest.MonkeyPatch, own_rules: Path) -> None:
    monkeypatch.setenv("SENTRY_PRIVACY_POLICY", str(own_rules))
    monkeypatch.setenv("SENTRY_DSN", DSN)
    ask = ["privacy", "policy", "--environment", "production"]

    text = CliRunner().invoke(command_line, ask, catch_exceptions=False)
    as_json = CliRunner().invoke(command_line, [*ask, "--json"], catch_exceptions=False)

    assert text.stdout.rstrip() == text_for(dsn=DSN, privacy_policy=own_rules).rstrip()
    assert json.loads(as_json.stdout)["environment"] == "production"


def test_the_status_counts_what_each_rule_took(start: Start) -> None:
    start()
    app = FastAPI()
    telemetry.instrument(app)
    telemetry.add_routes(app)

    @app.get("/fail")
    def fail() -> None:
        msg = "password=hunter2hunter2 of a.pupil@example.org"
        raise ValueError(msg)

    with TestClient(
        app, "http://localhost", raise_server_exceptions=False, client=("127.0.0.1", 5)
    ) as client:
        before = client.get("/sentry/status").json()["redacted"]
        client.get("/fail")
        assert telemetry.flush(5)
        after = client.get("/sentry/status").json()["redacted"]

    grown = {rule for rule, count in after.items() if count > before.get(rule, 0)}
    assert {"key-value", "email"} <= grown
