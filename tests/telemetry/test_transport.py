"""What was captured arrives, whatever the sink does; and what can't arrive is counted."""

import logging
import socket
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event

import orjson
import pytest
import sentry_sdk
from sentry_sdk.envelope import Envelope, Item, PayloadRef

from tests.telemetry.conftest import Start
from tests.telemetry.sink import Behaviour, RecordingSink, accept, answer
from toolboxai import telemetry
from toolboxai.telemetry import setup
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.options import MEBIBYTE
from toolboxai.telemetry.privacy import Gate, policy_for
from toolboxai.telemetry.spool import Spool, claim_folder
from toolboxai.telemetry.transport import wire
from toolboxai.telemetry.transport.keeper import Keeper
from toolboxai.telemetry.transport.wire import Outgoing, OutgoingItem


def refuse_with(status: int, **headers: str) -> Behaviour:
    return lambda request: answer(request, status, **headers)


def hang_up(request: BaseHTTPRequestHandler) -> None:
    request.connection.shutdown(socket.SHUT_RDWR)


def half_an_answer(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\nhalf")
    request.connection.shutdown(socket.SHUT_RDWR)


def nonsense(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"\x00\xff not http at all\r\n\r\n")
    request.connection.shutdown(socket.SHUT_RDWR)


def count_of(name: str) -> int:
    return counters.snapshot().get(name, 0)


def test_a_message_arrives_with_its_scope(start: Start, sink: RecordingSink) -> None:
    start(release="school@1.0.0")
    sentry_sdk.set_tag("role", "teacher")
    sentry_sdk.add_breadcrumb(message="opened the door")

    event_id = sentry_sdk.capture_message("hello")

    assert telemetry.flush(5)
    (event,) = sink.items("event")
    assert event["event_id"] == event_id
    assert event["tags"] == {"role": "teacher"}
    assert event["release"] == "school@1.0.0"
    assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == ["opened the door"]


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(refuse_with(500), id="500"),
        pytest.param(refuse_with(503, Retry_After="0"), id="503"),
        pytest.param(refuse_with(429, Retry_After="0"), id="429"),
        pytest.param(hang_up, id="reset"),
        pytest.param(half_an_answer, id="half an answer"),
        pytest.param(nonsense, id="not HTTP"),
    ],
)
def test_trouble_delays_and_loses_nothing(
    start: Start, sink: RecordingSink, trouble: Behaviour
) -> None:
    sink.behaviour = trouble
    start()
    sentry_sdk.capture_message("patience")
    sink.wait_for(lambda: sink.attempts >= 2)
    assert not telemetry.status()["healthy"]

    sink.behaviour = accept
    sink.wait_for(lambda: sink.bodies)

    assert telemetry.flush(5)
    assert [event["message"] for event in sink.items("event")] == ["patience"]
    assert telemetry.status()["healthy"]


@pytest.mark.parametrize("status", [400, 403, 413])
def test_a_final_no_is_counted_and_the_next_one_is_sent(
    start: Start, sink: RecordingSink, status: int
) -> None:
    lost_before = count_of("dropped.send_error.error")
    sink.behaviour = refuse_with(status)
    start()
    sentry_sdk.capture_message("unwanted")
    assert telemetry.flush(5)

    sink.behaviour = accept
    sentry_sdk.capture_message("wanted")

    assert telemetry.flush(5)
    assert [event["message"] for event in sink.items("event")] == ["wanted"]
    assert count_of("dropped.send_error.error") == lost_before + 1
    assert count_of(f"envelopes.refused.{status}") >= 1


