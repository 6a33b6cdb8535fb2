"""The privacy gate's word lists: in order, without contradiction, and long enough to be of use."""

import re
from functools import cache
from importlib.resources import files

import pytest

FOLDER = files("toolboxai.telemetry.privacy") / "words"
AT_LEAST = {
    "ambiguous_given_names": 200,
    "ambiguous_surnames": 200,
    "given_names": 2500,
    "health_terms": 300,
    "health_terms_taught": 100,
    "name_like_terms": 500,
    "not_names": 300,
    "person_cues": 100,
    "public_figures": 600,
    "street_words_after": 50,
    "street_words_before": 50,
    "surnames": 2500,
}
APART = [
    ("given_names", "ambiguous_given_names"),
    ("surnames", "ambiguous_surnames"),
    ("public_figures", "name_like_terms"),
    ("public_figures", "given_names"),
    ("public_figures", "surnames"),
    ("health_terms", "health_terms_taught"),
    ("health_terms", "given_names"),
    ("health_terms_taught", "given_names"),
]
WORD = r"[^\W_](?:[^\W_]|[.'-])*"
ENTRY = re.compile(rf"{WORD}(?: {WORD})*")

every_list = pytest.mark.parametrize("name", AT_LEAST)


@cache
def lines_of(name: str) -> tuple[str, ...]:
    return tuple((FOLDER / f"{name}.txt").read_text("utf-8").splitlines())


def entries(name: str) -> tuple[str, ...]:
    return lines_of(name)[1:]


def test_every_list_in_the_folder_is_known_here() -> None:
    assert {file.name for file in FOLDER.iterdir()} == {f"{name}.txt" for name in AT_LEAST}


@every_list
def test_a_list_says_first_what_it_is(name: str) -> None:
    assert re.fullmatch(r"# [A-Z].+\.", lines_of(name)[0])


@every_list
def test_a_list_is_sorted_and_names_nothing_twice(name: str) -> None:
    assert list(entries(name)) == sorted(set(entries(name)))


@every_list
def test_entries_are_lower_case_words(name: str) -> None:
    assert [
        entry for entry in entries(name) if entry != entry.lower() or not ENTRY.fullmatch(entry)
    ] == []


@every_list
def test_a_list_is_long_enough(name: str) -> None:
    assert len(entries(name)) >= AT_LEAST[name]


@pytest.mark.parametrize(("one", "other"), APART)
def test_no_entry_stands_in_two_lists_that_contradict_each_other(one: str, other: str) -> None:
    assert set(entries(one)) & set(entries(other)) == set()


def test_a_term_that_looks_like_a_name_has_more_than_one_word() -> None:
    assert [term for term in entries("name_like_terms") if " " not in term] == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("public_figures", "isaac newton"),
        ("public_figures", "j.k. rowling"),
        ("public_figures", "frédéric chopin"),
        ("public_figures", "frederic chopin"),
        ("name_like_terms", "taylor series"),
        ("name_like_terms", "jenkins pipeline"),
        ("health_terms", "adhd"),
        ("health_terms", "hörgerät"),
        ("health_terms", "hoergeraet"),
        ("health_terms_taught", "asthma"),
        ("given_names", "xiaoming"),
        ("surnames", "nguyen"),
    ],
)
def test_a_list_holds_what_it_is_for(name: str, expected: str) -> None:
    assert expected in entries(name)
