"""What a client meets: a real SDK, damaged envelopes, strangers."""

import base64
import codecs
import json
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import brotli
import pytest
import sentry_sdk
import zstandard
from sentry_sdk import logger
from sentry_sdk.transport import HttpTransport

from tests.monitor.running import Monitor, envelope, event_envelope, monitor_process, zipped

ID = "a" * 32


def outcomes(monitor: Monitor) -> set[tuple[str, str, str]]:
    return {(o.category, o.outcome, o.reason) for o in monitor.questions().outcomes()}


def count(monitor: Monitor, category: str = "error") -> int:
    return monitor.questions().counts()[category]


def payload_of(monitor: Monitor, event_id: str = ID) -> dict[str, object]:
    event = monitor.questions().event(1, event_id)
    assert event is not None
    return event.payload


def test_what_a_real_sdk_sends_can_be_asked_for(monitor: Monitor) -> None:
    client = sentry_sdk.Client(
        dsn=monitor.dsn, traces_sample_rate=1.0, enable_logs=True, default_integrations=False
    )
    with sentry_sdk.isolation_scope() as scope:
        scope.set_client(client)
        with sentry_sdk.start_transaction(name="pay", op="task") as transaction:
            with sentry_sdk.start_span(op="db", name="select"):
                pass
            logger.warning("low on {thing}", thing="stock")
            event_id = sentry_sdk.capture_exception(KeyError("x"))
        client.close(timeout=10)

    queries = monitor.questions()
    (issue,) = queries.issues()
    assert (issue.title, issue.count, issue.handled) == ("KeyError: 'x'", 1, True)
    assert issue.latest_event_id == event_id
    assert [s.op for s in queries.spans_of_trace(transaction.trace_id)] == ["task", "db"]
    assert [line.body for line in queries.logs_of_trace(transaction.trace_id)] == ["low on stock"]
    assert queries.counts() | {"client_report": 0} == {
        "error": 1,
        "transaction": 1,
        "log": 1,
        "client_report": 0,
    }


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [
        ("identity", bytes),
        ("gzip", zipped),
        ("deflate", zlib.compress),
        ("zstd", zstandard.compress),
        ("br", brotli.compress),
    ],
)
def test_every_encoding_is_stored(monitor: Monitor, encoding: str, compress: type[bytes]) -> None:
    reply = monitor.post(compress(event_envelope(ID)), Content_Encoding=encoding)

    assert (reply.status, reply.json) == (200, {"id": ID})
    assert count(monitor) == 1


def test_a_body_without_a_length_is_stored(monitor: Monitor) -> None:
    def chunks() -> Iterator[bytes]:
        body = event_envelope(ID)
        yield from (body[at : at + 7] for at in range(0, len(body), 7))

    assert monitor.post(chunks()).status == 200
    assert count(monitor) == 1


def test_a_single_event_may_be_posted(monitor: Monitor) -> None:
    reply = monitor.request(
        "POST",
        "/api/1/store/",
        json.dumps({"event_id": ID, "message": "m"}).encode(),
        {"X-Sentry-Auth": f"Sentry sentry_key={monitor.key}"},
    )

    assert (reply.status, reply.json) == (200, {"id": ID})


def packed_event() -> bytes:
    return json.dumps({"event_id": ID, "message": "m"}).encode()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(base64.b64encode(zlib.compress(packed_event())), id="base64 of zlib"),
        pytest.param(base64.b64encode(packed_event()) + b"\n", id="base64"),
        pytest.param(codecs.BOM_UTF8 + packed_event(), id="a byte order mark"),
        pytest.param(b"\r\n  " + packed_event(), id="blanks before it"),
    ],
)
def test_a_single_event_may_come_as_older_clients_pack_it(monitor: Monitor, body: bytes) -> None:
    auth = {"Authorization": f"Sentry sentry_version=5, sentry_key={monitor.key}"}

    reply = monitor.request("POST", "/api/1/store/", body, auth)

    assert (reply.status, reply.json) == (200, {"id": ID})
    assert [issue.title for issue in monitor.questions().issues()] == ["m"]


