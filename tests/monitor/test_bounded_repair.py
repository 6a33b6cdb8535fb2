"""What a small hostile body may cost: bounded memory and time, whatever is in it."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.monitor.protocol import Flags, NotRepairableError, dumps, loads

MAX_GROWTH_MIB = 150
MAX_CPU_SECONDS = 2.0

# Ends with a MemoryError where this used to take gigabytes.
PROGRAM = """
import resource, sys, time
from toolboxai.monitor.digest.items import Digester, Submission
from toolboxai.monitor.protocol import Envelope, Item
from toolboxai.monitor.settings import Limits

resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
body = sys.stdin.buffer.read()
envelope = Envelope({}, (Item("event", {}, body),))
submission = Submission(project_id=1, received_at=1_800_000_000_000, envelope=envelope)
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
digester, before, begin = Digester(Limits()), peak(), time.process_time()
digested = digester.digest(submission)
took = time.process_time() - begin
reason = next((fate.reason for fate in digested.fates), "kept")
print(reason, peak() - before, took, sep="|")
"""
OPEN, CLOSE = b'{"a":[NaN,' + b"[" * 90, b"]" * 90 + b"]}"
REFUSED, KEPT = "too many values", "kept"
BODIES = {
    "millions of leaves": (b'{"a":NaN,"b":[', b"0,", 5_900_000, b"0]}", REFUSED),
    "small objects": (OPEN, b'{"k":0},', 800_000, b"0" + CLOSE, REFUSED),
    "small texts": (b"[", b'"",', 3_900_000, b"0]", REFUSED),
    "quotes": (b"", b'"', 12_000_000, b"", "not json"),
    "quotes and commas": (b'"",' * 200_000, b'""', 5_000_000, b"", REFUSED),
    "allowed leaves": (b'{"a":NaN,"b":[', b"0,", 190_000, b"0]}", KEPT),
    "allowed objects": (OPEN, b'{"k":0},', 99_000, b"0" + CLOSE, KEPT),
    "allowed flags": (b'{"b":[', rb'"xxxxxxxxxxxxxxxxxxxxxxxxxxx\u0000",', 190_000, b"0]}", KEPT),
    "brackets in a text": (rb'{"b":"\u0000', b",[{", 3_900_000, b'"}', KEPT),
    "escaped quotes": (rb'{"b":"\u0000', rb",\"", 3_900_000, b'"}', KEPT),
    "a long text": (rb'{"b":"\ud800', b",", 11_900_000, b'"}', KEPT),
}


@pytest.mark.parametrize(("start", "unit", "times", "end", "fate"), BODIES.values(), ids=BODIES)
def test_a_hostile_event_costs_little(
    start: bytes, unit: bytes, times: int, end: bytes, fate: str
) -> None:
    body = start + unit * times + end
    # Measured for coverage it would take many times as long.
    unmeasured = {name: value for name, value in os.environ.items() if "COVERAGE" not in name}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=body,
        capture_output=True,
        check=True,
        env=unmeasured,
    )

    reason, growth_mib, cpu_seconds = done.stdout.decode().split("|")
    assert reason == fate
    assert int(growth_mib) < MAX_GROWTH_MIB
    assert float(cpu_seconds) < MAX_CPU_SECONDS


JSON = st.recursive(
    st.none() | st.integers(-9, 9) | st.text(alphabet='ab,[]{}:"\\\0'),
    lambda child: st.lists(child) | st.dictionaries(st.text(alphabet=',[]{}:"\\'), child),
)


def values_in(value: object) -> int:
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(values_in, below))


@given(JSON)
def test_what_has_no_more_values_than_allowed_is_never_refused(value: object) -> None:
    body = dumps(value, Flags(), max_depth=100)
    containers = body.count(b"[") + body.count(b"{")

    loads(body, Flags(), max_depth=100, max_values=values_in(value) + containers + 1)


@given(JSON)
def test_what_has_more_values_than_allowed_is_refused(value: object) -> None:
    body = dumps([value, value], Flags(), max_depth=100)

    with pytest.raises(NotRepairableError, match="too many values"):
        loads(body, Flags(), max_depth=100, max_values=values_in([value, value]) // 2)
