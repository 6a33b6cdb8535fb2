"""What a sink asks for is understood as Sentry's own SDKs understand it, whatever the headers look like."""

from datetime import UTC, datetime
from email.utils import format_datetime
from math import inf, nan
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toolboxai.telemetry.transport.limit_file import LimitFile
from toolboxai.telemetry.transport.limits import ALL, MAX_SECONDS, allow, asked, in_force

NOW = 1_800_000_000.0
DAY = 24 * 3_600.0
FRAGMENTS = st.sampled_from(
    [
        "60",
        "error",
        "transaction",
        ";",
        ":",
        ",",
        " ",
        "-1",
        "1e9",
        "nan",
        "inf",
        "²",
        "٣",
        "",
        "9" * 400,
    ]
)
HOSTILE = st.one_of(st.text(), st.lists(FRAGMENTS).map("".join))


def seconds_asked(status: int, **headers: str) -> dict[str, float]:
    limits = asked(status, headers.get("rate_limits"), headers.get("retry_after"), now=NOW)
    return {category: until - NOW for category, until in limits.items()}


@pytest.mark.parametrize(
    ("header", "limits"),
    [
        pytest.param("60:error:key", {"error": 60}, id="one"),
        pytest.param(
            "60:error;transaction:key", {"error": 60, "transaction": 60}, id="two at once"
        ),
        pytest.param("60:error:key, 5:session:organization", {"error": 60, "session": 5}, id="two"),
        pytest.param("60::organization", {ALL: 60}, id="all"),
        pytest.param("60", {ALL: 60}, id="nothing but a number"),
        pytest.param("2.5:error", {"error": 2.5}, id="a fraction"),
        pytest.param("60:error:org:quota_exceeded:a;b", {"error": 60}, id="with everything"),
        pytest.param("60:hologram;metric_bucket:key", {}, id="what we never send"),
        pytest.param("60:hologram;error", {"error": 60}, id="what we don't know beside what we do"),
        pytest.param("60:log_byte", {"log_item": 60}, id="bytes of logs"),
        pytest.param("9999999999:error", {"error": DAY}, id="for ever"),
        pytest.param("soon:error, 60:span", {"span": 60}, id="nonsense beside sense"),
        pytest.param("-60:error", {}, id="in the past"),
        pytest.param("", {}, id="empty"),
        pytest.param("60:error, 30:error", {"error": 30}, id="the last word counts"),
    ],
)
@pytest.mark.parametrize("status", [200, 429, 500])
def test_limits_by_category_are_read(header: str, limits: dict[str, float], status: int) -> None:
    expected = limits or ({ALL: 60} if status == 429 and not header else {})

    assert seconds_asked(status, rate_limits=header) == expected


@pytest.mark.parametrize(
    ("status", "headers", "limits"),
    [
        pytest.param(429, {"retry_after": "7"}, {ALL: 7}, id="seconds"),
        pytest.param(503, {"retry_after": " 2.5 "}, {ALL: 2.5}, id="a fraction"),
        pytest.param(200, {"retry_after": "7"}, {}, id="on a yes it means nothing"),
        pytest.param(500, {"retry_after": "7"}, {}, id="nor on a 500"),
        pytest.param(429, {}, {ALL: 60}, id="nothing said"),
        pytest.param(503, {}, {}, id="nothing said by a 503"),
        pytest.param(429, {"retry_after": "soon"}, {ALL: 60}, id="nonsense"),
        pytest.param(503, {"retry_after": "soon"}, {}, id="nonsense of a 503"),
        pytest.param(429, {"retry_after": "0"}, {}, id="no time at all"),
        pytest.param(429, {"retry_after": "999999999"}, {ALL: DAY}, id="for ever"),
        pytest.param(429, {"rate_limits": "9:error", "retry_after": "7"}, {"error": 9}, id="both"),
        pytest.param(429, {"rate_limits": "9:hologram"}, {}, id="limits of others"),
    ],
)
def test_retry_after_is_for_everything(
    status: int, headers: dict[str, str], limits: dict[str, float]
) -> None:
    assert seconds_asked(status, **headers) == limits


def test_retry_after_may_be_a_date() -> None:
    later = format_datetime(datetime.fromtimestamp(NOW + 90, UTC), usegmt=True)
    earlier = format_datetime(datetime.fromtimestamp(NOW - 90, UTC), usegmt=True)

    assert seconds_asked(429, retry_after=later) == {ALL: 90}
    assert seconds_asked(503, retry_after=later.replace("GMT", "-0000")) == {ALL: 90}
    assert seconds_asked(429, retry_after=earlier) == {}


