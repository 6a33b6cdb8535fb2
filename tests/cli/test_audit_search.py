"""The audit finds what was planted in whatever wrapping, and nothing that wasn't."""

import base64
import html
import json
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote, quote_plus

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.cli.audit.outcomes import outcomes_of
from toolboxai.cli.audit.searching import HEADER, leaks, reached, texts_of
from toolboxai.server.audit import places
from toolboxai.server.audit.canaries import KINDS, Canaries, Kind
from toolboxai.telemetry.transport.wire import OutgoingItem, record

CANARIES = Canaries("a seed for the tests")
ALL = [CANARIES.planted(place, kind) for place in places.BY_ASKERS for kind in KINDS]
WRAPPINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in capitals": str.upper,
    "JSON in JSON": lambda text: json.dumps({"inner": json.dumps([text])}),
    "repr": repr,
    "escapes": lambda text: "".join(f"\\u{ord(sign):04x}" for sign in text),
    "percent": lambda text: quote(text, safe=""),
    "form": quote_plus,
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "HTML": html.escape,
    "base64": lambda text: base64.b64encode(f"x {text} y".encode()).decode(),
    "base64 for addresses": lambda text: (
        base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    ),
    "hex": lambda text: text.encode().hex(),
    "base64 in percent": lambda text: quote(base64.b64encode(text.encode()).decode(), safe=""),
}


def wire(item_type: str, payload: object) -> bytes:
    return record([OutgoingItem(item_type, payload)], envelope_id="1")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("wrap", WRAPPINGS.values(), ids=WRAPPINGS)
def test_a_canary_is_found_in_any_wrapping(kind: Kind, wrap: Callable[[str], str]) -> None:
    canary = CANARIES.planted(places.QUERY, kind)
    body = wire("log", {"items": [{"attributes": {"a": wrap(canary.sentence)}}]})

    assert leaks(ALL, texts_of([], [body])) == [(canary, "log")]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_canary_is_found_in_a_name_a_header_and_a_part(kind: Kind) -> None:
    canary = CANARIES.planted(places.QUERY, kind)
    named = wire("event", {"extra": {canary.value: 1}})
    headed = record([OutgoingItem("event", {}, {"filename": canary.value})], envelope_id="1")
    around = orjson.dumps({"trace": {"user": canary.value}}) + b"\n"

    assert (
        leaks(ALL, texts_of([], [named]))
        == leaks(ALL, texts_of([], [headed]))
        == [(canary, "event")]
    )
    assert leaks(ALL, texts_of([], [around])) == [(canary, HEADER)]
    for needle in canary.needles:
        assert leaks(ALL, texts_of([], [wire("event", {"message": f"x{needle}x"})]))


def test_without_a_canary_nothing_is_found() -> None:
    stranger = Canaries("another seed")
    payload = {
        "event_id": "0123456789abcdef" * 2,
        "timestamp": 1_795_461_234.123,
        "message": " ".join(stranger.planted(places.QUERY, kind).sentence for kind in KINDS),
    }

    assert leaks(ALL, texts_of([b"POST /api/1/envelope/"], [wire("event", payload)])) == []


def test_what_stands_in_the_place_of_a_value_is_counted() -> None:
    tag = places.tag_of(places.QUERY)
    payload = {
        "message": f"{tag}: password=[redacted:key-value] of [redacted:email]",
        "extra": {
            f"{tag}_password": "[redacted:secret]",
            f"{tag}_note": "<text 12>",
            "x": "<text 3>",
        },
    }

    counted = reached(tag, texts_of([], [wire("event", payload)]))

    assert counted == {"key-value": 1, "email": 1, "secret": 1, "kind and length": 1}
    assert reached(places.tag_of(places.COOKIE), texts_of([], [wire("event", payload)])) is None


@given(st.text(max_size=8), st.sampled_from(KINDS))
def test_the_same_seed_plants_the_same_and_another_seed_something_else(
    seed: str, kind: Kind
) -> None:
    planted = Canaries(seed).planted(places.PATH, kind)

    assert planted == Canaries(seed).planted(places.PATH, kind)
    assert planted.value != Canaries(seed).planted(places.QUERY, kind).value
    assert all(len(needle) >= 8 for needle in planted.needles)


def test_every_place_has_a_word_of_its_own() -> None:
    assert len({places.tag_of(place) for place in places.PLACES}) == len(places.PLACES)


def test_a_value_that_two_places_got_by_chance_tells_of_neither() -> None:
    ours = CANARIES.planted(places.BY_ASKERS[0], KINDS[0])
    theirs = replace(ours, place=places.BY_ASKERS[1])
    pseudonym = f"p1_{'a' * 26}"
    said = wire("event", {"user": {"id": pseudonym}})

    alone = list(outcomes_of([ours], texts_of([], [said]), lambda _: pseudonym))
    both = list(outcomes_of([ours, theirs], texts_of([], [said]), lambda _: pseudonym))

    assert [outcome.reached for outcome in alone] == ["pseudonym 1"]
    assert [outcome.reached for outcome in both] == ["nothing", "nothing"]
