"""What the policy leaves of a value for where it stands: queries, bodies, cookies, headers, SQL parameters, prompts."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_plus

from toolboxai.telemetry.privacy import places
from toolboxai.telemetry.privacy.keys import SECRET, rule_for
from toolboxai.telemetry.privacy.markers import is_ours, marker
from toolboxai.telemetry.privacy.notes import Notes
from toolboxai.telemetry.privacy.places import Place
from toolboxai.telemetry.privacy.policy import Collect, Collected
from toolboxai.telemetry.privacy.seen import MAX_SEEN_CHARS
from toolboxai.telemetry.privacy.shapes import shape_of
from toolboxai.telemetry.privacy.values import (
    IS_NAME,
    is_attribute,
    is_harmless,
    parsed,
    texts_in,
)

MAX_MEMBERS = 10_000
MAX_ELEMENTS = 50
MAX_DEPTH = 24

# What is returned when the policy has nothing to say: an object that no payload holds.
NOT_PLACED = object()
_RULES = {
    Place.COOKIES: "cookies",
    Place.PROMPTS: "prompts",
    Place.SQL_PARAMETERS: "sql-parameters",
    Place.VARIABLES: "variables",
}
_ADDRESSES = frozenset({"location", "origin", "referer"})
_TECHNICAL = places.HARMLESS_HEADERS | places.TECHNICAL


class Placed:
    """Reduces values by where they stand and by what ``collected`` allows."""

    def __init__(self, notes: Notes, collected: Collected) -> None:
        self._notes = notes
        self._collected = collected
        self._allowed = notes.setting.policy.allowed_names

    def at(self, place: Place, value: object) -> object:
        """Return what is left of what stands in a place that the policy doesn't leave alone; ``NOT_PLACED`` for all of it."""
        match place:
            case Place.URL if isinstance(value, str) and ("?" in value or "#" in value):
                return self.without_query(value)
            case Place.QUERY:
                return self._query(value)
            case Place.HEADERS:
                return self._headers(value)
            case Place.BODY:
                return self._body(value)
            case _ if place in _RULES:
                collect = getattr(self._collected, places.DECIDED_BY[place])
                return self._reduced(collect, value, _RULES[place])
            case _:
                return NOT_PLACED

    def _reduced(self, collect: Collect, value: object, rule: str) -> object:
        if value in (None, "", {}, []):
            return NOT_PLACED
        if isinstance(value, dict) and is_attribute(value):
            inner = self._reduced(collect, value["value"], rule)
            return inner if inner is NOT_PLACED else {"value": inner, "type": "string"}
        if collect is Collect.OFF:
            for name, text in _pairs(value):
                known = rule_for(name)
                self._notes.echoes.remember(known or SECRET, text, is_alone=known is not None)
        if isinstance(value, str) and is_ours(value):
            return value
        if isinstance(value, dict):
            members = list(value.items())[:MAX_MEMBERS]
            is_off = collect is Collect.OFF
            return {
                self._notes.key(str(key)): marker(rule) if is_off else shape_of(member)
                for key, member in members
            }
        return marker(rule) if collect is Collect.OFF else shape_of(value)

    def _query(self, value: object) -> object:
        if isinstance(value, str):
            return self._shaped_query(value)
        return self._each(value, lambda name, member: self._shaped(name, member, 0))

    def _shaped_query(self, query: str) -> str:
        return "&".join(map(self._shaped_part, self._notes.setting.cut(query).split("&")))

    def _shaped_part(self, part: str) -> str:
        name, sign, text = part.partition("=")
        name = unquote_plus(name)
        if not sign:
            return name if IS_NAME.fullmatch(name) or is_ours(name) else str(shape_of(name))
        return f"{self._notes.key(name)}={self._shaped(name, unquote_plus(text), 0)}"

    def without_query(self, url: str) -> object:
        """Return an address with a path that was looked at, and of its query what the policy leaves."""
        if self._collected.query is Collect.SCANNED:
            return NOT_PLACED
        rest, sign, fragment = url.partition("#")
        path, asked, query = rest.partition("?")
        shown = f"{self._notes.look(path)}{asked}{self._shaped_query(query) if asked else ''}"
        if not sign:
            return shown
        is_plain = IS_NAME.fullmatch(fragment) or is_ours(fragment) or fragment.startswith("/")
        return f"{shown}#{self._notes.look(fragment) if is_plain else shape_of(fragment)}"

    def _body(self, value: object) -> object:
        if self._collected.bodies is Collect.OFF:
            return marker("body")
        if isinstance(value, str):
            inner = parsed(value)
            if not isinstance(inner, dict | list):
                is_form = "=" in value and " " not in value and not is_ours(value)
                return self._shaped_query(value) if is_form else shape_of(value)
            value = inner
        return self._shaped("", value, 0)

    def _shaped(self, name: str, value: object, depth: int) -> object:
        rule = None if name in self._allowed else rule_for(name)
        if isinstance(value, dict) and depth < MAX_DEPTH:
            members = list(value.items())[:MAX_MEMBERS]
            return {
                self._notes.key(str(key)): self._shaped(str(key), member, depth + 1)
                for key, member in members
            }
        if isinstance(value, list | tuple) and depth < MAX_DEPTH:
            return [self._shaped(name, member, depth + 1) for member in value[:MAX_ELEMENTS]]
        if rule is not None and not is_harmless(name, rule, value):
            return self._ruled(rule, value)
        is_technical = name.lower() in places.TECHNICAL or name in self._allowed
        if not isinstance(value, str):
            return value if is_technical and isinstance(value, int | float) else shape_of(value)
        return self._shaped_text(name, value, is_technical=is_technical)

    def _shaped_text(self, name: str, value: str, *, is_technical: bool) -> object:
        if places.HARMLESS_VALUE.fullmatch(value) or is_ours(value):
            return value
        if is_technical:
            return self._notes.look(value)
        self._notes.remember_name(name, value)
        return shape_of(value)

    def _ruled(self, rule: str, value: object) -> object:
        if isinstance(value, str) and is_ours(value):
            return value
        self._notes.remember(rule, value)
        self._notes.found(rule)
        return marker(rule)

    def _headers(self, value: object) -> object:
        """Return what is left of headers; most are the same in all requests."""
        known = self._notes.setting.seen.headers
        if not isinstance(value, dict) or set(map(type, value.values())) != {str}:
            return self._each(value, self._header)
        if known.issuperset(value.items()):
            return dict(value)
        left = self._each(value, self._header)
        if not isinstance(left, dict):
            return left
        for name, text in value.items():
            if left.get(name) == text and "?" not in text and len(text) <= MAX_SEEN_CHARS:
                known.remember((name, text))
        return left

    def _header(self, name: str, value: object) -> object:
        if isinstance(value, list | tuple):
            return [self._header(name, one) for one in value[:MAX_ELEMENTS]]
        rule = None if name in self._allowed else rule_for(name)
        if rule is not None and not is_harmless(name, rule, value):
            return self._ruled(rule, value)
        if not isinstance(value, str):
            return shape_of(value)
        lowered = name.lower().removeprefix("http_").replace("_", "-")
        if "?" in value and lowered in _ADDRESSES:
            placed = self.without_query(value)
            return self._notes.look(value) if placed is NOT_PLACED else placed
        is_technical = lowered in _TECHNICAL or name in self._allowed
        return self._shaped_text(name, value, is_technical=is_technical)

    def _each(self, value: object, reduce: Callable[[str, object], object]) -> object:
        """Return members, or pairs of names and values, each reduced; ``NOT_PLACED`` for anything else."""
        if isinstance(value, dict):
            members = list(value.items())[:MAX_MEMBERS]
            return {self._notes.key(str(key)): reduce(str(key), member) for key, member in members}
        if not isinstance(value, list | tuple):
            return NOT_PLACED
        return [
            [self._notes.key(str(pair[0])), reduce(str(pair[0]), pair[1])]
            if isinstance(pair, list | tuple) and len(pair) == 2
            else shape_of(pair)
            for pair in value[:MAX_MEMBERS]
        ]


def _pairs(value: object) -> list[tuple[str, str]]:
    """Return names and values of cookies, be they text or members; of anything else the texts without names."""
    if isinstance(value, str):
        parts = (part.partition("=") for part in value.split(";"))
        return [(name.strip(), unquote_plus(text.strip())) for name, _, text in parts]
    if isinstance(value, Mapping):
        named: list[tuple[str, Any]] = [(str(name), member) for name, member in value.items()]
        return [(name, text) for name, member in named for text in texts_in(member)]
    return [("", text) for text in texts_in(value)]
