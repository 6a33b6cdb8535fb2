"""The pages in the whole monitor, over real files: what was stored is found and opened in a browser."""

from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard
from playwright.async_api import BrowserContext

from tests.monitor.web import sample
from tests.monitor.web.conftest import served
from toolboxai.monitor.app import create_app
from toolboxai.monitor.settings import MonitorSettings
from toolboxai.monitor.store import Digested, EventRecord, IssueFacts, LogRecord, Store, now_ms

pytestmark = pytest.mark.browser

TRANSACTION: dict[str, Any] = {
    "transaction": "POST /generate_content",
    "start_timestamp": sample.NOW.timestamp(),
    "timestamp": sample.NOW.timestamp() + 0.431,
    "contexts": {
        "trace": {"trace_id": sample.TRACE, "span_id": "01" * 8, "op": "http.server"},
    },
    "spans": [
        {
            "span_id": "02" * 8,
            "parent_span_id": "01" * 8,
            "op": "db",
            "description": "SELECT grades FROM objective",
            "start_timestamp": sample.NOW.timestamp() + 0.2,
            "timestamp": sample.NOW.timestamp() + 0.3,
        }
    ],
}
LOG_LINE = {"trace_id": sample.TRACE, "timestamp": 1.0, "level": "error", "body": "nothing fits"}


def packed(value: object) -> bytes:
    return zstandard.compress(orjson.dumps(value))


def error(number: int, event_id: str, title: str) -> EventRecord:
    facts = IssueFacts(
        fingerprint=f"{number:032x}",
        title=title,
        culprit="toolboxai.server.content.planning in choose_objective",
        level="error",
        platform="python",
        handled=False,
        seen_at=now_ms() - number * 1_000,
    )
    payload = packed(sample.PAYLOAD)
    return EventRecord(event_id=event_id, trace_id=sample.TRACE, payload=payload, issue=facts)


@pytest.fixture
def password(tmp_path: Path) -> str:
    """Store 52 issues, a trace and a log line; return the password that was made."""
    issues = [error(n, f"{n:032x}", f"Error{n}: broken") for n in range(2, 53)]
    issues.append(error(1, sample.EVENT_ID, "LessonPlanError: no objective fits"))
    trace = EventRecord(event_id="c" * 32, trace_id=sample.TRACE, payload=packed(TRANSACTION))
    log = LogRecord(quantity=1, trace_ids=frozenset({sample.TRACE}), payload=packed([LOG_LINE]))
    with closing(Store(MonitorSettings(data=tmp_path))) as store:
        store.write(
            [Digested(project_id=1, received_at=now_ms(), events=[*issues, trace], logs=[log])]
        )
        made = store.ensure_password()
    assert made is not None
    return made


@pytest.fixture
def real_site(tmp_path: Path, password: str) -> Generator[str]:
    """Serve the whole monitor over what ``password`` stored."""
    assert password
    with served(create_app(MonitorSettings(data=tmp_path))) as site:
        yield site


async def test_a_stored_error_is_found_and_opened(
    context: BrowserContext, real_site: str, password: str
) -> None:
    page = await context.new_page()
    await page.goto(real_site)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("link", name="Older").click()
    await page.get_by_role("link", name="Error52: broken").wait_for()
    await page.get_by_role("searchbox").fill("lessonplan")
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="LessonPlanError: no objective fits").click()
    for told in [
        page.get_by_role("heading", level=1, name="LessonPlanError: no objective fits"),
        page.get_by_text("raise LessonPlanError(grade=grade, subject=subject)", exact=True),
        page.get_by_text("planning started"),
        page.get_by_role("cell", name="db SELECT grades FROM objective"),
        page.get_by_text("nothing fits"),
        page.get_by_text(sample.EVENT_ID),
    ]:
        await told.wait_for()
    await page.get_by_role("link", name="JSON").click()
    assert await page.get_by_text('"event_id"').count() == 1
