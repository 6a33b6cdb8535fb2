"""One request that does something, and what of it arrives at the sink."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.telemetry.conftest import Start
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.telemetry import instruments

Work = Callable[[], Awaitable[Any]]


class PlannedError(Exception):
    """Raised at the end of a request, to see its breadcrumbs."""


@dataclass
class Bench:
    """Serves requests that do as they are told."""

    sink: RecordingSink

    def serve(self, *works: Callable[[], Any]) -> None:
        """Serve one request for each of ``works``; a coroutine function runs on the loop, another in a thread."""
        app = FastAPI()
        for number, work in enumerate(works):
            app.add_api_route(f"/work/{number}", work, response_model=None)
        telemetry.instrument(app)
        with TestClient(app, raise_server_exceptions=False) as client:
            for number in range(len(works)):
                client.get(f"/work/{number}")
        assert telemetry.flush(5)

    def trace(self, work: Callable[[], Any]) -> dict[str, Any]:
        """Serve ``work`` and return its transaction."""
        self.serve(work)
        (transaction,) = self.sink.items("transaction")
        assert isinstance(transaction, dict)
        return transaction

    def spans(self, work: Callable[[], Any]) -> list[dict[str, Any]]:
        """Serve ``work`` and return its spans."""
        return list(self.trace(work)["spans"])

    def crumbs(self, work: Work) -> list[tuple[str, str, str]]:
        """Serve ``work``, let the request fail, and return the category, level and text of its breadcrumbs."""

        async def work_and_fail() -> None:
            await work()
            raise PlannedError

        self.serve(work_and_fail)
        (event,) = self.sink.items("event")
        values = event["breadcrumbs"]["values"]
        return [(crumb["category"], crumb["level"], crumb["message"]) for crumb in values]

    def has_seen(self, secret: str) -> bool:
        """Say whether ``secret`` is anywhere in what arrived."""
        assert self.sink.bodies, "nothing arrived at all"
        return any(secret.encode() in body for body in self.sink.bodies)


@pytest.fixture
def bench(start: Start, sink: RecordingSink) -> Iterator[Bench]:
    """Telemetry that keeps every trace, and the instruments with their defaults."""
    start(release="school@1.0.0")
    instruments.install()
    yield Bench(sink)
    instruments.remove()


@pytest.fixture
def unsampled_bench(start: Start, sink: RecordingSink) -> Iterator[Bench]:
    """Telemetry that keeps no trace."""
    start(traces_sample_rate=0.0)
    instruments.install()
    yield Bench(sink)
    instruments.remove()
