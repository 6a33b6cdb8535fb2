"""The page to work from: shown whole by a browser that reaches no other machine."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.async_api import async_playwright
from starlette.testclient import TestClient

from tests.monitor.web.conftest import served
from tests.server.conftest import ON_SQLITE, application
from toolboxai.server.config import Settings
from toolboxai.server.main import create_app


@pytest.mark.anyio
@pytest.mark.browser
async def test_the_documentation_needs_no_other_machine(
    settings: Callable[..., Settings], chromium_path: str
) -> None:
    with served(create_app(settings())) as site:
        async with async_playwright() as playwright:
            chromium = await playwright.chromium.launch(executable_path=chromium_path)
            page = await chromium.new_page()
            asked: set[str] = set()
            troubles: list[str] = []
            page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
            page.on("console", lambda message: troubles.append(message.text))
            await page.goto(f"{site}/docs")
            await page.get_by_text("/generate_content", exact=True).wait_for()
            await page.get_by_role("button", name="Authorize").wait_for()
            await chromium.close()

    assert asked - {""} == {urlsplit(site).netloc}
    assert troubles == []


@ON_SQLITE
def test_there_is_one_page_of_documentation(client: TestClient) -> None:
    assert client.get("/docs").status_code == 200
    assert client.get("/redoc").status_code == 404


@ON_SQLITE
def test_what_stands_around_every_address_is_described(client: TestClient) -> None:
    paths = application(client).openapi()["paths"]

    assert {"400", "403", "413", "415", "421"} <= set(
        paths["/generate_content"]["post"]["responses"]
    )
    assert {"400", "421"} <= set(paths["/objectives"]["get"]["responses"])
    assert "421" not in paths["/health/live"]["get"]["responses"]
    asked = client.get("/objectives?grade=4", headers={"Host": "stranger.example"})
    described = application(client).openapi()["components"]["responses"]["421"]["content"]
    assert asked.json()["detail"] == described["application/problem+json"]["example"]["detail"]
