from typing import Any

import pytest

from tests.monitor.web import sample
from toolboxai.monitor.web import stacktrace
from toolboxai.monitor.web.stacktrace import Frame, Raised, exceptions_of


def frames_of(raised: Raised) -> list[Frame]:
    return [frame for run in raised.runs for frame in run.frames]


def raised_with(*frames: dict[str, Any]) -> Raised:
    entry = {"type": "E", "stacktrace": {"frames": list(frames)}}
    (raised,) = exceptions_of({"exception": {"values": [entry]}})
    return raised


def test_the_exception_that_surfaced_comes_first_and_its_cause_after_it() -> None:
    raised = exceptions_of(sample.PAYLOAD)
    assert [one.type for one in raised] == ["LessonPlanError", "KeyError"]
    assert [one.relation for one in raised] == ["", "Caused by"]


@pytest.mark.parametrize(
    ("source", "relation"),
    [
        ("__cause__", "Caused by"),
        ("__context__", "Raised while handling"),
        ("exceptions[0]", "Part of the group"),
        (7, "Caused by"),
    ],
)
def test_the_relation_to_the_exception_above_is_told(source: object, relation: str) -> None:
    values = [{"type": "A", "mechanism": {"source": source}}, {"type": "B"}]
    assert exceptions_of({"exception": {"values": values}})[1].relation == relation


def test_the_newest_frame_comes_first_and_library_frames_are_kept_together() -> None:
    raised = exceptions_of(sample.PAYLOAD)[0]
    assert [(run.in_app, len(run.frames)) for run in raised.runs] == [(True, 2), (False, 4)]
    assert raised.runs[0].frames[0].function == "choose_objective"


def test_our_frames_are_open_and_the_newest_shows_its_locals() -> None:
    frames = frames_of(exceptions_of(sample.PAYLOAD)[0])
    assert [frame.is_open for frame in frames] == [True, True, False, False, False, False]
    assert [frame.shows_variables for frame in frames[:3]] == [True, False, False]


def test_without_a_frame_of_ours_none_is_folded_and_the_newest_is_open() -> None:
    raised = raised_with(sample.frame("lib/a.py:1", "older"), sample.frame("lib/b.py:2", "newer"))
    assert [run.in_app for run in raised.runs] == [True]
    assert [(frame.function, frame.is_open) for frame in frames_of(raised)] == [
        ("newer", True),
        ("older", False),
    ]


def test_a_deep_recursion_opens_only_the_first_frames_and_counts_the_rest() -> None:
    raised = raised_with(*[sample.frame("toolboxai/a.py:1", "again")] * 1_000)
    frames = frames_of(raised)
    assert sum(frame.is_open for frame in frames) == stacktrace.MAX_OPEN_FRAMES
    assert len(frames) + raised.left_out == 1_000


def test_source_lines_carry_their_numbers_and_the_running_one_is_marked() -> None:
    frame = frames_of(exceptions_of(sample.PAYLOAD)[1])[0]
    assert [line.number for line in frame.source] == [86, 87, 88]
    assert [line.current for line in frame.source] == [False, False, True]


@pytest.mark.parametrize("line", [None, "41", 1])
def test_source_without_a_usable_line_number_still_shows(line: object) -> None:
    sent = {"lineno": line, "pre_context": ["a", "b"], "context_line": "c", "post_context": 5}
    frame = frames_of(raised_with(sent))[0]
    assert [source.text for source in frame.source] == ["a", "b", "c"]
    assert frame.source[0].number is None


def test_a_message_with_an_attached_stack_shows_the_current_threads() -> None:
    stack = {"frames": [sample.frame("toolboxai/a.py:1", "here")]}
    threads = [{"id": 1}, {"id": 2, "current": True, "stacktrace": stack}]
    (raised,) = exceptions_of({"threads": {"values": threads}})
    assert (raised.type, frames_of(raised)[0].function) == ("", "here")


@pytest.mark.parametrize("payload", [{}, {"threads": 3}, {"exception": {"values": "x"}}])
def test_no_stack_is_no_exception(payload: dict[str, object]) -> None:
    assert exceptions_of(payload) == []
