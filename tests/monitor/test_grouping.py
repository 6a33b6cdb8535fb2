"""Which events are one problem, and which are not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.monitor.grouping import culprit_of, group, is_handled, parametrised, title_of


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


ONE = error(raised(frame("a"), frame("b")))


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(error(raised(frame("a", line=7), frame("b", line=9))), id="other lines"),
        pytest.param(error(raised(frame("a"), frame("b"), value="worse")), id="other value"),
        pytest.param(error(raised(frame("a"), frame("b"), frame("b"))), id="deeper recursion"),
        pytest.param(
            error(raised(frame("x", in_app=False), frame("a"), frame("b"))), id="other framework"
        ),
        pytest.param(
            error(raised(frame("a", context_line="return   a()"), frame("b"))), id="other spaces"
        ),
        pytest.param(error(*ONE["exception"]["values"] * 3), id="more of the same in a group"),
        pytest.param(
            error(raised(frame("a", in_app=None), frame("b", in_app=None))), id="unmarked frames"
        ),
    ],
)
def test_these_are_the_same_problem(same: dict[str, Any]) -> None:
    assert fingerprint(same) == fingerprint(ONE)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(error(raised(frame("a"), frame("c"))), id="another function"),
        pytest.param(error(raised(frame("a"), frame("b"), kind="KeyError")), id="another type"),
        pytest.param(
            error(raised(frame("a"), frame("b", context_line="raise"))), id="another line of source"
        ),
        pytest.param(
            error(raised(frame("a"), frame("b")), raised(frame("c"))), id="one more in the chain"
        ),
        pytest.param(error(raised(frame("b"), frame("a"))), id="another order"),
        pytest.param({"logentry": {"formatted": "bad"}}, id="a message"),
    ],
)
def test_these_are_different_problems(other: dict[str, Any]) -> None:
    assert fingerprint(other) != fingerprint(ONE)


def test_a_route_and_a_job_meet_in_the_same_problem() -> None:
    path = [frame("load"), frame("check"), frame("finish")]

    assert fingerprint(error(raised(frame("route"), *path))) == fingerprint(
        error(raised(frame("job"), *path))
    )


def test_without_frames_the_value_counts_without_its_numbers() -> None:
    first, second, other = (
        error({"type": "ValueError", "value": value})
        for value in ("no user 7", "no user 12", "no school 7")
    )

    assert fingerprint(first) == fingerprint(second) != fingerprint(other)


def test_all_frames_count_when_none_is_ours() -> None:
    first, second = (error(raised(frame(name, in_app=False))) for name in "ab")

    assert fingerprint(first) != fingerprint(second)


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
    assert fingerprint({**ONE, "fingerprint": ["{{default}}"]}) != fingerprint({})


def test_a_message_template_groups_better_than_what_it_became() -> None:
    first, second = (
        {"logentry": {"message": "hello %s", "formatted": f"hello {name}"}} for name in "ab"
    )

    assert fingerprint(first) == fingerprint(second)


def test_a_stacktrace_groups_a_message() -> None:
    first, second = (
        {"logentry": {"formatted": text}, "stacktrace": {"frames": [frame("a")]}} for text in "xy"
    )

    assert fingerprint(first) == fingerprint(second)


@pytest.mark.parametrize(
    ("message", "pattern"),
    [
        ("user 12 of 30", "user <int> of <int>"),
        ("took 1.25 s", "took <float> s"),
        ("id 123e4567-e89b-12d3-a456-426614174000!", "id <uuid>!"),
        ("at 0x7f00DEAD", "at <hex>"),
        ("commit deadbeef1", "commit <hex>"),
        ("mail to a.b@example.org failed", "mail to <email> failed"),
        ("GET https://example.org/a?b=1 failed", "GET <url> failed"),
        ("from 10.0.0.1", "from <ip>"),
        ("on 2026-11-23T10:00:00Z", "on <date>"),
        ("student_42", "student_<int>"),
        ("a decade of cafes", "a decade of cafes"),
    ],
)
def test_what_differs_is_taken_out_of_a_message(message: str, pattern: str) -> None:
    assert parametrised(message) == pattern


@given(st.text(max_size=300))
def test_taking_out_twice_equals_once(message: str) -> None:
    assert parametrised(parametrised(message)) == parametrised(message)


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
        (ONE, "shop.cart in b"),
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
