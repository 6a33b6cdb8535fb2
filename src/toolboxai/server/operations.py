"""What operators and their machines ask: is it alive, how are its parts, is it ready, what are the figures."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter, Depends, Request, Response, status
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from toolboxai import __version__, telemetry
from toolboxai.server.auth import (
    AUTH_RESPONSES,
    AccessTokensDep,
    SignedIn,
    bearer,
    signed_in,
)
from toolboxai.server.database import DatabaseDep
from toolboxai.server.models import Role
from toolboxai.server.parts import HasHealth, Part, PartStatus

router = APIRouter(tags=["operations"])

LESSONS_MADE = 'toolboxai_lessons_total{grade_band="3-5",kind="lesson",outcome="made",subject="mathematics"} 12.0'
HEALTHY = {"status": "ok", "version": __version__}
AWAY = "away: each process counts limits for itself until it is back; see REDIS_URL"
DEGRADED = {
    "status": "degraded",
    "version": __version__,
    "parts": {
        "database": {"status": "ok", "says": "postgresql", "figures": {"milliseconds": 1.2}},
        "redis": {"status": "degraded", "says": AWAY, "figures": {}},
        "telemetry": {"status": "ok", "says": "reports to the sink", "figures": {}},
    },
}


class Health(BaseModel):
    """How the server is."""

    status: Literal["ok", "down"]
    version: str = __version__


class Detail(BaseModel):
    """How the server is, and for who may know it how each of its parts is."""

    status: Literal["ok", "degraded", "down"]
    version: str = __version__
    parts: dict[str, Part] | None = None


class Readiness(Health):
    """Whether the server can do its work, and which part can't."""

    database: Literal["ok", "down"]


class TelemetryCollector(Collector):
    """Telemetry's own families among those of the server: all on this machine itself, else what anybody may know."""

    def __init__(self, request: Request) -> None:
        self._everything = telemetry.is_local(request)

    def collect(self) -> Iterable[Metric]:
        """Return the families as they are now, over all workers."""
        for family in telemetry.metrics(everything=self._everything):
            metric = Metric(family.name, family.help, family.kind)
            for sample in family.samples:
                metric.add_sample(sample.name, dict(sample.labels), sample.value)
            yield metric


class Refreshed(Protocol):
    """Figures that have to be asked for before they are shown."""

    async def refresh(self) -> None:
        """Ask, and don't raise because somebody doesn't answer."""
        ...


class Reporting:
    """Telemetry as a part of the server."""

    async def health(self) -> Part:
        """Say whether what goes wrong is reported."""
        # In a thread: what other workers have counted is read from their files.
        told = await run_in_threadpool(telemetry.status)
        if not told["enabled"]:
            return Part(status=PartStatus.UNUSED, says=str(told["reason"]))
        if not told["healthy"]:
            return Part(status=PartStatus.DEGRADED, says=str(told["reason"]))
        return Part(status=PartStatus.OK, says="reports to the sink")


def new_registry() -> CollectorRegistry:
    """Return a registry of its own for one application; it begins with the process."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


async def registry_of(request: Request) -> CollectorRegistry:
    """Return the registry that the application was started with, its figures as they are now."""
    refreshed: Sequence[Refreshed] = request.app.state.refreshed
    for each in refreshed:
        await each.refresh()
    registry: CollectorRegistry = request.app.state.registry
    return registry


async def sees_parts(request: Request, tokens: AccessTokensDep, database: DatabaseDep) -> bool:
    """Say whether the parts may be shown: to this machine itself and to operators."""
    if telemetry.is_local(request):
        return True
    token = await bearer(request)
    if token is None:
        return False
    who: SignedIn = await signed_in(token, tokens, database)
    return who.role is Role.OPERATOR


def _example(example: object, media_type: str = "application/json") -> dict[str, Any]:
    return {"content": {media_type: {"example": example}}}


@router.head("/health", include_in_schema=False, response_model_exclude_none=True)
@router.get(
    "/health",
    summary="How is it?",
    response_model_exclude_none=True,
    responses={
        200: _example(DEGRADED) | {"description": "It lives; `parts` are for operators"},
        **{status: AUTH_RESPONSES[status] for status in (401, 503, 504)},
    },
)
async def detail(request: Request, sees: Annotated[bool, Depends(sees_parts)]) -> Detail:
    """Say that it lives; to an operator, or on this machine itself, also how each part is.

    The answer is 200 whatever the parts say: `/health/ready` is what a load balancer asks. An operator asks with an
    access token, which the database has to confirm; when it is away, ask on the server's own machine.
    """
    if not sees:
        return Detail(status="ok")
    parts: Mapping[str, HasHealth] = request.app.state.parts
    found = await asyncio.gather(*(each.health() for each in parts.values()))
    return Detail(status=_worst(found), parts=dict(zip(parts, found, strict=True)))


def _worst(parts: Iterable[Part]) -> Literal["ok", "degraded", "down"]:
    all_of_them = {part.status for part in parts}
    if PartStatus.DOWN in all_of_them:
        return "down"
    return "degraded" if PartStatus.DEGRADED in all_of_them else "ok"


@router.head("/health/live", include_in_schema=False)
@router.get("/health/live", summary="Is the process alive?", responses={200: _example(HEALTHY)})
async def alive() -> Health:
    """Answer at once, without asking anybody else."""
    return Health(status="ok")


@router.head("/health/ready", include_in_schema=False)
@router.get(
    "/health/ready",
    summary="Can it do its work?",
    responses={
        200: _example({**HEALTHY, "database": "ok"}),
        503: {
            "model": Readiness,
            "description": "The database does not answer",
            **_example({**HEALTHY, "status": "down", "database": "down"}),
        },
    },
)
async def ready(response: Response, database: DatabaseDep) -> Readiness:
    """Ask the database; 503 tells a load balancer to send requests elsewhere for now."""
    if await database.probe():
        return Readiness(status="ok", database="ok")
    response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return Readiness(status="down", database="down")


@router.get(
    "/metrics",
    summary="Figures for Prometheus, or as JSON",
    response_class=PlainTextResponse,
    responses={
        200: _example(LESSONS_MADE, "text/plain")
        | {"description": "Prometheus text; JSON for `Accept: application/json`"}
    },
)
def metrics(
    request: Request,
    registry: Annotated[CollectorRegistry, Depends(registry_of)],
) -> Response:
    """Return the figures of this process, its lessons and the schools' plugins, and of all workers' telemetry and requests.

    Telemetry's figures are for this machine alone: asked through a loopback address and name,
    with no proxy between. Others learn whether it is enabled and healthy.
    """
    shown = CollectorRegistry()
    shown.register(registry)
    shown.register(TelemetryCollector(request))
    accept = request.headers.get("accept", "")
    if "application/json" in accept:
        return JSONResponse(_as_json(shown, is_local=telemetry.is_local(request)))
    encode, content_type = choose_encoder(accept)
    return Response(encode(shown), media_type=content_type)


def _as_json(registry: CollectorRegistry, *, is_local: bool) -> dict[str, object]:
    samples = [
        {"name": sample.name, "labels": sample.labels, "value": sample.value}
        for metric in registry.collect()
        for sample in metric.samples
    ]
    return {"sentry": telemetry.details() if is_local else telemetry.status(), "samples": samples}
