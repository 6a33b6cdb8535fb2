"""What goes when: limits, pauses, order and pace, with a clock that only moves when it is told to."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from math import inf
from pathlib import Path
from threading import Barrier, Thread

import orjson
import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.spool import Spool
from toolboxai.telemetry.transport.courier import BACKLOG_SECONDS, MAX_WAIT_SECONDS, Courier
from toolboxai.telemetry.transport.limit_file import LimitFile
from toolboxai.telemetry.transport.sink import Answer
from toolboxai.telemetry.transport.wire import OutgoingItem, categories_of, items_in, record

NOW = 1_800_000_000.0
DAY_SECONDS = 24 * 3_600.0
SENTRY_CORRECTS_FROM_SECONDS = 55 * 60.0
YES = Answer(200)
Say = Callable[[str], Answer]


@dataclass
class Story:
    """A courier, its spool and its sink; ``said`` is what the sink answers to an envelope of a name."""

    folder: Path
    gap_seconds: float = 0.0
    connections: int = 1
    elapsed: float = 0.0
    jumped: float = 0.0
    say: Say = lambda _name: YES
    attempts: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    arrived: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        ticks = count()
        self.spool = Spool(
            self.folder,
            max_bytes=1024 * 1024,
            lost=lambda reason, _body: pytest.fail(f"something was lost: {reason}"),
            categories_of=categories_of,
            now_ns=lambda: int(self.now * 1e9),
            elapsed_ns=lambda: int(self.elapsed * 1e9) + next(ticks),
        )
        self.spool.recover()
        self.courier = Courier(
            self.spool,
            [self._post] * self.connections,
            LimitFile(self.folder / "limits.json", now=lambda: self.now),
            gap_seconds=self.gap_seconds,
            now=lambda: self.now,
            elapsed=lambda: self.elapsed,
        )

    def _post(self, body: bytes) -> Answer:
        name = body.split(b'"name":"')[1].split(b'"')[0].decode()
        self.attempts.append(name)
        self.bodies.append(body)
        answer = self.say(name)
        if 200 <= answer.status < 300:
            self.arrived.append(name)
        return answer

    def keep(self, *names: str) -> None:
        """Put envelopes into the spool; a name begins with its items' types: ``event 7``."""
        for name in names:
            items = [OutgoingItem(kind, {"name": name}) for kind in name.split()[0].split("+")]
            self.spool.append([record(items, envelope_id=name)])

    def run(self) -> float:
        """Let the courier go until it wants a pause; return how long."""
        for _ in range(1_000):
            if pause_seconds := self.courier.advance():
                return pause_seconds
        pytest.fail("it spins")

    def run_for(self, seconds: float) -> None:
        """Let it go for so long."""
        end = self.elapsed + seconds
        while (pause_seconds := self.run()) <= end - self.elapsed:
            self.elapsed += pause_seconds
        self.elapsed = end

    @property
    def now(self) -> float:
        """The time of day."""
        return NOW + self.elapsed + self.jumped

    @property
    def limited(self) -> set[str]:
        return set(self.courier.delivery.limited)


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    told = Story(tmp_path)
    yield told
    told.spool.close()


@contextmanager
def counted(name: str, quantity: int) -> Iterator[None]:
    before = counters.snapshot().get(name, 0)
    yield
    assert counters.snapshot().get(name, 0) - before == quantity


def refuse(_name: str) -> Answer:
    raise ConnectionRefusedError


# -- answers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [99, 103, 301, 307, 407, 408, 425, 500, 502, 503, 504, 599, 700])
def test_not_now_is_kept_and_waits(story: Story, status: int) -> None:
    story.keep("event 1")
    story.say = lambda _name: Answer(status)

    pauses = [story.courier.advance()]
    for _ in range(9):
        story.elapsed += pauses[-1]
        pauses.append(story.courier.advance())

    assert pauses[:4] == [0.25, 0.5, 1.0, 2.0]
    assert pauses[-1] == MAX_WAIT_SECONDS
    assert story.spool.waiting == 1
    assert story.courier.delivery.last_error == f"HTTP {status}"
    assert story.courier.delivery.last_failed_at is not None
    story.say = lambda _name: YES
    story.run_for(MAX_WAIT_SECONDS)
    assert story.arrived == ["event 1"]
    assert story.courier.delivery.is_healthy


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_never_is_discarded_and_counted(story: Story, status: int) -> None:
    story.keep("event 1", "transaction 1")
    story.say = lambda _name: Answer(status)

    with counted("dropped.send_error.error", 1), counted("dropped.send_error.transaction", 1):
        assert story.run() == inf

    assert story.spool.waiting == 0
    assert story.courier.delivery.last_error == f"HTTP {status}"


