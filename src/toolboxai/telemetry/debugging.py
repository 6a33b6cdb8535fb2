"""``/sentry-debug``: goes wrong on request, in development, so that one can see it arrive."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from toolboxai.telemetry.context import Agent
from toolboxai.telemetry.jobs import background
from toolboxai.telemetry.setup import telemetry
from toolboxai.telemetry.steps import agent_run
from toolboxai.telemetry.tracing import span

# Not this module's own name: what telemetry says of itself is never sent.
log = logging.getLogger("toolboxai.debug")

SLOW_SECONDS = 2.5

# What goes wrong, and as what: it raises, logs, or is slow.
DebugKinds = Mapping[str, Callable[[], Awaitable[None]]]


class DebugError(RuntimeError):
    """Raised on request, to see that it arrives."""


def debug_endpoint(own: DebugKinds) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers ``/sentry-debug`` with these kinds besides telemetry's own."""
    kinds = {**KINDS, **own}

    async def answer_debug(request: Request) -> Response:
        """Do what the path or ``?kind=`` names; ``error`` without one."""
        kind = request.path_params.get("kind") or request.query_params.get("kind", "error")
        if kind not in kinds:
            raise HTTPException(400, f"kind is one of: {', '.join(kinds)}")
        await kinds[kind]()
        return JSONResponse({"kind": kind, "sent": telemetry().is_active})

    return answer_debug


async def _error() -> None:
    msg = f"a test error from /sentry-debug in {telemetry().options.environment}"
    raise DebugError(msg)


async def _log() -> None:
    log.warning("a test line from /sentry-debug")


async def _trace() -> None:
    with span("debug.step", "a step of the debug trace"):
        pass


async def _slow() -> None:
    """Be slow enough for a trace to be kept whatever chance said."""
    with span("debug.wait", "wait without a reason"):
        await asyncio.sleep(SLOW_SECONDS)


async def _task() -> None:
    """Fail behind the answer."""
    _ = background(_error(), name="a test job from /sentry-debug")


async def _agent() -> None:
    """Do as an agent does that has used something."""
    with agent_run(Agent(task="debug", model="none")) as run:
        run.used(Agent(task="debug", model="none", input_tokens=12, output_tokens=3, cost_usd=0.0))


KINDS: DebugKinds = {
    "error": _error,
    "log": _log,
    "trace": _trace,
    "slow": _slow,
    "task": _task,
    "agent": _agent,
}
