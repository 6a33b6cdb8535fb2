"""How the schools' Studios do, as figures for Prometheus: over all schools, and never by school or user.

Sessions and messages are those of the database, so every process gives the same; what was told of errors, and the polls that
wait, are this process's own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from toolboxai.server.database import FAILURES, Database
from toolboxai.server.models import PluginMessage, PluginSession, utc_now
from toolboxai.server.roblox.bells import Bells
from toolboxai.server.roblox.conditions import is_live, is_waiting
from toolboxai.server.roblox.protocol import HEARTBEAT_SECONDS

# Who has left out three heartbeats is silent: Studio was closed, or its network is gone.
OPEN_WITHIN = timedelta(seconds=3 * HEARTBEAT_SECONDS)
LATE_AFTER = timedelta(seconds=60)
LAG_QUANTILE = 0.95
# Anybody may ask, and the database should not notice how often.
MIN_AGE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Studios:
    """How all Studios do at a moment."""

    open: int
    silent: int
    lag_seconds: float | None
    waiting: int
    late: int


class PluginFigures(Collector):
    """The figures of one process. `refresh` asks the database; what it doesn't say is left out."""

    def __init__(self, database: Database, bells: Bells, registry: CollectorRegistry) -> None:
        self._database = database
        self._bells = bells
        self._now: Studios | None = None
        self._asked_at = -MIN_AGE_SECONDS
        self._errors = Counter(
            "toolboxai_luau_errors",
            "Errors of scripts in Studio that plugins told of",
            ["outcome"],
            registry=registry,
        )
        registry.register(self)

    def count_errors(self, *, reported: int, held_back: int) -> None:
        """Count errors that became events, and those that were the same again."""
        self._errors.labels("reported").inc(reported)
        self._errors.labels("held_back").inc(held_back)

    async def refresh(self) -> None:
        """Ask the database, unless that was just done."""
        if monotonic() - self._asked_at < MIN_AGE_SECONDS:
            return
        self._asked_at = monotonic()
        try:
            self._now = await studios_now(self._database)
        except FAILURES:
            self._now = None

    def collect(self) -> Iterable[Metric]:
        """Yield the figures as they were at the last `refresh`."""
        polls = "Polls that wait for a message in this process"
        yield GaugeMetricFamily("toolboxai_plugin_polls", polls, value=len(self._bells))
        if self._now is not None:
            yield from _families(self._now)


async def studios_now(database: Database) -> Studios:
    """Return how all Studios do; raise one of `FAILURES` when the database doesn't say."""
    now = utc_now()
    is_open = is_live(now) & (PluginSession.seen_at > now - OPEN_WITHIN)
    is_theirs = PluginMessage.session_id == PluginSession.id
    waits = select(func.count()).where(is_theirs, is_live(now), is_waiting(now))
    async with database.session() as session:
        all_of_them = await session.scalar(select(func.count()).where(is_live(now))) or 0
        open_ones = await session.scalar(select(func.count()).where(is_open)) or 0
        slowest = (
            select(PluginSession.seen_at)
            .where(is_open)
            .order_by(PluginSession.seen_at)
            .offset(int(open_ones * (1 - LAG_QUANTILE)))
            .limit(1)
        )
        seen_at = await session.scalar(slowest)
        waiting = await session.scalar(waits) or 0
        late = await session.scalar(waits.where(PluginMessage.created_at < now - LATE_AFTER)) or 0
    return Studios(
        open=open_ones,
        silent=all_of_them - open_ones,
        lag_seconds=None if seen_at is None else max((now - seen_at).total_seconds(), 0.0),
        waiting=waiting,
        late=late,
    )


def _families(now: Studios) -> Iterable[Metric]:
    sessions = GaugeMetricFamily(
        "toolboxai_plugin_sessions",
        f"Studios that are paired: open were heard of within {OPEN_WITHIN.seconds} seconds",
        labels=["state"],
    )
    sessions.add_metric(["open"], now.open)
    sessions.add_metric(["silent"], now.silent)
    yield sessions
    messages = GaugeMetricFamily(
        "toolboxai_plugin_messages_waiting",
        f"Messages that no Studio has acknowledged: late ones for over {LATE_AFTER.seconds} seconds",
        labels=["state"],
    )
    messages.add_metric(["new"], now.waiting - now.late)
    messages.add_metric(["late"], now.late)
    yield messages
    if now.lag_seconds is not None:
        yield GaugeMetricFamily(
            "toolboxai_plugin_heartbeat_lag_seconds",
            "Since when open Studios were not heard of: 95 % of them for less",
            value=now.lag_seconds,
        )
