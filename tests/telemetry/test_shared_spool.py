"""Processes that share a spool's folder: each sends its own, the dead one's heir sends what it left, nobody another sink's."""

import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.kills import Mortal, wait_until
from tests.telemetry.sink import RecordingSink, accept, answer, running_sink

Start = Callable[..., Mortal]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """A function that starts a process that reports to a DSN, counting from ``first``."""
    started: list[Mortal] = []

    def begin(dsn: str, first: int, *, module: str = "benchmarks.reporter") -> Mortal:
        arguments = [module, dsn, str(tmp_path / "spool"), str(first)]
        mortal = Mortal(lambda _life: arguments, tmp_path / f"{len(started)}.log")
        started.append(mortal)
        mortal.start()
        return mortal

    yield begin
    for mortal in started:
        mortal.end(signal.SIGKILL)


def promised(*mortals: Mortal) -> set[int]:
    return {
        int(number) for mortal in mortals for number in re.findall(r"promised (\d+)", mortal.said)
    }


def there(sink: RecordingSink) -> Counter[int]:
    return Counter(
        int(event["exception"]["values"][-1]["value"].partition("-")[2])
        for event in sink.items("event")
    )


def test_what_the_dead_left_is_sent_by_the_next_and_nobody_sends_to_another_sink(
    start: Start, sink: RecordingSink
) -> None:
    with running_sink() as other_sink:
        for each in (sink, other_sink):
            each.behaviour = lambda request: answer(request, 503)
        living, dead = start(sink.dsn, 0), start(sink.dsn, 1_000_000)
        stranger = start(other_sink.dsn, 2_000_000)
        wait_until(lambda: all(map(promised, (living, dead, stranger))))
        dead.end(signal.SIGKILL)

        for each in (sink, other_sink):
            each.behaviour = accept
        living.end(signal.SIGTERM)
        stranger.end(signal.SIGTERM)
        assert there(sink).keys() == promised(living), "the dead one's waits for its heir"
        heir = start(sink.dsn, 3_000_000)
        wait_until(lambda: bool(promised(heir)))
        heir.end(signal.SIGTERM)

        theirs = there(sink)
        assert promised(living, dead, heir) <= theirs.keys()
        assert not [number for number, times in theirs.items() if times > 1]
        assert there(other_sink) == Counter(promised(stranger))


def test_what_the_dead_left_is_sent_once_by_who_lives_though_nobody_starts(
    start: Start, sink: RecordingSink
) -> None:
    sink.behaviour = lambda request: answer(request, 503)
    living, dying, other = (
        start(sink.dsn, number * 1_000_000, module="tests.telemetry.adopting")
        for number in range(3)
    )
    wait_until(lambda: all(map(promised, (living, dying, other))))
    dying.end(signal.SIGKILL)
    left = promised(dying)

    sink.behaviour = accept
    wait_until(lambda: left <= there(sink).keys())
    for each in (living, other):
        each.end(signal.SIGTERM)

    theirs = there(sink)
    assert promised(living, dying, other) <= theirs.keys()
    assert not [number for number, times in theirs.items() if times > 1]
