"""A pattern of a deployment's own is safe with any text, or it is refused with what to write instead."""

from time import thread_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toolboxai.telemetry.privacy.patterns import (
    MAX_PATTERN_CHARS,
    MAX_TEXT_CHARS,
    UnsafePatternError,
    checked,
)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"KL-\d{4}", "KL-1234"),
        (r"(?i)locker (?:no|number)\s?\d{1,4}", "Locker number 12"),
        (r"(?<=ticket )[A-Z]{2}-\d{4,8}", "AB-12345"),
        (r"(?:\d{2}-){3}\d", "12-34-56-7"),
        (r"(?:\d{3}-?){3}", "123-456789"),
        (r"[A-Z]{1,64}\d", "ROOM9"),
        (r"(?:foo|bar)++", "foobar"),
        (r"[]+*]{1,9}x\+", "]*x+"),
        (r"\(\w{1,9}\)", "(abc)"),
    ],
)
def test_an_ordinary_pattern_is_taken(pattern: str, text: str) -> None:
    found = checked(pattern).search(f"the ticket {text} and more")
    assert found
    assert found[0] == text


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(", "no regular expression: missing )"),
        (r"\k", "no regular expression: bad escape"),
        ("", "matches the empty text"),
        ("x{0,9}", "matches the empty text"),
        (r"(?=x)", "without taking anything"),
        (r"(?=\d)", "without taking anything"),
        ("x" * (MAX_PATTERN_CHARS + 1), "501 characters; write it in at most 500"),
        (r"\w+@\w+", r"as in \w{1,40} for \w+"),
        (".*secret", "without an end"),
        ("a{3,}", "without an end"),
        ("a{1,300}b", "more than 256 times"),
        (r"\d\s\w*\w*\w*x", "without an end"),
        ("(?:a{1,9}){1,9}b", "a group that varies in itself"),
        ("(?:a|aa){1,99}b", "a group that varies in itself"),
        ("(?:(?:a{1,9})b?){2}", "a group that varies in itself"),
        ("a{0,30}a{0,30}a{0,30}b", "slow on long text"),
        ("id: a{0,40}a{0,40}a{0,40}a{0,40}b", "slow on long text"),
        ("[A-Z]++\\d", "slow on long text"),
    ],
)
def test_a_pattern_that_could_do_harm_is_refused_with_a_reason(pattern: str, reason: str) -> None:
    with pytest.raises(UnsafePatternError) as refused:
        checked(pattern)
    assert reason in str(refused.value)


PARTS = ["a", "ab", r"\d", "[a-z]", "(?:a|b)", "(?:a)", r"\s", "x"]
REPEATS = ["", "", "?", "{2}", "{1,9}", "{0,30}", "+", "*", "++", "{3,}"]


@given(st.lists(st.tuples(st.sampled_from(PARTS), st.sampled_from(REPEATS)), max_size=5))
@example([("(?:a|b)", "{1,9}")])
def test_what_was_taken_is_fast_on_a_text_it_nearly_matches(parts: list[tuple[str, str]]) -> None:
    try:
        pattern = checked("".join(part + repeat for part, repeat in parts))
    except UnsafePatternError:
        return
    texts = [unit * (MAX_TEXT_CHARS // len(unit)) for unit in ("a", "ab", "1 ", "a1 x", " ")]
    started = thread_time()
    for text in texts:
        pattern.subn("", text)
    assert thread_time() - started < 1
