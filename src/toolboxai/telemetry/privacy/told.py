"""What sentences tell of somebody: health and results, by the words around."""

import re
from functools import cache
from re import Pattern

from toolboxai.telemetry.privacy.alternatives import any_of
from toolboxai.telemetry.privacy.keys import HEALTH, RESULT
from toolboxai.telemetry.privacy.later import later
from toolboxai.telemetry.privacy.markers import marker
from toolboxai.telemetry.privacy.rules import Found, Rule
from toolboxai.telemetry.privacy.vocabulary import words

_SENTENCE = later(r"[^.!?;\n]++[.!?;\n]?")
_EVIDENCE = later(
    r"(?i)\[redacted:(?:name|person-id|email|birth-date|echo)\]|p1_\w{26}|\b(?:he|she|they|his|her|hers|him|their|child|pupil|student|learner|son|daughter|boy|girl|kid|parent|mum|mom|mother|father|dad|sibling"
    r"|has|have|had|diagnos\w+|suffers?|suffering|needs?|takes?|taking|allerg\w+|prescribed|medication|inhaler|treated|treatment|condition|symptoms?|therapy|counsell?ing|sen|send|iep|ehcp|hat|tiene|tem|ha|heeft|souffre|leidet|with|on|under|due to|because of|absent|registered|give[ns]?|administer\w*|dose|nurse|noon|daily|epipen|note|flag\w*|concern\w*)\b"
)
_SURE_EVIDENCE = later(
    r"(?i)\[redacted:(?:name|person-id|email|birth-date|echo)\]|p1_\w{26}|\b(?:he|she|his|her|hers|him|child|pupil|student|learner|son|daughter|boy|girl|kid|parent|mum|mom|mother|father|dad|sibling|nurse"
    r"|diagnos\w+|suffers?|suffering|prescribed|inhaler|sen|iep|ehcp|absent|safeguarding|allergic)\b"
)
_OF = ("", " was", " is", " of")
_SCORING = (
    "scored", "scores", "got", "gets", "received", "earned", "achieved", "obtained", "failed with", "passed with", "grade", "graded",
    "grade of", "grade was", "grade is", *(f"{what}{of}" for what in ("score", "mark", "marks", "gpa", "result", "average") for of in _OF),
)  # fmt: skip
_SCORE = later(
    any_of(_SCORING, in_any_case=True)
    + r"(?:\s|:|=)\s?(?i:only |just |an? |of |at )?(?P<value>\d{1,3}(?:[.,]\d{1,2})?\s?(?:%|percent|points|pts|/\s?\d{1,3}|out of \d{1,3})|(?:grade )?[A-FU][+*-]?(?![\w'’])|[0-5]\.\d{1,2}(?!\d))"
)
SCORES = Rule(RESULT, tuple(what if " " in what else f"^{what}$" for what in _SCORING), _SCORE)
_TOKEN = later(r"[^\W_]{2,}")


@cache
def _terms_by_word(name: str) -> dict[str, list[str]]:
    """Return the terms of a list by the rarest word of each: who has the word may have the term."""
    terms: dict[str, list[str]] = {}
    for term in words(name):
        terms.setdefault(max(_TOKEN.findall(term), key=_rarity, default=term), []).append(term)
    return terms


def _rarity(word: str) -> tuple[bool, int]:
    """Return what is more for a rarer word: those of programs and schools are in most texts, long ones in few."""
    return word not in words("not_names"), len(word)


@cache
def _term(term: str) -> Pattern[str]:
    return later(rf"(?<!\w){re.escape(term)}(?:s|es)?(?!\w)", re.IGNORECASE)


def _words_in(sentence: str) -> set[str]:
    """Return the words of a sentence in lower case, each in plural and singular."""
    there = set(_TOKEN.findall(sentence.lower()))
    there.update([word.rstrip("s") for word in there if word[-1] == "s"])
    return there


def _terms_in(name: str, sentence: str, there: set[str]) -> list[tuple[int, int]]:
    """Return where terms of a list stand in a sentence, whose words are ``there``."""
    known = _terms_by_word(name)
    candidates = {term for word in there & known.keys() for term in known[word]}
    return sorted(match.span() for term in candidates for match in _term(term).finditer(sentence))


@cache
def words_of_health() -> frozenset[str]:
    """Return the words, in singular and plural, one of which each term of health has."""
    known = [*_terms_by_word("health_terms"), *_terms_by_word("health_terms_taught")]
    return frozenset(known) | frozenset(f"{word}s" for word in known)


def without_told(text: str, found: Found, *, is_health: bool, is_results: bool) -> str:
    """Return ``text`` without what its sentences say of somebody's results and health, as ``is_results`` and ``is_health`` say."""
    return _SENTENCE.sub(
        lambda match: _without_told(match[0], found, is_health=is_health, is_results=is_results),
        text,
    )


def _without_told(sentence: str, found: Found, *, is_health: bool, is_results: bool) -> str:
    there = _words_in(sentence) if is_health else set()
    if there and (spans := _terms_in("health_terms", sentence, there)):
        several = len({sentence[start:end].lower() for start, end in spans}) > 1
        if several or _EVIDENCE.search(sentence):
            sentence = _without_spans(sentence, spans, found)
    taught = _terms_in("health_terms_taught", sentence, there) if there else []
    is_scored = is_results and _SCORE.search(sentence) is not None
    if (taught or is_scored) and _SURE_EVIDENCE.search(sentence):
        if taught:
            sentence = _without_spans(sentence, taught, found)
        return SCORES.without(sentence, found) if is_scored else sentence
    return sentence


_DOSE = later(r"\A\s\d{1,4}(?:[.,]\d{1,2})?\s?(?:mg|ml|mcg|µg|g|puffs?|units?|IE|IU)\b")


def _without_spans(sentence: str, spans: list[tuple[int, int]], found: Found) -> str:
    """Return the sentence without what stands from the first span to the last."""
    if "redacted:" in sentence[spans[0][0] : spans[-1][1]] and len(spans) == 1:
        return sentence
    found(HEALTH)
    return (
        sentence[: spans[0][0]]
        + marker(HEALTH)
        + _DOSE.sub("", sentence[max(end for _, end in spans) :], count=1)
    )