def test_an_authorization_of_another_kind_says_nothing_of_the_key(monitor: Monitor) -> None:
    body = event_envelope(ID)

    assert monitor.post(body, Authorization="Basic c2VudHJ5OmtleQ==").status == 200
    assert monitor.post(body, Authorization="Sentry sentry_key=another").status == 403


def test_an_envelope_and_its_event_may_begin_with_a_byte_order_mark(monitor: Monitor) -> None:
    event = codecs.BOM_UTF8 + json.dumps({"event_id": ID, "message": "m"}).encode()

    reply = monitor.post(codecs.BOM_UTF8 + envelope(({"type": "event"}, event)))

    assert reply.status == 200
    assert [issue.title for issue in monitor.questions().issues()] == ["m"]


def test_an_sdk_that_finds_brotli_packs_with_it_and_loses_nothing(monitor: Monitor) -> None:
    client = sentry_sdk.Client(dsn=monitor.dsn, default_integrations=False)
    assert isinstance(client.transport, HttpTransport)
    assert client.transport._compression_algo == "br"  # noqa: SLF001 - else the test shows nothing

    client.capture_event({"event_id": ID, "message": "m" * 9_000})
    client.close(timeout=10)

    assert count(monitor) == 1


@pytest.mark.parametrize(
    ("payload", "reason"),
    [(b"[]", "not an object"), (b"{", "not json"), (b"[" * 100_000, "nested too deep")],
)
def test_a_single_event_that_can_not_be_kept_is_refused(
    monitor: Monitor, payload: bytes, reason: str
) -> None:
    reply = monitor.request("POST", f"/api/1/store/?sentry_key={monitor.key}", payload)

    assert reply.status == 400
    assert reason in reply.json["detail"]


def test_the_id_of_the_envelope_is_the_one_that_is_told_and_stored(monitor: Monitor) -> None:
    other = json.dumps({"event_id": "b" * 32}).encode()

    reply = monitor.post(envelope(({"type": "event"}, other), header={"event_id": ID}))

    assert reply.json == {"id": ID}
    assert list(monitor.questions().event_ids()) == [ID]
    assert payload_of(monitor)["event_id"] == ID


def test_several_events_in_one_envelope_keep_their_own_ids(monitor: Monitor) -> None:
    items = [
        ({"type": kind}, json.dumps({"event_id": letter * 32}).encode())
        for kind, letter in (("event", "b"), ("transaction", "c"))
    ]

    reply = monitor.post(envelope(*items, header={"event_id": ID}))

    assert reply.json == {"id": "b" * 32}
    assert sorted(monitor.questions().event_ids()) == ["b" * 32, "c" * 32]


def test_a_container_is_counted_by_what_it_says_it_holds(monitor: Monitor) -> None:
    for item_count in (7, 10**9, -1, "x"):
        monitor.post(envelope(({"type": "trace_metric", "item_count": item_count}, b"{}")))
    monitor.post(envelope(({"type": "span", "item_count": 3}, b"{}")))
    monitor.post(envelope(({"type": "attachment", "item_count": 3}, b"")))

    counts = monitor.questions().counts()
    assert counts["trace_metric"] == 7 + 10_000 + 1 + 1
    assert (counts["span"], counts["attachment"]) == (3, 1)


DAMAGED = {
    "truncated gzip": (zipped(event_envelope())[:-30], "gzip", 400, "truncated body"),
    "no gzip": (event_envelope(), "gzip", 400, "damaged body"),
    "unknown encoding": (event_envelope(), "lzma", 415, "unknown encoding"),
    "length too long": (event_envelope()[:-1], "", 400, "wrong length"),
    "length too short": (event_envelope() + b"x", "", 400, "wrong length"),
    "no JSON header": (b"\xff\n{}", "", 400, "damaged header"),
    "30 MB": (bytes(30_000_000), "", 413, "too large"),
    "gzip bomb": (zipped(bytes(100_000_000)), "gzip", 413, "too large"),
}


