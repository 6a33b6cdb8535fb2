"""Telemetry under test: a real sink, a spool in a temporary folder, and no swallowed errors."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sentry_sdk
import trustme
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.telemetry.sink import RecordingSink, running_sink
from toolboxai import telemetry
from toolboxai.telemetry.border import quietly

# Coverage looks at every line, which takes its time; limits of CPU have to know.
AS_SLOW_AS = 1 if sys.gettrace() is None else 5
Start = Callable[..., telemetry.Options]


@pytest.fixture(autouse=True)
def strict_border(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make what the border would swallow fail the test."""
    monkeypatch.setattr(quietly, "strict", True)


@pytest.fixture
def sink() -> Iterator[RecordingSink]:
    """A sink that accepts."""
    with running_sink() as running:
        yield running


@pytest.fixture
def start(sink: RecordingSink, tmp_path: Path) -> Iterator[Start]:
    """A function that starts telemetry towards the sink; whatever it started is stopped again."""

    forget()

    def begin(**choices: object) -> telemetry.Options:
        given: dict[str, Any] = {
            "dsn": sink.dsn,
            "environment": "development",
            "spool_dir": tmp_path / "spool",
        }
        options = telemetry.Options(**(given | choices))
        telemetry.init(options)
        return options

    yield begin
    telemetry.close()
    forget()


@pytest.fixture
def app(start: Start) -> FastAPI:
    """An application that is watched, and has nothing in it yet."""
    start()
    app = FastAPI()
    telemetry.instrument(app)
    return app


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    """Somebody who asks it, and gets a 500 where it fails."""
    return TestClient(app, raise_server_exceptions=False)


def arrived(sink: RecordingSink, item_type: str = "event") -> list[dict[str, Any]]:
    """Return what the sink has got of a type, once all of it is there."""
    assert telemetry.flush(5)
    return sink.items(item_type)


def the_event(sink: RecordingSink) -> dict[str, Any]:
    """Return the only event."""
    (event,) = arrived(sink)
    return event


def lines(sink: RecordingSink) -> list[dict[str, Any]]:
    """Return the log items that arrived, with their attributes' plain values."""
    items = [item for payload in arrived(sink, "log") for item in payload["items"]]
    return [
        item | {"attributes": {name: fact["value"] for name, fact in item["attributes"].items()}}
        for item in items
    ]


@contextmanager
def without_a_disk(folder: Path) -> Iterator[None]:
    """Take the only worker's spool in ``folder`` away for the block."""
    (home,) = (folder / "spool").glob("*/worker-*")
    home.rename(folder / "elsewhere")
    yield
    (folder / "elsewhere").rename(home)


def forget() -> None:
    """Take away what some test, this one or another, set on the SDK's scopes."""
    for scope in (sentry_sdk.get_isolation_scope(), sentry_sdk.get_current_scope()):
        scope.clear()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Somebody who vouches for servers."""
    return trustme.CA()


@pytest.fixture
def ca_certs(authority: trustme.CA, tmp_path: Path) -> Path:
    """The file by which to trust the authority."""
    path = tmp_path / "authorities.pem"
    authority.cert_pem.write_to_path(str(path))
    return path