@pytest.mark.parametrize("error", [TimeoutError(), urllib3.exceptions.ProtocolError("reset")])
def test_no_answer_is_kept_and_waits(story: Story, error: Exception) -> None:
    def fail(_name: str) -> Answer:
        raise error

    story.keep("event 1")
    story.say = fail

    assert story.run() == 0.25
    assert story.spool.waiting == 1
    assert story.courier.delivery.last_error == type(error).__name__


def test_while_it_waits_nothing_new_makes_it_try(story: Story) -> None:
    story.say = refuse
    story.keep("event 1")
    story.run()

    story.keep("event 2")
    for _ in range(10):
        story.courier.advance()

    assert story.attempts == ["event 1"]


def test_who_is_in_a_hurry_gets_one_attempt(story: Story) -> None:
    story.say = refuse
    story.keep("event 1")
    story.run()

    story.courier.hurry()
    story.run()
    story.run()

    assert len(story.attempts) == 2


# -- limits ----------------------------------------------------------------------------------------


def test_what_is_limited_waits_and_the_rest_goes_on(story: Story) -> None:
    story.say = lambda name: (
        Answer(429, "60:transaction:key") if name.startswith("transaction") else YES
    )
    story.keep("transaction 1", "log 1", "transaction 2", "event 1", "log 2")

    pause_seconds = story.run()

    assert story.arrived == ["event 1", "log 1", "log 2"]
    assert story.attempts.count("transaction 1") == 1
    assert "transaction 2" not in story.attempts
    assert pause_seconds == 60
    assert story.limited == {"transaction"}


def test_waiting_for_a_limit_does_not_spin_and_ends(story: Story) -> None:
    story.say = lambda _name: Answer(429, "60:error:key")
    story.keep("event 1")

    assert story.run() == 60
    story.elapsed += 59.5
    assert story.run() == 0.5
    assert story.attempts == ["event 1"]
    story.say = lambda _name: YES
    story.elapsed += 0.5
    assert story.run() == inf
    assert story.arrived == ["event 1"]
    assert story.limited == set()


def test_limits_on_a_yes_hold_too(story: Story) -> None:
    story.say = lambda _name: Answer(200, "60::organization")
    story.keep("event 1")
    story.run()

    story.keep("event 2")

    assert story.run() == 60
    assert story.arrived == ["event 1"]
    assert story.limited == {"all"}


@pytest.mark.parametrize("answer", [Answer(429, None, "90"), Answer(503, None, "90"), Answer(429)])
def test_no_hurry_makes_an_attempt_while_the_sink_wants_none(story: Story, answer: Answer) -> None:
    story.say = lambda _name: answer
    story.keep("event 1")
    story.run()

    story.courier.hurry()
    story.keep("event 2")

    assert story.run() == 60
    assert len(story.attempts) == 1


def test_a_limit_that_does_not_say_what_it_means_gets_a_pause(story: Story) -> None:
    story.say = lambda _name: Answer(429, "60:transaction:key")
    story.keep("event 1")

    assert story.run() == 0.25


def test_an_envelope_of_which_a_part_is_limited_waits_whole(story: Story) -> None:
    story.say = lambda _name: Answer(200, "60:transaction:key")
    story.keep("transaction 1")
    story.run()
    story.keep("event+transaction 2", "event 3")

    story.run()

    assert story.arrived == ["transaction 1", "event 3"]


def test_limits_outlive_a_restart(story: Story) -> None:
    story.say = lambda _name: Answer(429, "3600:error:key")
    story.keep("event 1")
    story.run()
    story.spool.close()

    again = Story(story.folder, elapsed=30)
    again.keep("transaction 1")
    again.run()

    assert again.attempts == ["transaction 1"]
    again.elapsed = 3_600
    again.run()
    assert again.arrived == ["transaction 1", "event 1"]
    again.spool.close()


# -- order and pace --------------------------------------------------------------------------------


def test_the_newest_errors_go_first_then_the_rest_as_it_came(story: Story) -> None:
    story.keep("log 1", "event 1", "transaction 1", "event 2", "log 2")

    story.run()

    assert story.arrived == ["event 2", "event 1", "log 1", "transaction 1", "log 2"]


def test_after_an_outage_the_newest_errors_still_go_first(story: Story) -> None:
    names = [f"event {number}" for number in range(20)]
    story.keep(*names)
    story.say = refuse
    story.run_for(60)
    assert len(set(story.attempts)) > 5, "not one alone was tried"

    story.keep("event 20")
    story.say = lambda _name: YES
    story.run_for(60)

    # One may have gone out of turn: it was about to be tried when the sink came back.
    assert story.arrived[1:] == [
        name for name in reversed([*names, "event 20"]) if name != story.arrived[0]
    ]