@pytest.mark.parametrize(("body", "encoding", "status", "reason"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_envelope_is_refused_and_the_next_is_stored(
    monitor: Monitor, body: bytes, encoding: str, status: int, reason: str
) -> None:
    refused = monitor.post(body, Content_Encoding=encoding)
    accepted = monitor.post(event_envelope())

    assert (refused.status, refused.headers["x-sentry-error"]) == (status, reason)
    assert refused.json["detail"]
    assert isinstance(refused.json["causes"], list)
    assert accepted.status == 200
    assert count(monitor) == 1
    assert ("envelope", "rejected", reason) in outcomes(monitor)


def test_30_mb_without_a_length_are_refused(monitor: Monitor) -> None:
    reply = monitor.post(bytes(1_000_000) for _ in range(30))

    assert reply.status == 413


def test_bombs_and_bulk_leave_memory_bounded(tmp_path: Path) -> None:
    bomb = zipped(bytes(200_000_000))
    with monitor_process(tmp_path) as (monitor, process):
        assert monitor.post(event_envelope()).status == 200
        before = peak_memory_kib(process.pid)
        for _ in range(5):
            assert monitor.post(bomb, Content_Encoding="gzip").status == 413
            assert monitor.post(bytes(30_000_000)).status == 413
        grown = peak_memory_kib(process.pid) - before

    assert grown < 16 * 1024


def peak_memory_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


@pytest.mark.parametrize("path", ["/api/1/envelope/", "/api/2/envelope/", "/api/1/store/"])
@pytest.mark.parametrize("key", ["0" * 32, "wrong", "é"])
def test_a_wrong_key_and_an_unknown_project_look_the_same(
    monitor: Monitor, path: str, key: str
) -> None:
    reply = monitor.request(
        "POST", path, event_envelope(), {"X-Sentry-Auth": f"Sentry sentry_key={key}"}
    )
    right_key_elsewhere = monitor.request(
        "POST", f"/api/2/envelope/?sentry_key={monitor.key}", event_envelope()
    )

    assert reply.status == 403
    assert reply.body == right_key_elsewhere.body
    assert monitor.post(event_envelope()).status == 200


@pytest.mark.parametrize("path", ["/api/1/envelope/", "/api/1/store/"])
def test_without_a_key_nothing_is_taken(monitor: Monitor, path: str) -> None:
    reply = monitor.request("POST", path, event_envelope())

    assert reply.status == 403
    assert "sentry_key" in reply.json["detail"]


def test_a_key_in_the_envelope_is_enough(monitor: Monitor) -> None:
    body = envelope(({"type": "event"}, b"{}"), header={"dsn": monitor.dsn, "event_id": ID})

    reply = monitor.request("POST", "/api/1/envelope/", body)

    assert (reply.status, reply.json) == (200, {"id": ID})


def test_keys_that_contradict_each_other_are_refused(monitor: Monitor) -> None:
    body = envelope(header={"dsn": "http://other@localhost/1"})

    assert monitor.post(body).status == 403


def test_a_first_line_without_an_end_is_refused(monitor: Monitor) -> None:
    long_line = b'{"a":"' + bytes(70_000)
    reply = monitor.request("POST", "/api/1/envelope/", long_line)

    assert reply.status == 413


def test_a_browser_may_post(monitor: Monitor) -> None:
    preflight = monitor.request("OPTIONS", "/api/1/envelope/")
    reply = monitor.post(event_envelope(), Origin="https://example.org")

    assert preflight.status == 200
    assert "x-sentry-auth" in preflight.headers["access-control-allow-headers"]
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "retry-after" in reply.headers["access-control-expose-headers"]
    assert monitor.request("GET", "/api/1/envelope/").status == 405


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        pytest.param(b'{"message":"\xff!"}', "�!", id="invalid UTF-8"),
        pytest.param(rb'{"message":"\ud800\u0000!"}', "��!", id="surrogate and NUL"),
        pytest.param(b'{"message":"!","extra":{"x":NaN}}', "!", id="NaN"),
        pytest.param(b'{"message":"!","level":[],"tags":7}', "!", id="wrong types"),
        pytest.param(b'{"message":"!","timestamp":1e300}', "!", id="absurd time"),
        pytest.param(
            b'{"message":"!","extra":' + b"[" * 150 + b"]" * 150 + b"}", "!", id="too deep"
        ),
        pytest.param(
            json.dumps(
                {"message": "!", "extra": {str(n): "x" * 99 for n in range(20_000)}}
            ).encode(),
            "!",
            id="2 MB",
        ),
    ],
)
def test_a_damaged_item_is_repaired_kept_and_flagged(
    monitor: Monitor, payload: bytes, message: str
) -> None:
    reply = monitor.post(envelope(({"type": "event"}, payload), header={"event_id": ID}))

    assert reply.status == 200
    kept = payload_of(monitor)
    assert kept["logentry"] == {"formatted": message, "params": None}
    assert kept["_meta"]
    assert len(monitor.questions().issues()) == 1


