"""What operators and their machines ask: is it alive, is it ready, what are the figures."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response, status
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from pydantic import BaseModel

from toolboxai import __version__, telemetry
from toolboxai.server.database import DatabaseDep

router = APIRouter(tags=["operations"])

LESSONS_MADE = 'toolboxai_lessons_total{grade_band="3-5",kind="lesson",outcome="made",subject="mathematics"} 12.0'
HEALTHY = {"status": "ok", "version": __version__}


class Health(BaseModel):
    """How the server is."""

    status: Literal["ok", "down"]
    version: str = __version__


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


def new_registry() -> CollectorRegistry:
    """Return a registry of its own for one application; it begins with the process."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


async def registry_of(request: Request) -> CollectorRegistry:
    """Return the registry that the application was started with."""
    registry: CollectorRegistry = request.app.state.registry
    return registry


def _example(example: object, media_type: str = "application/json") -> dict[str, Any]:
    return {"content": {media_type: {"example": example}}}


@router.head("/health", include_in_schema=False)
@router.head("/health/live", include_in_schema=False)
@router.get("/health", summary="Is it alive?", responses={200: _example(HEALTHY)})
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
    """Return the figures of this process and its lessons, and of all workers' telemetry and requests.

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
