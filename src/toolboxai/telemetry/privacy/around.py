"""What stands around words, and what that says of them: a name, an account, a part of something longer."""

import re

from toolboxai.telemetry.privacy.cues import BY, KIN
from toolboxai.telemetry.privacy.tokens import Tokens


def is_said(tokens: Tokens, index: int) -> bool:
    """Say whether a name is told in a sentence: `my name is`, `a pupil called`."""
    follows = tokens.low[index + 1] if index + 1 < len(tokens.low) else ""
    if tokens.low[index] == "am":
        return index > 0 and tokens.low[index - 1] == "i"
    return tokens.low[index] != "name" or follows in {"is", "was"}


# After these a capitalised word is part of something longer: America/Sao_Paulo.
GLUE = frozenset("/_@#$\\")
BEFORE_FILES = frozenset("/_\\")


def is_enclosed(tokens: Tokens, first: int, last: int) -> bool:
    """Say whether quotes or brackets, or the ends of the text, stand right around the words."""
    return tokens.before(first) in OPENS and tokens.after(last) in _CLOSES


OPENS = frozenset({"", "'", '"', "(", "[", "“", "‘", "«"})
_CLOSES = frozenset({"", "'", '"', ")", "]", "”", "’", "»"})


_ACCOUNT_ENDS = re.compile(r"\d{0,4}(?:[\s,;:'\")\]]|\.?\Z|\.\s)")


def is_account(tokens: Tokens, index: int) -> bool:
    """Say whether two words in lower case are what somebody signs in as: `anna.weber`."""
    joint, end = tokens.between(index), tokens.matches[index + 1].end()
    is_long = joint == "." and len(tokens.low[index + 1]) > 3
    return is_long and _ACCOUNT_ENDS.match(tokens.text, end) is not None


_WHO_AFTER = re.compile(
    r"\s?\((?:student|pupil|teacher|parent|mother|father|guardian|staff|learner|class)\b"
)


def is_told_of(tokens: Tokens, first: int, last: int) -> bool:
    """Say whether what stands around two words tells of a person: `by Charlotte Stallworth`, `Kai Whitefeather's mother`."""
    is_whose = (
        tokens.matches[last][0].endswith(("'s", "’s"))
        and tokens.low[min(last + 1, len(tokens.low) - 1)] in KIN
    )
    is_who = _WHO_AFTER.match(tokens.text, tokens.matches[last].end()) is not None
    return (
        is_whose
        or is_who
        or (first > 0 and tokens.low[first - 1] in BY and tokens.between(first - 1) == " ")
    )


def is_shouted(word: str) -> bool:
    """Say whether a word is in capitals, which say nothing then."""
    return word.isascii() and len(word) > 1 and word.isupper()
