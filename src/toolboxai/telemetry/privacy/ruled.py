"""By which rule a value goes for its name, and what is left of it then."""

from typing import Any, Protocol

from toolboxai.telemetry.privacy.keys import IDENTITY, NAME, SECRET, is_of_people, rule_for
from toolboxai.telemetry.privacy.modes import FREE
from toolboxai.telemetry.privacy.notes import Notes
from toolboxai.telemetry.privacy.placed import MAX_MEMBERS
from toolboxai.telemetry.privacy.plans import Plans, Told
from toolboxai.telemetry.privacy.remarks import Holder, Key
from toolboxai.telemetry.privacy.values import (
    IS_NAME,
    is_a_things,
    is_attribute,
    is_harmless,
    is_like_key,
    name_of,
    rule_of_one,
)
from toolboxai.telemetry.privacy.wrapped import as_text

Container = dict[Any, Any] | list[Any] | tuple[Any, ...]


class Values(Protocol):
    """Puts what may stay of values that no rule takes."""

    def put(
        self, kept: Holder, key: Key, value: object, name: str, mode: int, *, depth: int
    ) -> None:
        """Put what may stay of ``value`` into ``kept`` at ``key``."""

    def may_go_on(self, kept: Holder, key: Key, value: Container, depth: int) -> bool:
        """Say whether a container may be looked into; if not, it is taken."""


class Ruled:
    """Finds the rule for a value, and puts what may stay under a telling name."""

    def __init__(self, notes: Notes, plans: Plans, values: Values) -> None:
        self._notes, self._plans, self._values = notes, plans, values
        self._names = notes.setting.scanner.names
        self._switched_off = notes.setting.policy.switched_off
        # What stands in the place of texts that were taken before: all log records of a request name the same user.
        self._taken: dict[tuple[str, str, str], str] = {}

    def rule_of(self, told: Told, value: object) -> str | None:
        """Return the rule by which ``value`` goes, or ``None``."""
        if told.is_settled:
            return told.rule
        rule = None
        value = value["value"] if isinstance(value, dict) and is_attribute(value) else value
        if told.is_one:
            rule = rule_of_one(told.name, told.parent, value)
        if rule is None and isinstance(value, str):
            rule = self._rule_of_text(told.name, value)
        return None if rule in self._switched_off else rule

    def _rule_of_text(self, name: str, value: str) -> str | None:
        """Return the rule for a text under a name that only together tell."""
        if name.endswith("key") and is_like_key(value):
            return SECRET
        may_be_name = name == "name" or is_of_people(name)
        return NAME if may_be_name and self._names.is_name_of(name, value) else None

    def rule_of_element(
        self, before: str, element: object, name: str, *, is_second_of_two: bool
    ) -> str | None:
        """Return the rule for an element of a list below ``name``, behind one that may be a name itself."""
        text = as_text(element) if isinstance(element, str) else element
        rule = rule_for(before) if before else None
        if rule is None and before and is_second_of_two and isinstance(text, str):
            rule = self.rule_of(self._plans.told(before, name, is_one=False), text)
        is_word = isinstance(element, str) and IS_NAME.fullmatch(element) is not None
        if rule is not None and is_word and rule_for(str(element)) == rule:
            return None  # a list of names
        if rule is None and isinstance(text, str) and is_of_people(name):
            rule = NAME if self._names.is_name(text) else None
        return None if rule in self._switched_off else rule

    def put(
        self, kept: Holder, key: Key, name: str, rule: str, value: object, *, depth: int
    ) -> None:
        """Put what may stay of a value under a telling name."""
        if type(value) is str:
            self._put_text(kept, key, name, rule, value, depth=depth)
        elif isinstance(value, dict) and is_attribute(value):
            inner: dict[str, Any] = {}
            kept[key] = inner
            self.put(inner, "value", name, rule, value["value"], depth=depth)
            is_other = isinstance(inner["value"], str) and inner["value"] != value["value"]
            inner["type"] = "string" if is_other else value.get("type")
        elif rule != SECRET and isinstance(value, dict | list | tuple):
            self._container(kept, key, name, rule, value, depth=depth + 1)
        elif is_harmless(name, rule, value) or (rule == IDENTITY and is_a_things(name, value)):
            self._values.put(kept, key, value, name, FREE, depth=depth)
        else:
            self._notes.take(kept, key, rule, value)

    def _put_text(
        self, kept: Holder, key: Key, name: str, rule: str, text: str, *, depth: int
    ) -> None:
        taken = self._taken.get((name, rule, text))
        if taken is not None:
            self._notes.taken(kept, key, rule)
            kept[key] = taken
        elif is_harmless(name, rule, text) or (rule == IDENTITY and is_a_things(name, text)):
            self._values.put(kept, key, text, name, FREE, depth=depth)
        else:
            self._notes.take(kept, key, rule, text)
            self._taken[name, rule, text] = kept[key]

    def _container(
        self, kept: Holder, key: Key, name: str, rule: str, value: Container, *, depth: int
    ) -> None:
        """Put what may stay of everything in a container under a telling name: its members go by their own names first."""
        if not self._values.may_go_on(kept, key, value, depth):
            return
        inner: Holder = {} if isinstance(value, dict) else [None] * min(len(value), MAX_MEMBERS)
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for place, member in list(members)[:MAX_MEMBERS]:
            own = rule_for(name_of(place)) if isinstance(value, dict) else None
            shown = self._notes.key(name_of(place)) if isinstance(value, dict) else place
            self.put(
                inner, shown, name_of(place) if own else name, own or rule, member, depth=depth
            )
        kept[key] = inner
