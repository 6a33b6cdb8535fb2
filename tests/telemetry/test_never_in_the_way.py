"""With telemetry raising at any point, the application answers, byte by byte, as if it weren't there."""

import asyncio
import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
import sentry_sdk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.telemetry.breaking import Point, broken, modules_below, points_of
from tests.telemetry.conftest import Start
from tests.telemetry.whole_app import CALLS, Call, Host, Noting, Outcome, outcome, whole_app
from toolboxai import telemetry
from toolboxai.telemetry.border import quietly
from toolboxai.telemetry.counters import counters

# The border itself, and what the server, the loop or the SDK calls directly: there is nobody before
# it to catch what it would raise. What these call in turn has to be caught by them.
OUTERMOST = {
    "border:_Quietly.__enter__",
    "border:_Quietly.__exit__",
    "instruments.arriving:Arrivals.find_spec",
    "asgi.middleware:TelemetryLayer.__call__",
    "asgi.middleware:TelemetryLayer._lifespan",
    "asgi.middleware:TelemetryLayer._request",
    "transport.transport:SpoolingTransport.capture_envelope",
    "unattended:InterpreterHooks._program",
    "unattended:InterpreterHooks._thread",
    "unattended:_note",
}
# Called by name in the application's own code.
CALLED_BY_THE_APPLICATION = {
    "breadcrumbs:breadcrumb",
    "context:set_context",
    "context:set_user",
    "context:Agent.__init__",
    "context:Education.__init__",
    "context:User.__init__",
    "jobs:_as_job",
    "jobs:_done",
    "jobs:background",
    "jobs:job",
    "jobs:Job.__init__",
    "security:authentication_failed",
    "setup:event_id_for",
    "steps.steps:agent_run",
    "steps.steps:content_generation",
    "steps.steps:database_operation",
    "steps.steps:external_service",
    "steps.steps:AgentRun.__init__",
    "steps.steps:AgentRun.used",
    "steps.steps:Step.__init__",
    "tracing:span",
    "steps.wrapping:Repeatable.__call__",
    "steps.wrapping:Repeatable.__enter__",
    "steps.wrapping:Repeatable.__exit__",
    "steps.wrapping:Repeatable.__init__",
    "steps.wrapping:_made",
}

# A thread of telemetry's may end; that is bad for what it should deliver, not for the application.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")

MOST_CALLS_A_POINT = 8
Points = Mapping[str, Point]
Reached = dict[Call, set[str]]


OURS = points_of(modules_below(telemetry))
EXEMPT = {f"toolboxai.telemetry.{name}" for name in OUTERMOST | CALLED_BY_THE_APPLICATION}
SDKS = points_of(
    [sentry_sdk.scope, sentry_sdk.tracing, sentry_sdk.tracing_utils, sentry_sdk.client]
)
# Not the one in which the application itself calls the SDK: that may raise into it, telemetry or not.
CALLS_BESIDE_SDK = [
    call
    for call in CALLS
    if call.name
    in {
        "json",
        "json in somebody's trace",
        "websocket",
        "unhandled, unsampled",
        "logging",
        "client",
    }
]


@pytest.fixture(scope="module")
def bare() -> dict[str, Outcome]:
    """What the application answers without telemetry."""
    with whole_app() as host:
        return asyncio.run(outcomes(host, CALLS))


