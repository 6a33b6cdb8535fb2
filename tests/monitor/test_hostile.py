"""Whatever somebody sends: never an error of ours, never for long, the next good event is taken, and what was dropped shows."""

import gzip
import json
import socket
import zlib
from collections.abc import Iterator
from contextlib import closing
from time import perf_counter
from typing import Any
from uuid import uuid4

import brotli
import pytest
import zstandard

from tests.monitor.running import Monitor, envelope, event_envelope, monitor_in_thread
from toolboxai.monitor.settings import MonitorSettings

# One is wanted, of a machine on which nothing else runs.
MAX_SECONDS = 5.0
DEEP = 100_000


@pytest.fixture(scope="module")
def monitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Monitor]:
    """One monitor for all of it: what one leaves behind, the next meets."""
    settings = MonitorSettings(data=tmp_path_factory.mktemp("hostile") / "monitor")
    with monitor_in_thread(settings) as running:
        yield running


def event(**fields: object) -> bytes:
    """Return an envelope with an event with those fields."""
    return event_envelope(None, **fields)


def raw_event(payload: bytes) -> bytes:
    """Return an envelope with these bytes as an event."""
    return envelope(({"type": "event"}, payload))


def raw(member: bytes) -> bytes:
    """Return an envelope with an event that has this member, as JSON."""
    return raw_event(b'{"event_id":"' + uuid4().hex.encode() + b'",' + member + b"}")


