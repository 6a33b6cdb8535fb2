"""One walk over one payload: names decide first, then every text that is left is looked through, with what was learnt."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from re import compile as pattern
from typing import Any
from urllib.parse import unquote_plus

import orjson

from toolboxai.telemetry.privacy import checksums, places
from toolboxai.telemetry.privacy.echoes import Echoes, Needle, without_echoes
from toolboxai.telemetry.privacy.keys import (
    BANK,
    IDENTITY,
    NAME,
    NATIONAL,
    OF_PEOPLE,
    PERSON,
    RESULT,
    SECRET,
    is_of_people,
    rule_for,
    tells_nothing,
    words_of,
)
from toolboxai.telemetry.privacy.markers import IS_MARKER, is_ours, marker
from toolboxai.telemetry.privacy.named import is_plausible
from toolboxai.telemetry.privacy.numbers import CARD
from toolboxai.telemetry.privacy.policy import Collect, Collected, Policy
from toolboxai.telemetry.privacy.pseudonyms import IS_PSEUDONYM, UNKNOWN, Pseudonym
from toolboxai.telemetry.privacy.remarks import Remarks, known_remarks
from toolboxai.telemetry.privacy.shapes import shape_of
from toolboxai.telemetry.privacy.text import Scanner
from toolboxai.telemetry.privacy.wrapped import as_text

MAX_DEPTH = 24
MAX_MEMBERS = 10_000
MAX_VALUES = 100_000
MAX_LOOKED_AT_CHARS = 1_000_000
MAX_JSON_CHARS = 8_192
MAX_CLEAN_TEXTS = 5_000
MAX_CLEAN_TEXT_CHARS = 200
MIN_ID_CHARS = 3

FREE, SOURCE, STRUCTURE, VERSION, ASK = 0, 1, 2, 3, 4
Plan = tuple[tuple[str, int], ...]
MAX_PLANNED = 64
_CUED = frozenset({"params", "sentry.message.template", "_meta"})
# Ids, times and numbers that a text consists of: there is nothing to find, but they may be an echo.
_HARMLESS = pattern(
    r"(?=[0-9]*[a-f])[0-9a-f]{8,64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.]{0,10}(?:Z|[+-]\d\d:\d\d)?"
    r"|-?\d{1,5}(?:\.\d{1,3})?|[a-z]{1,12}|p1_[a-z2-7]{26}"
)
_VERSIONS = frozenset({"version", "versions", "browser", "ver", "build", "agent", "runtime"})

_SCALARS = frozenset({bool, int, float, type(None), datetime})
_FIRST = (
    "user",
    "type",
    "level",
    "transaction",
    "contexts",
    "tags",
    "exception",
    "logentry",
    "message",
    "request",
)
_NAMING, _VALUES = (
    ("name", "key", "field", "header"),
    frozenset({"value", "values", "val", "input"}),
)
_NAME = pattern(r"-{0,2}[^\W\d_][\w.-]{0,63}")
_HEX = pattern(r"[0-9a-fA-F-]{8,}")
_PLAIN_KEY = pattern(r"[a-z]{1,20}(?:[._-][a-z]{1,20}){0,6}")
_ID = pattern(r"[^\s\[\]{}()<>\"]{1,128}")
_PLACEHOLDER = pattern(
    r"%(?:\(\w+\))?[-+ #0]*\d*(?:\.\d+)?[srdifxa]|\{\w*(?:![rsa])?(?::[^{}]*)?\}"
)
# Of a user only these; whatever else an application says of one is a person's.
_SCORE = pattern(r"\d{1,3}(?:[.,]\d{1,2})?\s?(?:%|/\s?\d{1,3}|points?|percent)?|[A-FU][+*-]?")
_RAW_PATH = pattern(r"\d{4}|%[0-9A-Fa-f]{2}|\?")
_MAY_BE_WRAPPED = pattern(
    r"[%\\&]|\w\+\w|(?<![\w/+-])(?=[\w/+-]*[a-z][A-Z])[\w/+-]{12}|[0-9a-f]{14}"
)
_ASKED = pattern(r"[A-Z]{3,9} /\S*|[\w.]+ [\w./{}-]+")
_USER_NAMES = frozenset({"id", "role", "segment", "grade_band", "gradeBand", "roles"})
_USER_FALLBACKS = ("username", "email", "name")
_ROLE = pattern(r"[A-Za-z][\w -]{0,31}|\d{1,2}\s?[-–]\s?\d{1,2}|[Kk]\s?[-–]\s?\d{1,2}|\d{1,2}")
_USER_PLACES = frozenset({"user", "usr"})
_ABOUT_ONE = frozenset({NAME, "email", "birth-date", "phone", "health"})


@dataclass(frozen=True, slots=True)
class Passed:
    """What may leave, and how often each rule bit."""

    payload: dict[str, Any]
    redactions: Mapping[str, int]


class Seen:
    """Texts that nothing was found in, and how to look at mappings by their names: most come again and again."""

    def __init__(self) -> None:
        self.texts: set[str] = set()
        self.structure: set[str] = set()
        self.plans: dict[tuple[str, tuple[Any, ...]], Plan] = {}

    def forget_if_too_much(self) -> None:
        """Begin anew rather than grow."""
        for known in (self.texts, self.structure, self.plans):
            if len(known) > MAX_CLEAN_TEXTS:
                known.clear()


@dataclass(frozen=True, slots=True)
class Setting:
    """What all walks of one gate share."""

    scanner: Scanner
    pseudonym: Pseudonym
    policy: Policy
    max_string_chars: int
    seen: Seen


class Walk:
    """One walk over one payload."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._scanner, self._seen, self._policy = setting.scanner, setting.seen, setting.policy
        self._redactions: dict[str, int] = {}
        self._echoes = Echoes()
        self._remarks = Remarks()
        self._left_chars = MAX_LOOKED_AT_CHARS
        self._left_values = MAX_VALUES
        # Texts that are looked through when every name has been read: where they stand, and how to look.
        self._texts: list[tuple[Any, Any, str, int]] = []
        self._dicts: list[dict[str, Any]] = []
        self._collected: Collected = setting.policy.pupil

    def over(self, payload: dict[str, Any], *, is_event: bool) -> Passed:
        """Return what may leave of ``payload``; with ``is_event`` it says itself what was taken (``_meta``)."""
        self._collected = self._policy.collected_of(_role_of(payload))
        # What says most comes first: an application's own facts may use up the budget.
        first = {name: payload[name] for name in _FIRST if name in payload}
        cleaned = self._members(first | payload, "", 1)
        self._look_through()
        if is_event:
            self._remarks.put_on(cleaned, self._without_echoes)
        return Passed(cleaned, self._redactions)

    # The names

    def _members(
        self, members: dict[Any, Any], parent: str, depth: int, *, are_people: bool = False
    ) -> dict[str, Any]:
        names = tuple(members)
        plan = self._seen.plans.get((parent, names))
        if plan is None:
            plan = self._seen.plans[parent, names] = self._plan(members, parent)
        if not plan:
            return self._one_by_one(members, parent, depth, are_people=are_people)
        kept: dict[str, Any] = {}
        self._dicts.append(kept)
        texts, max_chars = self._texts, self._setting.max_string_chars
        for key, mode in plan:
            value = members[key]
            kind = type(value)
            if mode == ASK:
                self._any_member(kept, key, value, members, parent, depth, is_one=False)
            elif kind is str and len(value) <= max_chars:
                kept[key] = value
                texts.append((kept, key, value, mode))
            elif kind is float or kind is bool or value is None:
                kept[key] = value
            else:
                self._value(kept, key, value, depth, key, mode)
        return kept

    def _plan(self, members: dict[Any, Any], parent: str) -> Plan:
        """Return how to look at each member of a mapping with these names; nothing if they have to be read one by one."""
        told = not _VALUES.isdisjoint(members) and not _is_attribute(members)
        is_alike = all(type(name) is str and _PLAIN_KEY.fullmatch(name) for name in members)
        if told or not is_alike or not parent or is_of_people(parent) or len(members) > MAX_PLANNED:
            return ()
        if _is_about_one(members) or not _CUED.isdisjoint(members):
            return ()
        return tuple((name, self._mode(name, parent)) for name in members)

    def _mode(self, name: str, parent: str) -> int:
        """Return how to look at what stands under a name below ``parent``, if the name alone says so; else ``ASK``."""
        if name in places.STRUCTURE.get(parent, ()):
            return STRUCTURE
        policy = self._policy
        is_free = (
            rule_for(name) is None
            and not is_of_people(name)
            and name not in OF_PEOPLE
            and not name.endswith("key")
            and not places.is_decided_by_policy(name, parent)
            and name not in policy.extra_secret_names | policy.extra_person_names
        )
        if not is_free:
            return ASK
        return VERSION if _VERSIONS.intersection(words_of(name)) else _mode_of(name)

    def _one_by_one(
        self, members: dict[Any, Any], parent: str, depth: int, *, are_people: bool
    ) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        is_one = are_people or _is_about_one(members)
        self._dicts.append(kept)
        for key, value in list(members.items())[:MAX_MEMBERS]:
            self._any_member(kept, key, value, members, parent, depth, is_one=is_one)
        if "params" in members:
            self._with_cues(members.get("message"), kept.get("params"))
        elif "sentry.message.template" in members:
            numbered = ((f"sentry.message.parameter.{number}", kept) for number in range(32))
            places_of = [(_held(holder, key)) for key, holder in numbered if key in holder]
            self._with_cues(_plain(members["sentry.message.template"]), places_of)
        return kept

    def _any_member(
        self,
        kept: dict[str, Any],
        key: object,
        value: object,
        members: Mapping[Any, Any],
        parent: str,
        depth: int,
        *,
        is_one: bool,
    ) -> None:
        name = key if type(key) is str else f"<{type(key).__name__}>"
        shown = self._key(name)
        if depth == 1 and name == "_meta":
            kept["_meta"] = known_remarks(value, self._key)
        elif depth == 1 and name == "transaction" and isinstance(value, str):
            self._defer(kept, name, value, STRUCTURE if _is_route(value, members) else FREE)
        elif type(value) is str and name in places.STRUCTURE.get(parent, ()):
            self._defer(kept, shown, value, STRUCTURE)
        else:
            name = (_told_name(members) or name) if name in _VALUES else name
            self._member(kept, shown, name, value, parent, depth, is_one=is_one)

    def _key(self, name: str) -> str:
        if name in self._seen.texts:
            return name
        if len(name) > self._setting.max_string_chars:
            name = name[: self._setting.max_string_chars] + "…"
        looked_at = name if _PLAIN_KEY.fullmatch(name) else self._scanner.look(name, self._found)
        if looked_at == name and len(name) <= MAX_CLEAN_TEXT_CHARS:
            self._seen.texts.add(name)
        return looked_at

    def _member(
        self,
        kept: dict[str, Any],
        key: str,
        name: str,
        value: object,
        parent: str,
        depth: int,
        *,
        is_one: bool,
    ) -> None:
        placed = self._placed(name, value, parent, depth)
        if placed is not _NOT_PLACED:
            if placed != value:
                self._found("policy")
                self._remarks.note(kept, key, "policy")
            self._remarks.child(kept, key, placed)
            kept[key] = placed
            return
        rule = self._rule(name, parent, value, is_one=is_one)
        if rule is None:
            self._value(
                kept,
                key,
                value,
                depth,
                name,
                VERSION if _VERSIONS.intersection(words_of(name)) else _mode_of(name),
            )
        else:
            self._ruled(kept, key, name, rule, value, depth)

    def _rule(self, name: str, parent: str, value: object, *, is_one: bool) -> str | None:
        is_people = is_of_people(parent)
        if name in self._policy.allowed_names:
            return None
        if name in self._policy.extra_secret_names:
            return SECRET
        if name in self._policy.extra_person_names:
            return PERSON
        rule = rule_for(name)
        if isinstance(value, dict) and _is_attribute(value):
            value = value["value"]
        if rule is None and is_one and name in OF_PEOPLE and not isinstance(value, dict | list):
            rule = OF_PEOPLE[name]
            if (rule == "address" and not isinstance(value, str)) or (
                rule == RESULT and not _SCORE.fullmatch(str(value))
            ):
                return None
            if not is_people and rule in {PERSON, "address"}:
                return None
        if rule is None and isinstance(value, str):
            if name == "name" or is_of_people(name):
                is_told = is_one and name == "name"
                return NAME if is_told or self._scanner.names.is_name_of(name, value) else None
            if name.endswith("key") and _is_like_key(value):
                return SECRET
            if is_one and name == "grade" and value[:1] in "ABCDEFU" and len(value) < 3:
                return RESULT
        return rule if rule not in self._policy.switched_off else None

    def _ruled(self, kept: Any, key: Any, name: str, rule: str, value: object, depth: int) -> None:
        """Keep what may stay of a value under a telling name."""
        if type(value) is dict and _is_attribute(value):
            inner: dict[str, Any] = {}
            self._remarks.child(kept, key, inner)
            self._ruled(inner, "value", name, rule, value["value"], depth)
            inner["type"] = (
                "string"
                if isinstance(inner["value"], str) and inner["value"] != value["value"]
                else value.get("type")
            )
            kept[key] = inner
        elif rule != SECRET and isinstance(value, dict | list | tuple):
            self._container_ruled(kept, key, name, rule, value, depth + 1)
        elif _is_harmless(name, rule, value) or (rule == IDENTITY and _is_a_things(name, value)):
            self._value(kept, key, value, depth, name, FREE)
        else:
            self._take(kept, key, rule, value)

    def _container_ruled(
        self, kept: Any, key: Any, name: str, rule: str, value: Any, depth: int
    ) -> None:
        if depth > MAX_DEPTH:
            self._take(kept, key, "depth", None)
            return
        inner: Any = {} if isinstance(value, dict) else []
        self._remarks.child(kept, key, inner)
        if isinstance(value, dict):
            for place, member in list(value.items())[:MAX_MEMBERS]:
                known = str(place) if type(place) is str else f"<{type(place).__name__}>"
                own = rule_for(known) or rule
                self._ruled(
                    inner, self._key(known), known if own != rule else name, own, member, depth
                )
        else:
            for place, member in enumerate(value[:MAX_MEMBERS]):
                inner.append(None)
                self._ruled(inner, place, name, rule, member, depth)
        kept[key] = inner

    def _take(self, kept: Any, key: Any, rule: str, value: object) -> None:
        for text in _texts(value):
            self._echoes.remember(rule, as_text(text), is_alone=isinstance(value, str | int))
        self._found(rule)
        self._remarks.note(kept, key, rule)
        is_id = rule == IDENTITY and type(value) in {str, int} and _ID.fullmatch(str(value))
        kept[key] = self._setting.pseudonym(str(value)) if is_id else marker(rule)

    # The values

    def _value(self, kept: Any, key: Any, value: object, depth: int, name: str, mode: int) -> None:
        """Put what may stay of ``value`` into ``kept`` at ``key``."""
        kind = type(value)
        if isinstance(value, str):
            self._defer(kept, key, str(value), mode)
        elif kind is int:
            kept[key] = self._number(kept, key, value)  # type: ignore[arg-type]
        elif kind in _SCALARS:
            kept[key] = value
        elif kind is dict and mode == VERSION and _is_attribute(value):  # type: ignore[arg-type]
            inner = dict(value)  # type: ignore[call-overload]
            self._remarks.child(kept, key, inner)
            self._value(inner, "value", inner["value"], depth, name, mode)
            kept[key] = inner
        elif isinstance(value, dict | list | tuple):
            self._container(kept, key, value, depth + 1, name)
        else:
            kept[key] = f"<{kind.__name__}>"

    def _number(self, kept: Any, key: Any, value: int) -> object:
        if value > 10**12 and value < 10**19 and checksums.card(str(value)):
            self._found(CARD)
            self._remarks.note(kept, key, CARD)
            return marker(CARD)
        return value

    def _container(self, kept: Any, key: Any, value: Any, depth: int, name: str) -> None:
        self._left_values -= min(len(value), MAX_MEMBERS)
        if depth > MAX_DEPTH or self._left_values < 0:
            self._take(kept, key, "depth" if depth > MAX_DEPTH else "budget", None)
            return
        inner: Any
        if isinstance(value, dict):
            if name in _USER_PLACES:
                inner = self._somebody(value, depth)
            else:
                inner = self._members(value, name, depth, are_people=is_of_people(name))
        else:
            inner = self._elements(value[:MAX_MEMBERS], depth, name)
        self._remarks.child(kept, key, inner)
        kept[key] = inner

    def _elements(self, elements: Any, depth: int, name: str) -> list[Any]:
        """Return the elements; one that is a telling name or flag says what the next one is."""
        kept: list[Any] = []
        before: object = None
        are_pairs = name != "params"
        mode, people = _mode_of(name), is_of_people(name)
        for place, element in enumerate(elements):
            kept.append(None)
            is_hex = isinstance(before, str) and _HEX.fullmatch(before) is not None
            before = as_text(before) if isinstance(before, str) and not is_hex else None
            rule = (
                rule_for(before)
                if are_pairs and isinstance(before, str) and _NAME.fullmatch(before)
                else None
            )
            if (
                are_pairs
                and rule is None
                and place == 1
                and len(elements) == 2
                and isinstance(before, str)
                and isinstance(element, str)
            ):
                rule = self._rule(before, name, as_text(element), is_one=False)
            if (
                rule is not None
                and isinstance(element, str)
                and rule_for(element) == rule
                and _NAME.fullmatch(element)
            ):
                rule = None  # a list of names
            if (
                rule is None
                and people
                and isinstance(element, str)
                and self._scanner.names.is_name(element)
            ):
                rule = NAME
            if rule is not None:
                self._ruled(kept, place, str(before), rule, element, depth)
            elif isinstance(element, dict):
                self._container(kept, place, element, depth + 1, name)
            elif isinstance(element, str) and name in places.URLS and "?" in element:
                placed = self._without_query(element)
                self._value(
                    kept, place, element if placed is _NOT_PLACED else placed, depth, name, mode
                )
            else:
                self._value(kept, place, element, depth, name, mode)
            before = element
        return kept

    def _somebody(self, members: dict[Any, Any], depth: int) -> dict[str, Any]:
        """Return what may be told of somebody: a pseudonym, and what many have in common."""
        kept: dict[str, Any] = {}
        may_tell = self._collected.identity is Collect.SCANNED
        for key, value in list(members.items())[:MAX_MEMBERS]:
            name = str(key) if type(key) is str else f"<{type(key).__name__}>"
            if name == "id":
                kept["id"] = self._identity(kept, "id", value)
            elif name in _USER_NAMES and _ROLE.fullmatch(str(value)):
                kept[name] = value
            elif name == "data" and isinstance(value, dict):
                told = {
                    inner: it
                    for inner, it in value.items()
                    if inner in _USER_NAMES and inner != "id" and _ROLE.fullmatch(str(it))
                }
                if told:
                    kept["data"] = told
                self._forget(value, set(told))
            elif (
                may_tell
                and name in {"username", "email", "name", "ip_address"}
                and isinstance(value, str)
            ):
                kept[name] = value
            else:
                self._forget({name: value}, set())
        if kept.get("id") is None:
            fallback = next((members[name] for name in _USER_FALLBACKS if members.get(name)), None)
            if type(fallback) in {str, int}:
                kept["id"] = self._identity(kept, "id", fallback)
        del depth
        return kept

    def _forget(self, members: Mapping[str, Any], but: set[str]) -> None:
        """Remember what is left out of a user, so that it is found elsewhere."""
        for name, value in members.items():
            if name in but:
                continue
            rule = rule_for(str(name)) or (OF_PEOPLE.get(str(name)) or PERSON)
            self._found(PERSON)
            for text in _texts(value):
                if rule == PERSON and self._scanner.names.is_name_of(str(name), text):
                    rule = NAME
                if rule in _ABOUT_ONE or rule in {IDENTITY, SECRET, "ip", "address"}:
                    self._echoes.remember(rule, text, is_alone=isinstance(value, str | int))

    def _identity(self, kept: Any, key: Any, value: object) -> object:
        if (
            type(value) not in {str, int}
            or IS_PSEUDONYM.fullmatch(str(value))
            or value in {UNKNOWN, ""}
            or is_ours(str(value))
        ):
            return value if type(value) in {str, int, type(None)} else marker(IDENTITY)
        self._found("pseudonym")
        self._remarks.note(kept, key, "pseudonym")
        if len(str(value)) >= MIN_ID_CHARS:
            self._echoes.remember(IDENTITY, str(value))
        return self._setting.pseudonym(str(value))

    # The places

    def _placed(self, name: str, value: object, parent: str, depth: int) -> object:
        """Return what the policy leaves of a value for where it stands; ``_NOT_PLACED`` when it says nothing about it."""
        if places.SQL_PARAMETERS.fullmatch(name) or (name == "params" and parent == "data"):
            return self._reduced(self._collected.sql_parameters, value, "sql-parameters")
        if places.PROMPTS.fullmatch(name):
            return self._reduced(self._collected.prompts, value, "prompts")
        if name in places.URLS and isinstance(value, str) and ("?" in value or "#" in value):
            return self._without_query(value)
        if name in places.QUERY and (parent == places.REQUEST or name != "query"):
            return self._query(value)
        if parent != places.REQUEST:
            if name == places.VARIABLES and self._collected.local_variables is not Collect.SCANNED:
                return self._reduced(self._collected.local_variables, value, "variables")
            return _NOT_PLACED
        if name == "cookies":
            return self._reduced(self._collected.cookies, value, "cookies")
        if name in places.BODIES:
            return self._body(value)
        if name == "headers":
            return self._headers(value, depth)
        return _NOT_PLACED

    def _reduced(self, collect: Collect, value: object, rule: str) -> object:
        if collect is Collect.SCANNED or value in (None, "", {}, []):
            return _NOT_PLACED
        if isinstance(value, dict) and _is_attribute(value):
            return {"value": self._reduced(collect, value["value"], rule), "type": "string"}
        if collect is Collect.OFF:
            for name, text in _pairs(value):
                self._echoes.remember(
                    rule_for(name) or SECRET, text, is_alone=rule_for(name) is not None
                )
            if isinstance(value, dict):
                return {self._key(str(key)): marker(rule) for key in list(value)[:MAX_MEMBERS]}
            return value if isinstance(value, str) and is_ours(value) else marker(rule)
        if isinstance(value, dict):
            return {
                self._key(str(key)): shape_of(member)
                for key, member in list(value.items())[:MAX_MEMBERS]
            }
        return shape_of(value)

    def _query(self, value: object) -> object:
        if self._collected.query is Collect.SCANNED:
            return _NOT_PLACED
        if isinstance(value, str):
            return self._shaped_query(value)
        if isinstance(value, dict):
            return self._shaped(value, 0)
        if isinstance(value, list | tuple):
            return [
                [self._key(str(pair[0])), self._shaped_value(str(pair[0]), pair[1], 0)]
                if isinstance(pair, list | tuple) and len(pair) == 2
                else shape_of(pair)
                for pair in value[:MAX_MEMBERS]
            ]
        return _NOT_PLACED

    def _shaped_query(self, query: str) -> str:
        parts = []
        for part in query[: self._setting.max_string_chars].split("&"):
            name, sign, text = part.partition("=")
            shown = (
                self._key(unquote_plus(name))
                if sign
                else shape_of(self._key(unquote_plus(name)) and name)
                if not _NAME.fullmatch(name) and not is_ours(name)
                else name
            )
            parts.append(
                f"{shown}={self._shaped_value(unquote_plus(name), unquote_plus(text), 0)}"
                if sign
                else str(shown)
            )
        return "&".join(parts)

    def _without_query(self, url: str) -> object:
        if self._collected.query is Collect.SCANNED:
            return _NOT_PLACED
        rest, sign, fragment = url.partition("#")
        path, asked, query = rest.partition("?")
        cleaned = self._scanner.look(path[: self._setting.max_string_chars], self._found)
        shown = f"{cleaned}{asked}{self._shaped_query(query) if asked else ''}"
        if not sign:
            return shown
        is_plain = (
            _NAME.fullmatch(fragment) is not None or is_ours(fragment) or fragment.startswith("/")
        )
        return f"{shown}#{self._scanner.look(fragment, self._found) if is_plain else shape_of(fragment)}"

    def _body(self, value: object) -> object:
        if self._collected.bodies is Collect.SCANNED:
            return _NOT_PLACED
        if isinstance(value, str):
            parsed = _parsed(value)
            if isinstance(parsed, dict | list):
                value = parsed
            elif "=" in value and not is_ours(value) and " " not in value:
                return self._shaped_query(value)
        if self._collected.bodies is Collect.OFF:
            return marker("body")
        if isinstance(value, dict):
            return self._shaped(value, 0)
        if isinstance(value, list | tuple):
            return [self._shaped_value("", member, 1) for member in value[:50]]
        return shape_of(value)

    def _shaped(self, members: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        return {
            self._key(str(key)): self._shaped_value(str(key), value, depth)
            for key, value in list(members.items())[:MAX_MEMBERS]
        }

    def _shaped_value(self, name: str, value: object, depth: int) -> object:
        rule = rule_for(name)
        if (
            rule is not None
            and not _is_harmless(name, rule, value)
            and not isinstance(value, dict | list)
        ):
            for text in _texts(value):
                self._echoes.remember(rule, text)
            self._found(rule)
            return value if isinstance(value, str) and is_ours(value) else marker(rule)
        if isinstance(value, dict) and depth < MAX_DEPTH:
            return self._shaped(value, depth + 1)
        if isinstance(value, list) and depth < MAX_DEPTH:
            return [self._shaped_value(name, member, depth + 1) for member in value[:50]]
        is_technical = name.lower() in places.TECHNICAL or name in self._policy.allowed_names
        if isinstance(value, str) and (places.HARMLESS_VALUE.fullmatch(value) or is_ours(value)):
            return value
        if isinstance(value, str) and is_technical:
            return self._scanner.look(value[: self._setting.max_string_chars], self._found)
        if isinstance(value, int | float) and is_technical:
            return value
        if isinstance(value, str):
            self._remember_name(name, value)
        return shape_of(value)

    def _headers(self, value: object, depth: int) -> object:
        if self._collected.headers is Collect.SCANNED:
            return _NOT_PLACED
        if isinstance(value, dict):
            return {
                self._key(str(key)): self._header(str(key), header)
                for key, header in list(value.items())[:MAX_MEMBERS]
            }
        if isinstance(value, list | tuple):
            return [
                [self._key(str(pair[0])), self._header(str(pair[0]), pair[1])]
                if isinstance(pair, list | tuple) and len(pair) == 2
                else shape_of(pair)
                for pair in value[:MAX_MEMBERS]
            ]
        del depth
        return _NOT_PLACED

    def _header(self, name: str, value: object) -> object:
        if isinstance(value, list | tuple):
            return [self._header(name, one) for one in value[:50]]
        rule = rule_for(name)
        if rule is not None and not _is_harmless(name, rule, value):
            if isinstance(value, str) and not is_ours(value):
                self._echoes.remember(rule, value)
                self._found(rule)
            return value if isinstance(value, str) and is_ours(value) else marker(rule)
        if not isinstance(value, str):
            return shape_of(value)
        lowered = name.lower().removeprefix("http_").replace("_", "-")
        if (
            lowered in places.HARMLESS_HEADERS
            or lowered in places.TECHNICAL
            or places.HARMLESS_VALUE.fullmatch(value)
        ):
            placed = (
                self._without_query(value)
                if "?" in value and lowered in {"referer", "origin", "location"}
                else _NOT_PLACED
            )
            return (
                placed
                if placed is not _NOT_PLACED
                else self._scanner.look(value[: self._setting.max_string_chars], self._found)
            )
        self._remember_name(name, value)
        return shape_of(value)

    def _remember_name(self, name: str, value: str) -> None:
        """Remember what is reduced to its shape, if it reads like somebody's name."""
        text = as_text(value)
        if self._scanner.names.is_name(text) or (
            is_of_people(name) and self._scanner.names.is_name_of(name, text)
        ):
            self._echoes.remember(NAME, text)

    # The texts

    def _defer(self, kept: Any, key: Any, text: str, mode: int) -> None:
        if len(text) > self._setting.max_string_chars:
            text = text[: self._setting.max_string_chars] + "…"
        kept[key] = text
        self._texts.append((kept, key, text, mode))

    def _with_cues(self, template: object, params: Any) -> None:
        """Look at each parameter of a message behind the words that stand before its place in it.

        ``params`` are the values themselves, or where each stands: container and key.
        """
        if not isinstance(template, str) or not isinstance(params, list):
            return
        held = [
            one if isinstance(one, tuple) else (params, place) for place, one in enumerate(params)
        ]
        position, before = 0, ""
        for match, (holder, key) in zip(_PLACEHOLDER.finditer(template), held, strict=False):
            before += template[position : match.start()]
            position = match.end()
            value = holder[key]
            if type(value) not in {str, int} or is_ours(str(value)):
                before += str(value)
                continue
            told = f"{before}{value}"
            cleaned, alone = self._unseen(told), self._unseen(before)
            if cleaned != f"{alone}{value}":
                self._taken_with_cue(holder, key, cleaned.removeprefix(alone))
            before = cleaned[-200:]

    def _unseen(self, text: str) -> str:
        return self._scanner.look(text, lambda _rule: None)

    def _taken_with_cue(self, holder: Any, key: Any, left: str) -> None:
        """Keep what is ``left`` of a parameter that only the words around it gave away."""
        value = str(holder[key])
        is_secret = "[redacted:secret]" in left or "[redacted:key-value]" in left
        if (
            not is_secret
            and IS_MARKER.sub("", left).strip()
            and len(left) < 2 * len(value)
            and "[redacted:" in left
        ):
            holder[key] = left
            self._found("parameter")
            self._remarks.note(holder, key, "parameter")
        else:
            self._echoes.remember(IDENTITY, value)
            self._take(holder, key, "parameter", value)

    def _look_through(self) -> None:
        echoes = self._echoes.within(text for _, _, text, _ in self._texts)
        every, seen = self._echoes.all(), self._seen
        for kept, key, text, mode in self._texts:
            if mode == STRUCTURE:
                if text in seen.structure or _HARMLESS.fullmatch(text):
                    continue
                needles = echoes
            else:
                # What is wrapped is not seen from outside.
                needles = every if every and _MAY_BE_WRAPPED.search(text) else echoes
                is_known = text in seen.texts or _HARMLESS.fullmatch(text)
                if is_known and (needles is echoes or not every) and not _has_any(text, echoes):
                    continue
            if kept[key] == text:  # not taken since
                self._look(kept, key, text, mode, needles)
        if every:
            self._rename()

    def _look(self, kept: Any, key: Any, text: str, mode: int, echoes: Sequence[Needle]) -> None:
        self._left_chars -= len(text)
        if self._left_chars < 0:
            self._found("budget")
            kept[key] = marker("budget")
            return
        rules: list[str] = []
        looked_at = self._looked_at(text, mode, rules, echoes)
        if looked_at == text:
            if len(text) <= MAX_CLEAN_TEXT_CHARS and mode in {FREE, STRUCTURE}:
                (self._seen.structure if mode == STRUCTURE else self._seen.texts).add(text)
            return
        kept[key] = looked_at
        for rule in rules:
            self._found(rule)
        for rule in dict.fromkeys(rules):
            self._remarks.note(kept, key, rule)

    def _rename(self) -> None:
        """Take echoes out of names, too."""
        echoes = self._echoes.within(key for members in self._dicts for key in members)
        for members in self._dicts if echoes else ():
            if any(_has_any(key, echoes) for key in members):
                renamed = {self._without_echoes(key): value for key, value in members.items()}
                members.clear()
                members.update(renamed)

    def _without_echoes(self, name: str) -> str:
        return without_echoes(name, self._echoes.all(), lambda _rule: None)

    def _looked_at(self, text: str, mode: int, rules: list[str], echoes: Sequence[Needle]) -> str:
        if text in self._policy.allowed_texts or is_ours(text):
            return text
        if mode == SOURCE:
            return self._scanner.look_at_source(text, rules.append, echoes)
        if mode == STRUCTURE and places.RELEASE.fullmatch(text):
            return text
        if mode == STRUCTURE and places.LOOKS_LIKE_STRUCTURE.fullmatch(text):
            return self._scanner.look_at_structure(text, rules.append)
        if mode == VERSION and places.RELEASE.fullmatch(text.strip("'\"")):
            return text
        inside = _parsed(text)
        if isinstance(inside, dict | list | str):
            return self._looked_inside(text, inside, rules, echoes)
        return self._scanner.look(text, rules.append, echoes)

    def _looked_inside(
        self, text: str, inside: Any, rules: list[str], echoes: Sequence[Needle]
    ) -> str:
        """Return JSON in a text as another walk leaves it; as it was, if that changes nothing."""
        if isinstance(inside, str):
            looked_at: Any = self._looked_at(inside, FREE, rules, echoes)
        else:
            walk = Walk(self._setting)
            walk._echoes, walk._remarks = self._echoes, Remarks()  # noqa: SLF001 - the same class
            holder: dict[str, Any] = {}
            walk._container(holder, "json", inside, 2, "json")  # noqa: SLF001
            walk._look_through()  # noqa: SLF001
            looked_at = holder["json"]
            for rule, quantity in walk._redactions.items():  # noqa: SLF001
                rules += [rule] * quantity
        if not rules:
            return text
        return orjson.dumps(looked_at, default=str).decode()

    def _found(self, rule: str) -> None:
        self._redactions[rule] = self._redactions.get(rule, 0) + 1


_NOT_PLACED = object()


def _has_any(text: str, echoes: Sequence[Needle]) -> bool:
    if not echoes:
        return False
    folded = text.lower()
    return any(needle.folded in folded for needle in echoes)


def _is_route(name: str, payload: Mapping[Any, Any]) -> bool:
    """Say whether a transaction's name is a program's, rather than the address that somebody asked for."""
    info = payload.get("transaction_info")
    source = info.get("source") if isinstance(info, dict) else None
    is_said = " " in name and _ASKED.fullmatch(name) is None
    is_raw = source in {"url", "unknown"} or _RAW_PATH.search(name) is not None or is_said
    return not is_raw and places.LOOKS_LIKE_STRUCTURE.fullmatch(name) is not None


def _plain(attribute: object) -> object:
    return attribute.get("value") if isinstance(attribute, dict) else attribute


def _held(holder: dict[str, Any], key: str) -> tuple[Any, Any]:
    """Return where the value of an attribute stands."""
    inner = holder[key]
    return (inner, "value") if isinstance(inner, dict) and "value" in inner else (holder, key)


def _pairs(value: object) -> list[tuple[str, str]]:
    """Return names and values of cookies, be they text or members; of anything else the texts without names."""
    if isinstance(value, str):
        parts = (part.partition("=") for part in value.split(";"))
        return [(name.strip(), unquote_plus(text.strip())) for name, _, text in parts]
    if isinstance(value, dict):
        return [(str(name), text) for name, member in value.items() for text in _texts(member)]
    return [("", text) for text in _texts(value)]


def _mode_of(name: str) -> int:
    return SOURCE if name in places.SOURCE else STRUCTURE if name in places.PROGRAMS else FREE


def _role_of(payload: Mapping[str, Any]) -> str | None:
    for place in ("user", "tags"):
        held = payload.get(place)
        if isinstance(held, dict) and isinstance(held.get("role"), str):
            return str(held["role"])
    return None


def _told_name(members: Mapping[Any, Any]) -> str:
    """Return what one member says that another holds: a header, a field, a rejected input. Mostly nothing."""
    if _VALUES.isdisjoint(members):
        return ""
    place = members.get("loc")
    names = [members.get(key) for key in _NAMING]
    if isinstance(place, list | tuple) and place:
        names.append(place[-1])
    return next((name for name in names if isinstance(name, str) and _NAME.fullmatch(name)), "")


def _is_about_one(members: Mapping[Any, Any]) -> bool:
    """Say whether the members together describe a person."""
    return any(type(name) is str and rule_for(name) in _ABOUT_ONE for name in members)


def _is_attribute(value: Mapping[Any, Any]) -> bool:
    return "value" in value and len(value) <= 3 and set(value) <= {"type", "value", "unit"}


def _is_harmless(name: str, rule: str, value: object) -> bool:
    """Say whether a value under a telling name tells nothing: a switch, a count, nothing, or what we put there."""
    if isinstance(value, str):
        if is_ours(value) or IS_PSEUDONYM.fullmatch(value) or value == UNKNOWN:
            return True
        return (
            not is_plausible(rule, name, value)
            if rule != SECRET
            else (not value or tells_nothing(name, value))
        )
    if type(value) in {int, float}:
        if tells_nothing(name, value):  # type: ignore[arg-type]
            return True
        least = {
            "phone": 10**6,
            NATIONAL: 10**5,
            BANK: 10**5,
            NAME: 10**30,
            "health": 10**30,
            "email": 10**30,
            "ip": 10**8,
        }
        return rule in least and abs(value) < least[rule]  # type: ignore[arg-type]
    return value is None or type(value) is bool or (type(value) in {list, dict} and not value)


def _is_a_things(name: str, value: object) -> bool:
    """Say whether an id in a UUID's form stands under a name that may well be a thing's."""
    if not isinstance(value, str) or not _UUID.fullmatch(value.strip("'\"")):
        return False
    words = words_of(name)
    return not _SURELY_PEOPLES.intersection(words) and not any(
        word.startswith(("userid", "studentid", "pupilid")) for word in words
    )


_UUID = pattern(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SURELY_PEOPLES = frozenset(
    {
        "user",
        "student",
        "pupil",
        "teacher",
        "child",
        "guardian",
        "learner",
        "person",
        "player",
        "roblox",
        "patient",
        "employee",
        "staff",
        "enduser",
        "mother",
        "father",
        "parent",
        "device",
        "customer",
    }
)


def _is_like_key(text: str) -> bool:
    """Say whether what stands under `…key` is drawn by chance rather than a word or a path."""
    is_long = 16 <= len(text) <= 512 and " " not in text and "/" not in text[:8]
    return (
        is_long
        and any(map(str.isdigit, text))
        and any(map(str.isalpha, text))
        and ":" not in text
        and "." not in text
        and text.count("-") < 3
    )


def _parsed(text: str) -> Any:
    """Return what a text holds as JSON, or ``None``."""
    if not 1 < len(text) <= MAX_JSON_CHARS or text[0] not in '{["' or text[-1] not in '}]"':
        stripped = text.strip()
        if stripped == text or not stripped or stripped[0] not in "{[":
            return None
        return _parsed(stripped)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _texts(value: object, limit: int = 64) -> list[str]:
    """Return the texts and numbers in a value, however deep, at most ``limit`` of them."""
    found: list[str] = []
    left = [value]
    while left and len(found) < limit:
        one = left.pop()
        if isinstance(one, str):
            found.append(one)
        elif type(one) is int:
            found.append(str(one))
        elif isinstance(one, dict):
            left += list(one.values())[:limit]
        elif isinstance(one, list | tuple):
            left += list(one[:limit])
    return found


Clean = Callable[[str, object], Passed | None]
