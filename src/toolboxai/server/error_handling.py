"""Errors become RFC 9457 answers that let a support ticket lead to the issue.

    Exception
    ├── AppError                       what we expect and can name
    │   ├── CallerError                4xx: the caller's fault, answered, not reported
    │   │   ├── InvalidInputError      422, with one entry a field
    │   │   └── …                      one class a case, next to the code that raises it
    │   ├── DependencyError            502, 503, 504: reported once, as handled
    │   └── OurFaultError              500: we noticed our own mistake; reported as a bug
    └── anything else                  500: a bug, reported, answered without internals

A handler asks telemetry for the id under which the error will be reported, and puts it into the
answer. Nothing that the caller sent appears in an answer, except names of fields and the path.
"""

import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from toolboxai import telemetry
from toolboxai.server.database import BUGS, FAILURES, is_timeout

MAX_FIELDS_REPORTED = 20
MAX_FIELD_NAME_CHARS = 100
RETRY_AFTER_SECONDS = 5
# The kinds of Pydantic's errors whose text is made of our rules and never of what was sent.
QUOTABLE = frozenset(
    {
        "bool_parsing",
        "bool_type",
        "dict_type",
        "extra_forbidden",
        "float_parsing",
        "float_type",
        "greater_than",
        "greater_than_equal",
        "int_from_float",
        "int_parsing",
        "int_parsing_size",
        "int_type",
        "less_than",
        "less_than_equal",
        "list_type",
        "literal_error",
        "missing",
        "model_attributes_type",
        "model_type",
        "string_pattern_mismatch",
        "string_too_long",
        "string_too_short",
        "string_type",
        "too_long",
        "too_short",
        "uuid_type",
    }
)
# What Pydantic and FastAPI say of a body that is no object: a list, a text, null, nothing at all.
NO_OBJECT = frozenset({"dict_type", "missing", "model_attributes_type", "model_type"})
NOT_JSON = "The body must be JSON. Send it with the header Content-Type: application/json."
UNSUPPORTED_MEDIA_TYPE = "urn:toolboxai:problem:unsupported-media-type"


class AppError(Exception):
    """An error that the server expects and has a name for."""

    status = 500

    @property
    def code(self) -> str:
        """A word for this kind of error that stays the same: ``lesson-not-found``."""
        return _code_of(type(self))


class CallerError(AppError):
    """The caller asked for something that can't be; the message tells them what to change."""

    status = 400
    headers: Mapping[str, str] = {}


class InvalidInputError(CallerError):
    """A field is well-formed but its value can't be used."""

    status = 422

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class OurFaultError(AppError):
    """The server noticed its own mistake before it did harm."""


class Failure(Enum):
    """How a dependency failed us; the value is the status that says so."""

    BAD_ANSWER = 502
    UNAVAILABLE = 503
    TIMEOUT = 504


class DependencyError(AppError):
    """A service that the server needs did not do its part."""

    def __init__(
        self, service: str, operation: str, *, failure: Failure = Failure.UNAVAILABLE
    ) -> None:
        kind = failure.name.lower().replace("_", " ")
        super().__init__(f"{service} failed at {operation}: {kind}")
        self.service = service
        self.operation = operation
        self.failure = failure
        self.status = failure.value
        # One issue for each service and way of failing, wherever it happens.
        self.fingerprint = ("dependency", service, failure.name.lower())


@contextmanager
def database_operation(operation: str) -> Generator[None]:
    """Turn the database's failures in the block into `DependencyError`s; our mistakes pass."""
    with telemetry.database_operation(operation):
        try:
            yield
        except BUGS:
            raise
        except FAILURES as error:
            failure = Failure.TIMEOUT if is_timeout(error) else Failure.UNAVAILABLE
            raise DependencyError(
                service="database", operation=operation, failure=failure
            ) from error


def add_handlers(app: FastAPI) -> None:
    """Answer every error of ``app`` with a problem document."""
    for kind, handler in (
        (CallerError, _answer_caller_error),
        (DependencyError, _answer_dependency_error),
        (RequestValidationError, _answer_invalid_request),
        (HTTPException, _answer_http_exception),
        (Exception, _answer_bug),
    ):
        app.exception_handler(kind)(handler)


