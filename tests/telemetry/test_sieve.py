"""What makes the privacy gate quick: it asks few rules, and looks in few places, and finds the same."""

import re
from base64 import b64encode, urlsafe_b64encode

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from toolboxai.telemetry.privacy.alternatives import any_of
from toolboxai.telemetry.privacy.numbers import ANY_FORM, FORMS
from toolboxai.telemetry.privacy.prose import PROSE
from toolboxai.telemetry.privacy.rules import Rule
from toolboxai.telemetry.privacy.sieve import DIGIT, Asked, Sieve
from toolboxai.telemetry.privacy.wrapped import without_wrapped

TOLD = next(rule for rule in PROSE if rule.find is not None)
_letters = st.text("abcß .", min_size=1, max_size=4)
_told = st.lists(
    st.sampled_from(
        ["password", "Secret", "mot de passe", "Token_", "x.key-", "/pin", "is", "=", ":", '"', " ", ",", "a1B2c3D4e5", "Ünlü9", "İ"]
    ),
    max_size=12,
).map("".join)  # fmt: skip
_readable = st.text(
    st.characters(codec="utf-8", min_codepoint=32, max_codepoint=0x2FF), min_size=8
).filter(lambda text: all(char.isprintable() for char in text))


def asked(*rules: Rule) -> tuple[Sieve, Asked]:
    sieve = Sieve()
    return sieve, sieve.add(rules)


def rule(*hints: str, needs: tuple[str, ...] = ()) -> Rule:
    return Rule("any", hints, re.compile("x"), needs=needs)


def is_asked(one: Rule, text: str) -> bool:
    sieve, rules = asked(one)
    return rules.chosen(sieve.mask(text, text.lower())) == (one,)


@pytest.mark.parametrize(
    ("hint", "text", "expected"),
    [
        ("token", "NewTokens", True),
        ("^ring$", "a Ring", True),
        ("^ring$", "a string", False),
        ("weg$", "Feldweg 7", True),
        ("weg$", "wegen", False),
        ("sk-", "key sk-abc", True),
        ("sk-", "the task-list", True),
        ("sk-", "skip-list", False),
        ("mot de passe", "le mot de passe", True),
        ("mot de passe", "passe le mot", False),
        ("/u/", "see /u/7", True),
        ("://", "https://a", True),
        ("区", "東京都北区", True),
        ("", "whatever", True),
    ],
)
def test_a_rule_is_asked_where_its_hint_stands(hint: str, text: str, *, expected: bool) -> None:
    assert is_asked(rule(hint), text) is expected


def test_a_rule_that_needs_a_digit_is_not_asked_without_one() -> None:
    one = rule("street", needs=(DIGIT,))
    assert is_asked(one, "the street of 7 lamps")
    assert not is_asked(one, "the street of lamps")


def test_a_hint_that_is_in_too_many_words_says_what_to_write_instead() -> None:
    with pytest.raises(ValueError, match=r"\^id, id\$"):
        asked(rule("id"))


@given(st.lists(_letters, min_size=1), st.text("abcABC ß."))
def test_many_words_as_one_pattern_find_what_the_longest_first_does(
    words: list[str], text: str
) -> None:
    one_by_one = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    assert re.findall(any_of(words), text) == re.findall(one_by_one, text)
    in_any_case = re.compile(any_of(words, in_any_case=True))
    assert in_any_case.findall(text) == re.findall(f"(?i:{one_by_one})", text)


@given(_told)
def test_the_quick_way_to_told_secrets_finds_what_the_slow_one_does(text: str) -> None:
    assert TOLD.find is not None
    slow = [match.span("value") for match in TOLD.pattern.finditer(text)]
    assert [match.span("value") for match in TOLD.find(text)] == slow


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.pattern.pattern[-40:])
def test_a_number_of_any_form_is_seen_at_once(form: Rule) -> None:
    @settings(max_examples=20)
    @given(st.from_regex(form.pattern.pattern))
    def holds(text: str) -> None:
        assert form.pattern.search(text) is None or ANY_FORM.search(text)

    holds()


@given(_readable)
def test_every_readable_text_is_looked_at_behind_base64(text: str) -> None:
    for encode in (b64encode, urlsafe_b64encode):
        encoded = encode(text.encode()).decode()
        assume(not (encoded.isalpha() and encoded.islower()))  # a word, as far as anybody can say
        seen: list[str] = []

        def look(inner: str, seen: list[str] = seen) -> str:
            seen.append(inner)
            return inner

        without_wrapped(encoded, look, lambda _rule: None)
        assert text in seen
