"""Switches the instruments on and off."""

from collections.abc import Mapping
from functools import partial
from types import ModuleType
from typing import Protocol

from toolboxai.telemetry.instruments.agents import observe_openai, observe_pydantic_ai
from toolboxai.telemetry.instruments.arriving import Arrivals
from toolboxai.telemetry.instruments.asyncpg import observe as observe_asyncpg
from toolboxai.telemetry.instruments.calls import Choices
from toolboxai.telemetry.instruments.http_client import observe as observe_http_client
from toolboxai.telemetry.instruments.observing import Patches
from toolboxai.telemetry.instruments.redis import observe as observe_redis
from toolboxai.telemetry.instruments.sqlalchemy import observe as observe_sqlalchemy
from toolboxai.telemetry.instruments.structlog import observe as observe_structlog
from toolboxai.telemetry.options import LOOPBACK


class Observe(Protocol):
    """Puts a library's functions under observation."""

    def __call__(self, module: ModuleType, /, patches: Patches, choices: Choices) -> None: ...


# By the module whose import makes it worth while.
_INSTRUMENTS: Mapping[str, Observe] = {
    "asyncpg": observe_asyncpg,
    "httpx": observe_http_client,
    "httpx2": observe_http_client,
    "openai": observe_openai,
    "pydantic_ai": observe_pydantic_ai,
    "redis": observe_redis,
    "sqlalchemy.engine.default": observe_sqlalchemy,
    "structlog": observe_structlog,
}

_arrivals = Arrivals()
_patches = Patches()


def install(
    *,
    slow_query_seconds: float = 0.1,
    trace_hosts: tuple[str, ...] = LOOPBACK,
    max_breadcrumbs: int = 50,
    in_app_prefixes: tuple[str, ...] = (),
) -> None:
    """Observe the calls that requests make; a second call replaces the first.

    Slower queries than ``slow_query_seconds`` say where in the application they were made. Trace
    headers go to ``trace_hosts`` only: host names, or ``*.school.example`` for all below one.
    """
    remove()
    choices = Choices(
        slow_query_seconds=slow_query_seconds,
        trace_hosts=trace_hosts,
        max_breadcrumbs=max_breadcrumbs,
        in_app_prefixes=in_app_prefixes,
    )
    for name, observe in _INSTRUMENTS.items():
        _arrivals.expect(name, partial(observe, patches=_patches, choices=choices))


def remove() -> None:
    """Give every library its own functions back; does nothing when nothing is installed."""
    _arrivals.forget()
    _patches.undo()
