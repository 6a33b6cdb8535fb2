"""Patterns that wait until they are asked, and words that are looked for without one."""

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.telemetry.privacy.alternatives import any_of, any_within
from toolboxai.telemetry.privacy.later import later

_OWN_LARGE_ONES = """
import re, sys
large, original = [], re._compiler.compile
def noting(pattern, flags=0):
    frame = sys._getframe(1)
    while "/re/" in frame.f_code.co_filename:
        frame = frame.f_back
    if len(pattern) > 400 and "telemetry/privacy" in frame.f_code.co_filename:
        large.append(pattern)
    return original(pattern, flags)
re._compiler.compile = noting
from toolboxai.telemetry.privacy import Gate
gate = Gate(str)
before = len(large)
gate.clean("event", {"message": "call 555-0123 or ask pupil Maria Lopez, born on 2014-03-02"})
print(before, len(large) > before)
"""


def test_it_finds_what_the_pattern_finds() -> None:
    waiting, pattern = (
        later(r"(?P<word>b+)a", re.IGNORECASE),
        re.compile(r"(?P<word>b+)a", re.IGNORECASE),
    )

    assert waiting.pattern == pattern.pattern
    assert [match["word"] for match in waiting.finditer("abba ABBA")] == ["bb", "BB"]
    assert waiting.groupindex == pattern.groupindex
    assert waiting.sub("-", "abba") == pattern.sub("-", "abba")


def test_what_a_pattern_has_not_is_not_there() -> None:
    with pytest.raises(AttributeError):
        _ = later("a").no_such_thing  # type: ignore[attr-defined]


def test_a_gate_that_was_asked_nothing_has_compiled_none_of_its_large_patterns() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _OWN_LARGE_ONES], check=True, capture_output=True, text=True
    )

    assert told.stdout.split() == ["0", "True"]


@given(
    st.lists(st.text("abc", min_size=2, max_size=4), min_size=1, max_size=8),
    st.text("abcd", max_size=12),
)
def test_a_word_stands_within_a_text_where_a_pattern_finds_it(words: list[str], text: str) -> None:
    assert any_within(words)(text) is (re.search(any_of(words), text) is not None)