@given(st.sampled_from([200, 429, 500, 503]), st.none() | HOSTILE, st.none() | HOSTILE)
@example(429, None, "Wed, 21 Oct 9999 07:28:00 GMT")
@example(429, None, "Mon, 31 Feb 2026 99:99:99 +9999")
@example(503, None, "1 " * 30_000)
@example(200, "1:" * 30_000, None)
def test_no_header_breaks_us_or_silences_us_for_more_than_a_day(
    status: int, rate_limits: str | None, retry_after: str | None
) -> None:
    limits = asked(status, rate_limits, retry_after, now=NOW)

    assert all(NOW <= until <= NOW + MAX_SECONDS for until in limits.values())
    assert len(limits) < 20, "a header can't fill memory with categories of its own"


@given(st.dictionaries(st.sampled_from(["error", ALL, "span"]), st.floats()), st.floats(0, 1e11))
def test_a_limit_holds_until_it_ends_and_never_longer_than_a_day(
    limits: dict[str, float], now: float
) -> None:
    holding = in_force(limits, now=now)

    assert holding.items() <= limits.items()
    assert all(0 < until - now <= DAY for until in holding.values())
    assert not in_force(holding, now=now + DAY)


@pytest.mark.parametrize("until", [nan, inf, -inf, NOW, NOW - 1, NOW + DAY + 1])
def test_a_clock_that_jumps_silences_nobody(until: float) -> None:
    assert in_force({"error": until}, now=NOW) == {}


@pytest.mark.parametrize(
    ("limited", "categories", "allowed"),
    [
        ((), {"error"}, True),
        (("error",), {"error"}, False),
        (("error",), {"transaction"}, True),
        (("error",), {"transaction", "error"}, False),
        ((ALL,), {"error"}, False),
        ((ALL,), set(), False),
    ],
)
def test_an_envelope_waits_if_any_part_of_it_would_be_thrown_away(
    limited: tuple[str, ...], categories: set[str], *, allowed: bool
) -> None:
    assert allow(dict.fromkeys(limited, NOW), categories) is allowed


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def test_limits_outlive_the_process_and_end_in_time(tmp_path: Path) -> None:
    clock = Clock()
    LimitFile(tmp_path / "limits.json", now=clock).add({"error": NOW + 60})

    after = LimitFile(tmp_path / "limits.json", now=clock)

    assert after.in_force() == {"error": NOW + 60}
    clock.now += 60
    assert after.in_force() == {}
    assert (tmp_path / "limits.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["limits.json"]


@pytest.mark.parametrize("restarts", [False, True])
def test_a_clock_that_is_set_back_makes_no_limit_longer(tmp_path: Path, *, restarts: bool) -> None:
    clock, elapsed = Clock(), Clock()
    limits = LimitFile(tmp_path / "limits.json", now=clock, elapsed=elapsed)
    limits.add({"error": NOW + 60})
    if restarts:
        limits = LimitFile(tmp_path / "limits.json", now=clock, elapsed=elapsed)
        assert limits.in_force()

    clock.now -= 12 * 3_600
    elapsed.now += 59
    assert limits.in_force()
    elapsed.now += 1

    assert limits.in_force() == {}
    (tmp_path / "limits.json").touch()  # as another worker might
    assert limits.in_force() == {}
    limits.add({"error": NOW - 12 * 3_600 + 90})
    assert limits.in_force(), "a new one holds"


def test_workers_share_what_one_of_them_was_told(tmp_path: Path) -> None:
    clock = Clock()
    one, other = (LimitFile(tmp_path / "limits.json", now=clock) for _ in range(2))
    one.add({"error": NOW + 60})
    other.add({"transaction": NOW + 30})

    assert one.in_force() == other.in_force() == {"error": NOW + 60, "transaction": NOW + 30}


def test_without_a_place_to_write_memory_serves(tmp_path: Path) -> None:
    limits = LimitFile(tmp_path / "no such folder" / "limits.json", now=Clock())

    limits.add({"error": NOW + 60})

    assert limits.in_force() == {"error": NOW + 60}


@given(st.binary(max_size=200))
@example(b"[1]")
@example(b'{"error": "soon", "span": null, "session": 1e999, "all": true}')
@example(b'{"error": 99999999999999999999999}')
def test_a_damaged_file_is_no_obstacle(body: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "limits.json"
        path.write_bytes(body)

        assert isinstance(LimitFile(path, now=Clock()).in_force(), dict)