def problem(
    request: Request,
    status: int,
    detail: str,
    *,
    kind: str = "about:blank",
    headers: Mapping[str, str] | None = None,
    **more: object,
) -> JSONResponse:
    """Return a problem document about this request."""
    facts = {
        "type": kind,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": quote(request.url.path),
        "trace_id": telemetry.trace_id(),
        "request_id": telemetry.request_id(),
        **more,
    }
    known = {name: fact for name, fact in facts.items() if fact is not None}
    return JSONResponse(known, status, headers, media_type="application/problem+json")


async def _answer_caller_error(request: Request, error: CallerError) -> Response:
    if isinstance(error, InvalidInputError):
        entry = {"field": error.field, "reason": error.reason, "kind": "unusable"}
        return _invalid(request, [entry])
    kind = _kind_of(error.code)
    return problem(request, error.status, str(error), kind=kind, headers=error.headers)


async def _answer_dependency_error(request: Request, error: DependencyError) -> Response:
    return problem(
        request,
        error.status,
        f"Something this server depends on ({error.service}) did not answer as it should. "
        "Please try again in a moment.",
        kind=_kind_of(error.code),
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
        event_id=telemetry.event_id_for(error),
    )


async def _answer_bug(request: Request, error: Exception) -> Response:
    return problem(
        request,
        500,
        "Something went wrong on our side. It is not your fault, and trying again may help.",
        event_id=telemetry.event_id_for(error),
    )


async def _answer_http_exception(request: Request, error: HTTPException) -> Response:
    if isinstance(error.__cause__, UnicodeDecodeError):
        return _invalid(request, [_entry_for_undecodable(error.__cause__)])
    if error.status_code in {204, 304}:
        return Response(status_code=error.status_code, headers=error.headers)
    event_id = telemetry.event_id_for(error) if error.status_code >= 500 else None
    detail = str(error.detail)
    return problem(request, error.status_code, detail, headers=error.headers, event_id=event_id)


async def _answer_invalid_request(request: Request, error: RequestValidationError) -> Response:
    # FastAPI leaves a body alone that doesn't say it is JSON.
    if isinstance(error.body, bytes):
        headers = {"Accept": "application/json"}
        return problem(request, 415, NOT_JSON, kind=UNSUPPORTED_MEDIA_TYPE, headers=headers)
    return _invalid(request, [_entry_for(found) for found in error.errors()[:MAX_FIELDS_REPORTED]])


def _invalid(request: Request, errors: Sequence[Mapping[str, str]]) -> Response:
    fields = ", ".join(entry["field"] for entry in errors)
    detail = f"The request can't be used as it is. Look at: {fields}."
    kind = _kind_of(_code_of(InvalidInputError))
    return problem(request, 422, detail, kind=kind, errors=errors)


def _entry_for(found: Mapping[str, Any]) -> Mapping[str, str]:
    place, *path = found["loc"]
    is_syntax = found["type"] == "json_invalid"
    field = place if is_syntax or not path else ".".join(str(part) for part in path)
    return {
        "field": str(field)[:MAX_FIELD_NAME_CHARS],
        "reason": _reason_for(found),
        "kind": found["type"],
        "in": place,
    }


def _entry_for_undecodable(error: UnicodeDecodeError) -> Mapping[str, str]:
    reason = f"Input should be JSON in UTF-8; it is not at byte {error.start}"
    return {"field": "body", "reason": reason, "kind": "utf8_invalid", "in": "body"}


def _reason_for(found: Mapping[str, Any]) -> str:
    if found["loc"] == ("body",) and found["type"] in NO_OBJECT:
        return "Input must be a JSON object"
    if found["type"] == "json_invalid":
        return f"Input should be valid JSON; it is not at character {found['loc'][-1]}"
    return found["msg"] if found["type"] in QUOTABLE else "Input is not valid"


def _kind_of(code: str) -> str:
    return f"urn:toolboxai:problem:{code}"


def _code_of(error: type[AppError]) -> str:
    words = re.findall(r"[A-Z][a-z]+", error.__name__.removesuffix("Error"))
    return "-".join(words).lower()
