"""Persons' names in free text: after a word that says so, or by the names themselves."""

import re
from collections.abc import Iterator
from functools import cache
from unicodedata import normalize

from toolboxai.telemetry.privacy.around import (
    BEFORE_FILES,
    GLUE,
    OPENS,
    is_account,
    is_enclosed,
    is_said,
    is_shouted,
    is_told_of,
)
from toolboxai.telemetry.privacy.cues import (
    CUE_FILLERS,
    CUE_PHRASES,
    CUES_IN_OTHER_SCRIPTS,
    PARTICLES,
    REGARDS,
    SURELY_PEOPLE,
)
from toolboxai.telemetry.privacy.markers import marker
from toolboxai.telemetry.privacy.tokens import Tokens
from toolboxai.telemetry.privacy.vocabulary import AnyOf, words

MAX_NAME_WORDS = 5
NOT_NAMES = words("not_names")

# Between two words of one name: a space, a full stop after an initial, or what user names have.
_JOINTS = frozenset({" ", "\u00a0", "\u202f", ". ", "  ", ".", "_", "-", "+"})
# Between a cue and the name: `student: Maria`, `Dear "Maria`, `student (Maria`.
_AFTER_CUE = re.compile(r"""[\s:="'“”‘’«»(\[<>.,#@*_-]{1,4}""")


# What tells an account from others of the same name: `anna.weber2009`.
_OF_ACCOUNT = re.compile(r"\d{1,8}(?![^\W_])")


class _Lexicon:
    """Names in lower case; a hyphenated one is known when one of its parts is."""

    def __init__(self, name: str) -> None:
        self.names = words(name)

    def __contains__(self, low: str) -> bool:
        if low in self.names:
            return True
        return "-" in low and any(part in self.names for part in low.split("-") if len(part) > 2)


