"""What the pages of performance show, and how it is drawn."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.monitor.web import sample
from tests.monitor.web.conftest import signed_in
from toolboxai.monitor.web.charts import HEIGHT, WIDTH, bars_of, line_of, rounded_up
from toolboxai.monitor.web.wording import percent, rate


@pytest.fixture
def client() -> TestClient:
    return signed_in(sample.full())


def names_in(page: str) -> list[str]:
    return re.findall(r'<a href="/performance/\d+/[^"]*">([^<]+)</a>', page)


def test_the_table_tells_how_often_how_long_and_how_well(client: TestClient) -> None:
    page = client.get("/performance/").text
    row = page[page.index("POST /generate_content") :]
    row = row[: row.index("</tr>")]
    for told in ["http.server", "production", "412 ms", "1.28 s", "3.05 s", "3.7 %", "/min"]:
        assert told in row
    assert names_in(page)[0] == "content.generation"


@pytest.mark.parametrize(
    ("order", "first"),
    [
        ("count", "GET /lessons/{lesson_id}"),
        ("p95", "content.generation"),
        ("failure_rate", "content.generation"),
        ("nonsense", "content.generation"),
    ],
)
def test_a_heading_puts_what_it_names_on_top(client: TestClient, order: str, first: str) -> None:
    page = client.get("/performance/", params={"sort": order}).text
    assert names_in(page)[0] == first
    assert page.count('aria-sort="descending"') == 1


def test_the_choice_goes_along_into_every_link(client: TestClient) -> None:
    page = client.get("/performance/?range=7d&environment=staging&project=1").text
    assert names_in(page) == ["GET /api/v1/plugin/messages"]
    assert '<option value="7d" selected>' in page
    assert (
        'href="/performance/?range=7d&amp;sort=p99&amp;project=1&amp;environment=staging"' in page
    )
    assert 'href="/performance/4/?range=7d&amp;project=1&amp;environment=staging"' in page


def test_a_table_without_rows_says_what_to_do(client: TestClient) -> None:
    assert "Show all of the last 24 hours" in client.get("/performance/?project=2").text
    assert "traces_sample_rate" in signed_in(sample.FakeQueries()).get("/performance/").text


def test_a_transaction_shows_its_slowest_and_where_its_time_goes(client: TestClient) -> None:
    page = client.get("/performance/1/?range=1h").text
    for told in [
        "SELECT * FROM objective WHERE grade = %s",
        f'<a href="/traces/{sample.TRACE}/">',
        "6.12 s",
        "8,400",
        'aria-current="true">1 hour</a>',
    ]:
        assert told in page
    assert page.count("<path") == 3
    assert page.count("<rect") == 57 + 2


@pytest.mark.parametrize("path", ["/performance/99/", "/performance/x/", f"/traces/{'0' * 32}/"])
def test_what_is_not_there_says_so(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_trace_shows_its_steps_and_what_was_logged(client: TestClient) -> None:
    page = client.get(f"/traces/{sample.TRACE}/").text
    assert page.count('<svg class="bar"') == len(sample.SPANS)
    assert "Logs of the trace" in page


def test_the_address_without_slash_leads_to_the_table(client: TestClient) -> None:
    assert client.get("/performance").headers["location"] == "/performance/"


values = st.floats(min_value=0, max_value=1e9)


@example([5e-324])
@given(st.lists(st.none() | values, max_size=70))
def test_lines_and_bars_stay_within_their_chart(some: list[float | None]) -> None:
    known = [each for each in some if each is not None]
    top = rounded_up(max(known, default=0.0))
    numbers = [float(each) for each in re.findall(r"-?[\d.]+", line_of(some, top))]
    assert all(-1 <= x <= WIDTH for x in numbers[::2])
    assert all(0 <= y <= HEIGHT for y in numbers[1::2])
    bars = bars_of(known, top)
    assert len(bars) == sum(each > 0 for each in known)
    assert all(0 <= bar.y <= bar.y + bar.height <= HEIGHT + 0.1 for bar in bars)


def test_a_line_is_interrupted_where_nothing_ran() -> None:
    assert line_of([1.0, 2.0, None, 2.0], 2.0).count("M") == 2


@pytest.mark.parametrize(
    ("value", "top"),
    [(0, 1), (0.3, 0.5), (1, 1), (1.1, 2), (3, 5), (7, 10), (1_200, 2_000), (0.0004, 0.0005)],
)
def test_an_axis_ends_at_a_round_number(value: float, top: float) -> None:
    assert rounded_up(value) == pytest.approx(top)


def test_shares_and_rates_have_the_digits_that_matter() -> None:
    assert [percent(each) for each in (0, 0.0001, 0.037, 0.5, 1)] == [
        "0 %",
        "< 0.1 %",
        "3.7 %",
        "50 %",
        "100 %",
    ]
    assert [rate(each) for each in (0, 0.042, 1.25, 1234.5)] == ["0", "0.042", "1.2", "1,234"]
