"""What only a browser can tell: that it is usable, by everybody, and that nothing is blocked."""

from collections.abc import AsyncGenerator
from typing import Literal

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.monitor.web import sample
from tests.monitor.web.conftest import application, served, sign_in
from tests.monitor.web.test_pages import EVIL, everywhere
from toolboxai.monitor.web.wording import utc_now

pytestmark = pytest.mark.browser

EVENT = f"/issues/1/events/{2:032x}/"
PAGES = ["/sign-in", "/issues/", "/issues/?query=nowhere", "/issues/1/", EVENT, "/nothing"]
PAGES += [
    "/outcomes/",
    "/outcomes/?project=2",
    "/performance/",
    "/performance/1/",
    "/performance/2/",
    f"/traces/{sample.TRACE}/",
]
NARROW = {"width": 380, "height": 800}
WIDE = {"width": 1600, "height": 1000}


@pytest.fixture
async def page(context: BrowserContext) -> AsyncGenerator[Page]:
    """Return a tab whose console must stay empty, but for pages that are refused on purpose."""
    tab = await context.new_page()
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if "the server responded with a status of 40" not in message.text:
            said.append(message.text)

    tab.on("console", listen)
    tab.on("pageerror", lambda error: said.append(str(error)))
    yield tab
    assert said == []


# The scheme chooses colours and the width the layout, neither anything of the other's.
@pytest.mark.parametrize(("scheme", "width"), [("light", 380), ("dark", 1600)])
async def test_no_page_has_an_accessibility_violation(
    browser: Browser, site: str, axe_source: str, scheme: Literal["light", "dark"], width: int
) -> None:
    context = await browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 900}
    )
    page = await context.new_page()
    found = await violations(page, f"{site}/sign-in", axe_source)
    await sign_in(page, site)
    for path in PAGES[1:]:
        found += await violations(page, f"{site}{path}", axe_source)
    await context.close()
    assert found == []


async def violations(page: Page, address: str, axe_source: str) -> list[str]:
    """Return what axe finds at ``address`` with everything folded open."""
    await page.goto(address)
    await page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    await page.evaluate(axe_source)
    result = await page.evaluate("axe.run()")
    return [
        f"{page.url}: {violation['id']} at {[node['target'] for node in violation['nodes']]}"
        for violation in result["violations"]
    ]


async def test_everything_can_be_done_with_the_keyboard_alone(page: Page, site: str) -> None:
    await page.goto(f"{site}/issues/")
    await page.locator("#password:focus").wait_for()
    await page.keyboard.type(sample.PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/issues/")

    await page.keyboard.press("Tab")
    assert await focused(page) == "Skip to the content"
    await page.keyboard.press("Enter")
    await tab_to(page, "LessonPlanError: no objective fits grade 5 and subject 'geometry'")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/issues/1/")

    await tab_to(page, "4 library frames: fastapi.routing … starlette.middleware.errors")
    await page.keyboard.press("Enter")
    assert await page.get_by_text("run_endpoint_function").is_visible()
    await tab_to(page, "Performance")
    await page.keyboard.press("Enter")
    await tab_to(page, "p95")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/performance/?sort=p95")
    await tab_to(page, "POST /generate_content")
    await page.keyboard.press("Enter")
    await tab_to(page, sample.TRACE)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/traces/*/")
    await tab_to(page, "Issues")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/issues/")
    await tab_to(page, "Sign out")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/sign-in")


async def focused(page: Page) -> str:
    """Return the text of what has the focus."""
    return (await page.locator(":focus").inner_text()).strip()


async def tab_to(page: Page, text: str) -> None:
    """Press Tab until ``text`` has the focus, round the page if need be."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.locator(":focus").count() and await focused(page) == text:
            return
    pytest.fail(f"the keyboard doesn't reach {text!r}")


async def test_the_focus_is_visible(page: Page, site: str) -> None:
    await sign_in(page, site)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    outline = page.locator(":focus").evaluate("element => getComputedStyle(element).outlineWidth")
    assert await outline == "2px"


@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
async def test_no_request_leaves_the_origin_and_no_page_scrolls_sideways(
    page: Page, site: str, viewport: dict[str, int]
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.set_viewport_size({"width": viewport["width"], "height": viewport["height"]})
    await sign_in(page, site)
    for path in PAGES:
        await page.goto(f"{site}{path}")
        width = await page.locator("html").evaluate("root => root.scrollWidth")
        assert (path, width) == (path, viewport["width"])
    assert [url for url in asked if not url.startswith(f"{site}/")] == []


async def test_wrong_passwords_are_told_and_the_right_one_leads_on(page: Page, site: str) -> None:
    await page.goto(f"{site}{EVENT}")
    await page.get_by_label("Password").fill("guess")
    await page.get_by_role("button", name="Sign in").click()
    assert await page.get_by_role("alert").inner_text() == "The name or the password is wrong."
    await page.get_by_label("Password").fill(sample.PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(f"**{EVENT}")


async def test_html_in_a_payload_is_shown_and_not_run(browser: Browser) -> None:
    queries = sample.FakeQueries(
        all_issues=[sample.issue(title=EVIL, culprit=EVIL)],
        all_events=[sample.event(everywhere(EVIL))],
    )
    context = await browser.new_context()  # with JavaScript: it would run
    page = await context.new_page()
    alarms: list[str] = []
    page.on("dialog", lambda dialog: alarms.append(dialog.message))
    page.on("console", lambda message: alarms.append(message.text))
    with served(application(queries, now=utc_now)) as site:
        await sign_in(page, site)
        await page.goto(f"{site}/issues/1/")
        heading = await page.get_by_role("heading", level=1).inner_text()
        made = await page.locator("script, img[src='x']").count()
        await context.close()
    assert (heading, made, alarms) == (EVIL, 0, [])
