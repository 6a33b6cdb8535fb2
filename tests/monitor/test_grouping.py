"""Which events are one problem, and which are not."""

import json
import random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toolboxai.monitor.grouping import (
    GROUPING_VERSION,
    Kind,
    culprit_of,
    group,
    is_handled,
    older_fingerprints,
    parametrised,
    title_of,
)
from toolboxai.monitor.protocol import Flags, repair_event
from toolboxai.monitor.settings import Limits

NAMES = [
    "exception",
    "values",
    "stacktrace",
    "frames",
    "type",
    "value",
    "mechanism",
    "exception_id",
    "parent_id",
    "is_exception_group",
    "threads",
    "crashed",
    "logentry",
    "message",
    "formatted",
    "fingerprint",
    "module",
    "function",
    "filename",
    "context_line",
    "in_app",
    "colno",
    "platform",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=12) | st.sampled_from(NAMES), inner, max_size=6)
    ),
    max_leaves=30,
)


def frame(
    function: str, *, line: int = 1, in_app: bool | None = True, **more: str
) -> dict[str, Any]:
    return {
        "module": "shop.cart",
        "function": function,
        "lineno": line,
        "in_app": in_app,
        "context_line": f"    return {function}()",
        **more,
    }


def raised(*frames: dict[str, Any], kind: str = "ValueError", value: str = "bad") -> dict[str, Any]:
    return {"type": kind, "value": value, "stacktrace": {"frames": list(frames)}}


def error(*exceptions: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"exception": {"values": list(exceptions)}, **more}


def fingerprint(event: dict[str, Any]) -> str:
    return group(event).fingerprint


ONE = error(raised(frame("a"), frame("b"), frame("c")))


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(
            error(raised(frame("a", line=7), frame("b", line=9), frame("c", line=3))),
            id="other lines",
        ),
        pytest.param(
            error(raised(frame("a"), frame("b"), frame("c"), value="worse")), id="other value"
        ),
        pytest.param(
            error(raised(frame("a"), frame("b"), frame("c"), frame("c"))), id="deeper recursion"
        ),
        pytest.param(
            error(raised(*map(frame, "abcbc"))), id="deeper recursion of two that call each other"
        ),
        pytest.param(
            error(raised(frame("x", in_app=False), *map(frame, "abc"))), id="other framework"
        ),
        pytest.param(
            error(
                raised(
                    frame("middleware"),
                    frame("call", in_app=False, module="starlette.routing"),
                    *map(frame, "abc"),
                )
            ),
            id="a middleware around it",
        ),
        pytest.param(
            error(raised(frame("a"), frame("b"), frame("c", context_line="return   c()"))),
            id="other spaces",
        ),
        pytest.param(
            error(raised(frame("a"), frame("b", context_line="b(1)"), frame("c"))),
            id="another line of the caller",
        ),
        pytest.param(error(raised(frame("job"), frame("b"), frame("c"))), id="another entry"),
        pytest.param(error(*ONE["exception"]["values"] * 3), id="more of the same in a chain"),
        pytest.param(
            error(raised(*(frame(name, in_app=None) for name in "abc"))), id="unmarked frames"
        ),
        pytest.param({**ONE, "fingerprint": ["{{ default }}"]}, id="the default, said aloud"),
        pytest.param({**ONE, "fingerprint": []}, id="no fingerprint"),
    ],
)
def test_these_are_the_same_problem(same: dict[str, Any]) -> None:
    assert fingerprint(same) == fingerprint(ONE)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(error(raised(*map(frame, "abx"))), id="another function"),
        pytest.param(error(raised(*map(frame, "axc"))), id="another caller"),
        pytest.param(error(raised(*map(frame, "abc"), kind="KeyError")), id="another type"),
        pytest.param(
            error(raised(frame("a"), frame("b"), frame("c", context_line="raise"))),
            id="another line of source",
        ),
        pytest.param(
            error(raised(*map(frame, "abc")), raised(frame("d"))), id="one more in the chain"
        ),
        pytest.param(error(raised(*map(frame, "acb"))), id="another order"),
        pytest.param({"logentry": {"formatted": "bad"}}, id="a message"),
    ],
)
def test_these_are_different_problems(other: dict[str, Any]) -> None:
    assert fingerprint(other) != fingerprint(ONE)


def test_a_recursion_without_an_end_is_one_problem_wherever_the_limit_was_met() -> None:
    first, second = (
        error(raised(*map(frame, names), kind="RecursionError"))
        for names in ("abcbcbcb", "axbcbcbcbc")
    )

    assert fingerprint(first) == fingerprint(second)


def grouped(*children: dict[str, Any]) -> dict[str, Any]:
    """Return a group as the SDK sends it: the root last, ids from the root."""
    parts = [
        {**child, "mechanism": {"exception_id": number, "parent_id": 0}}
        for number, child in enumerate(children, start=1)
    ]
    root = raised(frame("run"), kind="ExceptionGroup")
    root["mechanism"] = {"exception_id": 0, "is_exception_group": True}
    return error(*parts[::-1], root)