@pytest.fixture
def host(start: Start, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """The application with telemetry around it, its border as in production."""
    start(traces_sample_rate=0.5, flush_timeout_seconds=0.05)
    monkeypatch.setattr(quietly, "strict", False)
    monkeypatch.setattr(logging.getLogger("toolboxai.telemetry"), "propagate", False)
    monkeypatch.setattr(logging.lastResort, "level", logging.CRITICAL + 1)
    with whole_app() as host:
        telemetry.instrument(host.app)
        yield host


async def outcomes(host: Host, calls: Sequence[Call]) -> dict[str, Outcome]:
    return {call.name: await outcome(host, call) for call in calls}


async def instrumented(host: Host, call: Call, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """Return what the host sees; of the first call, as the first that a new application serves."""
    monkeypatch.setattr("toolboxai.telemetry.asgi.middleware.chance", lambda: call.chance)
    if call is CALLS[0]:
        host.app.middleware_stack = None  # so that it is built again, layer included
    return await outcome(host, call)


async def reached(
    host: Host, calls: Sequence[Call], points: Points, monkeypatch: pytest.MonkeyPatch
) -> Reached:
    """Return which points each call comes by, in its own thread or in another."""
    name_of = {point.function.__code__: name for name, point in points.items()}
    seen: set[str] = set()

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code in name_of:
            seen.add(name_of[frame.f_code])

    found: Reached = {}
    with profiled(note):
        for call in calls:
            seen.clear()
            forget_caches(points)
            await instrumented(host, call, monkeypatch)
            found[call] = seen - EXEMPT
    return found


@contextmanager
def profiled(note: Callable[[FrameType, str, Any], None]) -> Iterator[None]:
    sys.setprofile(note)
    threading.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def forget_caches(points: Points) -> None:
    for point in points.values():
        if point.forget is not None:
            point.forget()


def spread(found: Reached) -> Reached:
    """Leave each point a few of the calls that come by it, of all kinds: the rest would say the same again."""
    spread_out: Reached = {call: set() for call in found}
    for name in set().union(*found.values()):
        calls = [call for call, names in found.items() if name in names]
        for call in calls[:: -(-len(calls) // MOST_CALLS_A_POINT)]:
            spread_out[call].add(name)
    return spread_out


async def changed(
    host: Host,
    calls: Sequence[Call],
    points: Points,
    bare: Mapping[str, Outcome],
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[int, list[str]]:
    """Return how many points were tried, and with which of them a call ended differently."""
    tried, different = set[str](), []
    for call, names in spread(await reached(host, calls, points, monkeypatch)).items():
        host.app.middleware_stack = None
        for name in sorted(names):
            with broken([points[name]]):
                seen = await instrumented(host, call, monkeypatch)
            if seen != bare[call.name]:
                different.append(f"{call.name}: {name}: {seen}")
        tried |= names
    return len(tried), different


@pytest.mark.parametrize(
    ("calls", "points", "at_least"),
    [
        pytest.param(CALLS, OURS, 150, id="of telemetry"),
        pytest.param(CALLS_BESIDE_SDK, SDKS, 30, id="of the SDK"),
    ],
)
def test_each_point_may_raise_and_no_answer_changes(
    host: Host,
    bare: dict[str, Outcome],
    monkeypatch: pytest.MonkeyPatch,
    *,
    calls: Sequence[Call],
    points: Points,
    at_least: int,
) -> None:
    tried, different = asyncio.run(changed(host, calls, points, bare, monkeypatch))

    assert not different
    assert tried > at_least


def test_what_no_call_comes_by_may_raise_all_at_once(
    host: Host, bare: dict[str, Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def outcomes_with_the_rest_broken() -> dict[str, Outcome]:
        met = set().union(*(await reached(host, CALLS, OURS, monkeypatch)).values())
        with broken(point for name, point in OURS.items() if name not in met | EXEMPT):
            return {call.name: await instrumented(host, call, monkeypatch) for call in CALLS}

    assert asyncio.run(outcomes_with_the_rest_broken()) == bare


@given(names=st.sets(st.sampled_from(sorted(set(OURS) - EXEMPT)), max_size=40))
@settings(
    max_examples=15,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_points_may_raise_together(
    host: Host, bare: dict[str, Outcome], monkeypatch: pytest.MonkeyPatch, names: set[str]
) -> None:
    async def all_outcomes() -> dict[str, Outcome]:
        host.app.middleware_stack = None
        with broken(OURS[name] for name in names):
            return {call.name: await instrumented(host, call, monkeypatch) for call in CALLS}

    assert asyncio.run(all_outcomes()) == bare


@pytest.mark.parametrize("path", ["/cancelled", "/gone"])
@pytest.mark.parametrize("is_broken", [False, True])
def test_what_is_no_error_passes_through_as_it_is(
    host: Host, path: str, *, is_broken: bool
) -> None:
    everything = [point for name, point in OURS.items() if name not in EXEMPT] if is_broken else []

    with broken(everything):
        seen = asyncio.run(outcome(host, Call("ended", path)))

    assert seen.raised == {"/cancelled": "cancelled", "/gone": "Gone()"}[path]
    assert seen.messages == []


async def test_a_host_that_cancels_a_request_gets_its_own_cancellation(host: Host) -> None:
    begun = asyncio.Event()

    @host.app.get("/waits")
    async def waits() -> None:
        begun.set()
        await asyncio.Future()

    serving = asyncio.ensure_future(outcome(host, Call("waits", "/waits")))
    await begun.wait()
    (request,) = [task for task in asyncio.all_tasks() if task.get_name() == "waits"]
    request.cancel("the server stops")

    assert (await serving).raised == "cancelled"
    with pytest.raises(asyncio.CancelledError, match="the server stops"):
        request.result()


def test_a_broken_telemetry_says_so_once_a_minute_and_counts(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Noting()
    monkeypatch.setattr(logging.getLogger("toolboxai.telemetry.border"), "handlers", [told])
    monkeypatch.setattr(quietly, "_told", {})
    before = counters.snapshot().get("internal_errors", 0)

    async def thrice() -> None:
        for _ in range(3):
            await outcome(host, CALLS[0])

    points = ("logs.watch:LogWatch.see", "asgi.middleware:_look")
    with broken([OURS[f"toolboxai.telemetry.{point}"] for point in points]):
        logging.getLogger("school").error("said in between")
        asyncio.run(thrice())

    assert told.notes == ["ERROR telemetry failed, the application goes on: Broken True"]
    assert counters.snapshot()["internal_errors"] > before + 3
