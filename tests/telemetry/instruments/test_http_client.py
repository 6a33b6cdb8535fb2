"""httpx and httpx2 against a real server on this machine."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import ModuleType
from typing import Any

import httpx
import httpx2
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from tests.telemetry.conftest import Start
from tests.telemetry.instruments.conftest import Bench
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.telemetry import instruments
from toolboxai.telemetry.instruments.http_client import url_pattern
from toolboxai.telemetry.instruments.propagation import is_trusted

SECRET = "hunter22-planted"
TRACE = "0123456789abcdef0123456789abcdef"
libraries = pytest.mark.parametrize(
    "library", [httpx, httpx2], ids=lambda library: library.__name__
)


@dataclass
class Upstream:
    """What another service saw."""

    url: str = ""
    seen: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def running_upstream() -> Iterator[Upstream]:
    """Serve on a free port: a number as last part of the path is the status, ``/away`` redirects to localhost."""
    upstream = Upstream()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            upstream.seen.append({name.lower(): value for name, value in self.headers.items()})
            path = self.path.partition("?")[0]
            status = int(path.rpartition("/")[2]) if path[-1].isdigit() else 200
            self.send_response(302 if path == "/away" else status)
            if path == "/away":
                self.send_header("Location", f"http://localhost:{server.server_port}/there")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128  # fifty requests come at once

    server = Server(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    upstream.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield upstream
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """Another service."""
    with running_upstream() as running:
        yield running


def getting(library: ModuleType, url: str, **options: Any) -> Callable[[], Any]:  # noqa: ANN401
    """Return work that gets ``url`` with a synchronous client."""

    def work() -> None:
        with library.Client(follow_redirects=True) as client:
            client.get(url, **options)

    return work


@libraries
def test_a_request_becomes_a_span_without_its_query(
    bench: Bench, upstream: Upstream, library: ModuleType
) -> None:
    address = upstream.url.replace("http://", f"http://ada:{SECRET}@")
    url = f"{address}/v1/lessons/4711/quiz/200?name={SECRET}"

    (span,) = bench.spans(getting(library, url))

    assert (span["op"], span["origin"]) == ("http.client", "auto.http.toolboxai")
    assert span["description"] == "GET http://127.0.0.1/v1/lessons/*/quiz/*"
    assert span["status"] == "ok"
    assert span["data"].items() >= {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "server.address": "127.0.0.1",
    }.items()  # fmt: skip
    assert not bench.has_seen(SECRET)


@libraries
def test_an_asynchronous_request_becomes_a_span(
    bench: Bench, upstream: Upstream, library: ModuleType
) -> None:
    async def work() -> None:
        async with library.AsyncClient() as client:
            await client.get(f"{upstream.url}/lessons/404")

    (span,) = bench.spans(work)

    assert span["description"] == "GET http://127.0.0.1/lessons/*"
    assert (span["status"], span["data"]["http.response.status_code"]) == ("not_found", 404)


@libraries
def test_a_service_that_does_not_answer_is_unavailable(
    bench: Bench, upstream: Upstream, library: ModuleType
) -> None:
    del upstream

    def work() -> None:
        with pytest.raises(library.ConnectError):
            getting(library, "http://127.0.0.1:1/lessons")()

    (span,) = bench.spans(work)

    assert (span["status"], span["data"]["error.type"]) == ("unavailable", "ConnectError")


@libraries
def test_the_trace_goes_on_at_the_service(
    bench: Bench, upstream: Upstream, library: ModuleType
) -> None:
    transaction = bench.trace(getting(library, f"{upstream.url}/lessons"))

    (span,) = transaction["spans"]
    (headers,) = upstream.seen
    trace_id = transaction["contexts"]["trace"]["trace_id"]
    baggage = dict(entry.split("=") for entry in headers["baggage"].split(","))
    assert headers["sentry-trace"] == f"{trace_id}-{span['span_id']}-1"
    assert baggage == {
        "sentry-trace_id": trace_id,
        "sentry-environment": "development",
        "sentry-release": "school%401.0.0",
        "sentry-public_key": "publickey",
        "sentry-sampled": "true",
        "sentry-sample_rate": "1.0",
    }


@libraries
def test_a_trace_that_is_not_kept_goes_on_unsampled(
    unsampled_bench: Bench, upstream: Upstream, library: ModuleType
) -> None:
    trace_ids = []

    def work() -> None:
        trace_ids.append(telemetry.trace_id())
        getting(library, f"{upstream.url}/lessons")()

    unsampled_bench.sink.bodies.clear()
    unsampled_bench.serve(work)

    (headers,) = upstream.seen
    trace_id, span_id, sampled = headers["sentry-trace"].split("-")
    assert (trace_id, len(span_id), sampled) == (trace_ids[0], 16, "0")
    assert "sentry-sampled=false" in headers["baggage"]


@libraries
def test_what_others_wrote_into_the_baggage_stays_here(
    bench: Bench, upstream: Upstream, library: ModuleType
) -> None:
    from starlette.testclient import TestClient

    app = FastAPI()
    app.add_api_route("/work", getting(library, f"{upstream.url}/lessons"), response_model=None)
    telemetry.instrument(app)
    given_baggage = f"sentry-trace_id={TRACE},sentry-release=a,vendor={SECRET}"
    with TestClient(app) as client:
        headers = {"sentry-trace": f"{TRACE}-0123456789abcdef-1", "baggage": given_baggage}
        client.get("/work", headers=headers)

    assert upstream.seen[0]["sentry-trace"].startswith(TRACE)
    assert upstream.seen[0]["baggage"] == f"sentry-trace_id={TRACE},sentry-release=a"
    del bench


@libraries
def test_the_callers_own_headers_stay(
    bench: Bench, upstream: Upstream, library: ModuleType
) -> None:
    bench.serve(
        getting(library, f"{upstream.url}/a", headers={"sentry-trace": "own"}),
        getting(library, f"{upstream.url}/b", headers={"baggage": "own=1"}),
    )

    first, second = upstream.seen
    assert (first["sentry-trace"], "baggage" in first) == ("own", False)
    assert second["baggage"] == "own=1"
    assert second["sentry-trace"].endswith("-1")


@libraries
def test_no_trace_goes_to_a_host_that_is_not_trusted(
    bench: Bench, upstream: Upstream, library: ModuleType
) -> None:
    instruments.install(trace_hosts=("127.0.0.1",))

    spans = bench.spans(getting(library, f"{upstream.url}/away"))

    first, redirected = upstream.seen
    assert "sentry-trace" in first
    assert not {"sentry-trace", "baggage"} & set(redirected)
    assert [span["description"] for span in spans] == [
        "GET http://127.0.0.1/away",
        "GET http://localhost/there",
    ]


@libraries
def test_a_call_without_a_port_goes_out_unmarked(bench: Bench, library: ModuleType) -> None:
    seen = []

    def answer(request: Any) -> Any:  # noqa: ANN401 - of either library
        seen.append(dict(request.headers))
        return library.Response(200)

    def work() -> None:
        with library.Client(transport=library.MockTransport(answer)) as client:
            client.get("https://api.school.example/lessons")

    (span,) = bench.spans(work)

    assert span["data"]["server.address"] == "api.school.example"
    assert "server.port" not in span["data"]
    assert not {"sentry-trace", "baggage"} & set(seen[0])


@libraries
def test_the_request_is_left_as_the_caller_made_it(
    bench: Bench, upstream: Upstream, library: ModuleType
) -> None:
    kept = []

    def work() -> None:
        with library.Client() as client:
            request = client.build_request("GET", f"{upstream.url}/lessons")
            before = request.headers.raw
            client.send(request)
            kept.append(before == request.headers.raw)

    bench.serve(work)

    assert kept == [True]
    assert "sentry-trace" in upstream.seen[0]


@libraries
def test_requests_leave_breadcrumbs(
    unsampled_bench: Bench, upstream: Upstream, library: ModuleType
) -> None:
    async def work() -> None:
        async with library.AsyncClient() as client:
            for status in (200, 404, 503):
                await client.get(f"{upstream.url}/lessons/{status}?name={SECRET}")
            with pytest.raises(library.ConnectError):
                await client.get("http://127.0.0.1:1/lessons")

    crumbs = unsampled_bench.crumbs(work)

    name = "GET http://127.0.0.1/lessons"
    assert crumbs == [
        ("http", "info", f"{name}/* [200]"),
        ("http", "warning", f"{name}/* [404]"),
        ("http", "error", f"{name}/* [503]"),
        ("http", "error", f"{name} [ConnectError]"),
    ]
    assert not unsampled_bench.has_seen(SECRET)


def test_fifty_requests_at_once_keep_their_calls_apart(
    start: Start, sink: RecordingSink, upstream: Upstream
) -> None:
    start()
    instruments.install()
    app = FastAPI()
    letters = "abcdefghijklmnopqrstuvwxyz"
    outgoing = httpx2.AsyncClient(timeout=60, verify=False)
    words = [f"{letters[number // 26]}{letters[number % 26]}" for number in range(50)]

    @app.get("/work/{word}")
    async def work(word: str) -> None:
        await asyncio.gather(*(outgoing.get(f"{upstream.url}/{word}") for _ in range(2)))

    telemetry.instrument(app)

    async def load() -> None:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://school") as client:
            await asyncio.gather(*(client.get(f"/work/{word}") for word in words))
        await outgoing.aclose()

    asyncio.run(load())

    assert telemetry.flush(10)
    instruments.remove()
    spans_of_traces = [
        {(span["trace_id"], span["parent_span_id"], span["description"]) for span in trace["spans"]}
        for trace in sink.items("transaction")
    ]
    sent = {headers["sentry-trace"].split("-")[0] for headers in upstream.seen}
    assert len(spans_of_traces) == len(sent) == 50
    assert all(len(spans) == 1 for spans in spans_of_traces)
    assert {name for spans in spans_of_traces for *_, name in spans} == {
        f"GET http://127.0.0.1/{word}" for word in words
    }


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        pytest.param("/", "/", id="root"),
        pytest.param("/v1beta/models:list", "/v1beta/models:list", id="words"),
        pytest.param("/cloud/v2/universes/77/places", "/cloud/v2/universes/*/places", id="number"),
        pytest.param("/a/3f2504e0-4f89-11d3-9a0c-0305e82c3301/b", "/a/*/b", id="uuid"),
        pytest.param("/services/T00X1/B00Y2/XXXXyyyyZZZZ99aa", "/services/*/*/*", id="webhook"),
        pytest.param("/bot123:AbC/send", "/*/send", id="token"),
        pytest.param("/pupils/ada@school.example", "/pupils/*", id="mail address"),
        pytest.param("/lessons//end/", "/lessons//end/", id="empty parts"),
    ],
)
def test_a_path_is_reduced_to_words(path: str, pattern: str) -> None:
    assert url_pattern("https", "a.example", path) == f"https://a.example{pattern}"


@given(st.text(), st.integers(min_value=1_000))  # of three digits it may be a version: v100
def test_no_number_of_a_path_shows(text: str, number: int) -> None:
    before = text.replace(str(number), "").replace("/", "")

    assert str(number) not in url_pattern("http", "a", f"/a/{before}{number}/b")


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        pytest.param("api.school.example", True, id="below"),
        pytest.param("API.school.example.", True, id="another spelling"),
        pytest.param("school.example", False, id="not itself"),
        pytest.param("evilschool.example", False, id="only the same end"),
        pytest.param("exact", True, id="exact"),
        pytest.param("not.exact", False, id="below an exact one"),
    ],
)
def test_hosts_are_matched_whole(host: str, is_one: bool) -> None:  # noqa: FBT001
    assert is_trusted(host, ("*.school.example", "exact")) is is_one
