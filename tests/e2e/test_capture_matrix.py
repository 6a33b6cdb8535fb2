"""The capture matrix: every row of docs/capture-matrix.md, from a real application to the real monitor."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from hashlib import md5
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import urllib3
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from benchmarks.processes import free_port
from tests.cli.processes import Running, wait_until
from toolboxai.monitor.queries import Queries
from toolboxai.telemetry.privacy.pseudonyms import IS_PSEUDONYM

ROOT = Path(__file__).parents[2]
NONE = "–"  # noqa: RUF001 - as it stands in the document
_CASE = re.compile(r"case ([a-z0-9-]+)")
_ROUTE = re.compile(r"/cases/([a-z0-9-]+)/")


class Row(NamedTuple):
    """One row of the document."""

    case: str
    what: str
    events: str
    level: str
    handled: str
    mechanism: str
    transaction: str
    user: str
    request: str
    trace: str


def rows() -> Iterator[Row]:
    for line in (ROOT / "docs" / "capture-matrix.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        if line.startswith("| `"):
            yield Row(*cells)


MATRIX = list(rows())


def trace_id_of(case: str) -> str:
    """Return the trace id that the caller of ``case`` has chosen."""
    return md5(case.encode(), usedforsecurity=False).hexdigest()


def trace_headers(case: str) -> dict[str, str]:
    return {"sentry-trace": f"{trace_id_of(case)}-0123456789abcdef-1"}


class Application:
    """The application of the matrix, running."""

    def __init__(self, folder: Path, dsn: str, **environment: str) -> None:
        folder.mkdir()
        self.port = free_port()
        arguments = ["tests.e2e.matrix_app:app", "--port", str(self.port), "--app-dir", str(ROOT)]
        self.process = Running(
            *arguments, folder=folder, module="uvicorn", MATRIX_DSN=dsn, **environment
        )

    def get(self, case: str, path: str = "/cases/{}/ada", times: int = 1, **body: Any) -> None:  # noqa: ANN401
        url = f"http://127.0.0.1:{self.port}{path.format(case)}"
        headers = {"Connection": "close", **trace_headers(case)}
        for _ in range(times):
            with suppress(urllib3.exceptions.HTTPError):  # the server hangs up half-way
                urllib3.request(
                    "POST" if body else "GET", url, headers=headers, retries=False, **body
                )

    def post(self, case: str, times: int = 1) -> None:
        self.get(case, times=times, json={"grade": "Ada"})

    def talk(self, case: str, *words: str) -> None:
        address = f"ws://127.0.0.1:{self.port}/cases/{case}/ada"
        headers = trace_headers(case)
        with suppress(WebSocketException), connect(address, additional_headers=headers) as talk:
            for word in words:
                talk.send(word)
                talk.recv()


TRIGGERS: dict[str, Callable[[Application], None]] = {
    "validation": lambda app: app.post("validation"),
    "validation-burst": lambda app: app.post("validation-burst", times=20),
    "no-route": lambda app: app.get("no-route", "/nothing/{}/ada"),
    "nested-routers": lambda app: app.get("nested-routers", "/cases/nested/7/leaf/ada"),
    "health-check": lambda app: app.get("health-check", "/health"),
    "websocket": lambda app: app.talk("websocket", "hello"),
    "websocket-closed": lambda app: app.talk("websocket-closed"),
    "websocket-left": lambda app: app.talk("websocket-left"),
}
HANDLED = {True: "yes", False: "no", None: NONE}
BEHIND_MIDDLEWARE = ("behind-middleware", "middleware")
LIVES = ("startup", "shutdown", "script")


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Let every case happen once, and return what the monitor has stored of each."""
    folder = tmp_path_factory.mktemp("matrix")
    data, port = folder / "monitor", free_port()
    monitor = Running("monitor", "--port", str(port), "--data", str(data), folder=folder)
    monitor.wait_to_say("listens on")
    dsn = (data / "dsn").read_text().strip()
    try:
        let_all_happen(folder, dsn)
        return by_case(data)
    finally:
        monitor.stop()


