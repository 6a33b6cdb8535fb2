from datetime import timedelta

import pytest

from tests.monitor.web.sample import NOW
from toolboxai.monitor.web import wording


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (timedelta(seconds=-30), "just now"),
        (timedelta(hours=-2), "in the future"),
        (timedelta(seconds=4), "just now"),
        (timedelta(seconds=59), "59 s ago"),
        (timedelta(minutes=119), "1 h ago"),
        (timedelta(minutes=3), "3 min ago"),
        (timedelta(days=6), "6 d ago"),
        (timedelta(days=70), "2 mo ago"),
        (timedelta(days=800), "2 y ago"),
    ],
)
def test_how_long_ago_it_was(passed: timedelta, text: str) -> None:
    assert wording.ago(NOW - passed, NOW) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0.25, "250 µs"),
        (12.34, "12.3 ms"),
        (431.2, "431 ms"),
        (1_500, "1.50 s"),
        (600_000, "10 min"),
    ],
)
def test_how_long_it_took(milliseconds: float, text: str) -> None:
    assert wording.duration(milliseconds) == text


def test_before_and_after_the_event() -> None:
    assert wording.before(NOW - timedelta(seconds=2), NOW) == "2.00 s before"
    assert wording.before(NOW + timedelta(seconds=2), NOW) == "2.00 s after"


def test_a_time_without_a_zone_is_utc() -> None:
    assert wording.stamp(NOW.replace(tzinfo=None)) == "2026-11-23 13:05:40 UTC"
    assert wording.iso(NOW) == "2026-11-23T13:05:40.000+00:00"
