"""Laws of the protocol: any bytes give items or a ``ProtocolError`` that says why."""

import gzip
import json
import random
import zlib
from collections.abc import Callable
from itertools import pairwise

import brotli
import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from tests.monitor.running import envelope
from toolboxai.monitor.protocol import (
    Credentials,
    Damage,
    EncodingError,
    Envelope,
    Flags,
    ForbiddenError,
    Inflater,
    Item,
    NotRepairableError,
    ProtocolError,
    TooLargeError,
    agreed,
    dumps,
    key_before_body,
    key_in_dsn,
    loads,
    parse_envelope,
)
from toolboxai.monitor.settings import Limits

LIMITS = Limits()
SMALL = Limits(
    max_compressed_bytes=2_000,
    max_inflated_bytes=20_000,
    inflate_ratio_floor_bytes=1_000,
    max_inflate_ratio=10,
    max_envelope_items=3,
    max_header_bytes=100,
)


def inflate(body: bytes, encoding: str, limits: Limits = LIMITS) -> bytes:
    inflater = Inflater(encoding, limits)
    inflater.feed(body)
    return inflater.finish()


def raw_deflate(body: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(body) + compressor.flush()


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.compress,
    "br": brotli.compress,
    "identity": bytes,
    "": bytes,
}


@given(st.binary())
@example(b"{}\n[]")
@example(b"{}\n{}\n")
@example(b'{}\n{"type":"event","length":-1}\n')
@example(b'{}\n{"type":"event","length":1e999}\n')
@example(b"\xff\n")
def test_any_bytes_give_items_or_a_protocol_error(body: bytes) -> None:
    try:
        parsed = parse_envelope(body, SMALL)
    except ProtocolError:
        return
    assert all(isinstance(item, Item) for item in parsed.items)


@given(st.lists(st.tuples(st.text(min_size=1, max_size=9), st.binary())))
def test_what_was_framed_comes_out_again(items: list[tuple[str, bytes]]) -> None:
    framed = envelope(*(({"type": kind}, payload) for kind, payload in items))

    parsed = parse_envelope(framed, LIMITS)

    assert [(item.type, item.payload) for item in parsed.items] == items


def test_without_a_length_an_item_ends_with_its_line() -> None:
    parsed = parse_envelope(b'{}\n{"type":"event"}\n{"a":1}\n\n{"type":"log"}\n{}', LIMITS)

    assert [item.payload for item in parsed.items] == [b'{"a":1}', b"{}"]


def test_an_envelope_may_be_empty() -> None:
    assert parse_envelope(b'{"event_id":"x"}', LIMITS) == Envelope({"event_id": "x"}, ())


@pytest.mark.parametrize(
    ("body", "damage"),
    [
        pytest.param(b"", Damage.HEADER, id="nothing"),
        pytest.param(b"[]\n", Damage.HEADER, id="header is a list"),
        pytest.param(b"{}\n{\n", Damage.HEADER, id="item header is no JSON"),
        pytest.param(b'{}\n{"length":2}\n{}', Damage.HEADER, id="no type"),
        pytest.param(b'{}\n{"type":"a","length":9}\n{}', Damage.LENGTH, id="too long"),
        pytest.param(b'{}\n{"type":"a","length":1}\n{}', Damage.LENGTH, id="too short"),
        pytest.param(b'{}\n{"type":"a","length":-1}\n{}', Damage.LENGTH, id="negative"),
        pytest.param(b'{}\n{"type":"a","length":true}\n{}', Damage.LENGTH, id="no number"),
        pytest.param(b"{}\n" + b'{"type":"a"}\n\n' * 4, Damage.TOO_LARGE, id="many items"),
        pytest.param(b'{"a":"' + b"x" * 200, Damage.TOO_LARGE, id="long header"),
    ],
)
def test_damage_to_the_framing_is_named(body: bytes, damage: Damage) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse_envelope(body, SMALL)

    assert caught.value.damage is damage


@pytest.mark.parametrize("encoding", COMPRESS)
@given(body=st.binary(max_size=5_000), cuts=st.lists(st.integers(0, 6_000), max_size=6))
def test_how_the_network_cut_a_body_changes_nothing(
    encoding: str, body: bytes, cuts: list[int]
) -> None:
    sent = COMPRESS[encoding](body)
    inflater = Inflater(encoding, LIMITS)
    edges = [0, *sorted(cuts), len(sent)]

    for start, end in pairwise(edges):
        inflater.feed(sent[start:end])

    assert inflater.finish() == body == inflate(sent, encoding)