def item(kind: object, payload: object, **headers: object) -> bytes:
    """Return an envelope with one item."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return envelope(({"type": kind, **headers}, body))


def exception(**fields: object) -> dict[str, Any]:
    """Return an exception with those fields besides its type."""
    return {"values": [{"type": "E", **fields}]}


FRAMES: list[object] = [None, 7, "frame", [], {}, {"lineno": "x"}, {"vars": 7}, {"filename": ["a"]}]
ODD_EVENTS: dict[str, bytes] = {
    "every field a number": event(level=7, platform=7, tags=7, user=7, sdk=7),
    "every field a list": event(exception=[], request=[], contexts=[], extra=[]),
    "every field null": event(exception=None, timestamp=None, release=None, tags=None),
    "message an object": event(message={"formatted": {"a": [1]}}),
    "logentry a list": event(logentry=["a"]),
    "exception a text": event(exception="it broke"),
    "exception values of values": event(exception={"values": {"values": [{"type": "E"}]}}),
    "values null": event(exception={"values": [None, 7, {"type": None, "value": None}]}),
    "odd frames": event(exception=exception(stacktrace={"frames": FRAMES})),
    "frames a text": event(exception=exception(stacktrace={"frames": "main.py:7"})),
    "a stack that is a list": event(exception=exception(stacktrace=[])),
    "10,000 frames": event(
        exception=exception(stacktrace={"frames": [{"function": "f"}] * 10_000})
    ),
    "500 chained exceptions": event(exception={"values": [{"type": "E", "value": "v"}] * 500}),
    "exceptions that are their own parents": event(
        exception={"values": [{"type": "E", "mechanism": {"exception_id": 1, "parent_id": 1}}] * 3}
    ),
    "headers as a list": event(request={"headers": [["A", "b"], ["A"], "c", None]}),
    "headers as a text": event(request={"headers": "A: b", "url": 7, "query_string": [["a"]]}),
    "tags as pairs": event(tags=[["a", "b"], ["c"], None, ["d", {"e": 1}]]),
    "a tag of 100 kB": event(tags={"a" * 300: "b" * 100_000}),
    "5,000 tags": event(tags={f"tag{number}": "x" for number in range(5_000)}),
    "fingerprint of anything": event(fingerprint=[None, 7, {"a": 1}, ["b"], "{{ default }}"]),
    "1,000 parts of a fingerprint": event(fingerprint=["x" * 1_000] * 1_000),
    "a year ago": event(timestamp="2025-01-01T00:00:00Z"),
    "in a thousand years": event(timestamp=33_333_333_333),
    "before time began": event(timestamp=-1e300),
    "a time that is none": event(timestamp={"seconds": 7}),
    "an id that is none": event_envelope("../../etc/passwd"),
    "an id of null": raw_event(b'{"event_id":null,"message":"m"}'),
    "contexts of anything": event(contexts={"a": None, "b": 7, "trace": [], "c": {"d": {}}}),
    "breadcrumbs of anything": event(breadcrumbs={"values": [None, 7, {"data": "x"}]}),
    "a user that is a text": event(user="somebody"),
    "markup and control characters": event(message="<script>alert(1)</script>\x1b[31m\u202e\0"),
    "SQL": event(message="'; DROP TABLE issue; --", level="' OR 1=1", release='";--'),
    "half a surrogate pair": raw(b'"message":"\\ud83d half","tags":{"\\udc00":"\\ud800"}'),
    "bytes that aren't UTF-8": raw(b'"message":"\xff\xfe\xc3"'),
    "NaN and the infinite": raw(b'"message":"m","extra":{"a":NaN,"b":-Infinity,"c":1e999}'),
    "a number of 5,000 digits": raw(b'"message":"m","extra":{"a":' + b"9" * 5_000 + b"}"),
    "the same member 1,000 times": raw(b",".join([b'"message":"m"'] * 1_000)),
    "a member without a name": raw(b'"":{"":{"":""}},"message":"m"'),
    "nested deeply": raw(b'"extra":{"a":' + b"[" * 3_000 + b"]" * 3_000 + b"}"),
    "a text of 900 kB": event(message="x" * 900_000),
    "a culprit of a megabyte, of quotes": event(transaction='"' * 400_000),
}
DROPPED: dict[str, bytes] = {
    "no JSON": raw_event(b"it broke"),
    "JSON that stops": raw_event(b'{"message": "it br'),
    "a list": raw_event(b"[]"),
    "a text": raw_event(b'"event"'),
    "null": raw_event(b"null"),
    "nothing": raw_event(b""),
    "nested without an end": raw_event(b"[" * DEEP),
    "nested objects": raw_event(b'{"a":' * DEEP),
    "300,000 small values": raw(b'"extra":[' + b"1," * 300_000 + b"1]"),
    "only a byte order mark": raw_event(b"\xef\xbb\xbf"),
    "UTF-16": raw_event('{"message": "m"}'.encode("utf-16")),
    "a transaction that is a list": item("transaction", []),
    "logs that are no container": item("log", [1, 2, 3]),
    "logs without items": item("log", {"version": 2}),
}
ODD_ITEMS: dict[str, bytes] = {
    "no items": envelope(),
    "an unknown type": item("hologram", {"a": 1}),
    "a type of 10 kB": item("x" * 10_000, b"{}"),
    "10,000 empty lines": b"{}" + b"\n" * 10_000,
    "100 items of a kind each": envelope(*[({"type": f"kind{n}"}, b"{}") for n in range(90)]),
    "a transaction without times": item("transaction", {"transaction": "GET /"}),
    "a transaction that ends before it begins": item(
        "transaction", {"transaction": "t", "start_timestamp": 9e9, "timestamp": 1}
    ),
    "spans of anything": item("transaction", {"spans": [None, 7, {}, {"span_id": 7}]}),
    "3,000 spans": item("transaction", {"spans": [{"span_id": "a" * 16, "op": "db"}] * 3_000}),
    "a trace id that is none": item("transaction", {"contexts": {"trace": {"trace_id": "'"}}}),
    "logs of anything": item("log", {"items": [None, 7, {}, {"body": {}, "attributes": 7}]}),
    "more items than said": item("log", {"items": [{"body": "a"}] * 9}, item_count=2),
    "fewer items than said": item("span", {"items": []}, item_count=10**12),
    "a count below nothing": item("span", {"items": []}, item_count=-5),
    "a session of anything": item("session", {"sid": 7, "errors": "many", "attrs": None}),
    "sessions of anything": item("sessions", {"aggregates": [None, {"started": 7}]}),
    "a check-in of anything": item("check_in", {"status": 7}),
    "a client report of anything": item("client_report", {"discarded_events": [None, {"x": 1}]}),
    "an attachment of zeros": item("attachment", bytes(100_000), filename="../../x\r\n\0"),
    "a replay without an end": item("replay_recording", b"{}\n\x78\x9c\x00"),
    "a profile of nothing": item("profile", {}),
}
BROKEN: dict[str, bytes] = {
    "nothing at all": b"",
    "a single brace": b"{",
    "a newline": b"\n",
    "zeros": bytes(2_000),
    "a header that is a list": b"[]\n{}",
    "a header of 100 kB": b'{"a":"' + b"x" * 100_000 + b'"}\n',
    "a length below nothing": b'{}\n{"type":"event","length":-1}\n{}',
    "a length that is a text": b'{}\n{"type":"event","length":"2"}\n{}',
    "a length that is true": b'{}\n{"type":"event","length":true}\n{}',
    "a length of a century": b'{}\n{"type":"event","length":99999999999999999999}\n{}',
    "a fraction of a byte": b'{}\n{"type":"event","length":1.5}\n{}',
    "no type": b'{}\n{"length":2}\n{}',
    "a type that is a number": b'{}\n{"type":7,"length":2}\n{}',
    "too many items": b"{}\n" + b'{"type":"event"}\n{}\n' * 5_000,
    "an HTML page": b"<!DOCTYPE html><html><body>sign in</body></html>",
}
BOMB = bytes(60_000_000)
PACKED: dict[str, tuple[str, bytes]] = {
    "a bomb of gzip": ("gzip", gzip.compress(BOMB)),
    "a bomb of deflate": ("deflate", zlib.compress(BOMB)),
    "a bomb of zstd": ("zstd", zstandard.compress(BOMB)),
    "a bomb of brotli": ("br", brotli.compress(BOMB, quality=5)),
    "a bomb in a bomb": ("gzip", gzip.compress(gzip.compress(BOMB))),
    "10,000 members of gzip": ("gzip", gzip.compress(b"") * 10_000),
    "half of brotli": ("br", brotli.compress(event_envelope())[:-9]),
    "brotli and more": ("br", brotli.compress(event_envelope()) + b"more"),
    "gzip that is none": ("gzip", b"\x1f\x8b\x08" + b"\xff" * 500),
    "two at once": ("gzip, gzip", gzip.compress(gzip.compress(event_envelope()))),
    "nobody's encoding": ("snappy\t; q=1", event_envelope()),
}


def told(monitor: Monitor) -> dict[tuple[str, str, str], int]:
    """Return how often what became of what, that wasn't simply accepted."""
    questions = monitor.questions()
    try:
        return {
            (o.category, o.outcome, o.reason): o.quantity for o in questions.outcomes(limit=2_000)
        }
    finally:
        questions.close()


