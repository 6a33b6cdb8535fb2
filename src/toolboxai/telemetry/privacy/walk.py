"""One walk over one payload: names decide first, then every text that is left is looked through, with what was learnt."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from toolboxai.telemetry.privacy import checksums, places
from toolboxai.telemetry.privacy.echoes import Echoes
from toolboxai.telemetry.privacy.keys import (
    IDENTITY,
    NAME,
    PERSON,
    SECRET,
    is_of_people,
    rule_for,
)
from toolboxai.telemetry.privacy.notes import Notes, Passed, Plan, Setting
from toolboxai.telemetry.privacy.numbers import CARD
from toolboxai.telemetry.privacy.placed import MAX_DEPTH, MAX_MEMBERS, NOT_PLACED, Placed
from toolboxai.telemetry.privacy.plans import IDENTITIES, PARAMETER, TEMPLATE, mode_of, plan_of
from toolboxai.telemetry.privacy.remarks import Holder, Key, known_remarks
from toolboxai.telemetry.privacy.somebody import ABOUT_ONE, PLACES, role_of, somebody
from toolboxai.telemetry.privacy.texts import (
    ASK,
    FREE,
    STRUCTURE,
    VERSION,
    Texts,
    has_any,
    unechoed,
)
from toolboxai.telemetry.privacy.values import (
    IS_NAME,
    VALUES,
    is_a_things,
    is_about_one,
    is_attribute,
    is_harmless,
    is_like_key,
    name_of,
    rule_of_one,
    told_name,
)
from toolboxai.telemetry.privacy.wrapped import as_text

MAX_VALUES = 100_000
MAX_PARAMETERS = 32

_SCALARS = frozenset({bool, int, float, type(None), datetime})
# What says most comes first: an application's own facts may use up the budget. Who it was comes before all.
_FIRST = ("user", "type", "level", "transaction", "exception", "logentry", "message", "request")  # fmt: skip
_HEX = re.compile(r"[0-9a-fA-F-]{8,}")


class Walk:
    """One walk over one payload, or over the JSON that one of its texts holds, with the same ``echoes``."""

    def __init__(self, setting: Setting, echoes: Echoes | None = None) -> None:
        self._setting, self._policy, self._scanner = setting, setting.policy, setting.scanner
        self._notes = Notes(setting, echoes)
        self._texts = Texts(self._notes, self._inside)
        self._placed = Placed(self._notes, setting.policy.pupil)
        self._collected = setting.policy.pupil
        self._left_values = MAX_VALUES
        self._dicts: list[dict[str, Any]] = []

    def over(self, payload: dict[str, Any], *, is_event: bool) -> Passed:
        """Return what may leave of ``payload``; with ``is_event`` it says itself what was taken (``_meta``)."""
        self._collected = self._policy.collected_of(role_of(payload))
        self._placed = Placed(self._notes, self._collected)
        first = {name: payload[name] for name in _FIRST if name in payload}
        cleaned = self._one_by_one(first | payload, "", 1, are_people=False)
        self._finish()
        if is_event:
            every = self._notes.echoes.all()
            self._notes.remarks.put_on(cleaned, lambda name: unechoed(name, every))
        return Passed(cleaned, self._notes.redactions)

    def _inside(self, value: object, rules: list[str]) -> object:
        """Return JSON out of a text as another walk leaves it."""
        walk = Walk(self._setting, self._notes.echoes)
        holder: dict[str, Any] = {}
        walk._value(holder, "json", value, "json", FREE, depth=1)
        walk._finish()
        for rule, quantity in walk._notes.redactions.items():
            rules += [rule] * quantity
        return holder["json"]

    def _finish(self) -> None:
        """Look through the texts, then take echoes out of names, too."""
        self._texts.look_through()
        echoes = self._notes.echoes.within(key for members in self._dicts for key in members)
        for members in self._dicts if echoes else ():
            if any(has_any(key, echoes) for key in members):
                renamed = {unechoed(key, echoes): value for key, value in members.items()}
                members.clear()
                members.update(renamed)

    # Names

    def _members(self, members: dict[Any, Any], parent: str, depth: int) -> dict[str, Any]:
        seen, names = self._setting.seen, tuple(members)
        plan = seen.plans.get((parent, names))
        if plan is None:
            plan = seen.plans[parent, names] = plan_of(members, parent, self._policy)
        if not plan:
            return self._one_by_one(members, parent, depth, are_people=is_of_people(parent))
        return self._as_planned(plan, members, parent, depth)

    def _as_planned(
        self, plan: Plan, members: dict[Any, Any], parent: str, depth: int
    ) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        self._dicts.append(kept)
        waiting, max_chars = self._texts.waiting, self._setting.max_string_chars
        for key, mode in plan:  # the common case, and most of the gate's time
            value = members[key]
            kind = type(value)
            if mode == ASK:
                self._any_member(kept, key, members, parent, depth, is_one=False)
            elif kind is str and len(value) <= max_chars:
                kept[key] = value
                waiting.append((kept, key, value, mode))
            elif kind is float or kind is bool or value is None:
                kept[key] = value
            else:
                self._value(kept, key, value, key, mode, depth=depth)
        return kept

    def _one_by_one(
        self, members: dict[Any, Any], parent: str, depth: int, *, are_people: bool
    ) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        is_one = are_people or is_about_one(members, ABOUT_ONE)
        self._dicts.append(kept)
        for key in list(members)[:MAX_MEMBERS]:
            self._any_member(kept, key, members, parent, depth, is_one=is_one)
        if isinstance(params := kept.get("params"), list):
            held = [(params, place) for place in range(len(params))]
            self._texts.with_cues(members.get("message"), held)
        elif TEMPLATE in members:
            names = (PARAMETER.format(number) for number in range(MAX_PARAMETERS))
            held = [_held(kept, name) for name in names if name in kept]
            self._texts.with_cues(_plain(members[TEMPLATE]), held)
        return kept

    def _any_member(
        self,
        kept: dict[str, Any],
        key: object,
        members: Mapping[Any, Any],
        parent: str,
        depth: int,
        *,
        is_one: bool,
    ) -> None:
        value, name = members[key], name_of(key)
        shown = self._notes.key(name)
        if depth == 1 and name == "_meta":
            kept["_meta"] = known_remarks(value, self._notes.key)
        elif depth == 1 and name == "transaction" and isinstance(value, str):
            self._texts.add(
                kept, name, value, STRUCTURE if places.is_route(value, members) else FREE
            )
        elif type(value) is str and name in places.STRUCTURE.get(parent, ()):
            self._texts.add(kept, shown, value, STRUCTURE)
        else:
            name = (told_name(members) or name) if name in VALUES else name
            self._member(kept, shown, name, value, parent, depth=depth, is_one=is_one)

    def _member(
        self,
        kept: dict[str, Any],
        key: str,
        name: str,
        value: object,
        parent: str,
        *,
        depth: int,
        is_one: bool,
    ) -> None:
        placed = self._placed.at(name, value, parent)
        if placed is not NOT_PLACED:
            if placed != value:
                self._notes.taken(kept, key, "policy")
            kept[key] = placed
        elif (rule := self._rule(name, parent, value, is_one=is_one)) is None:
            self._value(kept, key, value, name, mode_of(name), depth=depth)
        else:
            self._ruled(kept, key, name, rule, value, depth=depth)

    def _rule(self, name: str, parent: str, value: object, *, is_one: bool) -> str | None:
        policy = self._policy
        if name in policy.allowed_names:
            return None
        if name in policy.extra_secret_names:
            return SECRET
        value = value["value"] if isinstance(value, dict) and is_attribute(value) else value
        rule = PERSON if name in policy.extra_person_names else rule_for(name)
        if (parent, name) in IDENTITIES:
            rule = IDENTITY
        if rule is None and is_one:
            rule = rule_of_one(name, parent, value)
        if rule is None and isinstance(value, str):
            rule = self._rule_of_text(name, value)
        return None if rule in policy.switched_off else rule

    def _rule_of_text(self, name: str, value: str) -> str | None:
        """Return the rule for a text under a name that only together tell."""
        if name.endswith("key") and is_like_key(value):
            return SECRET
        may_be_name = name == "name" or is_of_people(name)
        return NAME if may_be_name and self._scanner.names.is_name_of(name, value) else None

    def _ruled(
        self, kept: Holder, key: Key, name: str, rule: str, value: object, *, depth: int
    ) -> None:
        """Put what may stay of a value under a telling name."""
        if isinstance(value, dict) and is_attribute(value):
            inner: dict[str, Any] = {}
            self._notes.remarks.child(kept, key, inner)
            self._ruled(inner, "value", name, rule, value["value"], depth=depth)
            is_other = isinstance(inner["value"], str) and inner["value"] != value["value"]
            kept[key] = inner | {"type": "string" if is_other else value.get("type")}
            self._notes.remarks.child(kept, key, kept[key])
        elif rule != SECRET and isinstance(value, dict | list | tuple):
            self._container_ruled(kept, key, name, rule, value, depth=depth + 1)
        elif is_harmless(name, rule, value) or (rule == IDENTITY and is_a_things(name, value)):
            self._value(kept, key, value, name, FREE, depth=depth)
        else:
            self._notes.take(kept, key, rule, value)

    def _container_ruled(
        self,
        kept: Holder,
        key: Key,
        name: str,
        rule: str,
        value: dict[Any, Any] | list[Any] | tuple[Any, ...],
        *,
        depth: int,
    ) -> None:
        """Put what may stay of everything in a container under a telling name: its members go by their own names first."""
        if not self._may_go_on(kept, key, value, depth):
            return
        inner: Holder = {} if isinstance(value, dict) else [None] * min(len(value), MAX_MEMBERS)
        self._notes.remarks.child(kept, key, inner)
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for place, member in list(members)[:MAX_MEMBERS]:
            own = rule_for(name_of(place)) if isinstance(value, dict) else None
            shown = self._notes.key(name_of(place)) if isinstance(value, dict) else place
            self._ruled(
                inner, shown, name_of(place) if own else name, own or rule, member, depth=depth
            )
        kept[key] = inner

    # Values

    def _value(
        self, kept: Holder, key: Key, value: object, name: str, mode: int, *, depth: int
    ) -> None:
        """Put what may stay of ``value`` into ``kept`` at ``key``."""
        if isinstance(value, str):
            self._texts.add(kept, key, str(value), mode)
        elif type(value) is int and 10**12 < value < 10**19 and checksums.card(str(value)):
            self._notes.take(kept, key, CARD, None)
        elif type(value) in _SCALARS:
            kept[key] = value
        elif isinstance(value, dict | list | tuple):
            self._container(kept, key, value, name, mode, depth=depth + 1)
        else:
            kept[key] = f"<{type(value).__name__}>"

    def _may_go_on(
        self,
        kept: Holder,
        key: Key,
        value: dict[Any, Any] | list[Any] | tuple[Any, ...],
        depth: int,
    ) -> bool:
        self._left_values -= min(len(value), MAX_MEMBERS)
        if depth <= MAX_DEPTH and self._left_values >= 0:
            return True
        self._notes.take(kept, key, "depth" if depth > MAX_DEPTH else "budget", None)
        return False

    def _container(
        self,
        kept: Holder,
        key: Key,
        value: dict[Any, Any] | list[Any] | tuple[Any, ...],
        name: str,
        mode: int,
        *,
        depth: int,
    ) -> None:
        if not self._may_go_on(kept, key, value, depth):
            return
        inner: Holder
        if not isinstance(value, dict):
            inner = self._elements(value[:MAX_MEMBERS], depth, name)
        elif name in PLACES:
            inner = somebody(value, self._notes, self._collected)
        elif mode == VERSION and is_attribute(value):
            inner = dict(value)
            self._value(inner, "value", inner["value"], name, mode, depth=depth)
        else:
            inner = self._members(value, name, depth)
        self._notes.remarks.child(kept, key, inner)
        kept[key] = inner

    def _elements(self, elements: list[Any] | tuple[Any, ...], depth: int, name: str) -> list[Any]:
        """Return the elements; one that is a telling name or flag says what the next one is."""
        kept: list[Any] = [None] * len(elements)
        before = ""
        for place, element in enumerate(elements):
            rule = (
                None
                if name == "params"
                else self._rule_of_element(before, element, name, place, len(elements))
            )
            if rule is not None:
                self._ruled(kept, place, before or name, rule, element, depth=depth)
            else:
                self._element(kept, place, element, depth, name)
            is_name = isinstance(element, str) and not _HEX.fullmatch(element)
            before = as_text(element) if is_name and IS_NAME.fullmatch(as_text(element)) else ""
        return kept

    def _rule_of_element(
        self, before: str, element: object, name: str, place: int, quantity: int
    ) -> str | None:
        text = as_text(element) if isinstance(element, str) else element
        rule = rule_for(before) if before else None
        if rule is None and before and place == 1 and quantity == 2 and isinstance(text, str):
            rule = self._rule(before, name, text, is_one=False)
        is_word = isinstance(element, str) and IS_NAME.fullmatch(element) is not None
        if rule is not None and is_word and rule_for(str(element)) == rule:
            return None  # a list of names
        may_be_name = rule is None and isinstance(text, str) and is_of_people(name)
        if may_be_name and self._scanner.names.is_name(str(text)):
            rule = NAME
        return None if rule in self._policy.switched_off else rule

    def _element(self, kept: list[Any], place: int, element: object, depth: int, name: str) -> None:
        if isinstance(element, str) and name in places.URLS and "?" in element:
            placed = self._placed.without_query(element)
            element = element if placed is NOT_PLACED else placed
        self._value(kept, place, element, name, mode_of(name), depth=depth)


def _plain(attribute: object) -> object:
    return attribute.get("value") if isinstance(attribute, dict) else attribute


def _held(holder: dict[str, Any], key: str) -> tuple[Holder, Key]:
    """Return where the value of an attribute stands."""
    inner = holder[key]
    return (inner, "value") if isinstance(inner, dict) and "value" in inner else (holder, key)