def let_all_happen(folder: Path, dsn: str) -> None:
    cases = [row.case for row in MATRIX if row.case not in (*LIVES, *BEHIND_MIDDLEWARE)]
    let_happen(cases, Application(folder / "plain", dsn))
    let_happen(BEHIND_MIDDLEWARE, Application(folder / "middle", dsn, WITH_MIDDLEWARE="yes"))
    Application(folder / "startup", dsn, FAIL_AT="startup").process.end()
    ending = Application(folder / "shutdown", dsn, FAIL_AT="shutdown")
    ending.process.wait_to_say("Uvicorn running on")
    ending.process.stop()
    script = "from tests.e2e.matrix_app import fail; fail('script')"
    subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=os.environ | {"MATRIX_DSN": dsn, "PYTHONPATH": f"{ROOT}/src:{ROOT}"},
        check=False,
        capture_output=True,
    )


def let_happen(cases: Iterable[str], application: Application) -> None:
    application.process.wait_to_say("Uvicorn running on")
    for case in cases:
        trigger = TRIGGERS.get(case)
        if trigger is None:
            application.get(case)
        else:
            trigger(application)
    application.process.stop()


def by_case(data: Path) -> dict[str, list[dict[str, Any]]]:
    wanted = sum(int(row.events) for row in MATRIX)
    queries = Queries(data)
    wait_until(lambda: len(events_in(queries)) >= wanted, f"{wanted} events")
    found: dict[str, list[dict[str, Any]]] = {}
    for event in events_in(queries):
        found.setdefault(case_of(event), []).append(event)
    queries.close()
    return found


def events_in(queries: Queries) -> list[dict[str, Any]]:
    (project, *_) = queries.projects()
    found = (queries.event(project.id, event_id) for event_id in queries.event_ids())
    return [event.payload for event in found if event is not None and event.issue_id]


def case_of(event: dict[str, Any]) -> str:
    """Return the case that an event names in its text, its tags or its route."""
    values = (event.get("exception") or {}).get("values") or []
    texts = [str(value.get("value")) for value in values]
    texts += [str(event.get("logentry")), str(event.get("message"))]
    named = [found[1] for text in texts if (found := _CASE.search(text))]
    tagged = (event.get("tags") or {}).get("case")
    routed = _ROUTE.search(str(event.get("transaction")))
    return str((named or [tagged or (routed and routed[1])])[0])


@pytest.mark.parametrize("row", MATRIX, ids=[row.case for row in MATRIX])
def test_what_the_matrix_says_is_what_arrives(
    row: Row, stored: dict[str, list[dict[str, Any]]]
) -> None:
    events = stored.get(row.case, [])
    assert len(events) == int(row.events)
    for event in events:
        assert seen_of(row.case, event) == row._replace(what="", events="")


def seen_of(case: str, event: dict[str, Any]) -> Row:
    """Return the row that ``event`` would fill."""
    mechanism = mechanism_of(event)
    user = (event.get("user") or {}).get("id")
    assert user is None or IS_PSEUDONYM.fullmatch(user)
    return Row(
        case=case,
        what="",
        events="",
        level=event["level"],
        handled=HANDLED[mechanism.get("handled")],
        mechanism=mechanism.get("type", NONE),
        transaction=event.get("transaction") or NONE,
        user="yes" if user else NONE,
        request="yes" if (event.get("request") or {}).get("url") else NONE,
        trace=trace_of(case, event),
    )


def mechanism_of(event: dict[str, Any]) -> dict[str, Any]:
    values = (event.get("exception") or {}).get("values") or [{}]
    mechanism: dict[str, Any] = values[-1].get("mechanism") or {}
    return mechanism


def trace_of(case: str, event: dict[str, Any]) -> str:
    contexts = event.get("contexts") or {}
    if (contexts.get("trace") or {}).get("trace_id") == trace_id_of(case):
        return "request"
    started_in = (contexts.get("job") or {}).get("started_in_trace")
    return "own, linked" if started_in == trace_id_of(case) else "own"


def test_nothing_arrives_that_the_matrix_does_not_name(
    stored: dict[str, list[dict[str, Any]]],
) -> None:
    assert set(stored) <= {row.case for row in MATRIX}
