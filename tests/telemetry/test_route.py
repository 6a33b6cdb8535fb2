"""A sink is found by proxies and over TLS, and only who is trusted gets anything."""

import select
import socket
from pathlib import Path
from time import monotonic

import pytest
import trustme
import urllib3

from tests.telemetry.raw_server import Connection, accept, over_tls, running, secure, sink_at
from toolboxai.telemetry import Options, OptionsError
from toolboxai.telemetry.transport.deadline import Address
from toolboxai.telemetry.transport.resolving import Resolver
from toolboxai.telemetry.transport.route import proxy_for
from toolboxai.telemetry.transport.sink import Sink

NO_ANSWER = (OSError, urllib3.exceptions.HTTPError)
PROXY_VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
TLS_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CLIENT_CERT_FILE", "CLIENT_KEY_FILE")


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine is told about proxies and certificates, these tests aren't."""
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in TLS_VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_a_sink_is_trusted_by_the_authorities_one_names(
    authority: trustme.CA, ca_certs: Path
) -> None:
    with (
        running(over_tls(accept, authority)) as server,
        sink_at(secure(server), ca_certs=ca_certs) as sink,
    ):
        assert [sink(b"x").status for _ in range(2)] == [200, 200]
        assert server.callers == 1


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_a_sink_is_trusted_by_the_authorities_of_the_environment(
    authority: trustme.CA, ca_certs: Path, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, str(ca_certs))

    with running(over_tls(accept, authority)) as server, sink_at(secure(server)) as sink:
        assert sink(b"x").status == 200


def test_a_sink_that_nobody_vouches_for_gets_nothing(authority: trustme.CA) -> None:
    with (
        running(over_tls(accept, authority)) as server,
        sink_at(secure(server)) as sink,
        pytest.raises(urllib3.exceptions.SSLError, match="certificate verify failed"),
    ):
        sink(b"x")


def test_a_sink_under_another_name_gets_nothing(authority: trustme.CA, ca_certs: Path) -> None:
    with (
        running(over_tls(accept, authority, name="other.test")) as server,
        sink_at(secure(server), ca_certs=ca_certs) as sink,
        pytest.raises(urllib3.exceptions.SSLError, match="IP address mismatch"),
    ):
        sink(b"x")


def test_a_sink_that_wants_to_know_us_is_shown_our_certificate(
    authority: trustme.CA, ca_certs: Path, tmp_path: Path
) -> None:
    ours = authority.issue_cert("client.test")
    certificate, key = tmp_path / "client.pem", tmp_path / "client.key"
    ours.cert_chain_pems[0].write_to_path(str(certificate))
    ours.private_key_pem.write_to_path(str(key))
    with running(over_tls(accept, authority, client=True)) as server:
        with sink_at(secure(server), ca_certs=ca_certs) as stranger, pytest.raises(NO_ANSWER):
            stranger(b"x")
        with sink_at(
            secure(server), ca_certs=ca_certs, cert_file=certificate, key_file=key
        ) as known:
            assert known(b"x").status == 200


