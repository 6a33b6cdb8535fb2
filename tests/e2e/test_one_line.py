"""From a failing request to the page that shows it: real processes, real HTTP, a real browser."""

import base64
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.cli.processes import wait_until
from tests.e2e.conftest import Monitor, Server, StartMonitor, StartServer
from tests.e2e.wire import recorded

CANARY = "hunter22-never-on-the-wire"


@pytest.fixture
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path)
        yield chromium
        chromium.close()


@pytest.mark.browser
def test_a_failing_request_is_seen_in_the_browser(
    start_monitor: StartMonitor, start_server: StartServer, browser: Browser
) -> None:
    monitor = start_monitor()
    event_id = start_server().fail()
    wait_until(lambda: event_id in monitor.event_ids(), "the event")

    page = browser.new_page()
    page.goto(monitor.url)
    page.get_by_label("Password").fill(monitor.password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="DebugError").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("DebugError")
    expect(page.locator("body")).to_contain_text(event_id)
    expect(page.locator("body")).to_contain_text("raise DebugError(msg)")
    expect(page.locator("body")).to_contain_text("GET")


def test_a_planted_password_is_nowhere_on_the_wire_nor_on_disk(
    start_monitor: StartMonitor, start_server: StartServer, data: Path
) -> None:
    monitor = start_monitor()
    with recorded(monitor.port) as wire:
        dsn = monitor.tell("dsn").replace(str(monitor.port), str(wire.port))
        server = start_server(SENTRY_DSN=dsn)
        event_ids = plant(server)
        wait_until(lambda: event_ids <= monitor.event_ids(), "the events")
        server.process.stop()
        bytes_seen = wire.everything()

    assert b'"type":"event"' in bytes_seen, "the recording shows nothing, so it proves nothing"
    spooled = b"".join(path.read_bytes() for path in (data / "spool").rglob("*.segment"))
    for form in (CANARY, quote(CANARY), base64.b64encode(CANARY.encode()).decode()):
        assert form.encode() not in bytes_seen
        assert form.encode() not in spooled


def plant(server: Server) -> set[str]:
    """Send the canary in every place a request has; return the ids of the events that came of it."""
    headers = {
        "Authorization": f"Bearer {CANARY}",
        "Cookie": f"session={CANARY}",
        "X-Api-Key": CANARY,
        "Referer": f"http://school.example/?token={CANARY}",
    }
    failed = server.ask(f"/sentry-debug?password={CANARY}&q={CANARY}", headers=headers)
    posted = server.ask(
        "/sentry-debug", "POST", json={"password": CANARY, "note": CANARY}, headers=headers
    )
    wrong = {"objective": CANARY, "grade": CANARY}
    refused = server.ask("/generate_content", "POST", json=wrong, headers=server.signed_in())
    assert refused.status == 422
    assert CANARY not in refused.data.decode()
    return {failed.json()["event_id"], posted.json()["event_id"]}


def test_a_lesson_leaves_a_trace_of_its_steps_and_a_log(
    start_monitor: StartMonitor, start_server: StartServer
) -> None:
    monitor, server = start_monitor(), start_server()
    objective = server.ask("/objectives?grade=4").json()[0]["code"]

    wish = {"grade": 4, "objective": objective}
    lesson = server.ask("/generate_content", "POST", json=wish, headers=server.signed_in())

    assert lesson.status == 201
    wait_until(lambda: count(monitor, "transaction") >= 1, "the trace")
    wait_until(lambda: count(monitor, "log") >= 1, "the log line")
    event_id = server.fail()
    wait_until(lambda: event_id in monitor.event_ids(), "the event")


def count(monitor: Monitor, category: str) -> int:
    return int(monitor.tell("count", category))


def test_the_api_speaks_of_what_happened(
    start_monitor: StartMonitor, start_server: StartServer
) -> None:
    monitor = start_monitor()
    event_id = start_server().fail()
    wait_until(lambda: event_id in monitor.event_ids(), "the event")
    token = monitor.tell("token")

    (organization,) = monitor.api("organizations/", token)
    (project,) = monitor.api(f"organizations/{organization['slug']}/projects/", token)
    (issue,) = monitor.api(f"organizations/{organization['slug']}/issues/", token)
    event = monitor.api(
        f"projects/{organization['slug']}/{project['slug']}/events/{event_id}/", token
    )

    assert issue["metadata"]["type"] == "DebugError"
    assert monitor.api(f"issues/{issue['id']}/", token)["count"] == "1"
    assert event["eventID"] == event_id


def test_without_a_sink_the_server_runs_and_says_so(start_server: StartServer) -> None:
    server = start_server(SENTRY_ENVIRONMENT="production")

    status = server.ask("/sentry/status").json()

    assert "monitoring is off" in server.process.output
    assert status["enabled"] is False
    assert "monitoring is off" in status["reason"]
    assert server.ask("/sentry-debug").status == 404
    assert server.ask("/health").status == 200