@given(body=st.binary(max_size=300), step=st.integers(1, 50))
@example(body=gzip.compress(bytes(200_000))[:300], step=1)
@example(body=gzip.compress(bytes(15_000)), step=7)
def test_a_body_is_refused_for_the_same_reason_however_it_was_cut(body: bytes, step: int) -> None:
    def outcome(chunks: list[bytes]) -> object:
        inflater = Inflater("gzip", SMALL)
        try:
            for chunk in chunks:
                inflater.feed(chunk)
            return inflater.finish()
        except ProtocolError as error:
            return error.damage, str(error)

    pieces = [body[at : at + step] for at in range(0, len(body), step)]
    assert outcome(pieces) == outcome([body])


def test_deflate_may_come_without_its_zlib_header() -> None:
    body = b"a body that repeats a body" * 9

    assert inflate(raw_deflate(body), "deflate") == body


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_a_truncated_body_is_refused(encoding: str) -> None:
    noise = random.Random(1).randbytes(9_000)

    with pytest.raises(ProtocolError) as caught:
        inflate(COMPRESS[encoding](noise)[:-20], encoding)

    assert caught.value.damage is Damage.TRUNCATED


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_a_body_that_is_not_compressed_is_refused(encoding: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        inflate(b"\xff\xff\xff plain", encoding)

    assert caught.value.damage is Damage.BODY


def test_gzip_may_have_several_members() -> None:
    members = [gzip.compress(part) for part in (b"one", b"", b"two" * 9_000)]

    assert inflate(b"".join(members), "gzip") == b"one" + b"two" * 9_000


def test_gzip_has_only_so_many_members() -> None:
    with pytest.raises(TooLargeError, match="3 gzip members"):
        inflate(gzip.compress(b"") * 4, "gzip", Limits(max_gzip_members=3))


def test_bytes_after_the_end_are_refused() -> None:
    with pytest.raises(ProtocolError, match="after the end"):
        inflate(zlib.compress(b"one") + b"two", "deflate")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_is_refused_before_it_is_large(encoding: str) -> None:
    bomb = COMPRESS[encoding](bytes(30_000_000))
    inflater = Inflater(encoding, LIMITS)

    with pytest.raises(TooLargeError, match="100 times"):
        inflater.feed(bomb)
        inflater.finish()

    assert len(inflater.inflated) < 8_000_000


def test_limits_hold_for_both_sizes() -> None:
    with pytest.raises(TooLargeError, match="2,000"):
        inflate(bytes(2_001), "identity", SMALL)
    with pytest.raises(TooLargeError, match="20,000"):
        inflate(
            gzip.compress(random.Random(1).randbytes(1_500) * 14),
            "gzip",
            Limits(max_inflated_bytes=20_000),
        )


def test_an_unknown_encoding_is_named() -> None:
    with pytest.raises(EncodingError, match="'lzma'"):
        Inflater("lzma", LIMITS)


AUTH = "Sentry sentry_version=7, sentry_key=abc, sentry_client=x/1"


@pytest.mark.parametrize(
    ("headers", "query", "key"),
    [
        pytest.param({"x-sentry-auth": AUTH}, {}, "abc", id="in the header"),
        pytest.param({}, {"sentry_key": "abc"}, "abc", id="in the query"),
        pytest.param({"x-sentry-auth": AUTH}, {"sentry_key": "abc"}, "abc", id="in both"),
        pytest.param({"x-sentry-auth": "Basic abc"}, {}, None, id="another scheme"),
        pytest.param({}, {}, None, id="nowhere"),
    ],
)
def test_the_key_is_found(headers: dict[str, str], query: dict[str, str], key: str | None) -> None:
    found = key_before_body(headers, query)

    assert (found and found.key) == key


def test_keys_must_agree() -> None:
    with pytest.raises(ForbiddenError):
        agreed(Credentials("a"), Credentials("b"))
    with pytest.raises(ForbiddenError):
        agreed(Credentials("a", "1"), Credentials("a", "2"))
    assert agreed(Credentials("a"), Credentials("a", "1")) == Credentials("a", "1")


@pytest.mark.parametrize(
    ("dsn", "found"),
    [
        ("https://abc@host/1", Credentials("abc", "1")),
        ("https://abc:secret@host/prefix/1", Credentials("abc", "1")),
        ("https://host/1", None),
        ("http://[abc", None),
        (7, None),
    ],
)
def test_a_dsn_names_key_and_project(dsn: object, found: Credentials | None) -> None:
    assert key_in_dsn(dsn) == found


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-(2**63), 2**63) | st.text(),
    lambda child: st.lists(child) | st.dictionaries(st.text(), child),
)


