"""Sentry's web API, as far as the monitor answers it."""

import re
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.monitor.running import Monitor, Reply, event_envelope
from toolboxai.monitor import admin
from toolboxai.monitor.api.entries import iso_of
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

    def put(self, path: str, body: bytes) -> Reply:
        return self._monitor.request("PUT", path, body, self._headers)


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
    ("query", "found"),
    [
        ("is:unresolved", ["blue sky", "red sky"]),
        ("!is:resolved", ["blue sky", "red sky"]),
        ("is:resolved", []),
        ("!is:unresolved", []),
        ("blue is:unresolved sky", ["blue sky"]),
        ("is:unresolved red", ["red sky"]),
        ('"blue sky"', ["blue sky"]),
        ("http://sky", []),
        ("sky: ", []),
    ],
)
def test_a_query_may_name_the_state(
    monitor: Monitor, api: Api, query: str, found: list[str]
) -> None:
    for text in ("red sky", "blue sky"):
        monitor.post(event_envelope(message=text))

    reply = api.get(f"{ISSUES}?{urlencode({'query': query, 'project': -1})}")

    assert sorted(issue["title"] for issue in reply.json) == found


def test_addresses_in_answers_are_whole(monitor: Monitor, api: Api) -> None:
    monitor.post(event_envelope())

    (issue,) = api.get(ISSUES).json
    (organization,) = api.get("/api/0/organizations/").json

    base = f"http://127.0.0.1:{monitor.port}"
    assert issue["permalink"] == f"{base}/issues/{issue['id']}/"
    assert organization["links"] == {"organizationUrl": f"{base}/", "regionUrl": ""}


FRAME = {
    "filename": "app/pay.py",
    "abs_path": "/srv/app/pay.py",
    "module": "app.pay",
    "function": "pay",
    "lineno": 2,
    "colno": 5,
    "in_app": True,
    "pre_context": ["def pay():"],
    "context_line": "    raise KeyError",
    "post_context": ["", 7],
    "vars": {"amount": 3},
}
EVENT = {
    "message": None,
    "timestamp": "2026-11-23T12:00:00+01:00",
    "release": "shop@1",
    "user": {"id": 7, "geo": {"city": "Bern", "lat": 1}, "plan": "free"},
    "contexts": {"runtime": {"name": "CPython"}, "bad": 3},
    "exception": {
        "values": [
            {
                "type": "KeyError",
                "value": 7,
                "mechanism": {"type": "asgi", "handled": False},
                "stacktrace": {"frames": [FRAME, {"lineno": True, "context_line": "x"}]},
            },
            {"mechanism": "odd", "stacktrace": None},
        ]
    },
    "threads": {"values": [{"id": 1, "crashed": True, "stacktrace": {"frames": [FRAME]}}]},
    "breadcrumbs": {"values": [{"timestamp": 1.5, "message": "m"}, {"timestamp": "noon"}, {}]},
    "request": {"url": "http://x/", "headers": {"Host": "x"}, "cookies": [["a", "b"], 3]},
}


@pytest.fixture
def detailed(monitor: Monitor, api: Api) -> Any:  # noqa: ANN401 - JSON
    monitor.post(event_envelope(ID, **EVENT))
    return api.get(f"/api/0/projects/toolboxai/server/events/{ID}/").json


def test_a_frame_has_sentrys_shape(detailed: Any) -> None:  # noqa: ANN401 - JSON
    data = {entry["type"]: entry["data"] for entry in detailed["entries"]}
    raised, bare = data["exception"]["values"]
    frame, odd = raised["stacktrace"]["frames"]

    assert (raised["type"], raised["value"]) == ("KeyError", "7")
    assert raised["mechanism"] == {"type": "asgi", "handled": False}
    assert (bare["mechanism"], bare["stacktrace"]) == (None, None)
    assert (
        frame
        | {
            "filename": "app/pay.py",
            "absPath": "/srv/app/pay.py",
            "module": "app.pay",
            "function": "pay",
            "lineNo": 2,
            "colNo": 5,
            "inApp": True,
            "vars": {"amount": 3},
            "context": [[1, "def pay():"], [2, "    raise KeyError"], [3, ""], [4, "7"]],
        }
        == frame
    )
    assert (odd["lineNo"], odd["context"], odd["vars"], odd["inApp"]) == (None, [], None, False)
    assert data["exception"]["hasSystemFrames"] is True
    assert data["threads"]["values"][0]["stacktrace"]["frames"] == [frame]


def test_the_rest_of_an_event_has_sentrys_shape(detailed: Any) -> None:  # noqa: ANN401 - JSON
    data = {entry["type"]: entry["data"] for entry in detailed["entries"]}
    times = [crumb["timestamp"] for crumb in data["breadcrumbs"]["values"]]

    assert datetime.fromisoformat(detailed["dateCreated"]).tzinfo == UTC
    assert detailed["release"]["version"] == "shop@1"
    assert (
        detailed["user"] | {"id": "7", "geo": {"city": "Bern"}, "plan": "free"} == detailed["user"]
    )
    assert detailed["contexts"] == {"runtime": {"name": "CPython"}}
    assert times == ["1970-01-01T00:00:01.500000Z", None, None]
    assert (
        data["request"] | {"headers": [["Host", "x"]], "cookies": [["a", "b"]]} == data["request"]
    )


