"""Payloads as the SDK and our telemetry send them, with nothing planted in them yet."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from benchmarks.privacy.kinds import HEX, pick

Payload = dict[str, Any]
_BEGIN = datetime(2026, 11, 23, 8, tzinfo=UTC)
_ROUTES = (
    "/api/v1/lessons/{lesson_id}",
    "/api/v1/classes/{class_id}/enrolments",
    "/generate_quiz",
    "/auth/token",
    "/plugin/messages",
    "/lms/courses/{course_id}",
)
_ERRORS = ("ValueError", "IntegrityError", "ValidationError", "TokenExpiredError", "TimeoutError")
_LIBRARY = (
    ("starlette/middleware/errors.py", "starlette.middleware.errors", "__call__"),
    ("starlette/routing.py", "starlette.routing", "handle"),
    ("fastapi/routing.py", "fastapi.routing", "run_endpoint_function"),
    ("anyio/to_thread.py", "anyio.to_thread", "run_sync"),
    ("sqlalchemy/engine/base.py", "sqlalchemy.engine.base", "_execute_context"),
)
_OURS = (
    ("school/content/service.py", "school.content.service", "generate_quiz"),
    ("school/auth/passwords.py", "school.auth.passwords", "verify_password"),
    ("school/lms/client.py", "school.lms.client", "fetch_courses"),
    ("school/classes/router.py", "school.classes.router", "enrol"),
)
LOG_ITEMS = 6
ROLES = ("pupil", "teacher", "admin")
BANDS = ("K-2", "3-5", "6-8", "9-12")


def uuid(random: Random) -> str:
    """Return a version 4 UUID."""
    return str(UUID(int=random.getrandbits(128), version=4))


def _moment(random: Random) -> datetime:
    return _BEGIN + timedelta(milliseconds=random.randint(0, 36_000_000))


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _user(random: Random) -> Payload:
    raw = random.choice(
        (f"u-{pick(random, HEX, 12)}", str(random.randint(10**8, 10**9)), uuid(random))
    )
    return {"id": raw, "role": random.choice(ROLES), "grade_band": random.choice(BANDS)}


def _frame(random: Random, place: tuple[str, str, str], *, in_app: bool) -> Payload:
    filename, module, function = place
    frame: Payload = {
        "filename": filename,
        "abs_path": f"/srv/app/{filename}",
        "function": function,
        "module": module,
        "lineno": random.randint(10, 900),
        "in_app": in_app,
    }
    if in_app:
        frame |= {
            "pre_context": ["", "    async with session.begin():"],
            "context_line": f"        result = await {function}(request)",
            "post_context": ["    return result", ""],
            "vars": {"attempt": random.randint(1, 5)},
        }
    return frame


def _frames(random: Random, *, library: int, ours: int) -> Payload:
    outer = [_frame(random, random.choice(_LIBRARY), in_app=False) for _ in range(library)]
    inner = [_frame(random, random.choice(_OURS), in_app=True) for _ in range(ours)]
    return {"frames": outer + inner}


def _trace(random: Random) -> Payload:
    return {
        "trace_id": pick(random, HEX, 32),
        "span_id": pick(random, HEX, 16),
        "parent_span_id": None,
        "op": "http.server",
        "origin": "auto.http.toolboxai",
        "status": random.choice(("ok", "internal_error")),
        "data": {"http.request.method": "POST", "http.response.status_code": 500},
    }


def _crumbs(random: Random) -> Payload:
    at = _moment(random).timestamp()
    values = [
        {"type": "default", "category": "school.content", "message": "quiz requested", "data": {}},
        {"type": "http", "category": "httplib", "data": {"method": "GET", "status_code": 200}},
        {"type": "default", "category": "query", "message": "SELECT 1", "data": {}},
    ]
    times = ({"timestamp": at + number, "level": "info"} for number in range(3))
    return {"values": [value | time for value, time in zip(values, times, strict=True)]}


def _around(random: Random) -> Payload:
    """Return what every event carries."""
    route = random.choice(_ROUTES)
    return {
        "event_id": pick(random, HEX, 32),
        "timestamp": _iso(_moment(random)),
        "platform": "python",
        "environment": "production",
        "release": f"toolboxai@1.{random.randint(0, 9)}.{random.randint(0, 30)}",
        "server_name": "web-1",
        "sdk": {"name": "sentry.python.fastapi", "version": "2.75.0"},
        "transaction": route,
        "transaction_info": {"source": "route"},
        "request": {
            "method": random.choice(("GET", "POST", "PATCH")),
            "url": f"https://school.example{route}",
            "query_string": "",
            "headers": {"host": "school.example", "accept": "*/*"},
            "env": {"SERVER_NAME": "school.example", "SERVER_PORT": "443"},
        },
        "user": _user(random),
        "tags": {"queue": "generation"},
        "extra": {},
        "contexts": {
            "trace": _trace(random),
            "runtime": {"name": "CPython", "version": "3.11.7"},
            "education": {"subject": "science", "grade_band": "3-5"},
            "plugin": {"version": "0.9.1"},
        },
        "modules": {"fastapi": "0.165.0", "sentry-sdk": "2.75.0", "python-jose": "3.5.0"},
    }


def error(random: Random) -> Payload:
    """Return an unhandled exception with its cause, about 8 kB."""
    cause, raised = random.sample(_ERRORS, 2)
    values = [
        {
            "type": cause,
            "module": "school.errors",
            "value": "no chalk",
            "mechanism": {"type": "chained", "handled": False, "exception_id": 1, "parent_id": 0},
            "stacktrace": _frames(random, library=8, ours=2),
        },
        {
            "type": raised,
            "module": "school.errors",
            "value": "lesson could not be made",
            "mechanism": {"type": "starlette", "handled": False, "exception_id": 0},
            "stacktrace": _frames(random, library=14, ours=3),
        },
    ]
    rest: Payload = {
        "level": "error",
        "exception": {"values": values},
        "breadcrumbs": _crumbs(random),
    }
    return _around(random) | rest


def message(random: Random) -> Payload:
    """Return a captured log message."""
    rest: Payload = {
        "level": "warning",
        "logger": "school.content",
        "logentry": {"message": "lesson is slow", "formatted": "lesson is slow", "params": []},
        "breadcrumbs": _crumbs(random),
    }
    return _around(random) | rest


def _span(random: Random, trace_id: str, op: str, description: str) -> Payload:
    begin = _moment(random)
    return {
        "trace_id": trace_id,
        "span_id": pick(random, HEX, 16),
        "parent_span_id": pick(random, HEX, 16),
        "op": op,
        "description": description,
        "origin": "auto",
        "status": "ok",
        "start_timestamp": _iso(begin),
        "timestamp": _iso(begin + timedelta(milliseconds=random.randint(1, 900))),
        "data": {},
    }


def transaction(random: Random) -> Payload:
    """Return a trace of a request: a query, a call, a model, a piece of work."""
    around = _around(random)
    trace_id = around["contexts"]["trace"]["trace_id"]
    kinds = (
        ("db", "SELECT id, subject FROM lessons WHERE id = $1"),
        ("http.client", "GET https://lms.example.org/courses/*"),
        ("gen_ai.chat", "chat gpt-4o-mini"),
        ("function", "school.content.service.generate_quiz"),
    )
    begin = _moment(random)
    rest: Payload = {
        "type": "transaction",
        "start_timestamp": _iso(begin),
        "timestamp": _iso(begin + timedelta(seconds=2)),
        "spans": [_span(random, trace_id, op, description) for op, description in kinds],
        "measurements": {"db.time": {"value": 12.5, "unit": "millisecond"}},
    }
    return around | rest


def feedback(random: Random) -> Payload:
    """Return what a person wrote into the feedback widget."""
    around = _around(random)
    around["contexts"]["feedback"] = {
        "message": "the button does nothing",
        "contact_email": None,
        "name": None,
        "url": "https://school.example/lessons",
        "source": "widget",
        "replay_id": pick(random, HEX, 32),
        "associated_event_id": pick(random, HEX, 32),
    }
    return around | {"type": "feedback", "level": "info", "breadcrumbs": _crumbs(random)}


def replay_event(random: Random) -> Payload:
    """Return a segment of a session replay."""
    around = _around(random)
    begin = _moment(random)
    rest: Payload = {
        "type": "replay_event",
        "platform": "javascript",
        "replay_id": around["event_id"],
        "replay_type": random.choice(("session", "buffer")),
        "segment_id": random.randint(0, 9),
        "timestamp": begin.timestamp() + 5,
        "replay_start_timestamp": begin.timestamp(),
        "urls": ["https://school.example/lessons", "https://school.example/quiz"],
        "error_ids": [pick(random, HEX, 32)],
        "trace_ids": [pick(random, HEX, 32), pick(random, HEX, 32)],
    }
    return around | rest


def _attributes(user: Payload) -> Payload:
    texts = {
        "sentry.environment": "production",
        "logger.name": "school.content",
        "code.function.name": "generate_quiz",
        "user.id": user["id"],
        "user.role": user["role"],
    }
    return {name: {"value": text, "type": "string"} for name, text in texts.items()}


def log(random: Random) -> Payload:
    """Return a container of log records of one person."""
    user = _user(random)
    items = [
        {
            "timestamp": _moment(random).timestamp(),
            "level": "warn",
            "severity_number": 13,
            "trace_id": pick(random, HEX, 32),
            "body": "lesson is slow",
            "attributes": _attributes(user),
        }
        for _ in range(LOG_ITEMS)
    ]
    return {"type": "log", "version": 2, "items": items}


SKELETONS: dict[str, Callable[[Random], Payload]] = {
    "error": error,
    "message": message,
    "transaction": transaction,
    "feedback": feedback,
    "replay_event": replay_event,
    "log": log,
}