def test_what_a_dead_sink_never_took_arrives_after_a_restart(
    start: Start, sink: RecordingSink, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    start(dsn=f"http://publickey@127.0.0.1:{port}/1")
    sentry_sdk.capture_message("before the crash")
    assert not telemetry.flush(0.5)
    telemetry.close()
    # The folder is named after the DSN: let the spool of the dead sink become the live one's.
    (old,) = (path for path in (tmp_path / "spool").iterdir() if path.is_dir())
    start()
    telemetry.close()
    (new,) = {path for path in (tmp_path / "spool").iterdir() if path.is_dir()} - {old}
    for path in (old / "worker-0").glob("*.segment"):
        path.rename(new / "worker-0" / path.name)

    start()

    sink.wait_for(lambda: sink.items("event"))
    assert [event["message"] for event in sink.items("event")] == ["before the crash"]


def test_a_flush_makes_no_attempt_that_the_sink_asked_not_to_get_not_even_after_a_restart(
    start: Start, sink: RecordingSink
) -> None:
    sink.behaviour = refuse_with(429, Retry_After="600")
    start()
    sentry_sdk.capture_message("first")
    sink.wait_for(lambda: sink.attempts)
    sentry_sdk.capture_message("second")

    assert not telemetry.flush(5)
    telemetry.close()
    start()
    sentry_sdk.capture_message("third")
    assert not telemetry.flush(5)

    assert sink.attempts == 1
    transport = setup.telemetry().transport
    assert transport is not None
    assert transport.spool.waiting == 3
    assert transport.queued == 0, "all of it is on disk"
    assert set(transport.delivery.limited) == {"all"}
    assert transport.delivery.limited["all"] > datetime.now(UTC) + timedelta(seconds=500)


def test_while_one_category_is_limited_the_others_arrive(start: Start, sink: RecordingSink) -> None:
    sink.behaviour = lambda request: answer(
        request, 200, X_Sentry_Rate_Limits="600:log_item:key, 600:hologram:key"
    )
    start()
    sentry_sdk.capture_message("the answer to this one says it")
    sink.wait_for(lambda: sink.attempts)

    sink.behaviour = accept
    assert telemetry.flush(5)
    logging.getLogger("school").warning("a line that has to wait")
    sentry_sdk.capture_message("an error that hasn't")

    assert not telemetry.flush(5)
    assert [event["message"] for event in sink.items("event")] == ["an error that hasn't"]
    assert sink.items("log") == []


def test_what_was_kept_under_older_rules_leaves_under_todays(
    start: Start, sink: RecordingSink, tmp_path: Path
) -> None:
    slot = claim_folder(tmp_path / "spool", sink.dsn)
    older = Spool(slot.folder, max_bytes=MEBIBYTE, lost=lambda *_: None, rules=2)
    event = {"event_id": "a" * 32, "extra": {"password": "hunter2-hunter2"}}
    older.append([wire.record([wire.OutgoingItem("event", event)], envelope_id="e" * 32)])
    older.append([wire.record([wire.OutgoingItem("hologram", {})], envelope_id="f" * 32)])
    older.close()
    slot.release()

    start()
    sink.wait_for(lambda: sink.items("event"))

    assert telemetry.flush(5)
    assert b"hunter2" not in b"".join(sink.bodies)
    assert b"hologram" not in b"".join(sink.bodies)
    assert sink.headers()[0]["envelope_id"] == "e" * 32


def test_what_was_kept_under_another_policy_leaves_under_todays(
    start: Start, sink: RecordingSink, tmp_path: Path
) -> None:
    before = Gate(str, policy=policy_for("development", send_pii=False))
    slot = claim_folder(tmp_path / "spool", sink.dsn)
    spool = Spool(slot.folder, max_bytes=MEBIBYTE, lost=lambda *_: None, rules=before.rules)
    event = {"event_id": "a" * 32, "extra": {"locker": "the blue one"}}
    spool.append([wire.record([wire.OutgoingItem("event", event)], envelope_id="e" * 32)])
    spool.close()
    slot.release()
    policy = tmp_path / "policy.toml"
    policy.write_text('secret_names = ["locker"]\n')

    start(environment="development", privacy_policy=policy)
    sink.wait_for(lambda: sink.items("event"))

    assert b"the blue one" not in b"".join(sink.bodies)


def test_each_attempt_carries_the_time_it_is_made_and_the_same_envelope_id(
    start: Start, sink: RecordingSink
) -> None:
    start()
    sentry_sdk.capture_message("one")
    sentry_sdk.capture_message("two")
    assert telemetry.flush(5)

    one, two = sink.headers()

    assert one["sent_at"].endswith("Z")
    assert one["sent_at"] <= two["sent_at"]
    assert one["envelope_id"] != two["envelope_id"]
    assert len(one["envelope_id"]) == 32


@pytest.mark.parametrize(
    ("kind", "payload", "counted"),
    [
        ("hologram", PayloadRef(json={"secret": "sauce"}), "gate_unknown_type.hologram"),
        ("event", b"\x00\x01sauce", "gate_unknown_type.error"),
        ("replay_recording", b'{"segment_id":0}\n[{"secret":"sauce"}]', "gate_recording.replay"),
        ("replay_video", b"\x00sauce", "gate_recording.replay"),
    ],
)
def test_what_no_rule_can_read_stays_here_and_is_counted(
    start: Start, sink: RecordingSink, kind: str, payload: PayloadRef | bytes, counted: str
) -> None:
    before = count_of(f"dropped.{counted}")
    start()
    envelope = Envelope(headers={"event_id": "a" * 32})
    envelope.add_item(Item(payload=payload, type=kind))

    transport = setup.telemetry().transport
    assert transport is not None
    transport.capture_envelope(envelope)

    assert telemetry.flush(5)
    assert all(b"client_report" in body and b"sauce" not in body for body in sink.bodies)
    assert count_of(f"dropped.{counted}") == before + 1


def test_logs_travel_together_with_their_trace(start: Start, sink: RecordingSink) -> None:
    start(release="school@1.0.0")
    logger = logging.getLogger("school")
    logger.setLevel(logging.INFO)

    logger.info("class %s begins", "4b")
    logger.warning("forged\nINFO line \x1b[31m")

    assert telemetry.flush(5)
    items = [item for payload in sink.items("log") for item in payload["items"]]
    assert [item["body"] for item in items] == ["class 4b begins", "forged\\nINFO line \\x1b[31m"]
    assert items[0]["attributes"]["sentry.release"] == {"value": "school@1.0.0", "type": "string"}
    assert items[1]["level"] == "warn"


def test_logs_stay_here_when_they_are_switched_off(start: Start, sink: RecordingSink) -> None:
    start(enable_logs=False)

    logging.getLogger("school").warning("quiet")

    assert telemetry.flush(5)
    assert sink.items("log") == []


def test_more_than_the_queue_holds_is_counted(start: Start, sink: RecordingSink) -> None:
    before = count_of("dropped.queue_overflow.error")
    before_logs = count_of("dropped.queue_overflow.log_item")
    released = Event()

    def dawdle(request: BaseHTTPRequestHandler) -> None:
        released.wait(10)
        answer(request, 200)

    sink.behaviour = dawdle
    start(queue_max_envelopes=5, queue_max_logs=5)

    for number in range(60):
        sentry_sdk.capture_message(f"flood {number}")
        logging.getLogger("school").warning("flood %d", number)
    released.set()
    sink.behaviour = accept

    assert count_of("dropped.queue_overflow.error") > before
    assert count_of("dropped.queue_overflow.log_item") > before_logs


def test_what_the_disk_has_not_answered_for_is_still_queued(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    start()
    transport = setup.telemetry().transport
    assert transport is not None
    append, asked, may_answer = transport.spool.append, Event(), Event()

    def slowly(bodies: list[bytes]) -> None:
        if bodies:
            asked.set()
            assert may_answer.wait(10)
        append(bodies)

    monkeypatch.setattr(transport.spool, "append", slowly)
    sentry_sdk.capture_message("on its way to the disk")
    assert asked.wait(10)

    queued = telemetry.measurements()["queued"]
    may_answer.set()

    assert queued == 1
    assert telemetry.flush(5)
    assert telemetry.measurements()["queued"] == 0


def test_a_spool_that_can_not_be_written_is_counted_and_tried_again(
    start: Start, sink: RecordingSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(queue_max_envelopes=3)
    transport = setup.telemetry().transport
    assert transport is not None
    real = transport.spool.append
    tried = Event()

    def full(_bodies: list[bytes]) -> None:
        tried.set()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(transport.spool, "append", full)
    before = count_of("spool_errors")
    sentry_sdk.capture_message("kept in memory")
    assert tried.wait(5)
    monkeypatch.setattr(transport.spool, "append", real)

    assert telemetry.flush(5)
    assert [event["message"] for event in sink.items("event")] == ["kept in memory"]
    assert count_of("spool_errors") > before


def test_a_lost_event_of_the_sdk_is_counted(start: Start) -> None:
    start()
    transport = setup.telemetry().transport
    assert transport is not None
    before = count_of("dropped.before_send.error"), count_of("dropped.sample_rate.transaction")

    transport.record_lost_event("before_send", item=Item(payload=PayloadRef(json={}), type="event"))
    transport.record_lost_event("sample_rate", "transaction", quantity=2)

    after = count_of("dropped.before_send.error"), count_of("dropped.sample_rate.transaction")
    assert after == (before[0] + 1, before[1] + 2)
    assert transport.is_healthy()


def test_json_is_made_of_anything() -> None:
    body = wire.to_json(
        {"lone": "\ud800", "big": 2**70, "nan": float("nan"), "odd": [object(), (1,)]}
    )

    assert orjson.loads(body) == {
        "lone": "?",
        "big": "1.180592e+21",
        "nan": None,
        "odd": ["<object>", [1]],
    }


def test_what_is_done_aside_is_done_while_there_is_always_more_to_keep(tmp_path: Path) -> None:
    done_aside = Event()

    def one_more() -> None:
        if not done_aside.is_set():
            keeper.put(Outgoing([OutgoingItem("event", {"message": "more"})]))

    keeper = Keeper(
        Gate(str),
        Spool(tmp_path, max_bytes=1_000_000, lost=lambda _why, _body: None),
        render_log=lambda _: {},
        kept=one_more,
        idle=done_aside.set,
        max_envelopes=10,
        max_logs=10,
    )
    keeper.start()
    one_more()

    assert done_aside.wait(10)
    keeper.stop(5)
