"""What may be told of the user of an event: a pseudonym, the role, and what many have in common."""

import re
from collections.abc import Mapping
from typing import Any

from toolboxai.telemetry.privacy.keys import (
    ADDRESS,
    IDENTITY,
    IP,
    NAME,
    OF_PEOPLE,
    PERSON,
    SECRET,
    rule_for,
)
from toolboxai.telemetry.privacy.markers import is_ours, marker
from toolboxai.telemetry.privacy.notes import Notes
from toolboxai.telemetry.privacy.policy import Collect, Collected
from toolboxai.telemetry.privacy.pseudonyms import IS_PSEUDONYM, UNKNOWN
from toolboxai.telemetry.privacy.values import ABOUT_ONE, name_of, texts_in

MIN_ID_CHARS = 3
MAX_FACTS = 200

_COMMON = frozenset({"gradeBand", "grade_band", "role", "roles", "segment"})
_TOLD = frozenset({"email", "ip_address", "name", "username"})
_INSTEAD_OF_AN_ID = ("username", "email", "name")
_REMEMBERED = ABOUT_ONE | {ADDRESS, IDENTITY, IP, SECRET}
_IS_COMMON = re.compile(
    r"[A-Za-z][\w -]{0,31}|\d{1,2}\s?[-–]\s?\d{1,2}|[Kk]\s?[-–]\s?\d{1,2}|\d{1,2}"
)


def somebody(members: Mapping[Any, Any], notes: Notes, collected: Collected) -> dict[str, Any]:
    """Return what may be told of a user; the rest is remembered, to be found elsewhere.

    Whoever has no id is told apart by the pseudonym of a name or an address.
    """
    kept: dict[str, Any] = {}
    for key, value in list(members.items())[:MAX_FACTS]:
        name = name_of(key)
        if name == "id":
            kept["id"] = identity(kept, "id", value, notes)
        elif name == "data" and isinstance(value, dict):
            if told := {inner: it for inner, it in value.items() if _is_common(inner, it)}:
                kept["data"] = told
            _forget({inner: it for inner, it in value.items() if inner not in told}, notes)
        elif _is_common(name, value):
            kept[name] = value
        elif name in _TOLD and isinstance(value, str) and collected.identity is Collect.SCANNED:
            kept[name] = notes.setting.scanner.look_at_keys(value, notes.found)
        else:
            _forget({name: value}, notes)
    if kept.get("id") is None:
        instead = next((members[name] for name in _INSTEAD_OF_AN_ID if members.get(name)), None)
        if type(instead) in {str, int}:
            kept["id"] = identity(kept, "id", instead, notes)
    return kept


def identity(kept: dict[str, Any], key: str, value: object, notes: Notes) -> object:
    """Return a pseudonym for an id that isn't one yet."""
    if type(value) not in {str, int}:
        return None if value is None else marker(IDENTITY)
    text = str(value)
    if IS_PSEUDONYM.fullmatch(text) or text in {UNKNOWN, ""} or is_ours(text):
        return value
    notes.taken(kept, key, "pseudonym")
    if len(text) >= MIN_ID_CHARS:
        notes.echoes.remember(IDENTITY, text)
    return notes.setting.pseudonym(text)


def _is_common(name: object, value: object) -> bool:
    return name in _COMMON and _IS_COMMON.fullmatch(str(value)) is not None


def _forget(members: Mapping[Any, Any], notes: Notes) -> None:
    """Remember what is left out of a user."""
    names = notes.setting.scanner.names
    for key, value in members.items():
        name = name_of(key)
        rule = rule_for(name) or OF_PEOPLE.get(name) or PERSON
        notes.found(PERSON)
        for text in texts_in(value):
            known = NAME if rule == PERSON and names.is_name_of(name, text) else rule
            if known in _REMEMBERED:
                notes.echoes.remember(known, text, is_alone=isinstance(value, str | int))


def role_of(payload: Mapping[Any, Any]) -> str | None:
    """Return the role of an event's user, as the user or a tag says it."""
    for place in ("user", "tags"):
        held = payload.get(place)
        if isinstance(held, dict) and isinstance(held.get("role"), str):
            return str(held["role"])
    return None
