"""A small monitor's worth of data, and a stand-in for ``Queries`` that serves it from memory."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.monitor.web import sample_outcomes
from tests.monitor.web.sample_figures import TIMED_SPANS, TRANSACTIONS, FakeFigures
from toolboxai.monitor.models import (
    EventRef,
    Issue,
    LogLine,
    OutcomeSteps,
    Project,
    SlowEvent,
    Span,
    StoredEvent,
)
from toolboxai.monitor.queries.windows import Window

NOW = datetime(2026, 11, 23, 13, 5, 40, tzinfo=UTC)
PASSWORD = "correct-horse-battery"
KEY = b"k" * 32
TRACE = "771a43a4192642f0b136d5159a501700"
EVENT_ID = "9fb2c1d07e3a4c5f8a6b0d1e2f3a4b5c"
PROJECTS = [
    Project(id=1, slug="toolboxai", name="ToolboxAI server", public_key="a" * 32),
    Project(id=2, slug="grading", name="Grading worker", public_key="b" * 32),
]


@dataclass
class FakeQueries:
    """Answers from lists; says "no" to every search that a test didn't prepare."""

    all_projects: list[Project] = field(default_factory=lambda: list(PROJECTS))
    all_issues: list[Issue] = field(default_factory=list)
    all_events: list[StoredEvent] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    logs: list[LogLine] = field(default_factory=list)
    figures: FakeFigures = field(default_factory=FakeFigures)

    def outcomes_over(self, window: Window, *, project_id: int | None = None) -> list[OutcomeSteps]:
        return [] if project_id == 2 else sample_outcomes.over(window)

    def projects(self) -> list[Project]:
        return self.all_projects

    def issues(
        self,
        *,
        project_id: int | None = None,
        limit: int = 50,
        before: str | None = None,
        query: str = "",
    ) -> list[Issue]:
        if before is not None:
            msg = "a fake knows no cursors"
            raise ValueError(msg)
        return [
            issue
            for issue in self.all_issues
            if project_id in {None, issue.project_id} and query in issue.title + issue.culprit
        ][:limit]

    def issue(self, issue_id: int) -> Issue | None:
        return next((issue for issue in self.all_issues if issue.id == issue_id), None)

    def latest_event(self, issue_id: int) -> StoredEvent | None:
        found = [event for event in self.all_events if event.issue_id == issue_id]
        return found[-1] if found else None

    def event(self, project_id: int, event_id: str) -> StoredEvent | None:
        wanted = (project_id, event_id)
        found = (e for e in self.all_events if (e.project_id, e.event_id) == wanted)
        return next(found, None)

    def events_of(self, issue_id: int, *, limit: int = 100) -> list[EventRef]:
        newest_first = reversed([e for e in self.all_events if e.issue_id == issue_id])
        return [
            EventRef(
                event_id=event.event_id,
                project_id=event.project_id,
                issue_id=issue_id,
                received_at=event.received_at,
            )
            for event in newest_first
        ][:limit]

    def spans_of_trace(self, trace_id: str) -> list[Span]:
        return [span for span in self.spans if span.trace_id == trace_id]

    def logs_of_trace(self, trace_id: str) -> list[LogLine]:
        return [line for line in self.logs if line.trace_id == trace_id]


def issue(number: int = 1, **changes: object) -> Issue:
    """Return an issue in which only ``changes`` matter."""
    facts: dict[str, Any] = {
        "id": number,
        "project_id": 1,
        "title": "LessonPlanError: no objective fits grade 5 and subject 'geometry'",
        "culprit": "toolboxai.server.content.planning in choose_objective",
        "level": "error",
        "platform": "python",
        "handled": False,
        "count": 1_284,
        "first_seen": NOW - timedelta(days=3, hours=4),
        "last_seen": NOW - timedelta(minutes=2),
        "latest_event_id": EVENT_ID,
    }
    facts.update(changes)
    return Issue(**facts)


def event(payload: dict[str, Any], event_id: str = EVENT_ID, issue_id: int = 1) -> StoredEvent:
    """Return a stored event with ``payload``."""
    return StoredEvent(
        event_id=event_id,
        project_id=1,
        issue_id=issue_id,
        received_at=NOW - timedelta(minutes=2),
        payload=payload,
    )