def stored(monitor: Monitor) -> int:
    """Return how many errors there are."""
    questions = monitor.questions()
    try:
        return questions.counts()["error"]
    finally:
        questions.close()


def sent(monitor: Monitor, body: bytes, encoding: str = "") -> int:
    """Send something, then something good; return the status of the first. All that must always hold is checked."""
    began = perf_counter()
    status = monitor.post(body, Content_Encoding=encoding).status
    seconds = perf_counter() - began
    before = stored(monitor)

    assert status < 500
    assert seconds < MAX_SECONDS
    assert monitor.post(event_envelope()).status == 200
    assert stored(monitor) == before + 1
    return status


@pytest.mark.parametrize("body", ODD_EVENTS.values(), ids=ODD_EVENTS)
def test_an_odd_event_is_repaired_and_kept(monitor: Monitor, body: bytes) -> None:
    before = stored(monitor)

    assert sent(monitor, body) == 200
    assert stored(monitor) == before + 2


@pytest.mark.parametrize("body", DROPPED.values(), ids=DROPPED)
def test_what_nothing_can_be_made_of_is_dropped_and_counted(monitor: Monitor, body: bytes) -> None:
    before = told(monitor)

    assert sent(monitor, body) == 200
    assert told(monitor) != before


@pytest.mark.parametrize("body", ODD_ITEMS.values(), ids=ODD_ITEMS)
def test_odd_items_harm_nobody(monitor: Monitor, body: bytes) -> None:
    assert sent(monitor, body) == 200


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_an_envelope_that_is_none_is_refused_with_a_reason_that_is_counted(
    monitor: Monitor, body: bytes
) -> None:
    before = told(monitor)

    assert 400 <= sent(monitor, body) < 500
    assert told(monitor) != before


@pytest.mark.parametrize(("encoding", "body"), PACKED.values(), ids=PACKED)
def test_what_is_packed_to_harm_is_refused_before_it_is_large(
    monitor: Monitor, encoding: str, body: bytes
) -> None:
    before = told(monitor)

    assert 400 <= sent(monitor, body, encoding) < 500
    assert told(monitor) != before


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(
            b"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{}", id="too short"
        ),
        pytest.param(
            b"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: -9\r\n\r\n", id="below nothing"
        ),
        pytest.param(
            b"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
            id="no chunk",
        ),
        pytest.param(
            b"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            id="two lengths",
        ),
        pytest.param(
            b"POST {path} HTTP/1.1\r\n" + b"A: b\r\n" * 5_000 + b"\r\n", id="5,000 headers"
        ),
        pytest.param(b"POST {path} HTTP/1.1\nHost: x\n\n", id="no carriage return"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(400), id="TLS"),
        pytest.param(b"GET " + b"/" * 200_000 + b" HTTP/1.1\r\n\r\n", id="an endless path"),
    ],
)
def test_a_request_that_is_none_harms_nobody(monitor: Monitor, said: bytes) -> None:
    path = f"/api/1/envelope/?sentry_key={monitor.key}".encode()
    with closing(socket.create_connection(("127.0.0.1", monitor.port), timeout=20)) as connection:
        connection.sendall(said.replace(b"{path}", path))
        connection.shutdown(socket.SHUT_WR)
        try:
            answer = connection.recv(4096)
        except ConnectionResetError:
            answer = b""

    assert not answer.startswith(b"HTTP/1.1 5")
    before = stored(monitor)
    assert monitor.post(event_envelope()).status == 200
    assert stored(monitor) == before + 1
