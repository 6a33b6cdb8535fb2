"""Persons by what they did to a document, and documents that are named for them: `approved by Weber`, `report-anna-weber.pdf`."""

import re
from collections.abc import Iterator, Sequence
from re import Match

from toolboxai.telemetry.privacy.alternatives import any_of
from toolboxai.telemetry.privacy.keys import NAME
from toolboxai.telemetry.privacy.later import later
from toolboxai.telemetry.privacy.names import known_names
from toolboxai.telemetry.privacy.rules import Rule

Span = tuple[int, int]

_ENDINGS = (
    ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".odt", ".ods", ".ppt", ".pptx", ".csv", ".txt", ".rtf", ".zip",
    ".jpg", ".jpeg", ".png", ".heic", ".mp3", ".mp4", ".mov", ".m4a", ".wav",
)  # fmt: skip
_DOCUMENT = later(rf"(?<![\w.-])[\w.-]{{4,120}}{any_of(_ENDINGS, in_any_case=True)}(?!\w)")
_LETTERS = later(r"[^\W\d_]+")
_JOINTS = frozenset({"", "-", "_", "."})
_SPAN = later(r".+", re.DOTALL)

_DID = (
    "approved by", "assigned by", "authorised by", "authorized by", "collected by", "countersigned by", "entered by",
    "graded by", "marked by", "moderated by", "requested by", "reviewed by", "signed by", "submitted by", "supervised by",
    "taught by", "verified by", "written by",
)  # fmt: skip
_BY_SOMEBODY = later(
    rf"(?<!\w){any_of(_DID, in_any_case=True)} (?P<value>[A-Z][^\W\d_]{{1,30}})(?![\w-])"
)


def _in_documents(text: str) -> Iterator[Match[str]]:
    """Yield where a document's name has a given and a family's name side by side."""
    for document in _DOCUMENT.finditer(text):
        stem_end = text.rindex(".", *document.span())
        words, taken = list(_words_in(text, document.start(), stem_end)), document.start()
        for place in range(len(words)):
            for first in (place, place - 1):
                start, end = _pair(text, words[first : first + 2], words[place])
                if taken <= start < end and (found := _SPAN.match(text, start, end)) is not None:
                    yield found
                    taken = end


def _pair(text: str, pair: Sequence[Span], given: Span) -> Span:
    """Return where both words lie if ``given`` is one's own name and the other the family's, else an empty span."""
    if len(pair) == 2 and text[pair[0][1] : pair[1][0]] in _JOINTS:
        other = pair[1] if pair[0] == given else pair[0]
        if known_names().is_family_of(*(text[slice(*word)].lower() for word in (given, other))):
            return pair[0][0], pair[1][1]
    return -1, -1


def _words_in(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield where words begin and end, also those of one run of letters: `AnnaWeber`."""
    for run in _LETTERS.finditer(text, start, end):
        begins = run.start()
        for place in range(begins + 1, run.end()):
            if text[place].isupper() and text[place - 1].islower():
                yield begins, place
                begins = place
        yield begins, run.end()


def _is_surname(match: Match[str]) -> bool:
    return known_names().is_surname(match["value"].lower())


DOCUMENTS = (
    Rule(NAME, _ENDINGS, _DOCUMENT, find=_in_documents),
    Rule(NAME, _DID, _BY_SOMEBODY, _is_surname),
)
