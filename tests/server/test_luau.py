"""Errors of scripts in a Studio, as the monitor sees them."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.conftest import Start
from tests.server.people import full_school
from tests.server.plugins import Plugin, paired
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.server.models import Role
from toolboxai.server.roblox.luau import (
    MAX_EVENTS_PER_MINUTE,
    LuauError,
    event_of,
    frames_of,
    tell,
)
from toolboxai.server.roblox.minutes import Minutes

BOARD = "ServerScriptService.Quiz.Board"
ERROR = {
    "type": "error",
    "message": f"{BOARD}:41: attempt to index nil with 'Position'",
    "script": BOARD,
    "line": 41,
    "stack": f"{BOARD}:41 function place\n{BOARD}:12",
}


@pytest.fixture
def plugin(start: Start, sink: RecordingSink) -> Plugin:
    client = start(sentry_dsn=sink.dsn)
    return paired(client, full_school(client, "Hill School").teacher)


def test_a_luau_error_is_an_event_with_its_own_stack(plugin: Plugin, sink: RecordingSink) -> None:
    assert plugin.report(ERROR).json()["errors_reported"] == 1

    telemetry.flush(5)
    (event,) = sink.items("event")
    (error,) = event["exception"]["values"]
    assert event["level"] == "error"
    assert (error["type"], error["value"]) == ("LuauError", "attempt to index nil with 'Position'")
    assert error["mechanism"] == {"type": "luau", "handled": False}
    assert [(frame["function"], frame["lineno"]) for frame in error["stacktrace"]["frames"]] == [
        ("<script>", 12),
        ("place", 41),
    ]
    assert event["transaction"] == "/plugin/messages"


def test_a_luau_error_says_which_plugin_and_whose_but_not_who(
    plugin: Plugin, sink: RecordingSink
) -> None:
    plugin.report(ERROR)

    telemetry.flush(5)
    (event,) = sink.items("event")
    assert event["contexts"]["plugin"]["action"] == "report"
    assert event["contexts"]["plugin"]["version"] == "1.0.0"
    assert event["contexts"]["plugin"]["client"].startswith("p1_")
    assert event["user"]["id"].startswith("p1_")
    assert event["tags"]["role"] == Role.TEACHER
    assert plugin.token not in str(event)
    assert str(plugin.session) not in str(event)


def test_the_trace_of_a_studio_goes_on_in_the_server(plugin: Plugin, sink: RecordingSink) -> None:
    trace_id, span_id = "771a43a4192642f0b136d5159a501700", "b7ad6b7169203331"
    plugin.client.headers["sentry-trace"] = f"{trace_id}-{span_id}-1"
    plugin.client.headers["baggage"] = f"sentry-trace_id={trace_id},sentry-sample_rate=1"

    answer = plugin.report(ERROR)

    telemetry.flush(5)
    (event,) = sink.items("event")
    traces = [each["contexts"]["trace"] for each in sink.items("transaction")]
    (ours,) = [trace for trace in traces if trace["trace_id"] == trace_id]
    assert ours["parent_span_id"] == span_id
    assert event["contexts"]["trace"]["trace_id"] == trace_id
    assert answer.headers["x-trace-id"] == trace_id


def test_the_same_error_is_told_once_a_minute_with_how_often_it_came() -> None:
    now, error, session = [0.0], LuauError("attempt to add nil", BOARD, 3), uuid4()
    told = Minutes(now=lambda: now[0])

    counts = []
    for seconds in (0.0, 59.0, 60.0):
        now[0] = seconds
        counts.append(tell(session, [error, error], told))

    assert counts == [1, 0, 1]


def test_of_many_different_errors_a_few_are_told() -> None:
    errors = [LuauError(f"no such thing as {'x' * number}", BOARD) for number in range(1, 80)]

    assert tell(uuid4(), errors, Minutes()) == MAX_EVENTS_PER_MINUTE


def test_one_studio_does_not_silence_another() -> None:
    told, error = Minutes(), LuauError("attempt to add nil", BOARD)

    assert [tell(uuid4(), [error], told) for _ in range(2)] == [1, 1]


@pytest.mark.parametrize(
    ("first", "second", "are_same"),
    [
        (LuauError("a", "A", 1), LuauError("a", "A", 2), True),
        (LuauError("child 7 is gone", "A"), LuauError("child 12 is gone", "A"), True),
        (LuauError("A:7: gone", "A"), LuauError("A:9: gone", "A"), True),
        (LuauError("a", "A"), LuauError("b", "A"), False),
        (LuauError("a", "A"), LuauError("a", "B"), False),
    ],
)
def test_errors_are_the_same_by_script_and_message(
    first: LuauError, second: LuauError, *, are_same: bool
) -> None:
    assert (first.fingerprint == second.fingerprint) is are_same


@pytest.mark.parametrize(
    ("line", "frame"),
    [
        ("Workspace.Part.Script:7 function open", ("Workspace.Part.Script", 7, "open")),
        ("Workspace.Part.Script:7", ("Workspace.Part.Script", 7, "<script>")),
        ("Script 'Workspace.My Part.Script', Line 7", ("Workspace.My Part.Script", 7, "<script>")),
        (
            "  Script 'Workspace.Script', Line 7 - function open",
            ("Workspace.Script", 7, "open"),
        ),
        ("Workspace.Script, line 7 - function open", ("Workspace.Script", 7, "open")),
        ("Workspace.Script, line 7", ("Workspace.Script", 7, "<script>")),
    ],
)
def test_luau_tells_its_stack_in_several_ways(line: str, frame: tuple[str, int, str]) -> None:
    (found,) = frames_of(f"Stack Begin\n{line}\nStack End")

    assert (found["filename"], found["lineno"], found["function"]) == frame


@given(message=st.text(), script=st.text(), stack=st.text() | st.from_regex(r"([^\n]*:\d+\n)+"))
def test_any_error_has_an_event(message: str, script: str, stack: str) -> None:
    event = event_of(LuauError(message, script, stack=stack))

    assert event["exception"]["values"][0]["stacktrace"]["frames"]


def test_a_minute_ends_and_of_too_many_keys_the_oldest_is_forgotten() -> None:
    now = [0.0]
    minutes = Minutes(now=lambda: now[0], max_keys=2)

    counts = [minutes.add(key) for key in "aabca"]
    now[0] = 60.0

    assert [*counts, minutes.add("c")] == [1, 2, 1, 1, 1, 1]