def test_a_group_is_one_problem_whatever_failed_first_and_how_often() -> None:
    a, b = raised(frame("a")), raised(frame("b"), kind="KeyError")

    assert fingerprint(grouped(a, b)) == fingerprint(grouped(b, a, a))
    assert fingerprint(grouped(a, a)) == fingerprint(grouped(a)) == fingerprint(error(a))
    assert fingerprint(grouped(a, b)) != fingerprint(grouped(a))


def test_without_frames_the_value_counts_without_its_numbers() -> None:
    first, second, other = (
        error({"type": "ValueError", "value": value})
        for value in ("no user 7", "no user 12", "no school 7")
    )

    assert fingerprint(first) == fingerprint(second) != fingerprint(other)


def test_all_frames_count_when_none_is_ours() -> None:
    first, second = (error(raised(frame(name, in_app=False))) for name in "ab")

    assert fingerprint(first) != fingerprint(second)


def test_minified_code_is_told_apart_by_its_message_and_not_by_its_build() -> None:
    def minified(function: str, mark: str, value: str) -> dict[str, Any]:
        script = f"https://cdn.example.org/static/main.{mark}.chunk.js"
        at = {"function": function, "filename": script, "lineno": 1, "colno": 9_000}
        return error(raised(at, kind="TypeError", value=value), platform="javascript")

    name, items = (f"Cannot read properties of undefined (reading '{x}')" for x in ("a", "b"))
    first = fingerprint(minified("t", "3f2a1b9c", name))

    assert first == fingerprint(minified("e", "91be02f5", name))
    assert first != fingerprint(minified("t", "3f2a1b9c", items))


def test_a_message_template_groups_better_than_what_it_became() -> None:
    first, second = (
        {"logentry": {"message": "hello %s", "formatted": f"hello {name}"}} for name in "ab"
    )

    assert fingerprint(first) == fingerprint(second)


@pytest.mark.parametrize("holder", ["event", "thread"])
def test_a_stacktrace_groups_a_message(holder: str) -> None:
    def said(text: str, function: str) -> dict[str, Any]:
        stack = {"stacktrace": {"frames": [frame(function)]}}
        where = (
            stack if holder == "event" else {"threads": {"values": [{"current": True, **stack}]}}
        )
        return {"logentry": {"formatted": text}, **where}

    assert fingerprint(said("x", "a")) == fingerprint(said("y", "a"))
    assert fingerprint(said("x", "a")) != fingerprint(said("x", "b"))


def test_an_explicit_fingerprint_wins() -> None:
    assert fingerprint({**ONE, "fingerprint": ["mine"]}) == fingerprint({"fingerprint": ["mine"]})
    assert fingerprint({**ONE, "fingerprint": ["a", "b"]}) != fingerprint({"fingerprint": ["ab"]})


def test_an_explicit_fingerprint_may_refine_the_default() -> None:
    refined = [
        fingerprint({**event, "fingerprint": ["{{ default }}", "eu"]})
        for event in (ONE, ONE, error(raised(frame("z"))))
    ]

    assert refined[0] == refined[1] != refined[2]
    assert refined[0] != fingerprint(ONE)


@pytest.mark.parametrize(
    ("part", "becomes"),
    [
        ("{{ type }}", "ValueError"),
        ("{{error.type}}", "ValueError"),
        ("{{ value }}", "bad"),
        ("{{ message }}", "bad"),
        ("{{ function }}", "c"),
        ("{{ stack.module }}", "shop.cart"),
        ("{{ transaction }}", "/pay"),
        ("{{ level }}", "fatal"),
        ("{{ logger }}", "<no-logger>"),
        ("{{ stack.abs_path }}", "<no-abs-path>"),
        ("{{ tags.school }}", "north"),
        ("{{ tags.town }}", "<no-value-for-tags-town>"),
        ("{{ unheard }}", "{{ unheard }}"),
        ("about {{ type }}", "about {{ type }}"),
    ],
)
def test_a_fingerprint_may_have_variables(part: str, becomes: str) -> None:
    event = {**ONE, "transaction": "/pay", "level": "fatal", "tags": {"school": "north"}}
    (component,) = group({**event, "fingerprint": [part]}).components

    assert (component.kind, component.text) == (Kind.FINGERPRINT, becomes)


def test_a_group_says_why() -> None:
    found = group(error(raised(frame("lib", in_app=False), *map(frame, "abc"))))

    assert [(each.kind, each.text, each.reason) for each in found.components] == [
        (Kind.TYPE, "ValueError", "what was raised"),
        (Kind.FRAME, "shop.cart in c: return c()", "where it broke, with the line of source"),
        (Kind.FRAME, "shop.cart in b", "called it"),
    ]
    assert found.left_out == (
        "1 frame of libraries",
        "1 frame of who called",
        "the message (the place says more)",
    )
    assert found.version == GROUPING_VERSION


