"""What arrived, what was lost and why, as page and as JSON."""

from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from tests.monitor.running import Monitor, event_envelope
from tests.monitor.web import sample
from tests.monitor.web.conftest import signed_in
from toolboxai.monitor.models import OutcomeSteps
from toolboxai.monitor.queries.windows import Window
from toolboxai.monitor.web.outcome_view import outcomes_of

NOW = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)


@pytest.fixture
def client() -> TestClient:
    return signed_in(sample.full())


def one(category: str, outcome: str, reason: str, **at: int) -> OutcomeSteps:
    """Return an outcome of a day's steps: ``h23=4`` is four in the last hour."""
    steps = tuple(at.get(f"h{place}", 0) for place in range(24))
    return OutcomeSteps(
        category=category, outcome=outcome, reason=reason, quantity=sum(steps), steps=steps
    )


def test_the_page_tells_what_was_lost_and_why(client: TestClient) -> None:
    page = client.get("/outcomes/").text

    for told in ["stored", "given up by the sender", "cache_overflow", "refused", "too large"]:
        assert told in page
    assert page.count('<rect class="lost"') == 10
    assert 'href="/outcomes/?category=transaction"' in page


def test_a_kind_and_a_time_can_be_chosen_and_stay_in_the_links(client: TestClient) -> None:
    page = client.get("/outcomes/?category=error&range=7d").text

    assert "cache_overflow" not in page
    assert "new issues per hour" in page
    assert '<option value="7d" selected>' in page
    assert 'href="/outcomes/?range=7d&amp;category=error"' in page


@pytest.mark.parametrize("query", ["project=2", "category=nothing", "range=1h&category=nothing"])
def test_without_anything_it_says_so_and_leads_back(client: TestClient, query: str) -> None:
    page = client.get(f"/outcomes/?{query}").text

    assert "Nothing was sent in this time" in page
    assert 'href="/outcomes/"' in page


def test_what_came_again_or_was_gathered_is_not_lost() -> None:
    window = Window.ending(NOW, "24h")

    shown = outcomes_of(
        [
            one("error", "accepted", "", h22=10, h23=5),
            one("error", "repeated", "event id", h23=4),
            one("error", "overflow", "new issues per hour", h23=3),
            one("error", "invalid", "not json", h22=2),
            one("log_item", "discarded by client", "storm", h0=1),
        ],
        window,
    )

    assert (shown.stored, shown.lost) == (15, 3)
    assert [(step.stored, step.lost) for step in shown.steps[-2:]] == [(10, 2), (5, 0)]
    assert [row.is_lost for row in shown.rows] == [True, True, False, False, False]
    assert shown.rows[0].last_from == NOW.replace(minute=0) - timedelta(hours=1)
    assert len(shown.lost_bars) == 2


def test_what_is_sent_is_counted_by_hour_whatever_becomes_of_it(monitor: Monitor) -> None:
    assert monitor.post(b"{").status == 400
    assert monitor.request("POST", "/api/1/envelope/?sentry_key=wrong", b"{}").status == 403
    # What was refused is written with whatever is stored next.
    for event_id in (None, None, None, "a" * 32, "a" * 32):
        assert monitor.post(event_envelope(event_id)).status == 200

    questions = monitor.questions()
    window = Window.ending(datetime.now(UTC), "24h")
    found = {
        (each.category, each.outcome, each.reason): each.quantity
        for each in questions.outcomes_over(window)
    }
    ours = questions.outcomes_over(window, project_id=1)
    questions.close()

    assert found == {
        ("error", "accepted", ""): 4,
        ("error", "repeated", "event id"): 1,
        ("envelope", "rejected", "damaged header"): 1,
        ("envelope", "rejected", "rejected key"): 1,
    }
    assert len(ours) == len(found) - 1
    assert [each.steps[-1] + each.steps[-2] for each in ours if each.outcome == "accepted"] == [4]