def frame(place: str, function: str, code: str = "", **local: object) -> dict[str, Any]:
    """Return a stack frame; ``code`` marks the running line with ``>``."""
    file, _, line = place.partition(":")
    lines = code.splitlines()
    at = next((n for n, text in enumerate(lines) if text.startswith(">")), None)
    sent = {"filename": file, "lineno": int(line), "function": function, "vars": local}
    sent["module"] = file.removesuffix(".py").replace("/", ".")
    sent["in_app"] = file.startswith("toolboxai")
    if at is not None:
        source = [text[1:] for text in lines]
        sent |= {
            "pre_context": source[:at],
            "context_line": source[at],
            "post_context": source[at + 1 :],
        }
    return sent


def crumb(seconds_before: float, category: str, message: str, **more: object) -> dict[str, Any]:
    """Return a breadcrumb."""
    moment = NOW - timedelta(minutes=2, seconds=seconds_before)
    return {"timestamp": moment.isoformat(), "category": category, "message": message} | more


def span(
    number: int, parent: int, what: str, start_ms: float, duration_ms: float, **more: object
) -> Span:
    """Return a span of the sample's trace; ``what`` opens with its op, parent 0 is none."""
    op, _, description = what.partition(" ")
    facts: dict[str, Any] = {
        "trace_id": TRACE,
        "span_id": f"{number:016x}",
        "parent_span_id": f"{parent:016x}" if parent else None,
        "op": op,
        "description": description,
        "status": "ok",
        "start": NOW - timedelta(minutes=2) + timedelta(milliseconds=start_ms),
        "duration_ms": duration_ms,
        "is_segment": not parent,
        "project_id": 1,
    }
    facts.update(more)
    return Span(**facts)


CHOOSE = """\
     candidates = [
         objective
         for objective in catalogue.objectives(subject)
         if grade in objective.grades
     ]
     if not candidates:
>        raise LessonPlanError(grade=grade, subject=subject)
     return min(candidates, key=lambda objective: objective.order)


 def steps_for(objective: Objective) -> list[Step]:"""
FIND = """\
     def page(self, subject: str, grade: int) -> Page:
         \"\"\"Return the page that teaches `subject` in `grade`.\"\"\"
>        return self._pages[subject, grade]"""
WRITE = """\
     with tracing.content_generation("plan") as span:
         span.set_data("grade", request.grade)
>        objective = choose_objective(catalogue, request.subject, request.grade)
     with tracing.content_generation("write"):
         lesson = write(objective, seed=request.seed)"""

PAYLOAD: dict[str, Any] = {
    "event_id": EVENT_ID,
    "timestamp": (NOW - timedelta(minutes=2)).isoformat(),
    "level": "error",
    "platform": "python",
    "release": "toolboxai@0.1.0",
    "environment": "production",
    "server_name": "web-2",
    "transaction": "POST /generate_content",
    "sdk": {"name": "sentry.python.fastapi", "version": "2.75.0"},
    "exception": {
        "values": [
            {
                "type": "KeyError",
                "value": "('geometry', 5)",
                "module": "builtins",
                "mechanism": {"type": "chained", "handled": True, "source": "__cause__"},
                "stacktrace": {
                    "frames": [
                        frame(
                            "toolboxai/server/content/catalogue.py:88",
                            "Catalogue.page",
                            FIND,
                            subject="'geometry'",
                            grade="5",
                        )
                    ]
                },
            },
            {
                "type": "LessonPlanError",
                "value": "no objective fits grade 5 and subject 'geometry'",
                "module": "toolboxai.server.content.planning",
                "mechanism": {"type": "starlette", "handled": False},
                "stacktrace": {
                    "frames": [
                        frame(
                            "starlette/middleware/errors.py:164", "ServerErrorMiddleware.__call__"
                        ),
                        frame("starlette/routing.py:716", "Router.app"),
                        frame("fastapi/routing.py:301", "app"),
                        frame("fastapi/routing.py:212", "run_endpoint_function"),
                        frame(
                            "toolboxai/server/content/service.py:57",
                            "generate",
                            WRITE,
                            request="GenerateRequest(grade=5, subject='geometry', seed=7)",
                            span="<Span op='content.plan'>",
                        ),
                        frame(
                            "toolboxai/server/content/planning.py:41",
                            "choose_objective",
                            CHOOSE,
                            candidates="[]",
                            catalogue="<Catalogue 212 objectives>",
                            grade="5",
                            subject="'geometry'",
                        ),
                    ]
                },
            },
        ]
    },
    "breadcrumbs": {
        "values": [
            crumb(
                0.412,
                "httpx",
                "GET http://catalogue.internal/v1/objectives",
                data={"status_code": 200},
            ),
            crumb(0.121, "query", "SELECT id, grades FROM objective WHERE subject = ?"),
            crumb(
                0.034,
                "toolboxai.content",
                "3 of 3 sources read, 1 is older than 30 days",
                level="warning",
            ),
            crumb(
                0.002,
                "toolboxai.content",
                "planning started",
                data={"grade": 5, "subject": "geometry"},
            ),
        ]
    },
    "request": {
        "method": "POST",
        "url": "http://lessons.example/generate_content",
        "data": {"grade": 5, "subject": "geometry", "password": "[redacted]"},
        "headers": {"Content-Type": "application/json", "User-Agent": "Mozilla/5.0 (X11; CrOS)"},
    },
    "user": {"id": "p1_4k7zq2m5x3w6v7t2r5s3n4j6ha"},
    "contexts": {
        "trace": {"trace_id": TRACE, "span_id": f"{3:016x}", "op": "content.plan"},
        "runtime": {"name": "CPython", "version": "3.11.2"},
        "education": {"subject": "geometry", "grade": 5, "objective": None},
    },
    "tags": {"content_type": "lesson", "grade": "5", "worker": "2"},
}