class Names:
    """Finds names. Plain lists that don't change: `known_names` makes one for all."""

    def __init__(self) -> None:
        self._given = _Lexicon("given_names")
        self._maybe_given = _Lexicon("ambiguous_given_names")
        self._surnames = _Lexicon("surnames")
        self._maybe_surnames = _Lexicon("ambiguous_surnames")
        self._cues = words("person_cues") | CUES_IN_OTHER_SCRIPTS | REGARDS
        self._others = words("public_figures") | words("name_like_terms")
        self._first_of_others = frozenset(other.partition(" ")[0] for other in self._others)
        self._beginnings = AnyOf(
            self._cues, CUE_PHRASES, self._given.names, self._maybe_given.names
        )
        self.telling = AnyOf(self._beginnings, self._surnames.names)

    def is_telling(self, word: str) -> bool:
        """Say whether ``word``, letters in lower case beyond ASCII, may be a name or announce one."""
        return normalize("NFC", word) in self.telling or any(char > "\u036f" for char in word)

    def without(self, text: str, rule: str) -> tuple[str, int]:
        """Return ``text`` with a marker of ``rule`` for each name, and how many there were."""
        parts, position, quantity = [], 0, 0
        for start, end in self._spans(Tokens(text)):
            if start >= position:
                parts += [text[position:start], marker(rule)]
                digits = _OF_ACCOUNT.match(text, end)
                position, quantity = digits.end() if digits else end, quantity + 1
        return "".join([*parts, text[position:]]), quantity

    def is_name(self, text: str) -> bool:
        """Say whether ``text`` as a whole reads like somebody's name."""
        tokens = Tokens(text)
        if (
            not 1 <= len(tokens.low) <= MAX_NAME_WORDS
            or len(text) > 80
            or text.lower() in self._others
        ):
            return False
        return any(
            start == 0 and end >= len(text.rstrip(".")) for start, end in self._spans(tokens)
        ) or (
            len(tokens.low) > 1
            and all(
                (tokens.is_capital(place) and word not in NOT_NAMES) or word in PARTICLES
                for place, word in enumerate(tokens.low)
            )
            and not self._known_others(tokens, 0, len(tokens.low))
            and any(
                word in self._given or word in self._surnames or word in self._maybe_given
                for word in tokens.low
            )
        )

    def is_surname(self, word: str) -> bool:
        """Say whether ``word``, in lower case, is a family's name, and none of programs and schools."""
        is_known = word in self._surnames or word in self._maybe_surnames
        return is_known and word not in NOT_NAMES

    def is_family_of(self, given: str, word: str) -> bool:
        """Say whether ``word``, beside a given name, is the family's; both in lower case, where neither stands in a sentence."""
        if given in self._given:
            return len(word) > 2 and word not in NOT_NAMES
        return given in self._maybe_given and given not in NOT_NAMES and word in self._surnames

    def is_name_of(self, whose: str, text: str) -> bool:
        """Say whether ``text`` under a word for people reads like the name of one, known or not."""
        tokens = Tokens(text)
        words_only = all(
            char.isalpha() or char in " .,'’-\u200c\u200d" or not char.isascii() for char in text
        )
        if not 1 <= len(tokens.low) <= 2 * MAX_NAME_WORDS or len(text) > 80 or not words_only:
            return self.is_name(text)
        if text.lower() in self._others or not NOT_NAMES.isdisjoint(tokens.low):
            return False
        if self._cues.issuperset(tokens.low):  # `Ms`, of whose name something was taken
            return False
        is_sure = whose.rpartition("_")[2].lower() in SURELY_PEOPLE
        return (is_sure and len(tokens.low) > 1) or all(
            tokens.is_capital(place) or word in PARTICLES for place, word in enumerate(tokens.low)
        )

    def _spans(self, tokens: Tokens) -> Iterator[tuple[int, int]]:
        index = 0
        while index < len(tokens.low):
            if not self._may_begin(tokens, index):
                index += 1
                continue
            first, last = self._name_at(tokens, index)
            if last is None:
                index += 1
                continue
            yield tokens.matches[first].start(), tokens.matches[last].end()
            index = last + 1

    def _may_begin(self, tokens: Tokens, index: int) -> bool:
        """Say whether a name may begin at the word or be announced there: most words are neither known nor capitalised."""
        word = tokens.low[index]
        return word in self._beginnings or "-" in word or tokens.is_capital(index)

    def _name_at(self, tokens: Tokens, index: int) -> tuple[int, int | None]:
        """Return the first and the last word of the name that begins at ``index`` or is announced there."""
        word = tokens.low[index]
        if word in self._cues or (word in CUE_PHRASES and is_said(tokens, index)):
            first = self._after_cue(tokens, index)
            if first is not None and (last := self._announced(tokens, first)) is not None:
                return first, last
        last = self._by_itself(tokens, index)
        is_second = (
            last is not None
            and index > 0
            and tokens.between(index - 1) == ", "
            and self._is_first(tokens, index - 1)
        )
        return index - is_second, last

    def _is_first(self, tokens: Tokens, place: int) -> bool:
        """Say whether a capitalised word before a comma is the family's name: `'Scognamiglio, Ettore'`."""
        if not tokens.is_capital(place) or tokens.low[place] in NOT_NAMES:
            return False
        return tokens.before(place) in OPENS | {"\n", ";"} or (
            place > 0 and tokens.low[place - 1] in self._cues
        )

    def _after_cue(self, tokens: Tokens, index: int) -> int | None:
        """Return the word at which what the cue announces would begin."""
        for place in range(index, min(index + 3, len(tokens.low) - 1)):
            between = tokens.between(place)
            if between and not _AFTER_CUE.fullmatch(between):
                return None
            following = tokens.low[place + 1]
            if following not in CUE_FILLERS and following not in self._cues:
                return place + 1
        return None

    def _announced(self, tokens: Tokens, first: int) -> int | None:
        word = tokens.low[first]
        if not tokens.is_capital(first) or word in NOT_NAMES or self._is_of_another(tokens, first):
            return None
        is_known = word in self._given or word in self._surnames or word in self._maybe_given
        is_known |= word in self._maybe_surnames
        # CAPITALS say nothing.
        if not is_known and is_shouted(tokens.matches[first][0]):
            follows = self._end(tokens, first)
            if follows > first and tokens.low[follows] in self._surnames:
                return follows
            return self._after_shouted(tokens, first)
        return self._end(tokens, first, is_announced=True)

    def _after_shouted(self, tokens: Tokens, first: int) -> int | None:
        """Return the end of a name whose family's part is in capitals, as registers have it: `KAUR DHILLON Arjun`."""
        for place in range(first, min(first + MAX_NAME_WORDS, len(tokens.low) - 1)):
            is_family = is_shouted(tokens.matches[place][0]) and tokens.low[place] not in NOT_NAMES
            if not is_family or tokens.between(place) not in {" ", ", "}:
                return None
            following = tokens.matches[place + 1][0]
            is_given = following.lower() in self._given or following.lower() in self._maybe_given
            if is_given and following[0].isupper() and not is_shouted(following):
                return self._end(tokens, place + 1)
        return None

    def _by_itself(self, tokens: Tokens, index: int) -> int | None:
        last = self._known_by_itself(tokens, index)
        if last is None or self._is_of_another(tokens, index):
            return None
        before = tokens.before(index)
        return None if before in GLUE and not self._names_file(tokens, index, last) else last

    def _names_file(self, tokens: Tokens, index: int, last: int) -> bool:
        """Say whether a file or folder is named for somebody: `/reports/Anna Weber.pdf`, `photo_Amy_Winters.jpg`."""
        following = tokens.low[last]
        return (
            tokens.before(index) in BEFORE_FILES
            and last == index + 1
            and tokens.low[index] in self._given
            and (following in self._surnames or following in self._maybe_surnames)
        )

    def _known_by_itself(self, tokens: Tokens, index: int) -> int | None:
        word = tokens.low[index]
        following = tokens.low[index + 1] if tokens.between(index) in _JOINTS else ""
        if word in self._given:
            if tokens.is_capital(index):
                return self._end(tokens, index)
            is_surname = following in self._surnames or (
                following in self._maybe_surnames and is_account(tokens, index)
            )
            return index + 1 if is_surname else None
        if word in self._maybe_given and tokens.is_capital(index) and following:
            after = self._end(tokens, index)
            if after > index and is_told_of(tokens, index, after):
                return after
            is_known = any(
                tokens.low[place] in self._surnames for place in range(index + 1, after + 1)
            )
            return after if is_known else None
        return self._by_surname(tokens, index, following)

    def _by_surname(self, tokens: Tokens, index: int, following: str) -> int | None:
        """Find `M. Lopez`, `Lopez, Maria` and `Xiomara Lopez`."""
        word, joint = tokens.low[index], tokens.between(index)
        if not tokens.is_capital(index):
            return None
        if (
            joint == ", "
            and index + 1 < len(tokens.low)
            and (word in self._surnames or word not in NOT_NAMES)
        ):
            after = tokens.low[index + 1]
            is_given = word in self._surnames and (
                after in self._given or after in self._maybe_given
            )
            is_given |= after not in NOT_NAMES and is_enclosed(tokens, index, index + 1)
            return (
                self._end(tokens, index + 1) if is_given and tokens.is_capital(index + 1) else None
            )
        if (
            following not in self._surnames
            or not tokens.is_capital(index + 1)
            or joint in {"-", "+"}
        ):
            return None
        is_initial = len(word) == 1 and joint in {". ", " ", "."}
        is_unknown = (
            len(word) > 2 and word not in NOT_NAMES and word not in self._cues and joint == " "
        )
        return (
            self._end(tokens, index + 1)
            if is_initial or (is_unknown and not tokens.matches[index][0].isupper())
            else None
        )

    def _end(self, tokens: Tokens, first: int, *, is_announced: bool = False) -> int:
        """Return the last word of the name that begins at ``first``."""
        last, place = first, first
        while place + 1 < len(tokens.low) and place - first < MAX_NAME_WORDS:
            joint = tokens.between(place)
            if joint not in _JOINTS and not (
                joint == ", "
                and place == first
                and self._follows_comma(tokens, place, is_announced=is_announced)
            ):
                break
            place += 1
            word = tokens.low[place]
            is_part = word in self._surnames or word in self._given or word in self._maybe_given
            is_part |= word in self._maybe_surnames and tokens.is_capital(place)
            if is_part and (tokens.is_capital(place) or not tokens.is_capital(first)):
                last = place
            elif word in PARTICLES or (len(word) == 1 and tokens.is_capital(place)):
                continue
            elif (
                tokens.is_capital(place)
                and word not in NOT_NAMES
                and not is_shouted(tokens.matches[place][0])
            ):
                last = place
            else:
                break
        return last

    def _follows_comma(self, tokens: Tokens, place: int, *, is_announced: bool) -> bool:
        """Say whether a given name follows a surname: `Lopez, Maria`."""
        after = tokens.low[place + 1]
        if not tokens.is_capital(place + 1) or after in NOT_NAMES:
            return False
        is_surname = is_announced or tokens.low[place] in self._surnames
        return after in self._given or after in self._maybe_given or is_surname

    def _is_of_another(self, tokens: Tokens, index: int) -> bool:
        """Say whether the word belongs to a public figure or a term that reads like a name."""
        for start in range(max(0, index - 2), index + 1):
            if tokens.low[start] in self._first_of_others:
                for end in range(max(index, start + 1) + 1, min(index + 4, len(tokens.low)) + 1):
                    if self._known_others(tokens, start, end):
                        return True
        return False

    def _known_others(self, tokens: Tokens, start: int, end: int) -> bool:
        return " ".join(tokens.low[start:end]) in self._others


def is_no_name(word: str) -> bool:
    """Say whether a word in lower case is one of programs and schools, never of a name."""
    return word in NOT_NAMES


def is_common(word: str) -> bool:
    """Say whether a name in lower case is another word, too."""
    return word in words("ambiguous_given_names") or word in words("ambiguous_surnames")


@cache
def known_names() -> Names:
    """Return the names that all gates know."""
    return Names()