def test_after_a_night_each_has_its_place_again(story: Story) -> None:
    names = [f"event {number}" for number in range(1_500)]
    story.keep(*names)
    story.say = refuse
    story.run_for(6 * 3_600)
    assert len(set(story.attempts)) > 1_200

    story.say = lambda _name: YES
    while story.spool.waiting:
        story.elapsed += story.courier.advance()

    assert story.arrived[1:] == [name for name in reversed(names) if name != story.arrived[0]]


def test_what_the_sink_can_not_take_does_not_hold_up_the_others(story: Story) -> None:
    poison = {"event 7", "event 8", "event 9"}

    def choke(name: str) -> Answer:
        if name in poison:
            raise ConnectionResetError
        return YES

    story.say = choke
    story.keep(*(f"event {number}" for number in range(10)))

    story.run_for(60)

    assert len(story.arrived) == 7
    assert story.spool.waiting == 3
    assert all(times < 12 for times in Counter(story.attempts).values())


def test_a_backlog_is_sent_at_a_pace_and_what_is_new_without_delay(tmp_path: Path) -> None:
    story = Story(tmp_path, gap_seconds=0.1)
    story.keep("event 1", "event 2", "event 3")
    story.elapsed += 60

    assert story.courier.advance() == 0.1
    assert story.courier.is_pacing
    story.courier.hurry()
    assert story.courier.advance() == pytest.approx(0.1)
    assert story.attempts == ["event 3"], "no hurry takes away the sink's breath"
    story.run_for(0.2)
    story.keep("event 4", "event 5")

    assert story.arrived == ["event 3", "event 2", "event 1"]
    story.elapsed += 0.1
    assert story.run() == inf
    assert story.arrived[3:] == ["event 5", "event 4"]
    story.spool.close()


@pytest.mark.parametrize("jump_seconds", [31_536_000, -31_536_000])
def test_a_clock_that_was_set_makes_no_backlog_of_what_is_new(
    tmp_path: Path, jump_seconds: int
) -> None:
    story = Story(tmp_path, gap_seconds=0.1)
    story.jumped = jump_seconds
    story.keep("event 1", "event 2")

    assert story.run() == inf
    assert story.arrived == ["event 2", "event 1"]
    story.spool.close()


def test_a_backlog_for_this_machine_itself_is_sent_at_once(story: Story) -> None:
    story.keep("event 1", "event 2", "event 3")
    story.elapsed += 60

    assert story.run() == inf
    assert len(story.arrived) == 3


def test_who_talks_without_end_is_asked_once_a_second_and_gets_everything(story: Story) -> None:
    story.say = lambda _name: Answer(200, is_short=False)
    story.keep("event 1", "event 2", "event 3")

    assert story.run() == 1.0
    assert story.courier.is_pacing
    story.run_for(1.5)

    assert story.arrived == ["event 3", "event 2"]
    story.say = lambda _name: YES
    story.run_for(1)
    assert story.arrived == ["event 3", "event 2", "event 1"]
    assert story.spool.waiting == 0


def test_a_backlog_that_would_take_too_long_is_sent_faster(tmp_path: Path) -> None:
    story = Story(tmp_path, gap_seconds=0.1)
    body = record([OutgoingItem("log", {"name": "log"})], envelope_id="x")
    story.spool.append([body] * 8_000)
    story.elapsed += 60

    assert story.courier.advance() == pytest.approx(600 / 8_000, rel=0.01)
    story.spool.close()


# -- laws ------------------------------------------------------------------------------------------

KINDS = st.sampled_from(["event", "transaction", "log", "event+transaction"])
ANSWERS = st.sampled_from(
    [
        YES,
        Answer(500),
        Answer(429),
        Answer(429, None, "0"),
        Answer(429, "30:error:key, 5:log_item:key"),
        Answer(200, "20::organization"),
        Answer(503, None, "40"),
        Answer(302),
        None,
    ]
)


@given(st.lists(KINDS, min_size=1, max_size=12), st.lists(ANSWERS, max_size=30))
def test_whatever_the_sink_says_all_arrives_once_and_nobody_spins(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[str], answers: list[Answer | None]
) -> None:
    story = Story(tmp_path_factory.mktemp("spool"))
    waiting = list(answers)

    def say(_name: str) -> Answer:
        answer = waiting.pop() if waiting else YES
        if answer is None:
            raise ConnectionResetError
        return answer

    story.say = say
    names = [f"{kind} {number}" for number, kind in enumerate(kinds)]
    story.keep(*names)

    story.run_for(3_600)

    assert sorted(story.arrived) == sorted(names)
    assert len(story.attempts) <= len(names) + len(answers)
    assert story.spool.waiting == 0
    story.spool.close()


