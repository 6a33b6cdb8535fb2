import json
import logging
import re
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.types import Message

from tests.monitor.web import sample
from tests.monitor.web.conftest import application, client_of, signed_in
from tests.monitor.web.sample import FakeQueries
from toolboxai.monitor.models import EventRef, Issue, Project
from toolboxai.monitor.queries import cursor_of
from toolboxai.monitor.web.border import SECURITY_HEADERS

EVENT = f"/issues/1/events/{sample.EVENT_ID}/"
PAGES = ["/sign-in", "/issues/", "/issues/1/", EVENT, f"{EVENT}json", "/nothing", "/issues/99/"]
PAGES += ["/performance/", "/performance/1/", f"/traces/{sample.TRACE}/"]
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&"


@pytest.fixture
def client() -> TestClient:
    return signed_in(sample.full())


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_has_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert {name: headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_inline_styles_or_scripts(client: TestClient, path: str) -> None:
    page = client.get(path).text
    assert not re.search(r"<script|<style| style=| on\w+=|javascript:", page)


def test_the_list_tells_what_broke_where_how_often_and_since_when(client: TestClient) -> None:
    page = client.get("/issues/").text
    first = page[page.index("<tbody>") : page.index("</tr>", page.index("<tbody>"))]
    for told in [
        "LessonPlanError",
        "toolboxai.server.content.planning in choose_objective",
        "level-error",
        "unhandled",
        "ToolboxAI server",
        "1,284",
        "2 min ago",
        "3 d ago",
        'datetime="2026-11-23T13:03:40.000+00:00"',
    ]:
        assert told in first


def test_a_search_shows_only_what_matches_and_keeps_the_words(client: TestClient) -> None:
    page = client.get("/issues/?query=ZeroDivision").text
    assert "ZeroDivisionError" in page
    assert "LessonPlanError" not in page
    assert 'value="ZeroDivision"' in page


def test_the_list_of_one_project_shows_only_its_issues(client: TestClient) -> None:
    page = client.get("/issues/?project=2").text
    assert "ZeroDivisionError" in page
    assert "LessonPlanError" not in page
    assert '<option value="2" selected>' in page


@pytest.mark.parametrize("project", ["x", "", "²", "9" * 30])
def test_a_project_that_is_no_number_is_all_projects(client: TestClient, project: str) -> None:
    assert "LessonPlanError" in client.get("/issues/", params={"project": project}).text


def test_a_search_without_result_leads_back_to_the_list(client: TestClient) -> None:
    page = client.get("/issues/", params={"query": EVIL}).text
    assert "Nothing matches" in page
    assert "<script" not in page


def test_a_monitor_without_issues_says_what_to_do_next() -> None:
    page = signed_in(FakeQueries()).get("/issues/").text
    assert "No issues yet" in page
    assert "<code>toolboxai monitor dsn</code>" in page


def test_a_long_list_leads_on_to_older_issues_and_keeps_the_search() -> None:
    asked: list[tuple[int | None, int, str | None, str]] = []

    class Many(FakeQueries):
        def issues(
            self,
            *,
            project_id: int | None = None,
            limit: int = 50,
            before: str | None = None,
            query: str = "",
        ) -> list[Issue]:
            asked.append((project_id, limit, before, query))
            return [sample.issue(n) for n in range(1, 52)]

    client = signed_in(Many())
    page = client.get("/issues/?query=fits&project=1").text
    older = re.search(r'href="([^"]+)" rel="next"', page)
    assert older is not None
    assert page.count("<tr>") == 51
    assert client.get(older[1].replace("&amp;", "&")).status_code == 200
    _, (project_id, limit, before, query) = asked
    assert (project_id, limit, query) == (1, 51, "fits")
    assert before == cursor_of(sample.issue(50))


def test_a_damaged_link_to_a_further_page_is_told(client: TestClient) -> None:
    answer = client.get("/issues/?before=x")
    assert (answer.status_code, "link to a further page is damaged" in answer.text) == (400, True)


def test_an_issue_tells_the_whole_story(client: TestClient) -> None:
    page = client.get("/issues/1/").text
    for told in [
        "Caused by",
        "4 library frames",
        "raise LessonPlanError(grade=grade, subject=subject)",
        "&lt;Catalogue 212 objectives&gt;",
        "planning started",
        "http://lessons.example/generate_content",
        "p1_4k7zq2m5x3w6v7t2r5s3n4j6ha",
        "CPython",
        "content_type",
        "SELECT id, step FROM step",
        "no objective fits; the request is answered with 422",
        sample.EVENT_ID,
    ]:
        assert told in page


def test_one_can_walk_from_event_to_event(client: TestClient) -> None:
    newest = client.get("/issues/1/").text
    middle = f"/issues/1/events/{2:032x}/"
    oldest = f"/issues/1/events/{1:032x}/"
    assert f'href="{middle}" rel="prev"' in newest
    assert 'rel="next"' not in newest
    page = client.get(middle).text
    assert f'href="{oldest}" rel="prev"' in page
    assert f'href="{EVENT}" rel="next"' in page
    assert 'rel="prev"' not in client.get(oldest).text


def test_an_event_beyond_the_known_ones_still_leads_to_the_newest() -> None:
    class Forgetful(FakeQueries):
        def events_of(self, issue_id: int, *, limit: int = 100) -> list[EventRef]:
            return super().events_of(issue_id, limit=limit)[:1]

    queries = Forgetful(**vars(sample.full()))
    page = signed_in(queries).get(f"/issues/1/events/{1:032x}/").text
    assert f'href="{EVENT}">Newest' in page


def test_the_raw_event_is_json(client: TestClient) -> None:
    answer = client.get(f"{EVENT}json")
    assert answer.headers["content-type"] == "application/json"
    assert json.loads(answer.text) == sample.PAYLOAD


def test_an_issue_whose_events_are_gone_still_has_a_page() -> None:
    page = signed_in(FakeQueries(all_issues=[sample.issue()])).get("/issues/1/").text
    assert "No event of it is left" in page


@pytest.mark.parametrize(
    "path",
    [
        "/issues/99/",
        f"/issues/{'9' * 5_000}/",
        "/issues/latest/",
        f"/issues/2/events/{sample.EVENT_ID}/",
        "/issues/1/events/none/",
        "/assets/style.0000000000000000.css",
        "/favicon.ico",
    ],
)
def test_what_is_not_there_is_a_page_of_its_own(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, "There is nothing here" in answer.text) == (404, True)


def test_a_stranger_on_a_page_that_is_not_there_is_led_to_the_sign_in() -> None:
    answer = client_of(FakeQueries()).get("/nothing")
    assert (answer.status_code, "To the sign-in" in answer.text) == (404, True)
    assert "Sign out" not in answer.text


def test_an_unknown_address_of_the_interface_gets_json(client: TestClient) -> None:
    answer = client.post("/api/0/nothing/")
    assert (answer.status_code, "detail" in answer.json()) == (404, True)


@pytest.mark.parametrize("path", ["/issues", "/issues/1"])
def test_a_forgotten_slash_is_added(client: TestClient, path: str) -> None:
    assert client.get(path).headers["location"] == f"{path}/"


def test_a_bug_of_ours_is_logged_and_shown_as_a_page(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(FakeQueries):
        def projects(self) -> list[Project]:
            msg = "secret detail"
            raise RuntimeError(msg)

    with caplog.at_level(logging.ERROR):
        answer = signed_in(Broken()).get("/issues/")
    assert (answer.status_code, "This page is broken" in answer.text) == (500, True)
    assert "secret detail" not in answer.text
    assert "the page /issues/ failed" in caplog.text


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (r"/assets/style\.\w{16}\.css", "text/css; charset=utf-8"),
        (r"/assets/icon\.\w{16}\.svg", "image/svg+xml"),
    ],
)
def test_assets_change_their_address_with_their_content_and_may_be_kept(
    client: TestClient, path: str, kind: str
) -> None:
    found = re.search(path, client.get("/issues/").text)
    assert found is not None
    answer = client.get(found[0])
    assert answer.headers["content-type"] == kind
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def everywhere(value: object) -> dict[str, Any]:
    """Return a payload with ``value`` wherever a client can put one."""
    frame = dict.fromkeys(
        ["function", "filename", "abs_path", "module", "lineno", "in_app", "context_line"], value
    )
    frame |= {"pre_context": [value, value], "post_context": [value], "vars": {str(value): value}}
    raised = {"type": value, "value": value, "module": value, "stacktrace": {"frames": [frame]}}
    raised["mechanism"] = {"type": value, "handled": value, "source": value}
    crumb = dict.fromkeys(["timestamp", "category", "type", "level", "message"], value)
    crumb["data"] = {str(value): value}
    names = ["level", "release", "environment", "server_name", "transaction", "timestamp"]
    return dict.fromkeys(names, value) | {
        "logentry": {"formatted": value},
        "exception": {"values": [raised, value, {**raised, "stacktrace": value}]},
        "breadcrumbs": {"values": [crumb, value]},
        "tags": {str(value): value},
        "user": {str(value): value},
        "extra": {str(value): value},
        "request": {**dict.fromkeys(["method", "url", "data"], value), "headers": [[value, value]]},
        "contexts": {str(value): {str(value): value}, "trace": {"trace_id": value}},
        "sdk": {"name": value, "version": value},
    }


