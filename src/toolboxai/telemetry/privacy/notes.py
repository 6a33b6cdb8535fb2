"""What one walk learns and does: which rule took what where, and what stood under telling names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toolboxai.telemetry.privacy.echoes import Echoes
from toolboxai.telemetry.privacy.keys import IDENTITY, NAME, is_of_people
from toolboxai.telemetry.privacy.markers import marker
from toolboxai.telemetry.privacy.plans import Plans
from toolboxai.telemetry.privacy.policy import Policy
from toolboxai.telemetry.privacy.pseudonyms import Pseudonym
from toolboxai.telemetry.privacy.remarks import Holder, Key, Remarks
from toolboxai.telemetry.privacy.seen import MAX_SEEN_CHARS, Seen
from toolboxai.telemetry.privacy.text import Scanner
from toolboxai.telemetry.privacy.values import IS_PLAIN_NAME, texts_in
from toolboxai.telemetry.privacy.wrapped import as_text


@dataclass(frozen=True, slots=True)
class Setting:
    """What all walks of one gate share."""

    scanner: Scanner
    pseudonym: Pseudonym
    policy: Policy
    max_string_chars: int
    seen: Seen
    of_pupils: Plans
    of_staff: Plans

    def cut(self, text: str) -> str:
        """Return ``text``, cut where it is longer than any may be."""
        return text if len(text) <= self.max_string_chars else f"{text[: self.max_string_chars]}…"


class Notes:
    """What one walk learns; several parts of it write here."""

    def __init__(self, setting: Setting, echoes: Echoes | None = None) -> None:
        self.setting = setting
        self.echoes = echoes or Echoes()
        self.remarks = Remarks()
        self.redactions: dict[str, int] = {}

    def found(self, rule: str) -> None:
        """Count that ``rule`` took something."""
        self.redactions[rule] = self.redactions.get(rule, 0) + 1

    def taken(self, kept: Holder, key: Key, rule: str) -> None:
        """Count that ``rule`` took something, and say where."""
        self.found(rule)
        self.remarks.note(kept, key, rule)

    def remember(self, rule: str, value: object) -> None:
        """Keep the texts of what stood under a telling name: they go wherever else they stand."""
        is_alone = isinstance(value, str | int)
        for text in texts_in(value):
            self.echoes.remember(rule, as_text(text), is_alone=is_alone)

    def remember_name(self, name: str, value: str) -> None:
        """Remember what is reduced to its shape, if it reads like somebody's name."""
        text, names = as_text(value), self.setting.scanner.names
        if names.is_name(text) or (is_of_people(name) and names.is_name_of(name, text)):
            self.echoes.remember(NAME, text)

    def key(self, name: str) -> str:
        """Return a member's name as it may leave."""
        return name if IS_PLAIN_NAME.fullmatch(name) else self.look(name)

    def look(self, text: str) -> str:
        """Return a text as it may leave, without echoes, which aren't all known yet."""
        known = self.setting.seen.scanned
        if text in known:
            return text
        text = self.setting.cut(text)
        looked_at = self.setting.scanner.look(text, self.found)
        if looked_at == text and len(text) <= MAX_SEEN_CHARS:
            known.remember(text)
        return looked_at

    def take(self, kept: Holder, key: Key, rule: str, value: object) -> None:
        """Put what stands for a value that ``rule`` takes; of an id a pseudonym."""
        self.remember(rule, value)
        self.taken(kept, key, rule)
        is_id = rule == IDENTITY and type(value) in {str, int} and " " not in str(value)
        is_short = is_id and 0 < len(str(value)) <= 128
        kept[key] = self.setting.pseudonym(str(value)) if is_short else marker(rule)


@dataclass(frozen=True, slots=True)
class Passed:
    """What may leave, and how often each rule bit."""

    payload: dict[str, Any]
    redactions: Mapping[str, int]
