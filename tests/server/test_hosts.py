"""By which names the server is asked, and from which pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from tests.server.conftest import Start
from tests.server.people import full_school
from toolboxai.server.hosts import KnownHosts, is_in, place_of

pytestmark = pytest.mark.anyio
ASKED = {"grade": 4, "objective": "equivalent-fractions", "seed": 7}
NAMES = "toolbox.school.example,*.classes.example"


@pytest.fixture
def server(start: Start) -> TestClient:
    return start(allowed_hosts=NAMES)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8008",
        "localhost.:8008",
        "127.0.0.1:8008",
        "[::1]:8008",
        "192.168.7.20:8008",
        "toolbox.school.example",
        "Toolbox.School.example:443",
        "a.b.classes.example",
    ],
)
def test_by_its_own_names_and_by_any_address_the_server_answers(
    server: TestClient, host: str
) -> None:
    assert server.get("/objectives", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8008",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "toolbox.school.example.evil.example",
        "eviltoolbox.school.example",
        "classes.example",
        "2130706433",
    ],
)
def test_by_a_name_that_nobody_gave_it_the_server_answers_nothing(
    server: TestClient, host: str
) -> None:
    answer = server.get("/objectives", headers={"host": host})

    assert answer.status_code == 421
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:toolboxai:problem:unknown-host"
    assert host not in answer.text


@pytest.mark.parametrize(
    "host", ["", ":8008", "evil@localhost", "localhost/x", "localhost:x", "[::1", "a,localhost"]
)
def test_a_host_that_is_none_is_a_400(server: TestClient, host: str) -> None:
    assert server.get("/objectives", headers={"host": host}).status_code == 400


def test_two_hosts_are_none(server: TestClient) -> None:
    twice = [("host", "localhost"), ("host", "evil.example")]

    assert server.get("/objectives", headers=twice).status_code == 400


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready"])
def test_load_balancers_may_call_a_machine_as_they_like(server: TestClient, path: str) -> None:
    assert server.get(path, headers={"host": "any.name.example"}).status_code == 200


def test_an_operator_may_leave_the_names_to_a_proxy(start: Start) -> None:
    client = start(allowed_hosts="*")

    assert client.get("/objectives", headers={"host": "any.example"}).status_code == 200
    assert _posted_from(client, "https://evil.example") == 403


def _posted_from(client: TestClient, origin: str, host: str = "localhost:8008") -> int:
    headers = {"host": host, "origin": origin}
    return client.post("/generate_content", json=ASKED, headers=headers).status_code


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        pytest.param("http://localhost:8008", "localhost:8008", id="the same"),
        pytest.param("http://192.168.7.20:8008", "192.168.7.20:8008", id="by address"),
        pytest.param("https://toolbox.school.example", "toolbox.school.example", id="behind TLS"),
        pytest.param("http://localhost", "localhost:80", id="with the scheme's own port"),
        pytest.param("https://toolbox.school.example", "10.0.0.2:8008", id="a name that was given"),
        pytest.param("https://7b.classes.example:444", "10.0.0.2:8008", id="below such a name"),
    ],
)
def test_pages_of_the_server_may_change_something(
    server: TestClient, origin: str, host: str
) -> None:
    teacher = full_school(server, "Hill School").teacher

    assert _posted_from(teacher, origin, host) == 201


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "https://evil.example",
        "http://localhost:3000",
        "http://127.0.0.1:3000",
        "http://localhost:8008.evil.example",
        "http://evil@localhost:8008",
        "file://localhost:8008",
        "localhost:8008",
    ],
)
def test_pages_of_others_may_not(server: TestClient, origin: str) -> None:
    assert _posted_from(server, origin) == 403


def test_two_origins_are_none_of_ours(server: TestClient) -> None:
    own, other = "http://localhost:8008", "https://evil.example"
    twice = [("host", "localhost:8008"), ("origin", own), ("origin", other)]

    assert server.post("/generate_content", json=ASKED, headers=twice).status_code == 403


def test_reading_is_left_to_the_browser_which_shows_nothing_to_other_pages(
    server: TestClient,
) -> None:
    headers = {"host": "localhost", "origin": "https://evil.example"}

    answer = server.get("/objectives", headers=headers)

    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


async def test_a_page_of_others_gets_no_websocket() -> None:
    sent: list[Message] = []

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        pytest.fail("it got through")

    async def receive() -> Message:
        pytest.fail("nothing is to be read")

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost:8008"), (b"origin", b"https://evil.example")]
    scope = {"type": "websocket", "path": "/ws", "headers": headers}
    await KnownHosts(app)(scope, receive, send)

    assert sent == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize(
    ("host", "allowed_hosts", "is_told"),
    [
        ("127.0.0.1", "", False),
        ("localhost", "", False),
        ("::1", "", False),
        ("0.0.0.0", "", True),  # noqa: S104 - nothing listens here
        ("0.0.0.0", NAMES, False),  # noqa: S104 - nothing listens here
        ("192.168.7.20", "", True),
    ],
)
def test_who_listens_for_others_without_a_name_is_told_at_the_start(
    start: Start, caplog: pytest.LogCaptureFixture, host: str, allowed_hosts: str, *, is_told: bool
) -> None:
    start(host=host, allowed_hosts=allowed_hosts)

    assert ("set TOOLBOXAI_ALLOWED_HOSTS" in caplog.text) is is_told


def test_the_name_that_it_listens_on_is_its_own(start: Start) -> None:
    client = start(host="Room-4.school.example", allowed_hosts="")

    assert (
        client.get("/objectives", headers={"host": "room-4.school.example:8008"}).status_code == 200
    )


@given(st.text())
def test_any_text_is_a_place_or_none(host: str) -> None:
    place = place_of(host)

    assert place is None or (place.name == place.name.lower() and host.isascii())


@given(st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8}){0,3}", fullmatch=True))
def test_only_names_below_a_star_are_below_it(name: str) -> None:
    assert is_in({"*.school.example"}, name) is name.endswith(".school.example")
