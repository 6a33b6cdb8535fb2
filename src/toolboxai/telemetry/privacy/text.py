"""Secrets and persons inside free text. Linear in its length; doing it twice changes nothing more."""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from toolboxai.telemetry.privacy.addresses import addresses
from toolboxai.telemetry.privacy.credentials import CREDENTIALS, LONG_KEYS
from toolboxai.telemetry.privacy.documents import DOCUMENTS
from toolboxai.telemetry.privacy.echoes import Needle, without_echoes
from toolboxai.telemetry.privacy.identities import AFTER_NAMES, HOMES, IDENTITIES, WHO_WAS_TAKEN
from toolboxai.telemetry.privacy.keys import HEALTH, NAME
from toolboxai.telemetry.privacy.mail import EMAILS
from toolboxai.telemetry.privacy.markers import is_ours
from toolboxai.telemetry.privacy.named import Named, may_tell
from toolboxai.telemetry.privacy.names import known_names
from toolboxai.telemetry.privacy.numbers import (
    ADDRESSES,
    ANY_FORM,
    BIRTHS,
    CUED,
    FORMS,
    NUMBERS,
)
from toolboxai.telemetry.privacy.prose import PROSE
from toolboxai.telemetry.privacy.rules import Found, Rule
from toolboxai.telemetry.privacy.sieve import EVERY, Asked, Mask, Sieve, ask
from toolboxai.telemetry.privacy.sql import HINTS, IS_SQL, SAID, SQL, without_literals
from toolboxai.telemetry.privacy.told import SCORES, without_told, words_of_health
from toolboxai.telemetry.privacy.wrapped import MAX_WRAPPINGS, without_wrapped

MAX_PLAIN_LINES = 5_000
MAX_CLEAN_CHARS = 200  # longer texts hardly come twice

_LITERAL = re.compile(r"\"[^\"\n]{6,}\"|'[^'\n]{6,}'")


class Scanner:
    """Looks through texts. ``own_rules`` and ``own_names`` (each with its rule) are the deployment's; ``switched_off`` names rules that don't apply."""

    def __init__(
        self,
        own_rules: tuple[Rule, ...] = (),
        switched_off: frozenset[str] = frozenset(),
        own_names: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.names = known_names()
        self.named = Named(self.names, switched_off, own_names)
        self.sieve = sieve = Sieve()

        def asked(rules: Iterable[Rule]) -> Asked:
            return sieve.add(rule for rule in rules if rule.name not in switched_off)

        self.keys = asked((*own_rules, *CREDENTIALS))
        self.long_keys = asked(LONG_KEYS)
        self.emails = asked(EMAILS)
        self.said = asked(SAID)
        self.told = asked(PROSE)
        self.numbers = asked((*ADDRESSES, *NUMBERS))
        self.forms = asked(FORMS)
        self.persons = asked((*CUED, *DOCUMENTS, *BIRTHS, *IDENTITIES, *HOMES, *addresses()))
        self.homes = asked(HOMES)
        self.after_names = asked(AFTER_NAMES)
        self.sql = asked([Rule(SQL, HINTS, IS_SQL)]).bits
        names = self.names
        self.name = 0 if NAME in switched_off else sieve.of_words(names.telling, names.is_telling)
        self.health = 0 if HEALTH in switched_off else sieve.of_words(words_of_health())
        self.results = asked([SCORES]).bits
        self.structure = self.keys.bits | self.emails.bits | self.homes.bits
        self.switched_off = switched_off
        # Lines of source code that nothing was found in: every error from there shows them again.
        self._plain_lines: set[str] = set()

    def look_at_keys(self, text: str, found: Found) -> str:
        """Return ``text`` without secrets that can be told by their own form; whatever else it says stays."""
        return ask(self.keys, text, self.sieve.mask(text, text.lower()), found)

    def look(self, text: str, found: Found, echoes: Sequence[Needle] = ()) -> str:
        """Return ``text`` with what must not leave replaced by the name of the rule that said so."""
        return _Look(self, found, echoes).through(text, 0)

    def look_at_source(self, text: str, found: Found, echoes: Sequence[Needle] = ()) -> str:
        """Return a line of source code without its tokens, quoted passwords and mail addresses; names stay names."""
        if text not in self._plain_lines:
            line, text = text, self._without_secrets(text, found)
            if text == line and len(line) <= MAX_CLEAN_CHARS:
                if len(self._plain_lines) >= MAX_PLAIN_LINES:
                    self._plain_lines.clear()
                self._plain_lines.add(line)
        return without_echoes(text, echoes, found)

    def _without_secrets(self, line: str, found: Found) -> str:
        line = self.look_at_structure(line, found)
        if may_tell(line):
            line = self.named.without(line, found, is_source=True)
        return _LITERAL.sub(lambda match: self.look(match[0], found), line)

    def look_at_structure(self, text: str, found: Found) -> str:
        """Return what programs named, without credentials, mail addresses and whose machine it was."""
        mask = self.sieve.mask(text, text.lower())
        if not mask & self.structure:
            return text
        for rules in (self.keys, self.emails, self.homes):
            text = ask(rules, text, mask, found)
        return text


class _Look:
    """One look at one text, and at whatever is wrapped in it."""

    def __init__(self, scanner: Scanner, found: Found, echoes: Sequence[Needle]) -> None:
        self._scanner, self._found, self._echoes = scanner, found, echoes

    def through(self, text: str, depth: int) -> str:
        scanner, found = self._scanner, self._found
        mask = scanner.sieve.mask(text, text.lower())
        # What can be told by its own form, as it is: it may hold signs that mean something in a wrapping.
        keyless = ask(scanner.keys, text, mask, found)
        if keyless is not text and is_ours(keyless):
            return keyless
        text = keyless
        if "+" in text and "=" in text:  # in a form it means a space, in a password it doesn't
            text = scanner.named.without(text, found, only_secrets=True)
        is_wrapped = "%" in text
        if not is_wrapped:
            text = ask(scanner.long_keys, text, mask, found)
        if depth < MAX_WRAPPINGS:
            opened = without_wrapped(text, lambda inner: self.through(inner, depth + 1), found)
            if opened != text:
                text = opened
                mask |= scanner.sieve.mask(text, text.lower())
        text = self._plain(text, mask)
        return ask(scanner.long_keys, text, mask, found) if is_wrapped else text

    def _plain(self, text: str, mask: Mask) -> str:
        scanner, found = self._scanner, self._found
        text = ask(scanner.said, text, mask, found)
        if mask & scanner.sql:
            text = without_literals(text, found)
        text = ask(scanner.emails, text, mask, found)
        text = without_echoes(text, self._echoes, found)
        if may_tell(text):
            text = scanner.named.without(text, found)
        text = ask(scanner.told, text, mask, found)
        text = ask(scanner.numbers, text, mask, found)
        if mask & scanner.forms.bits and ANY_FORM.search(text):
            text = ask(scanner.forms, text, mask, found)
        text = ask(scanner.persons, text, mask, found)
        if mask & scanner.name:
            text = self._without_names(text)
        if "[redacted:" in text and any(taken in text for taken in WHO_WAS_TAKEN):
            text = ask(scanner.after_names, text, EVERY, found)
        if mask & (scanner.health | scanner.results):
            text = without_told(
                text,
                found,
                is_health=bool(mask & scanner.health),
                is_results=bool(mask & scanner.results),
            )
        return text

    def _without_names(self, text: str) -> str:
        text, quantity = self._scanner.names.without(text, NAME)
        for _ in range(quantity):
            self._found(NAME)
        return text