@given(JSON)
@example("\ud800")
@example({"\ud800": "\udfff\0"})
@example([float("nan"), float("inf")])
def test_any_json_of_python_becomes_json_of_the_standard(value: object) -> None:
    body = json.dumps(value).encode()

    stored = dumps(loads(body, Flags(), max_depth=100, max_values=100_001), Flags(), max_depth=100)

    assert json.loads(stored.decode(), parse_constant=pytest.fail) is not ...
    assert loads(stored, flags := Flags(), max_depth=100, max_values=100_001) is not ...
    assert not flags.reasons


@given(st.binary())
def test_any_bytes_are_repaired_or_not_repairable(body: bytes) -> None:
    try:
        value = loads(body, Flags(), max_depth=100, max_values=100_001)
    except NotRepairableError:
        return
    dumps(value, Flags(), max_depth=100)


@pytest.mark.parametrize(
    ("body", "value", "path", "reason"),
    [
        (b'{"a":"\xff"}', {"a": "�"}, (), "invalid_utf8"),
        (rb'{"a":"\ud800"}', {"a": "�"}, ("a",), "unstorable_character"),
        (rb'{"a":["x\u0000y"]}', {"a": ["x�y"]}, ("a", "0"), "unstorable_character"),
        (rb'{"\ud800":1}', {"�": 1}, ("�",), "unstorable_character"),
        (b'{"a":NaN}', {"a": None}, ("a",), "not_a_number"),
        (b'{"a":1e999}', {"a": None}, ("a",), "not_a_number"),
        (b'{"a":[[[1]]]}', {"a": [None]}, ("a", "0"), "nested_too_deep"),
    ],
)
def test_what_is_repaired_is_flagged(
    body: bytes, value: object, path: tuple[str, ...], reason: str
) -> None:
    flags = Flags()

    repaired = loads(
        dumps(loads(body, flags, max_depth=2, max_values=100_001), flags, max_depth=2),
        flags,
        max_depth=2,
        max_values=100_001,
    )

    assert repaired == value
    assert flags.reasons == {path: reason}


@pytest.mark.parametrize(("depth", "is_kept"), [(100, True), (101, False), (253, False)])
def test_json_is_nested_a_hundred_levels_at_most(depth: int, *, is_kept: bool) -> None:
    flags = Flags()
    body = b"[" * depth + b"]" * depth

    stored = dumps(loads(body, flags, max_depth=100, max_values=100_001), flags, max_depth=100)

    assert (stored == body) is is_kept
    assert bool(flags.reasons) is not is_kept
    assert stored.count(b"[") <= 100


def test_a_hundred_thousand_levels_are_not_repairable() -> None:
    with pytest.raises(NotRepairableError, match="nested too deep"):
        loads(b"[" * 100_000, Flags(), max_depth=100, max_values=100_001)


def test_a_flag_does_not_keep_an_endless_key() -> None:
    flags = Flags()
    flags.add(("extra", "x" * 1_000, "0"), "bad")

    assert flags.reasons == {("extra",): "bad"}


def test_flags_take_the_shape_of_the_event() -> None:
    flags = Flags()
    flags.add(("a", "b"), "wrong")
    flags.add((), "damaged")

    assert flags.as_meta({"a": 1, "c": {"": {"len": 3}}}) == {
        "": {"err": ["damaged"]},
        "a": {"b": {"": {"err": ["wrong"]}}},
        "c": {"": {"len": 3}},
    }


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('{"a":[[[1]],2],"b":"[[["}', {"a": [None, 2], "b": "[[["}),
        (
            '{"a":{"b":{"c":1},"d":"\\"}{"},"e":[[{}],3]}',
            {"a": {"b": None, "d": '"}{'}, "e": [None, 3]},
        ),
    ],
)
def test_what_is_nested_too_deep_for_any_parser_is_cut_there_and_flagged(
    text: str, left: dict[str, object]
) -> None:
    deep = '{"deep":' + "[" * 5_000 + "]" * 5_000 + "," + text[1:]
    flags = Flags()

    found = loads(deep.encode(), flags, max_depth=2, max_values=100_000)

    assert found == {"deep": [None], **left}
    assert flags.reasons[()] == "nested_too_deep"