def test_a_message_has_sentrys_shape(monitor: Monitor, api: Api) -> None:
    fields = {"request": {"query_string": "a=b"}, "user": {}, "spans": [{"op": "db"}]}
    monitor.post(event_envelope(ID, message="m", **fields))

    event = api.get(f"/api/0/projects/toolboxai/server/events/{ID}/").json

    kinds = {entry["type"]: entry["data"] for entry in event["entries"]}
    assert kinds["message"] == {"formatted": "m", "message": None, "params": []}
    assert kinds["request"]["query"] == "a=b"
    assert kinds["spans"] == [{"op": "db"}]


TIMES = st.none() | st.booleans() | st.floats() | st.text() | st.integers()


@given(TIMES)
def test_any_time_becomes_a_text_in_utc_or_nothing(value: object) -> None:
    found = iso_of(value)

    assert found is None or found.endswith("Z")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{ISSUES}?query=color:red", 400),
        (f"{ISSUES}?query=is:resolved+color:red", 400),
        (f"{ISSUES}?query=is:lost", 400),
        (f"{ISSUES}?project=-2", 400),
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


def test_what_became_of_all_that_was_sent_can_be_asked_for(monitor: Monitor, api: Api) -> None:
    monitor.post(event_envelope(ID))
    monitor.post(event_envelope(ID))
    path = "/api/0/organizations/toolboxai/outcomes/"

    stored, repeated = api.get(path).json
    of_strangers = api.get(f"{path}?project=7").json
    refused = [api.get(f"{path}?{query}") for query in ("statsPeriod=1h", "project=x")]

    assert (stored["category"], stored["outcome"], stored["reason"]) == ("error", "accepted", None)
    assert stored["quantity"] == sum(step["quantity"] for step in stored["series"]) == 1
    assert len(stored["series"]) == 24
    assert (repeated["outcome"], repeated["reason"]) == ("repeated", "event id")
    assert of_strangers == []
    assert [reply.status for reply in refused] == [400, 400]


def test_an_issue_can_be_resolved_and_opened_again(monitor: Monitor, api: Api) -> None:
    monitor.post(event_envelope(message="it broke"))
    states = []
    for status in ("resolved", "unresolved"):
        one = api.put("/api/0/issues/1/", b'{"status": "%s"}' % status.encode())
        listed = {
            state: len(api.get(f"{ISSUES}?query=is:{state}").json)
            for state in ("resolved", "unresolved")
        }
        states.append((one.status, one.json["status"], listed))

    assert states == [
        (200, "resolved", {"resolved": 1, "unresolved": 0}),
        (200, "unresolved", {"resolved": 0, "unresolved": 1}),
    ]


@pytest.mark.parametrize(
    "body",
    [
        b'{"status": "resolvedInNextRelease"}',
        b'{"status": "resolved", "statusDetails": {"inNextRelease": true}}',
    ],
)
def test_an_issue_resolved_in_the_next_release_comes_back_with_it(
    monitor: Monitor, api: Api, body: bytes
) -> None:
    address = "/api/0/projects/toolboxai/server/issues/?id=1"
    found = []
    monitor.post(event_envelope(release="shop@1.0.0"))
    assert api.put(address, body).status == 200
    for release in ("shop@1.0.0", "shop@1.0.1"):
        monitor.post(event_envelope(release=release, timestamp=time.time() + 30))
        one = api.get("/api/0/issues/1/").json
        found.append((one["status"], one["substatus"]))

    assert found == [("resolved", None), ("unresolved", "regressed")]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/0/issues/1/", b'{"status": "gone"}', 400),
        ("/api/0/issues/1/", b"[]", 400),
        ("/api/0/issues/1/", b"{", 400),
        ("/api/0/issues/1/", b" " * 20_000, 413),
        ("/api/0/issues/7/", b'{"status": "resolved"}', 404),
        ("/api/0/issues/x/", b'{"status": "resolved"}', 404),
        ("/api/0/projects/toolboxai/other/issues/?id=1", b'{"status": "resolved"}', 404),
    ],
)
def test_a_change_that_can_not_be_made_says_why(
    monitor: Monitor, api: Api, path: str, body: bytes, status: int
) -> None:
    monitor.post(event_envelope())
    reply = api.put(path, body)

    assert (reply.status, bool(reply.json["detail"])) == (status, True)
    assert api.get("/api/0/issues/1/").json["status"] == "unresolved"


def test_without_a_token_nothing_is_changed(monitor: Monitor, api: Api) -> None:
    monitor.post(event_envelope())
    reply = monitor.request("PUT", "/api/0/issues/1/", b'{"status": "resolved"}')

    assert reply.status == 401
    assert api.get("/api/0/issues/1/").json["status"] == "unresolved"