def page_with(value: object) -> str:
    text = value if isinstance(value, str) else "title"
    queries = FakeQueries(
        all_issues=[sample.issue(title=text, culprit=text, level=text)],
        all_events=[sample.event(everywhere(value))],
    )
    client = signed_in(queries)
    assert client.get("/issues/").status_code == 200
    answer = client.get("/issues/1/")
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize(
    "value",
    [None, True, -1, 10**30, 1.5, float("nan"), "", [], {}, [[]], {"values": None}, "\ud800\x00"],
    ids=repr,
)
def test_a_value_of_the_wrong_type_anywhere_breaks_no_page(value: object) -> None:
    assert "</html>" in page_with(value)


def test_html_in_every_field_stays_text() -> None:
    page = page_with(EVIL)
    assert "<script" not in page
    assert "<img src=x" not in page
    assert page.count("&lt;script&gt;") > 20


def test_megabytes_of_text_make_a_page_of_bounded_size() -> None:
    page = page_with("x" * 1_000_000)
    assert len(page) < 200_000
    assert "1,000,000 characters in all" in page


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"exception": {"values": [{"stacktrace": {"frames": [{}] * 10_000}}] * 50}},
        {"breadcrumbs": [{}] * 10_000, "tags": {str(n): "x" * 3_000 for n in range(5_000)}},
        {"contexts": {str(n): {str(m): m for m in range(200)} for n in range(200)}},
    ],
    ids=["nothing at all", "frames", "crumbs and tags", "contexts"],
)
def test_an_event_of_extreme_shape_makes_a_page_of_bounded_size(payload: dict[str, Any]) -> None:
    queries = FakeQueries(all_issues=[sample.issue()], all_events=[sample.event(payload)])
    answer = signed_in(queries).get("/issues/1/")
    assert answer.status_code == 200
    assert len(answer.text) < 2_000_000


async def test_a_browser_that_goes_away_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    request = {"type": "http", "method": "POST", "path": "/sign-in", "query_string": b""}
    await application(FakeQueries())({**request, "headers": []}, receive, send)
    assert (sent, caplog.text) == ([], "")


def test_an_issue_says_why_its_events_belong_together(client: TestClient) -> None:
    page = client.get("/issues/1/").text
    why = page[page.index("Why these belong together") : page.index("Breadcrumbs")]
    for told in [
        "LessonPlanError",
        "what was raised",
        "toolboxai.server.content.planning in choose_objective",
        "where it broke, with the line of source",
        "frames of libraries",
        "Rules of version 2",
    ]:
        assert told in why


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"regressed_at": sample.NOW}, "regressed"),
        ({"status": "resolved"}, "resolved"),
    ],
)
@pytest.mark.parametrize("path", ["/issues/", "/issues/1/"])
def test_an_issue_says_whether_it_was_resolved_and_came_back(
    path: str, changes: dict[str, Any], told: str
) -> None:
    queries = FakeQueries(all_issues=[sample.issue(**changes)])
    said = re.findall(r">(resolved|regressed)<", signed_in(queries).get(path).text)

    assert said == [told]
