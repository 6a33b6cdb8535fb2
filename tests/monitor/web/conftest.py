"""The pages on a real socket, and a real browser in front of them."""

import os
import socket
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from tests import services
from tests.monitor.web import sample
from toolboxai.monitor.web import routes
from toolboxai.monitor.web.reads import Reads

AXE = Path(__file__).parents[2] / "browser/node_modules/axe-core/axe.min.js"


def application(queries: Reads, **more: object) -> Starlette:
    """Return the pages alone, as an application whose time stands still."""
    chosen: dict[str, Any] = {
        "cookie_key": sample.KEY,
        "check_password": lambda password: password == sample.PASSWORD,
        "now": lambda: sample.NOW,
    }
    chosen.update(more)
    return Starlette(routes=routes(queries=queries, **chosen))


def client_of(queries: Reads, **more: object) -> TestClient:
    """Return a browser without a screen that hasn't signed in."""
    return TestClient(application(queries, **more), follow_redirects=False)


def signed_in(queries: Reads, **more: object) -> TestClient:
    """Return one that has."""
    client = client_of(queries, **more)
    client.post("/sign-in", data={"user": "admin", "password": sample.PASSWORD})
    return client


@contextmanager
def served(app: ASGIApp) -> Generator[str]:
    """Serve ``app`` on a free port of this machine; give its address."""
    config = uvicorn.Config(app, log_level="warning", ws="none", lifespan="on")
    server = uvicorn.Server(config)
    # Whoever connects before the server is up waits in the listening socket's queue.
    with socket.create_server(("127.0.0.1", 0)) as listening:
        host, port = listening.getsockname()
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://{host}:{port}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="session")
def site() -> Generator[str]:
    """Serve the sample; its clock moves, as a cookie's expiry in the browser does."""
    app = Starlette(
        routes=routes(
            queries=sample.full(),
            cookie_key=sample.KEY,
            check_password=lambda password: password == sample.PASSWORD,
        )
    )
    with served(app) as address:
        yield address


@pytest.fixture(scope="session")
async def browser(chromium_path: str) -> AsyncGenerator[Browser]:
    """Start Chromium once for all tests here."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=chromium_path)
        yield chromium
        await chromium.close()


@pytest.fixture
async def context(browser: Browser) -> AsyncGenerator[BrowserContext]:
    """Return a fresh browser profile without JavaScript, as we promise not to need it."""
    fresh = await browser.new_context(java_script_enabled=False)
    yield fresh
    await fresh.close()


@pytest.fixture(scope="session")
def axe_source() -> str:
    """Return the accessibility checker's source."""
    path = Path(os.environ.get("AXE_PATH", AXE))
    if path.is_file():
        return path.read_text(encoding="utf-8")
    reason = f"axe-core isn't at {path}; run `npm ci` in tests/browser or set AXE_PATH"
    if services.are_required():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


async def sign_in(page: Page, site: str) -> None:
    """Sign in with the mouse."""
    await page.goto(f"{site}/sign-in")
    await page.get_by_label("Password").fill(sample.PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/issues/")
