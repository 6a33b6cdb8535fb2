"""One walk over one payload: names decide first, then every text that is left is looked through, with what was learnt."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from toolboxai.telemetry.privacy import checksums, places
from toolboxai.telemetry.privacy.echoes import Echoes
from toolboxai.telemetry.privacy.keys import is_of_people
from toolboxai.telemetry.privacy.modes import FREE, STRUCTURE, is_word
from toolboxai.telemetry.privacy.notes import Notes, Passed, Setting
from toolboxai.telemetry.privacy.numbers import CARD
from toolboxai.telemetry.privacy.placed import MAX_DEPTH, MAX_MEMBERS, NOT_PLACED, Placed
from toolboxai.telemetry.privacy.places import Place
from toolboxai.telemetry.privacy.plans import (
    ATTRIBUTES,
    PARAMETERS,
    TEMPLATE,
    TOP,
    Look,
    Plan,
    Plans,
    Told,
    mode_of,
)
from toolboxai.telemetry.privacy.remarks import Holder, Key, known_remarks
from toolboxai.telemetry.privacy.ruled import Container, Ruled
from toolboxai.telemetry.privacy.seen import MAX_SEEN_ELEMENTS
from toolboxai.telemetry.privacy.somebody import somebody
from toolboxai.telemetry.privacy.texts import Texts, has_any, unechoed
from toolboxai.telemetry.privacy.values import (
    IS_NAME,
    VALUES,
    is_about_one,
    name_of,
    told_name,
)
from toolboxai.telemetry.privacy.wrapped import as_text

MAX_VALUES = 100_000

# Numbers below this are no card's.
_LEAST_CARD = 10**12
_LEAST_OVER_CARDS = 10**19
# What can't tell anything.
_SILENT = frozenset({bool, float, type(None), datetime})
_SCALARS = _SILENT | {int}
# What says most comes first: an application's own facts may use up the budget. Who it was comes before all.
_FIRST = ("user", "type", "level", "transaction", "exception", "logentry", "message", "request")  # fmt: skip
_HEX = re.compile(r"[0-9a-fA-F-]{8,}")


class Walk:
    """One walk over one payload, or over the JSON that one of its texts holds, with the same ``echoes``."""

    def __init__(self, setting: Setting, plans: Plans, echoes: Echoes | None = None) -> None:
        self._setting, self._plans, self._seen = setting, plans, setting.seen
        self._known_plans = plans.known
        self._notes = Notes(setting, echoes)
        self._texts = Texts(self._notes, self._inside)
        self._placed = Placed(self._notes, plans.collected)
        self._ruled = Ruled(self._notes, plans, self)
        self._left_values = MAX_VALUES
        self._read_one_by_one: list[dict[str, Any]] = []

    def over(self, payload: dict[str, Any], *, is_event: bool) -> Passed:
        """Return what may leave of ``payload``; with ``is_event`` it says itself what was taken (``_meta``)."""
        first = {name: payload[name] for name in _FIRST if name in payload}
        holder: dict[str, dict[str, Any]] = {}
        self._members(holder, "payload", first | payload, TOP, 1)
        cleaned = holder["payload"]
        self._finish()
        if is_event:
            self._notes.remarks.put_on(cleaned, self._spelled)
        return Passed(cleaned, self._notes.redactions)

    def _inside(self, value: object, rules: list[str]) -> object:
        """Return JSON out of a text as another walk leaves it."""
        walk = Walk(self._setting, self._setting.of_pupils, self._notes.echoes)
        holder: dict[str, Any] = {}
        walk.put(holder, "json", value, "json", FREE, depth=1)
        walk._finish()
        for rule, quantity in walk._notes.redactions.items():
            rules += [rule] * quantity
        return holder["json"]

    def _finish(self) -> None:
        """Look through the texts, then take echoes out of names, too."""
        self._texts.look_through()
        if self._notes.echoes.all():
            self._take_out_of_names()

    def _spelled(self, names: Collection[str]) -> dict[str, str]:
        """Return what is left of those names in which an echo stands."""
        echoes = self._notes.echoes.within(names)
        return {name: unechoed(name, echoes) for name in names if has_any(name, echoes)}

    def _take_out_of_names(self) -> None:
        planned, others = self._texts.planned, self._read_one_by_one
        names = [plan.joined for plan in {plan for _, plan in planned}]
        echoes = self._notes.echoes.within([*names, *(key for one in others for key in one)])
        for members in [*(one for one, _ in planned), *others] if echoes else ():
            if any(has_any(key, echoes) for key in members):
                renamed = {unechoed(key, echoes): value for key, value in members.items()}
                members.clear()
                members.update(renamed)

    # Names

    def _members(
        self, holder: Holder, at: Key, members: dict[Any, Any], parent: str | None, depth: int
    ) -> None:
        """Put what may stay of a mapping into ``holder``: of one with a plan a copy in which only some members change."""
        kept = {**members}
        key = parent, tuple(kept)
        plan = self._known_plans.get(key) or self._plans.plan_of(key)
        if plan is None or depth > MAX_DEPTH or self._left_values < plan.size:
            if self.may_go_on(holder, at, members, depth):
                holder[at] = self._each(members, parent, depth)
            return
        self._left_values -= plan.size
        holder[at] = kept
        self._texts.planned.append((kept, plan))
        steps = self._attributes(kept, plan, depth) if parent == ATTRIBUTES else plan.looks
        for name, known, is_plain, told in steps:  # the common case, and most of the gate's time
            value = members[name]
            kind = type(value)
            if kind is str:
                if value not in known and not is_plain(value):
                    self._text(kept, told, value, members, depth)
            elif told.asks:
                self._ask(kept, name, told, value, members, depth=depth)
            elif kind is dict:
                self._members(kept, name, value, name, depth + 1)
            elif kind not in _SILENT and not (kind is int and value < _LEAST_CARD):
                self.put(kept, name, value, name, told.mode, depth=depth)
        if plan.has_cues:
            self._look_behind_cues(kept, members)

    def _attributes(self, kept: dict[str, Any], plan: Plan, depth: int) -> Sequence[Look]:
        """Put what may stay of those members that are a text with its type; return how to look at the others."""
        if depth >= MAX_DEPTH or self._left_values < 2 * plan.size:
            return plan.looks
        others = [told.look for told in plan.asked]
        for told, inner in plan.attributes:
            value, first = kept[told.name], inner.steps[0]
            is_pair = type(value) is dict and len(value) == 2
            text, kind = (value.get("value"), value.get("type")) if is_pair else (None, None)
            if type(text) is not str or type(kind) is not str or kind != "string":
                others.append(told.look)
                continue
            kept[told.name] = attribute = {**value}
            self._left_values -= 2
            self._texts.planned.append((attribute, inner))
            if text not in first.known and not first.is_plain(text):
                self._text(attribute, first, text, value, depth + 1)
        return others

    def _text(
        self, kept: dict[str, Any], told: Told, text: str, members: Mapping[Any, Any], depth: int
    ) -> None:
        if told.asks_text:
            self._ask(kept, told.name, told, text, members, depth=depth)
        elif is_word(text):
            told.known.remember(text)
        else:
            self._texts.add(kept, told.name, text, told.mode)

    def _each(self, members: dict[Any, Any], parent: str | None, depth: int) -> dict[str, Any]:
        """Return what may stay of members whose names no plan was made for."""
        kept: dict[str, Any] = {}
        is_one = is_about_one(members) or is_of_people(parent or "")
        self._read_one_by_one.append(kept)
        for key in list(members)[:MAX_MEMBERS]:
            value, name = members[key], name_of(key)
            shown = self._notes.key(name)
            told = self._plans.told(name, parent, is_one=is_one)
            if type(value) is str and told.mode == STRUCTURE and not told.asks_text:
                self._texts.add(kept, shown, value, STRUCTURE)
                continue
            if name in VALUES and (other := told_name(members)):
                told = self._plans.told(other, parent, is_one=is_one)
            self._ask(kept, shown, told, value, members, depth=depth)
        self._look_behind_cues(kept, members)
        return kept

    def _look_behind_cues(self, kept: dict[str, Any], members: Mapping[Any, Any]) -> None:
        if isinstance(params := kept.get("params"), list):
            held = [(params, place) for place in range(len(params))]
            self._texts.with_cues(members.get("message"), held)
        elif TEMPLATE in members:
            held = [_held(kept, name) for name in PARAMETERS if name in kept]
            self._texts.with_cues(_plain(members[TEMPLATE]), held)

    def _ask(
        self,
        kept: dict[str, Any],
        key: str,
        told: Told,
        value: object,
        members: Mapping[Any, Any],
        *,
        depth: int,
    ) -> None:
        """Put what may stay of a value whose name alone doesn't say that."""
        if told.place is Place.META:
            kept[key] = known_remarks(value, self._notes.key)
        elif told.place is Place.TRANSACTION and isinstance(value, str):
            is_route = places.is_route(value, members)
            self._texts.add(kept, key, value, STRUCTURE if is_route else FREE)
        elif told.place and (placed := self._placed.at(told.place, value)) is not NOT_PLACED:
            if placed != value:
                self._notes.taken(kept, key, "policy")
            kept[key] = placed
        else:
            rule = self._ruled.rule_of(told, value)
            if rule is None:
                self.put(kept, key, value, told.name, told.mode, depth=depth)
            else:
                self._ruled.put(kept, key, told.spoken, rule, value, depth=depth)
            self._remember_answer(told, value, kept[key])

    def _remember_answer(self, told: Told, value: object, left: object) -> None:
        """Ask no more of a text that was only put where it stands, and that was looked at and left before."""
        is_left = type(value) is str and told.mode == FREE and left == value
        if is_left and value in self._seen.plain[FREE]:
            told.known.remember(str(value))

    # Values

    def put(
        self, kept: Holder, key: Key, value: object, name: str, mode: int, *, depth: int
    ) -> None:
        """Put what may stay of ``value`` into ``kept`` at ``key``."""
        if isinstance(value, str):
            self._texts.add(kept, key, str(value), mode)
        elif (
            type(value) is int
            and _LEAST_CARD < value < _LEAST_OVER_CARDS
            and checksums.card(str(value))
        ):
            self._notes.take(kept, key, CARD, None)
        elif type(value) in _SCALARS:
            kept[key] = value
        elif isinstance(value, dict | list | tuple):
            self._container(kept, key, value, name, depth=depth + 1)
        else:
            kept[key] = f"<{type(value).__name__}>"

    def may_go_on(self, kept: Holder, key: Key, value: Container, depth: int) -> bool:
        """Say whether a container may be looked into; if not, it is taken."""
        self._left_values -= min(len(value), MAX_MEMBERS)
        if depth <= MAX_DEPTH and self._left_values >= 0:
            return True
        self._notes.take(kept, key, "depth" if depth > MAX_DEPTH else "budget", None)
        return False

    def _container(
        self, kept: Holder, key: Key, value: Container, name: str, *, depth: int
    ) -> None:
        if isinstance(value, dict) and name not in places.USERS:
            self._members(kept, key, value, name, depth)
        elif not self.may_go_on(kept, key, value, depth):
            return
        elif isinstance(value, dict):
            kept[key] = somebody(value, self._notes, self._plans.collected)
        else:
            kept[key] = self._elements(value[:MAX_MEMBERS], depth, name)

    def _elements(self, elements: list[Any] | tuple[Any, ...], depth: int, name: str) -> list[Any]:
        kinds = set(map(type, elements))
        if kinds == {dict} and name not in places.USERS:
            kept: list[Any] = [None] * len(elements)
            for place, element in enumerate(elements):
                self._members(kept, place, element, name, depth + 1)
            return kept
        if kinds == {str} and (name, tuple(elements)) in self._seen.lists:
            kept = list(elements)
            self._texts.lists.append((kept, mode_of(name)))
            return kept
        return self._each_element(elements, depth, name, are_texts=kinds == {str})

    def _each_element(
        self, elements: list[Any] | tuple[Any, ...], depth: int, name: str, *, are_texts: bool
    ) -> list[Any]:
        """Return the elements; one that is a telling name or flag says what the next one is."""
        kept: list[Any] = [None] * len(elements)
        before, ruled = "", 0
        for place, element in enumerate(elements):
            is_second_of_two = place == 1 and len(elements) == 2
            rule = None
            if name != "params":
                rule = self._ruled.rule_of_element(
                    before, element, name, is_second_of_two=is_second_of_two
                )
            if rule is not None:
                ruled += 1
                self._ruled.put(kept, place, before or name, rule, element, depth=depth)
            else:
                self._element(kept, place, element, depth, name)
            is_name = isinstance(element, str) and not _HEX.fullmatch(element)
            before = as_text(element) if is_name and IS_NAME.fullmatch(as_text(element)) else ""
        if are_texts and not ruled and kept == list(elements):
            self._remember(name, tuple(kept))
        return kept

    def _remember(self, name: str, texts: tuple[str, ...]) -> None:
        """Remember a list of texts, all of which were looked at and left before."""
        if len(texts) <= MAX_SEEN_ELEMENTS and self._seen.plain[mode_of(name)].issuperset(texts):
            self._seen.lists.remember((name, texts))

    def _element(self, kept: list[Any], place: int, element: object, depth: int, name: str) -> None:
        if isinstance(element, str) and name in places.URLS and "?" in element:
            placed = self._placed.without_query(element)
            element = element if placed is NOT_PLACED else placed
        self.put(kept, place, element, name, mode_of(name), depth=depth)


def _plain(attribute: object) -> object:
    return attribute.get("value") if isinstance(attribute, dict) else attribute


def _held(holder: dict[str, Any], key: str) -> tuple[Holder, Key]:
    """Return where the value of an attribute stands."""
    inner = holder[key]
    return (inner, "value") if isinstance(inner, dict) and "value" in inner else (holder, key)
