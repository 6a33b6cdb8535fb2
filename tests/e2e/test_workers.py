"""What two workers of the real server say of themselves: the same, whichever is asked, and true."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from urllib3.exceptions import HTTPError

from tests.cli.processes import wait_until
from tests.e2e.conftest import Server, StartServer
from tests.telemetry.sink import running_sink

REQUESTS = 200


@pytest.fixture
def server(start_server: StartServer) -> Iterator[Server]:
    """A server of two workers that has answered 200 requests."""
    with running_sink() as sink:
        server = start_server("--workers", "2", SENTRY_DSN=sink.dsn)
        wait_until(lambda: is_up(server) and status(server)["workers"] == 2, "two workers", 60)
        with ThreadPoolExecutor(4) as clients:
            requests = clients.map(lambda _: server.ask("/objectives?grade=4"), range(REQUESTS))
        assert {answer.status for answer in requests} == {200}
        yield server


def is_up(server: Server) -> bool:
    try:
        return server.ask("/health").status == 200
    except HTTPError:
        return False


def status(server: Server) -> dict[str, Any]:
    told: dict[str, Any] = server.ask("/sentry/status").json()
    return told


def asked(server: Server) -> tuple[float, float]:
    """Return how many requests and workers the metrics page tells of."""
    families = text_string_to_metric_families(server.ask("/metrics").data.decode())
    samples = [sample for family in families for sample in family.samples]
    requests = [
        sample.value
        for sample in samples
        if sample.name == "toolboxai_http_request_duration_seconds_count"
        and sample.labels["route"] == "/objectives"
    ]
    (workers,) = [each.value for each in samples if each.name == "toolboxai_telemetry_workers"]
    return sum(requests), workers


def test_each_worker_tells_of_all_and_a_killed_one_takes_its_numbers_along(server: Server) -> None:
    wait_until(lambda: {asked(server) for _ in range(10)} == {(REQUESTS, 2)}, "200 requests")

    told = asked_each(server)
    for each in told.values():
        assert {process["pid"] for process in each["processes"]} == set(told)
        assert each["requests"] == sum(process["requests"] for process in each["processes"])
        assert each["requests"] > REQUESTS
        assert each["healthy"]

    victim = next(iter(told))
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: not is_told_of(server, victim), "the figures of the dead to vanish")
    left, _ = asked(server)
    wait_until(lambda: asked(server) == (left, 2), "another worker in its place")
    assert 0 < left < REQUESTS
    assert status(server)["healthy"]


def asked_each(server: Server) -> dict[int, dict[str, Any]]:
    """Return what each of two workers tells, by its process id: the kernel chooses who answers."""
    told: dict[int, dict[str, Any]] = {}

    def both_have_answered() -> bool:
        answer = status(server)
        told[answer["processes"][0]["pid"]] = answer
        return len(told) == 2

    wait_until(both_have_answered, "an answer of each worker")
    return told


def is_told_of(server: Server, pid: int) -> bool:
    return pid in {process["pid"] for process in status(server)["processes"]}
