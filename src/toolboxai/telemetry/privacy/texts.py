"""The texts of a payload, looked through when every name has been read and what stood under telling ones is known."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson

from toolboxai.telemetry.privacy import places
from toolboxai.telemetry.privacy.echoes import Needle, without_echoes
from toolboxai.telemetry.privacy.keys import IDENTITY
from toolboxai.telemetry.privacy.markers import IS_MARKER, is_ours, marker
from toolboxai.telemetry.privacy.modes import (
    FREE,
    SOURCE,
    STRUCTURE,
    VERSION,
    is_id,
    is_plain_id,
    is_word,
    may_be_wrapped,
)
from toolboxai.telemetry.privacy.notes import Notes
from toolboxai.telemetry.privacy.plans import Plan
from toolboxai.telemetry.privacy.remarks import Holder, Key
from toolboxai.telemetry.privacy.values import parsed

MAX_LOOKED_AT_CHARS = 1_000_000
MAX_CUE_CHARS = 200

_HOME = re.compile(r"(?i)^(?:[a-z]:)?[\\/](?:home|users)[\\/]")
_PLACEHOLDER = re.compile(
    r"%(?:\(\w+\))?[-+ #0]*\d*(?:\.\d+)?[srdifxa]|\{\w*(?:![rsa])?(?::[^{}]*)?\}"
)
_SECRETS = (marker("secret"), marker("key-value"))

# Looks at JSON that a text holds as another payload's part; says what the rules were.
Inside = Callable[[object, list[str]], object]


class Texts:
    """Texts that wait, each with where it stands and how to look at it."""

    def __init__(self, notes: Notes, inside: Inside) -> None:
        self._notes, self._inside = notes, inside
        self._scanner, self._seen = notes.setting.scanner, notes.setting.seen
        self._left_chars = MAX_LOOKED_AT_CHARS
        self.waiting: list[tuple[Holder, Key, str, int]] = []
        # Mappings and lists of which only those texts wait that weren't known.
        self.planned: list[tuple[dict[str, Any], Plan]] = []
        self.lists: list[tuple[list[Any], int]] = []

    def add(self, kept: Holder, key: Key, text: str, mode: int) -> None:
        """Put a text where it stands; it is looked through later."""
        kept[key] = text = self._notes.setting.cut(text)
        self.waiting.append((kept, key, text, mode))

    def look_through(self) -> None:
        """Look at all texts that wait: many are known, or nothing that a rule could bite on."""
        every = self._notes.echoes.all()
        echoes = self._echoes_in_known() if every else ()
        plain, wrapping = self._seen.plain, self._seen.wrapping
        for kept, key, text, mode in self.waiting:
            needles = echoes
            if mode == STRUCTURE:
                if text in plain[mode] or is_word(text) or is_id(text):
                    continue
            elif text in plain[mode] or is_word(text) or is_plain_id(text):
                if not has_any(text, echoes):
                    continue
            elif every and may_be_wrapped(text):
                needles = every  # what is wrapped is not seen from outside
            elif (text in wrapping[mode] or is_id(text)) and not has_any(text, echoes):
                continue
            if kept[key] == text:  # not taken since
                self._look(kept, key, text, mode, needles)

    def _echoes_in_known(self) -> Sequence[Needle]:
        """Return the echoes that stand anywhere, and let those texts wait that were known and hold one."""
        texts: list[Any] = [text for _, _, text, _ in self.waiting]
        for members, plan in self.planned:
            if plan.texts is not None:
                texts += plan.texts(members)
        for elements, _ in self.lists:
            texts += elements
        echoes = self._notes.echoes.within([text for text in texts if type(text) is str])
        if echoes:
            self.waiting += [one for one in self._known() if has_any(one[2], echoes)]
        return echoes

    def _known(self) -> Iterator[tuple[Holder, Key, str, int]]:
        """Yield the texts that don't wait since they were known, and those beside them."""
        for members, plan in self.planned:
            for told in plan.telling:
                text = members[told.name]
                if type(text) is str and (not told.asks_text or text in told.known):
                    yield members, told.name, text, told.mode
        for elements, mode in self.lists:
            yield from ((elements, place, text, mode) for place, text in enumerate(elements))

    def _look(self, kept: Holder, key: Key, text: str, mode: int, echoes: Sequence[Needle]) -> None:
        self._left_chars -= len(text)
        if self._left_chars < 0:
            self._notes.found("budget")
            kept[key] = marker("budget")
            return
        rules: list[str] = []
        looked_at = self._looked_at(text, mode, rules, echoes)
        if looked_at == text:
            # Of odd structure it depends on the echoes what is left.
            if mode != STRUCTURE or places.LOOKS_LIKE_STRUCTURE.fullmatch(text):
                self._seen.keep(text, mode)
            return
        kept[key] = looked_at
        for rule in rules:
            self._notes.found(rule)
        for rule in dict.fromkeys(rules):
            self._notes.remarks.note(kept, key, rule)

    def _looked_at(self, text: str, mode: int, rules: list[str], echoes: Sequence[Needle]) -> str:
        is_version = mode in {STRUCTURE, VERSION} and places.RELEASE.fullmatch(text.strip("'\""))
        if text in self._notes.setting.policy.allowed_texts or is_ours(text) or is_version:
            return text
        if mode == SOURCE:
            return self._scanner.look_at_source(text, rules.append, echoes)
        if mode == STRUCTURE and (
            _HOME.search(text) or places.LOOKS_LIKE_STRUCTURE.fullmatch(text)
        ):
            return self._scanner.look_at_structure(text, rules.append)
        inner = parsed(text)
        if inner is None:
            return self._scanner.look(text, rules.append, echoes)
        if isinstance(inner, str):
            inner = self._looked_at(inner, FREE, rules, echoes)
        else:
            inner = self._inside(inner, rules)
        return orjson.dumps(inner, default=str).decode() if rules else text

    def with_cues(self, template: object, params: Sequence[tuple[Holder, Key]]) -> None:
        """Look at each parameter of a message, given by where it stands, behind the words before its place."""
        if not isinstance(template, str) or "parameter" in self._scanner.switched_off:
            return
        position, before = 0, ""
        for match, (holder, key) in zip(_PLACEHOLDER.finditer(template), params, strict=False):
            before += template[position : match.start()]
            position = match.end()
            value = holder[key]
            if type(value) not in {str, int} or is_ours(str(value)):
                before += str(value)
                continue
            cleaned, alone = self._unseen(f"{before}{value}"), self._unseen(before)
            if cleaned != f"{alone}{value}":
                left = cleaned.removeprefix(alone)
                # What the next look would change again is taken as a whole.
                is_steady = self._unseen(f"{before}{left}") == f"{alone}{left}"
                self._take_with_cue(holder, key, left if is_steady else "")
            before = cleaned[-MAX_CUE_CHARS:]

    def _unseen(self, text: str) -> str:
        return self._scanner.look(self._notes.setting.cut(text), lambda _rule: None)

    def _take_with_cue(self, holder: Holder, key: Key, left: str) -> None:
        """Keep what is ``left`` of a parameter that only the words around it gave away."""
        value = str(holder[key])
        is_partly = IS_MARKER.search(left) is not None and IS_MARKER.sub("", left).strip() != ""
        if is_partly and len(left) < 2 * len(value) and not any(it in left for it in _SECRETS):
            holder[key] = left
            self._notes.taken(holder, key, "parameter")
        else:
            self._notes.echoes.remember(IDENTITY, value)
            self._notes.take(holder, key, "parameter", value)


def has_any(text: str, echoes: Sequence[Needle]) -> bool:
    """Say whether one of the needles may stand in ``text``."""
    if not echoes:
        return False
    folded = text.lower()
    return any(needle.folded in folded for needle in echoes)


def unechoed(name: str, echoes: Sequence[Needle]) -> str:
    """Return a member's name without echoes."""
    return without_echoes(name, echoes, lambda _rule: None)
