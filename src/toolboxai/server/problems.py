"""How the API's documentation shows the errors that an endpoint can answer with. Shapes only."""

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    trace_id: str | None = None
    request_id: str | None = None
    event_id: str | None = None


def documented(
    status: int,
    detail: str,
    *,
    kind: str = "about:blank",
    description: str | None = None,
    instance: str = "/auth/me",
    headers: dict[str, Any] | None = None,
    **more: object,
) -> dict[str, Any]:
    """Return an entry for ``responses=``: what the error means, and an answer as an example."""
    example = {
        "type": kind if kind == "about:blank" else f"urn:toolboxai:problem:{kind}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": instance,
        "trace_id": "5f0c6b1d3a9e4c7f8b2d1e0a9c8b7f6e",
        "request_id": "01JD3Q6W9ZV5T8M2K4N7P0R1SX",
        **more,
    }
    content = {"schema": Problem.model_json_schema(), "example": example}
    entry = {
        "description": description or detail,
        "content": {"application/problem+json": content},
    }
    return {**entry, "headers": headers} if headers else entry