def test_a_file_that_is_no_certificate_is_no_answer(tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("not a certificate")

    with (
        running(accept) as server,
        sink_at(secure(server), ca_certs=nonsense) as sink,
        pytest.raises(NO_ANSWER),
    ):
        sink(b"x")


class ConnectProxy:
    """A proxy that leads every CONNECT to one port of this machine, whatever name is asked for."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.requests: list[bytes] = []

    def __call__(self, connection: Connection) -> None:
        request = connection.request()
        self.requests.append(request)
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as onward:
            if request.startswith(b"CONNECT"):
                connection.say(b"HTTP/1.1 200 Connection established\r\n\r\n")
                self._pump(connection.socket, onward)
            else:
                onward.sendall(request)
                connection.say(onward.recv(65_536))

    @staticmethod
    def _pump(one: socket.socket, other: socket.socket) -> None:
        while True:
            ready, _, _ = select.select([one, other], [], [], 10)
            for side in ready:
                part = side.recv(65_536)
                if not part:
                    return
                (other if side is one else one).sendall(part)


def test_a_sink_far_away_is_reached_by_the_proxy_of_the_environment(
    authority: trustme.CA, ca_certs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(over_tls(accept, authority, name="sink.test")) as server:
        proxy = ConnectProxy(server.port)
        with running(proxy) as by:
            monkeypatch.setenv("HTTPS_PROXY", f"http://user:p%40ss@127.0.0.1:{by.port}")
            with sink_at("https://publickey@sink.test/1", ca_certs=ca_certs) as sink:
                assert [sink(b"x").status for _ in range(2)] == [200, 200]

    (request,) = proxy.requests
    assert request.startswith(b"CONNECT sink.test:443 ")
    assert b"Basic dXNlcjpwQHNz" in request, "user:p@ss"


def test_a_plain_sink_is_reached_by_a_proxy_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(accept) as server:
        proxy = ConnectProxy(server.port)
        with running(proxy) as by:
            monkeypatch.setenv("http_proxy", f"127.0.0.1:{by.port}")
            with sink_at("http://publickey@sink.test/1") as sink:
                assert sink(b"x").status == 200

    assert proxy.requests[0].startswith(b"POST http://sink.test/api/1/envelope/ ")


def test_a_proxy_over_tls_is_trusted_by_the_same_authorities(
    authority: trustme.CA, ca_certs: Path
) -> None:
    with running(over_tls(accept, authority, name="sink.test")) as server:
        proxy = ConnectProxy(server.port)
        with running(over_tls(proxy, authority)) as by:
            address = f"https://127.0.0.1:{by.port}"
            dsn = "https://publickey@sink.test/1"
            with sink_at(dsn, https_proxy=address, ca_certs=ca_certs) as sink:
                assert sink(b"x").status == 200


def test_a_proxy_that_is_slow_to_open_is_given_up_in_time() -> None:
    def slow(connection: Connection) -> None:
        connection.request()
        connection.drip(b"HTTP/1.1 200 " + b"y" * 10_000, every_seconds=0.02)

    with running(slow) as by:
        address = f"http://127.0.0.1:{by.port}"
        dsn = "https://publickey@sink.test/1"
        with sink_at(dsn, https_proxy=address, seconds=0.2) as sink:
            began = monotonic()
            with pytest.raises(NO_ANSWER):
                sink(b"x")

    assert monotonic() - began < 3


@pytest.mark.parametrize("no_proxy", ["sink.test", ".test", "*"])
def test_who_needs_no_proxy_is_reached_without(
    no_proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    with running(accept) as server:

        def here(_host: str, _port: int) -> list[Address]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", server.port))]

        dsn = "http://publickey@sink.test/1"
        sink = Sink(dsn, "test/1", Options(dsn=dsn), resolve=Resolver(here))

        assert sink(b"x").status == 200
        sink.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1.2.3", "[::1]"])
def test_this_machine_itself_is_reached_without_the_environments_proxy(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.test:3128")

    assert proxy_for(f"http://{host}:8009/api/1/envelope/", Options()) is None
    assert Sink(f"http://key@{host}/1", "test/1", Options()).is_near


def test_an_empty_option_switches_the_environments_proxy_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    url = "https://sink.test/api/1/envelope/"

    assert proxy_for(url, Options(https_proxy="", http_proxy="")) is None
    assert proxy_for(url, Options()) is not None


def test_a_proxy_of_another_kind_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://proxy.test:1080")

    assert proxy_for("https://sink.test/api/1/envelope/", Options()) is None


@pytest.mark.parametrize(
    "choice",
    [
        {"https_proxy": "socks5://user:word@proxy.test:1080"},
        {"http_proxy": "user:word@proxy.test:3128"},
        {"http_proxy": "http://user:word@[::1"},
        {"ca_certs": "/nowhere/authorities.pem"},
        {"cert_file": Path("/nowhere/client.pem")},
    ],
)
def test_a_way_that_leads_nowhere_is_refused_without_its_password(choice: dict[str, str]) -> None:
    (name,) = choice

    with pytest.raises(OptionsError, match=name) as refused:
        Options(**choice)  # type: ignore[arg-type]

    assert "word" not in str(refused.value)
