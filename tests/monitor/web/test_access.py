import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from tests.monitor.web import sample
from tests.monitor.web.conftest import client_of, signed_in
from tests.monitor.web.sample import FakeQueries
from toolboxai.monitor.web import attempts, forms, session
from toolboxai.monitor.web.access import MAX_CHECKS_AT_ONCE
from toolboxai.monitor.web.attempts import Attempts
from toolboxai.monitor.web.forms import safe_destination

RIGHT = {"user": "admin", "password": sample.PASSWORD}
WRONG = {"user": "admin", "password": "guess"}


@pytest.fixture
def client() -> TestClient:
    return client_of(sample.full())


def test_a_stranger_is_led_to_the_sign_in_and_then_to_the_page_asked_for(
    client: TestClient,
) -> None:
    first = client.get("/issues/1/?a=b%26c")
    assert first.status_code == 303
    assert first.headers["location"] == "/sign-in?next=%2Fissues%2F1%2F%3Fa%3Db%2526c"
    assert 'value="/issues/1/?a=b%26c"' in client.get(first.headers["location"]).text

    then = client.post("/sign-in", data={**RIGHT, "next": "/issues/1/?a=b%26c"})
    assert (then.status_code, then.headers["location"]) == (303, "/issues/1/?a=b%26c")
    assert client.get("/issues/1/").status_code == 200


@pytest.mark.parametrize(
    "path", ["/issues/", "/issues/1/", f"/issues/1/events/{sample.EVENT_ID}/json"]
)
def test_nothing_is_told_to_a_stranger(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (303, "")


def test_the_root_leads_to_the_sign_in_or_to_the_issues(client: TestClient) -> None:
    assert client.get("/").headers["location"] == "/sign-in"
    assert signed_in(sample.full()).get("/").headers["location"] == "/issues/"


def test_the_sign_in_page_leads_on_who_has_signed_in_already() -> None:
    answer = signed_in(sample.full()).get("/sign-in?next=/issues/1/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/issues/1/")


@pytest.mark.parametrize("form", [WRONG, {**RIGHT, "user": "root"}, {"user": "ädmin"}, {}])
def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(
    client: TestClient, form: dict[str, str]
) -> None:
    answer = client.post("/sign-in", data=form)
    assert answer.status_code == 403
    assert "The name or the password is wrong." in answer.text
    assert "set-cookie" not in answer.headers


def test_after_some_wrong_guesses_even_the_right_password_has_to_wait() -> None:
    seconds = [0.0]
    client = client_of(FakeQueries(), clock=lambda: seconds[0])
    for _ in range(attempts.FREE_ATTEMPTS):
        assert client.post("/sign-in", data=WRONG).status_code == 403
    refused = client.post("/sign-in", data=RIGHT)
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "31"
    assert "Wait 31 seconds" in refused.text

    seconds[0] = 31.0
    assert client.post("/sign-in", data=RIGHT).status_code == 303


def test_waits_grow_up_to_a_limit_and_are_forgotten() -> None:
    seconds = [0.0]
    guesses = Attempts(clock=lambda: seconds[0])
    waits = []
    for _ in range(12):
        guesses.begin("203.0.113.9")
        waits.append(guesses.begin("203.0.113.9"))
        seconds[0] += waits[-1]
    assert waits[-1] == attempts.MAX_WAIT_SECONDS + 1
    seconds[0] += 2 * attempts.MAX_WAIT_SECONDS + 1
    assert [guesses.begin("203.0.113.9") for _ in range(attempts.FREE_ATTEMPTS)] == [0] * 5


def test_an_ipv6_network_is_one_guesser_and_other_addresses_are_not_blocked() -> None:
    guesses = Attempts(clock=lambda: 0.0)
    for number in range(attempts.FREE_ATTEMPTS):
        assert guesses.begin(f"2001:db8::{number}") == 0
    assert guesses.begin("2001:db8::ffff") > 0
    assert guesses.begin("2001:db8:0:1::1") == 0
    assert guesses.begin("unknown") == 0


def test_the_table_of_guessers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "MAX_ADDRESSES", 2)
    guesses = Attempts(clock=lambda: 0.0)
    for _ in range(attempts.FREE_ATTEMPTS):
        guesses.begin("192.0.2.1")
    guesses.begin("192.0.2.2")
    guesses.begin("192.0.2.3")
    assert guesses.begin("192.0.2.1") == 0