@pytest.mark.parametrize(
    ("kind", "payload", "fate"),
    [
        ("event", b"{", ("error", "invalid", "not json")),
        ("event", b"[]", ("error", "invalid", "not an object")),
        ("event", b"[" * 100_000, ("error", "invalid", "nested too deep")),
        ("event", b"[" + b"0," * 300_000 + b"0]", ("error", "invalid", "too many values")),
        ("event", b" " * 13_000_000, ("error", "invalid", "too large")),
        ("transaction", b"7", ("transaction", "invalid", "not an object")),
        ("log", b"{}", ("log", "invalid", "no items")),
        ("log", b'{"items":[7]}', ("log", "invalid", "not an object")),
        ("attachment", bytes(11_000_000), ("attachment", "invalid", "too large")),
        (
            "client_report",
            b'{"discarded_events":[{"reason":"queue_overflow","category":"error","quantity":3}]}',
            ("error", "discarded by client", "queue_overflow"),
        ),
        (
            "client_report",
            b'{"discarded_events":[7,{"reason":[],"category":{},"quantity":1},{"quantity":-1}]}',
            ("other", "discarded by client", "other"),
        ),
    ],
)
def test_what_can_not_be_kept_becomes_an_outcome(
    monitor: Monitor, kind: str, payload: bytes, fate: tuple[str, str, str]
) -> None:
    good = ({"type": "event"}, b'{"message":"good"}')

    reply = monitor.post(envelope(({"type": kind}, payload), good))

    assert reply.status == 200
    assert fate in outcomes(monitor)
    assert count(monitor) == 1


def test_other_items_are_kept_and_counted(monitor: Monitor) -> None:
    reply = monitor.post(
        envelope(({"type": "session"}, b"{}"), ({"type": "from the future"}, b"\xff"))
    )

    assert (reply.status, reply.json) == (200, {})
    assert monitor.questions().counts() == {
        "error": 0,
        "transaction": 0,
        "log": 0,
        "session": 1,
        "unknown": 1,
    }


def test_a_repeated_envelope_is_answered_but_not_counted_again(monitor: Monitor) -> None:
    body = envelope(
        ({"type": "event"}, b'{"message":"m"}'),
        ({"type": "log"}, b'{"items":[{"body":"l"}]}'),
        header={"envelope_id": "one"},
    )

    assert [monitor.post(body).status for _ in range(3)] == [200, 200, 200]
    assert (count(monitor), count(monitor, "log")) == (1, 1)
    assert ("envelope", "repeated", "envelope id") in outcomes(monitor)


def test_a_repeated_event_is_answered_but_not_counted_again(monitor: Monitor) -> None:
    replies = [monitor.post(event_envelope(ID, message=text)) for text in ("one", "two")]

    assert [reply.json for reply in replies] == [{"id": ID}] * 2
    assert count(monitor) == 1
    assert len(monitor.questions().issues()) == 1
    assert ("error", "repeated", "event id") in outcomes(monitor)


def test_many_clients_at_once_lose_nothing(monitor: Monitor) -> None:
    statuses: list[int] = []

    def send() -> None:
        statuses.extend(monitor.post(event_envelope()).status for _ in range(20))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [200] * 160
    (issue,) = monitor.questions().issues()
    assert issue.count == count(monitor) == 160


def test_a_key_among_too_many_fields_is_not_looked_for(monitor: Monitor) -> None:
    query = "&".join(f"field{number}=x" for number in range(200))

    reply = monitor.request(
        "POST", f"/api/1/envelope/?{query}&sentry_key={monitor.key}", event_envelope()
    )

    assert reply.status == 403
