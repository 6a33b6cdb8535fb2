"""Sentry's web API, as far as the monitor answers it."""

import re
from contextlib import closing

import pytest

from tests.monitor.running import Monitor, Reply, event_envelope
from toolboxai.monitor import admin
from toolboxai.monitor.settings import MonitorSettings

ID = "b" * 32
ISSUES = "/api/0/organizations/toolboxai/issues/"


class Api:
    """A client with a token."""

    def __init__(self, monitor: Monitor, token: str) -> None:
        self._monitor = monitor
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> Reply:
        return self._monitor.request("GET", path, headers=self._headers)


@pytest.fixture
def api(monitor: Monitor, settings: MonitorSettings) -> Api:
    return Api(monitor, admin.create_token(settings))


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer no"}, {"Authorization": "x"}])
def test_without_a_token_nothing_is_said(monitor: Monitor, headers: dict[str, str]) -> None:
    reply = monitor.request("GET", ISSUES, headers=headers)

    assert reply.status == 401
    assert reply.json["detail"]


def test_organisations_and_projects_are_listed(api: Api) -> None:
    (organization,) = api.get("/api/0/organizations/").json
    (project,) = api.get("/api/0/organizations/toolboxai/projects/").json

    assert (organization["slug"], project["slug"], project["id"]) == ("toolboxai", "server", "1")


def test_an_issue_and_its_event_have_sentrys_shapes(monitor: Monitor, api: Api) -> None:
    monitor.post(
        event_envelope(
            ID,
            message=None,
            exception={"values": [{"type": "KeyError", "value": "x"}]},
            tags={"plan": "free"},
            environment="test",
        )
    )

    (listed,) = api.get(ISSUES).json
    one = api.get(f"/api/0/issues/{listed['id']}/").json
    same = api.get(f"{ISSUES}{listed['id']}/").json
    event = api.get(f"/api/0/projects/toolboxai/server/events/{ID}/").json

    assert listed == one == same
    assert (one["title"], one["count"], one["status"]) == ("KeyError: x", "1", "unresolved")
    assert (one["project"]["slug"], one["metadata"]["type"]) == ("server", "KeyError")
    assert (event["eventID"], event["groupID"]) == (ID, one["id"])
    assert {"key": "plan", "value": "free"} in event["tags"]
    assert [entry["type"] for entry in event["entries"]] == ["exception"]
    assert api.get(f"/api/0/projects/toolboxai/1/events/{ID}/").json == event


def test_the_link_header_leads_through_all_pages(monitor: Monitor, api: Api) -> None:
    for number in range(5):
        monitor.post(event_envelope(fingerprint=[str(number)]))

    seen: list[str] = []
    pages = ["?limit=2"]
    while pages:
        page = api.get(f"{ISSUES}{pages.pop()}")
        seen += [issue["id"] for issue in page.json]
        pages += re.findall(r'issues/([^>]+)>; rel="next"; results="true"', page.headers["link"])

    assert sorted(seen) == ["1", "2", "3", "4", "5"]


def test_issues_can_be_searched(monitor: Monitor, api: Api) -> None:
    for text in ("red", "blue"):
        monitor.post(event_envelope(message=text))

    assert [issue["title"] for issue in api.get(f"{ISSUES}?query=blu&project=1").json] == ["blue"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{ISSUES}?cursor=x", 400),
        (f"{ISSUES}?limit=0", 400),
        (f"{ISSUES}?limit=x", 400),
        (f"{ISSUES}?project=x", 400),
        (f"{ISSUES}7/", 404),
        (f"{ISSUES}x/", 404),
        ("/api/0/organizations/other/issues/", 404),
        ("/api/0/projects/toolboxai/other/events/x/", 404),
        (f"/api/0/projects/toolboxai/server/events/{ID}/", 404),
        ("/api/0/nothing/", 404),
    ],
)
def test_what_can_not_be_answered_says_why(api: Api, path: str, status: int) -> None:
    reply = api.get(path)

    assert reply.status == status
    assert reply.json["detail"]


def test_a_transaction_is_an_event_without_a_group(monitor: Monitor, api: Api) -> None:
    body = b'{}\n{"type":"transaction"}\n{"event_id":"%s","transaction":"t"}' % ID.encode()
    monitor.post(body)

    event = api.get(f"/api/0/projects/toolboxai/server/events/{ID}/").json

    assert (event["type"], event["groupID"]) == ("transaction", None)
    with closing(monitor.questions()) as queries:
        assert list(queries.event_ids()) == [ID]