def test_a_success_forgets_the_guesses_before_it(client: TestClient) -> None:
    for _ in range(3):
        for _ in range(attempts.FREE_ATTEMPTS - 1):
            client.post("/sign-in", data=WRONG)
        assert client.post("/sign-in", data=RIGHT).status_code == 303


def test_many_guesses_at_once_are_checked_a_few_at_a_time() -> None:
    running, most, lock = [0], [0], threading.Lock()
    together = threading.Barrier(MAX_CHECKS_AT_ONCE)

    def check(password: str) -> bool:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        together.wait(timeout=10)
        with lock:
            running[0] -= 1
        return password == sample.PASSWORD

    with client_of(FakeQueries(), check_password=check) as client, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: client.post("/sign-in", data=WRONG), range(4)))
    assert most[0] == MAX_CHECKS_AT_ONCE


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        pytest.param("http://testserver", 303, id="ours"),
        pytest.param("https://testserver", 303, id="ours behind a proxy that ends TLS"),
        pytest.param("https://evil.example", 403, id="another site"),
        pytest.param("null", 403, id="a sandbox"),
        pytest.param("http://[", 403, id="nonsense"),
    ],
)
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
def test_forms_of_other_sites_are_refused(
    client: TestClient, path: str, origin: str, status: int
) -> None:
    answer = client.post(path, data=RIGHT, headers={"origin": origin})
    assert answer.status_code == status
    assert ("This form came from another site" in answer.text) == (status == 403)


def test_a_huge_form_and_a_damaged_one_are_refused(client: TestClient) -> None:
    huge = client.post("/sign-in", content=b"password=" + b"x" * forms.MAX_FORM_BYTES)
    assert (huge.status_code, "at most 8,192 bytes" in huge.text) == (413, True)
    assert client.post("/sign-in", content=b"\xff").status_code == 400
    assert client.post("/sign-in", content=b"a=1&" * forms.MAX_FIELDS).status_code == 400


@pytest.mark.parametrize(
    "asked",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/issues/\\..",
        "/issues/\n",
        "/sign-out",
        "javascript:alert(1)",
        "/issues/" + "x" * 2_000,
        "",
    ],
)
def test_the_sign_in_leads_to_no_other_site(asked: str) -> None:
    assert safe_destination(asked) == "/issues/"


def test_the_cookie_is_closed_to_scripts_and_bound_to_https_where_there_is_https() -> None:
    plain = client_of(FakeQueries()).post("/sign-in", data=RIGHT).headers["set-cookie"]
    assert "HttpOnly" in plain
    assert "SameSite=lax" in plain
    assert "Max-Age=43200" in plain
    assert "Secure" not in plain
    client = client_of(FakeQueries())
    client.base_url = "https://testserver"
    assert "Secure" in client.post("/sign-in", data=RIGHT).headers["set-cookie"]


def test_signing_out_takes_the_cookie() -> None:
    client = signed_in(sample.full())
    assert client.get("/issues/").status_code == 200
    assert client.post("/sign-out").headers["location"] == "/sign-in"
    assert client.get("/issues/").status_code == 303


def test_a_session_ends_after_twelve_hours() -> None:
    cookie = session.sealed(sample.NOW, sample.KEY)
    assert session.is_valid(cookie, sample.NOW + timedelta(hours=11, minutes=59), sample.KEY)
    assert not session.is_valid(cookie, sample.NOW + timedelta(hours=12), sample.KEY)


@pytest.mark.parametrize("forged", ["", ".", "9999999999.", "9999999999.00", "x.ü", "9" * 5_000])
def test_a_forged_cookie_signs_nobody_in(forged: str) -> None:
    assert not session.is_valid(forged, sample.NOW, sample.KEY)


def test_a_cookie_of_another_monitor_signs_nobody_in() -> None:
    cookie = session.sealed(sample.NOW, b"another key")
    assert not session.is_valid(cookie, sample.NOW, sample.KEY)
