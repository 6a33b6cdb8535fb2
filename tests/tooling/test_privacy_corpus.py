"""The corpus and the judge, judged: by scrubbers of which everybody knows what they do."""

from collections import Counter
from copy import deepcopy
from itertools import chain
from random import Random

import pytest

from benchmarks.privacy.anchors import judged
from benchmarks.privacy.corpus import PAYLOADS, Case, Needle, corpus
from benchmarks.privacy.decodings import readings
from benchmarks.privacy.fuzz import Law, LawBrokenError, bend, leaks, obey
from benchmarks.privacy.gates import dropping, passing
from benchmarks.privacy.judge import judge
from benchmarks.privacy.kinds import Class
from benchmarks.privacy.places import PLACES
from benchmarks.privacy.report import Report
from benchmarks.privacy.wrappings import WRAPPINGS

FEW = dict.fromkeys(PAYLOADS, 10)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return corpus(1)


@pytest.fixture(scope="module")
def few() -> list[Case]:
    return corpus(2, FEW)


def needles_of(cases: list[Case]) -> list[Needle]:
    return list(chain.from_iterable(case.needles for case in cases))


def reached(report: Report) -> dict[str, float]:
    return {goal.name: goal.share.value for goal in report.goals()}


def test_the_same_seed_gives_the_same_corpus_and_another_another() -> None:
    assert corpus(3, FEW) == corpus(3, FEW)
    assert corpus(3, FEW) != corpus(4, FEW)


def test_the_corpus_has_the_numbers_it_promises(cases: list[Case]) -> None:
    needles = needles_of(cases)
    assert len(needles) >= 2_000
    assert len({needle.category for needle in needles}) >= 60
    assert {needle.klass for needle in needles} == set(Class)
    assert sum(len(case.straws) for case in cases) >= 2_000


def test_every_type_has_enough_harmless_values_to_tell_a_false_redaction(cases: list[Case]) -> None:
    straws = Counter(straw.type for case in cases for straw in case.straws)
    assert all(straws[payload_type] >= 200 for payload_type in PAYLOADS)


def test_every_place_wrapping_and_category_comes_several_times(cases: list[Case]) -> None:
    needles = needles_of(cases)
    places = Counter((needle.type, needle.place) for needle in needles)
    wrappings = Counter(needle.wrapping for needle in needles)
    assert {(each, place.name) for place in PLACES for each in place.types} == places.keys()
    assert all(wrappings[wrapping] >= 20 for wrapping in WRAPPINGS)
    assert min(Counter(needle.category for needle in needles).values()) >= 10


def test_a_gate_that_passes_everything_leaves_every_needle_and_takes_no_straw(
    few: list[Case],
) -> None:
    shares = reached(judged(few, passing))
    assert shares["recall"] == 0
    assert shares["harmless values kept"] == 1
    assert shares["structure intact"] == 1
    assert shares["user context kept"] == 0
    assert shares["without a raw user id"] == 0


def test_a_gate_that_drops_everything_leaves_no_needle_and_takes_every_straw(
    few: list[Case],
) -> None:
    shares = reached(judged(few, dropping))
    assert shares["recall"] == 1
    assert shares["harmless values kept"] == 0
    assert shares["structure intact"] == 0


def test_nothing_must_stay_where_policy_may_remove_it(cases: list[Case]) -> None:
    kept = {place.name for place in PLACES if place.is_kept}
    assert {straw.place for case in cases for straw in case.straws} <= kept


def test_nothing_that_is_planted_was_there_before(few: list[Case]) -> None:
    missed = [found for case in few for found in judge(case, case.skeleton).missed]
    assert {found.what.category for found in missed} == {"own user id"}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("pupil%2520Ada%2520%25C3%2596", id="percent twice"),
        pytest.param("id=cHVwaWwgQWRhIMOW;", id="base64"),
        pytest.param(r"pupil \u0041da \u00d6", id="escaped"),
        pytest.param(r'"{\"a\": \"{\\\"b\\\": \\\"pupil Ada \\u00d6\\\"}\"}"', id="json twice"),
        pytest.param(r"b'pupil Ada \xc3\x96'", id="bytes"),
        pytest.param("step=2&who=pupil+Ada+%C3%96", id="form"),
    ],
)
def test_a_text_is_read_in_every_way_it_may_be_decoded(text: str) -> None:
    assert any("pupil Ada Ö" in reading for reading in readings(text))


def test_the_laws_tell_a_lawful_gate_from_one_that_raises_grows_or_leaves_no_json() -> None:
    def raises(_: object) -> None:
        raise ZeroDivisionError

    assert obey({"a": 1}, lambda _: {"a": 1}) == {"a": 1}
    with pytest.raises(LawBrokenError, match=Law.NEVER_RAISES):
        obey({"a": 1}, raises)
    with pytest.raises(LawBrokenError, match=Law.IDEMPOTENT):
        obey({"a": 1}, lambda payload: {"deeper": payload})
    with pytest.raises(LawBrokenError, match=Law.JSON_OUT):
        obey({"a": 1}, lambda _: {"a": float("nan")})


def test_a_bent_case_still_has_all_its_needles(few: list[Case]) -> None:
    for case in deepcopy(few):
        bend(case, Random(1))
        assert len(list(leaks(case, case.payload))) == len(case.needles)
