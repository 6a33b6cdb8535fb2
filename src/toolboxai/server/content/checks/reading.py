"""How hard a text is to read: the school grade by Flesch and Kincaid. Pure.

    0.39 × words per sentence + 11.8 × syllables per word - 15.59

Syllables are counted by groups of vowels, which is right for most English words and wrong for some. So it says
something about a paragraph, and little about one sentence.
"""

import re

WORD = re.compile(r"[A-Za-z][A-Za-z'\u2019]*")
SENTENCE_END = re.compile(r"(?<=[.?!])[\"\u201d)]*\s+")
VOWELS = re.compile(r"[aeiouy]+")
# An e at the end is silent in most words: make, shapes, lived; but not in table, boxes, needed.
SILENT_END = re.compile(
    r"(?:[^aeiouyl]e|[aeiouy]le|(?:[^aeioucghlsxyz]|[aeiouy]l)es|[^aeiouydt]ed)$"
)


def sentences_of(text: str) -> list[str]:
    """Return the sentences of ``text``."""
    return [sentence for sentence in SENTENCE_END.split(text.strip()) if sentence]


def syllables_in(word: str) -> int:
    """Return about how many syllables ``word`` has; at least one."""
    letters = word.lower().replace("\u2019", "'").removesuffix("'s")
    groups = len(VOWELS.findall(letters))
    return max(1, groups - bool(SILENT_END.search(letters) and groups > 1))


def grade_level_of(text: str) -> float:
    """Return the school grade that ``text`` is written for; 0 for a text without words."""
    words = WORD.findall(text)
    if not words:
        return 0.0
    syllables = sum(map(syllables_in, words))
    sentences = max(1, len(sentences_of(text)))
    return 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59
