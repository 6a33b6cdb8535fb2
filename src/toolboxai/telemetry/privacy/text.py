"""Secrets and persons inside free text. Linear in its length; doing it twice changes nothing more."""

import re
from re import Pattern

from toolboxai.telemetry.privacy.credentials import CREDENTIALS, LONG_KEYS, MIN_UNHINTED_CHARS
from toolboxai.telemetry.privacy.keys import NAME
from toolboxai.telemetry.privacy.markers import marker
from toolboxai.telemetry.privacy.named import SIGNS, Named
from toolboxai.telemetry.privacy.names import Names
from toolboxai.telemetry.privacy.numbers import ADDRESSES, BIRTHS, CUED, NUMBERS
from toolboxai.telemetry.privacy.persons import (
    AFTER_NAMES,
    EMAILS,
    IDENTITIES,
    addresses,
    without_told,
)
from toolboxai.telemetry.privacy.prose import PROSE
from toolboxai.telemetry.privacy.rules import Found, Rule, apply
from toolboxai.telemetry.privacy.sql import without_values
from toolboxai.telemetry.privacy.wrapped import MAX_WRAPPINGS, without_wrapped

ECHO = "echo"

_LITERAL = re.compile(r"\"[^\"\n]{6,}\"|'[^'\n]{6,}'")
_LONG = re.compile(rf"[\w+/:.~-]{{{MIN_UNHINTED_CHARS}}}")
_SIX_DIGITS = re.compile(r"(?:\d\D{0,4}){5}\d")
_PAIRED = re.compile(r"[0-9A-Fa-f]{1,4}[:.-][0-9A-Fa-f]{0,4}[:.-]")


class Scanner:
    """Looks through texts. ``own_rules`` are the deployment's; ``switched_off`` names rules that don't apply."""

    def __init__(
        self, own_rules: tuple[Rule, ...] = (), switched_off: frozenset[str] = frozenset()
    ) -> None:
        self._names = Names()
        self._named = Named(self._names)
        self._own_rules = own_rules
        self._switched_off = switched_off
        self._addresses = addresses()

    @property
    def names(self) -> Names:
        """Who knows names."""
        return self._names

    def look(self, text: str, found: Found, echoes: Pattern[str] | None = None) -> str:
        """Return ``text`` with what must not leave replaced by the name of the rule that said so."""
        return _Look(self, found, echoes).through(text, 0)

    def look_at_source(self, text: str, found: Found, echoes: Pattern[str] | None = None) -> str:
        """Return a line of source code without its tokens, quoted passwords and mail addresses; names stay names."""
        folded = text.lower()
        for rules in (CREDENTIALS, EMAILS):
            text = apply(rules, text, folded, found)
        if any(sign in text for sign in SIGNS):
            text = self._named.without(text, found, is_source=True)
        text = _LITERAL.sub(lambda match: self.look(match[0], found), text)
        return _without(echoes, text, found)

    def look_at_structure(self, text: str, found: Found) -> str:
        """Return what programs named, without credentials and mail addresses."""
        return apply(EMAILS, apply(CREDENTIALS, text, folded := text.lower(), found), folded, found)


class _Look:
    """One look at one text, and at whatever is wrapped in it."""

    def __init__(self, scanner: Scanner, found: Found, echoes: Pattern[str] | None) -> None:
        self._scanner, self._found, self._echoes = scanner, found, echoes

    def through(self, text: str, depth: int) -> str:
        text = self._without_keys(text)
        if depth < MAX_WRAPPINGS:
            text = without_wrapped(text, lambda inner: self.through(inner, depth + 1), self._found)
        return self._plain(text)

    def _without_keys(self, text: str) -> str:
        """Take what can be told by its own form, as it is: it may hold signs that mean something in a wrapping."""
        folded = text.lower()
        text = apply(self._scanner._own_rules, text, folded, self._found)
        text = apply(CREDENTIALS, text, folded, self._found)
        if "+" in text and "=" in text:  # in a form it means a space, in a password it doesn't
            text = self._scanner._named.without(text, self._found, only_secrets=True)
        return text if "%" in text else self._without_long_keys(text)

    def _without_long_keys(self, text: str) -> str:
        if len(text) < MIN_UNHINTED_CHARS or not _LONG.search(text):
            return text
        return apply(LONG_KEYS, text, text.lower(), self._found)

    def _plain(self, text: str) -> str:
        scanner, found = self._scanner, self._found
        folded = text.lower()
        text = without_values(text, folded, found)
        text = apply(EMAILS, text, folded, found)
        text = _without(self._echoes, text, found)
        if any(sign in text for sign in SIGNS):
            text = scanner._named.without(text, found)
        text = apply(PROSE, text, folded, found)
        if _PAIRED.search(text):
            text = apply(ADDRESSES, text, folded, found)
        if _SIX_DIGITS.search(text):
            text = apply(NUMBERS, text, folded, found)
        text = apply(CUED, text, folded, found)
        text = apply(BIRTHS, text, folded, found)
        text = apply(IDENTITIES, text, folded, found)
        text = apply(scanner._addresses, text, folded, found)
        text = self._without_names(text)
        text = apply(AFTER_NAMES, text, text, found)
        text = without_told(text, text.lower(), found)
        return self._without_long_keys(text) if "%" in text else text

    def _without_names(self, text: str) -> str:
        text, quantity = self._scanner.names.without(text, NAME)
        for _ in range(quantity):
            self._found(NAME)
        return text


def _without(echoes: Pattern[str] | None, text: str, found: Found) -> str:
    if echoes is None:
        return text
    text, quantity = echoes.subn(marker(ECHO), text)
    for _ in range(quantity):
        found(ECHO)
    return text