# -- several at once -------------------------------------------------------------------------------


@pytest.fixture
def broad(tmp_path: Path) -> Iterator[Story]:
    """A story with four connections."""
    told = Story(tmp_path, connections=4)
    yield told
    told.spool.close()


def test_what_has_piled_up_goes_several_at_once_and_what_is_new_alone(broad: Story) -> None:
    together = Barrier(3)

    def meet(name: str) -> Answer:
        if name != "event new":
            together.wait(timeout=10)
        return YES

    broad.say = meet
    broad.keep("event 1", "event 2", "event 3")
    broad.elapsed += BACKLOG_SECONDS
    broad.keep("event new")

    assert broad.courier.advance() == 0
    assert broad.arrived == ["event new"]
    assert broad.courier.advance() == 0
    assert sorted(broad.arrived) == ["event 1", "event 2", "event 3", "event new"]
    assert broad.run() == inf


def test_who_does_not_answer_is_asked_with_one_until_an_answer_comes(broad: Story) -> None:
    broad.say = refuse
    broad.keep(*(f"event {number}" for number in range(6)))
    broad.elapsed += BACKLOG_SECONDS
    broad.courier.advance()
    assert sorted(broad.attempts) == ["event 2", "event 3", "event 4", "event 5"]

    broad.attempts.clear()
    broad.run_for(60)
    assert len(broad.attempts) < 10

    broad.say = lambda _name: YES
    broad.run_for(MAX_WAIT_SECONDS)
    assert sorted(broad.arrived) == [f"event {number}" for number in range(6)]


def test_of_several_at_once_each_gets_what_its_answer_says(broad: Story) -> None:
    says = {"event 1": Answer(400), "log 1": Answer(429, "60:log_item:key")}
    broad.say = lambda name: says.get(name, YES)
    broad.keep("event 1", "event 2", "log 1", "transaction 1", "log 2")
    broad.elapsed += BACKLOG_SECONDS

    with counted("dropped.send_error.error", 1):
        assert broad.run() == 60

    assert sorted(broad.arrived) == ["event 2", "transaction 1"]
    assert broad.spool.waiting == 2
    assert "log 2" not in broad.attempts


def test_where_no_more_threads_are_to_be_had_they_go_one_after_the_other(
    broad: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_to_start(_thread: Thread) -> None:
        raise RuntimeError

    monkeypatch.setattr(Thread, "start", refuse_to_start)
    broad.keep("event 1", "event 2", "event 3")
    broad.elapsed += BACKLOG_SECONDS

    assert broad.run() == inf

    assert broad.attempts == ["event 3", "event 2", "event 1"]


# -- the time of sending ---------------------------------------------------------------------------


def as_sentry_takes_it(body: bytes, *, received_at: float) -> float:
    """Return the time of an envelope's one event after Sentry has corrected it, in seconds since 1970."""
    sent_at = datetime.fromisoformat(orjson.loads(body.partition(b"\n")[0])["sent_at"]).timestamp()
    drift_seconds = received_at - sent_at
    is_corrected = abs(drift_seconds) >= SENTRY_CORRECTS_FROM_SECONDS
    ((_, payload),) = items_in(body)
    return float(orjson.loads(payload)["timestamp"]) + (drift_seconds if is_corrected else 0.0)


@pytest.mark.parametrize(
    ("captured_ahead", "sent_ahead", "wrong_by"),
    [
        pytest.param(0, 0, 0, id="right all the time"),
        pytest.param(-DAY_SECONDS, -DAY_SECONDS, 0, id="wrong all the time"),
        pytest.param(-DAY_SECONDS, 0, -DAY_SECONDS, id="set right while it waited"),
        pytest.param(0, DAY_SECONDS, -DAY_SECONDS, id="set wrong while it waited"),
    ],
)
def test_a_wrong_clock_is_seen_by_the_time_of_sending_unless_it_was_set_meanwhile(
    story: Story, captured_ahead: float, sent_ahead: float, wrong_by: float
) -> None:
    story.say = refuse
    story.jumped = captured_ahead
    event = OutgoingItem("event", {"name": "event 1", "timestamp": story.now})
    story.spool.append([record([event], envelope_id="1")])
    story.run()

    story.say = lambda _name: YES
    story.jumped = sent_ahead
    story.run_for(MAX_WAIT_SECONDS)

    assert story.arrived == ["event 1"]
    corrected = as_sentry_takes_it(story.bodies[-1], received_at=NOW + story.elapsed)
    assert corrected == pytest.approx(NOW + wrong_by, abs=MAX_WAIT_SECONDS)