SPANS = [
    span(1, 0, "http.server POST /generate_content", 0, 431.2, status="internal_error"),
    span(2, 1, "http.client GET http://catalogue.internal/v1/objectives", 4, 286.5),
    span(3, 1, "content.plan plan a lesson", 291, 137.9, status="internal_error"),
    span(4, 3, "db SELECT id, grades FROM objective WHERE subject = ?", 294, 18.4),
    span(5, 3, "db SELECT id, step FROM step WHERE objective IN (?)", 316, 2.6),
]
LOGS = [
    LogLine(
        timestamp=NOW - timedelta(minutes=2, milliseconds=-3),
        level="info",
        body="lesson requested",
        trace_id=TRACE,
        attributes={"grade": 5, "sentry.sdk.name": "sentry.python"},
    ),
    LogLine(
        timestamp=NOW - timedelta(minutes=2, milliseconds=-430),
        level="error",
        body="no objective fits; the request is answered with 422",
        trace_id=TRACE,
        attributes={},
    ),
]


def _others() -> list[Issue]:
    told = [
        (
            "OperationalError: database is locked",
            "toolboxai.server.database in commit",
            "fatal",
            37,
            4,
            11,
        ),
        (
            "ReadTimeout: catalogue did not answer in 10 s",
            "toolboxai.server.content.sources in fetch",
            "error",
            9_412,
            7,
            52,
        ),
        (
            "Quiz 5812 has 2 right answers",
            "toolboxai.server.content.checking in check",
            "warning",
            3,
            64,
            1,
        ),
        (
            "ZeroDivisionError: division by zero",
            "grading.statistics in mean_score",
            "error",
            218,
            185,
            20,
        ),
        (
            "Plugin 0.9.1 is no longer supported",
            "toolboxai.server.roblox.handshake in greet",
            "info",
            15,
            1_500,
            6,
        ),
        (
            "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xfc in position 18",
            "grading.imports in read_roster",
            "error",
            1,
            4_000,
            3,
        ),
    ]
    return [
        issue(
            number,
            title=title,
            culprit=culprit,
            level=level,
            count=count,
            project_id=2 if culprit.startswith("grading") else 1,
            handled=number % 2 == 0,
            status="resolved" if number == 5 else "unresolved",
            regressed_at=NOW - timedelta(hours=1) if number == 3 else None,
            last_seen=NOW - timedelta(minutes=minutes),
            first_seen=NOW - timedelta(days=days, minutes=minutes),
        )
        for number, (title, culprit, level, count, minutes, days) in enumerate(told, start=2)
    ]


def full() -> FakeQueries:
    """Return what a monitor has after some days in production."""
    older = [event(PAYLOAD, event_id=f"{n:032x}") for n in (1, 2)]
    return FakeQueries(
        all_issues=[issue(), *_others()],
        all_events=[*older, event(PAYLOAD)],
        spans=list(SPANS),
        logs=list(LOGS),
        figures=FakeFigures(
            all_series=TRANSACTIONS,
            all_spans=TIMED_SPANS,
            all_slowest=[
                SlowEvent(
                    event_id=EVENT_ID,
                    trace_id=TRACE,
                    at=NOW - timedelta(minutes=minutes),
                    duration_ms=duration_ms,
                )
                for minutes, duration_ms in ((2, 6_120.0), (90, 5_800.0))
            ],
        ),
    )
