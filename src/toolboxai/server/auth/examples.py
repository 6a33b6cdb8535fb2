"""What the API's documentation shows of the door, and what every endpoint behind it can answer with."""

from typing import Any

from fastapi.openapi.models import Example

from toolboxai.server.auth.errors import (
    NotAllowedError,
    NotSignedInError,
    RefreshRefusedError,
    TooManyFailuresError,
    TooManyRequestsError,
    WrongCredentialsError,
)
from toolboxai.server.problems import documented

_CHALLENGE = {
    "WWW-Authenticate": {"description": "`Bearer`", "schema": {"type": "string"}},
}
_RETRY_AFTER = {
    "Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer"}},
}
_TO_REFRESH = "c2hvd24gaW4gdGhlIGRvY3VtZW50YXRpb24gb25seSE"

TOKENS = {
    "content": {
        "application/json": {
            "example": {
                "access_token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIuLi4ifQ.c2lnbmF0dXJl",
                "token_type": "bearer",
                "expires_in": 900,
                "refresh_token": _TO_REFRESH,
            }
        }
    }
}
REFRESH = {
    "refresh": Example(summary="A refresh token", value={"refresh_token": _TO_REFRESH}),
}
ME = {
    "content": {
        "application/json": {
            "example": {
                "id": "01932f5e-8c41-7a3b-9d52-6f0e1b7c2a90",
                "username": "m.okafor",
                "role": "teacher",
                "school": {"id": "01932f5e-7b10-7c2d-8e63-2a9f4d5b6c71", "name": "Hill School"},
                "grade": None,
                "grade_band": None,
            }
        }
    }
}


def _refused(
    error: NotSignedInError | WrongCredentialsError | RefreshRefusedError,
    kind: str,
    description: str,
) -> dict[str, Any]:
    return documented(401, str(error), kind=kind, description=description, headers=_CHALLENGE)


WRONG_CREDENTIALS = _refused(
    WrongCredentialsError(), "wrong-credentials", "User name and password don't belong together"
)
REFRESH_REFUSED = _refused(
    RefreshRefusedError(), "refresh-refused", "The token is unknown, too old, used, or signed out"
)
NOT_SIGNED_IN = _refused(
    NotSignedInError(), "not-signed-in", "Nobody is signed in, or the token is not valid any more"
)
NOT_ALLOWED = documented(
    403,
    str(NotAllowedError()),
    kind="not-allowed",
    description="Somebody is signed in whose role doesn't do this",
)
TOO_MANY_FAILURES = documented(
    429,
    str(TooManyFailuresError(900)),
    kind="too-many-failures",
    description="Too many sign-ins failed with this name, or from this address",
    instance="/auth/token",
    headers=_RETRY_AFTER,
)
TOO_MANY = documented(
    429,
    str(TooManyRequestsError(60)),
    kind="too-many-requests",
    description="Too many requests in a short time",
    headers=_RETRY_AFTER,
)
UNAVAILABLE = documented(
    503,
    "Something this server depends on (database) did not answer as it should. "
    "Please try again in a moment.",
    kind="dependency",
    description="Something the server needs is away; it was reported, and trying again may help",
    headers=_RETRY_AFTER,
    event_id="0b9f5d3c1a7e4f2d8c6b4a2e0f1d3c5b",
)
TIMEOUT = documented(
    504,
    "Something this server depends on (database) did not answer as it should. "
    "Please try again in a moment.",
    kind="dependency",
    description="Something the server needs took too long; it was reported, and trying again may help",
    headers=_RETRY_AFTER,
    event_id="0b9f5d3c1a7e4f2d8c6b4a2e0f1d3c5b",
)
REFUSED = documented(
    422,
    "The request can't be used as it is. Look at: username.",
    kind="invalid-input",
    description="A field can't be used; `errors` says which and why",
    instance="/auth/token",
    errors=[{"field": "username", "reason": "Field required", "kind": "missing", "in": "body"}],
)

# For `responses=` of every endpoint that asks who is there.
AUTH_RESPONSES: dict[int | str, dict[str, Any]] = {
    401: NOT_SIGNED_IN,
    403: NOT_ALLOWED,
    429: TOO_MANY,
    503: UNAVAILABLE,
    504: TIMEOUT,
}