def test_the_fingerprints_of_each_version_stay_as_they_were() -> None:
    assert fingerprint(ONE) == "1adf22fed982136749c773729af8df7d"
    assert older_fingerprints(ONE) == ("9a96ebf589ab8de385dc141f921ebe5d",)


@pytest.mark.parametrize(
    ("message", "pattern"),
    [
        ("user 12 of 30 schools", "user <value> of <value> school"),
        ("took 1.25 s", "took <value>"),
        ("took 350ms", "took <value>"),
        ("id 123e4567-e89b-12d3-a456-426614174000!", "id <value>!"),
        ("at 0x7f00DEAD", "at <value>"),
        ("commit deadbeef1", "commit <value>"),
        ("mail to a.b@example.org failed", "mail to <value> failed"),
        ("GET https://example.org/a?b=1 failed", "GET <value> failed"),
        ("GET /api/lessons/12 failed", "GET /api/lessons/<value> failed"),
        ("from 10.0.0.1:80", "from <value>"),
        ("from [2001:db8::1]:443", "from <value>"),
        ("on 2026-11-23T10:00:00Z", "on <value>"),
        ("student_42", "student_<value>"),
        ("can't read '/srv/a b.txt'", "can't read <value>"),
        ("can't read /srv/a.txt, sorry", "can't read <value>, sorry"),
        (r"can't read C:\a\b.txt", "can't read <value>"),
        ("no attribute 'title'", "no attribute 'title'"),
        ("[Errno 28] no space", "[Errno 28] no space"),
        ("no grades for [1, 2, 3]", "no grades for [<value>]"),
        ('bad answer {"id": {"n": 1}}', "bad answer <value>"),
        ("role=pupil refused", "role=<value> refused"),
        ("order ord_8fK2jQ91", "order ord_<value>"),
        ("a decade of cafes", "a decade of cafes"),
    ],
)
def test_what_differs_is_taken_out_of_a_message(message: str, pattern: str) -> None:
    assert parametrised(message) == pattern


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
@example({"exception": {"values": [{"type": "\ud800", "value": "'" * 500}]}})
@example({"fingerprint": [None, {"a": 1}, "{{ default }}"]})
def test_any_json_has_a_group_and_always_the_same(event: dict[str, Any]) -> None:
    first = group(event)

    assert group(json.loads(json.dumps(event))) == first


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_the_rules_of_every_version_answer_to_any_repaired_event(event: dict[str, Any]) -> None:
    repaired = repair_event(event, Flags(), received_at=1_800_000_000_000, limits=Limits())

    assert all(len(each) == 32 for each in (fingerprint(repaired), *older_fingerprints(repaired)))


@given(st.randoms(use_true_random=False), st.integers(0, 2**48), st.integers(0, 99_999))
def test_lines_addresses_ids_and_the_order_of_keys_are_no_difference(
    chance: random.Random, number: int, line: int
) -> None:
    def event(number: int, line: int, order: random.Random) -> dict[str, Any]:
        at = frame("b", line=line, instruction_addr=f"0x{number:x}", abs_path=f"/srv/{number}/b.py")
        made = error(
            raised(frame("a", line=line + 1), at, value=f"no pupil {number}"),
            {"type": "KeyError", "value": f"request {number:032x} from 10.0.0.{number % 256}"},
            event_id=f"{number:032x}",
        )
        mixed: dict[str, Any] = shuffled(made, order)
        return mixed

    assert fingerprint(event(number, line, chance)) == fingerprint(event(7, 1, random.Random(0)))


def shuffled(value: Any, order: random.Random) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return [shuffled(each, order) for each in value]
    if not isinstance(value, dict):
        return value
    names = list(value)
    order.shuffle(names)
    return {name: shuffled(value[name], order) for name in names}


@pytest.mark.parametrize(
    ("event", "title"),
    [
        (error(raised(kind="A"), raised(kind="B", value="b\nmore")), "B: b"),
        (error({"type": "A"}), "A"),
        (error({"value": "only words"}), "only words"),
        ({"logentry": {"formatted": "hello\nworld"}}, "hello"),
        ({}, "(no message)"),
        (error(raised(value="x" * 999)), "ValueError: " + "x" * 237 + "…"),
    ],
)
def test_the_title_says_what_happened(event: dict[str, Any], title: str) -> None:
    assert title_of(event) == title


@pytest.mark.parametrize(
    ("event", "culprit"),
    [
        ({**ONE, "transaction": "/pay"}, "/pay"),
        (ONE, "shop.cart in c"),
        (error(raised(frame("a"), frame("z", in_app=False))), "shop.cart in a"),
        (error({"type": "A"}), ""),
        ({}, ""),
    ],
)
def test_the_culprit_says_where(event: dict[str, Any], culprit: str) -> None:
    assert culprit_of(event) == culprit


def test_one_unhandled_exception_makes_it_unhandled() -> None:
    handled, unhandled = ({"mechanism": {"handled": handled}} for handled in (True, False))

    assert is_handled(error(handled))
    assert is_handled(error({"mechanism": None}))
    assert not is_handled(error(handled, unhandled))
