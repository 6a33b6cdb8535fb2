"""Questions about one value and the name that it stands under. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import orjson

from toolboxai.telemetry.privacy.facts import tells_nothing
from toolboxai.telemetry.privacy.keys import (
    ADDRESS,
    BANK,
    BIRTH,
    EMAIL,
    HEALTH,
    IP,
    NAME,
    NATIONAL,
    OF_PEOPLE,
    PERSON,
    PHONE,
    RESULT,
    SECRET,
    is_of_people,
    rule_for,
    words_of,
)
from toolboxai.telemetry.privacy.markers import is_ours
from toolboxai.telemetry.privacy.plausible import is_plausible
from toolboxai.telemetry.privacy.pseudonyms import IS_PSEUDONYM, UNKNOWN

MAX_TEXTS = 64
MAX_JSON_CHARS = 8_192

# A name with nothing in it that could be anything else.
IS_PLAIN_NAME = re.compile(r"[a-z]{1,20}(?:[._-][a-z]{1,20}){0,6}")
IS_NAME = re.compile(r"-{0,2}[^\W\d_][\w.-]{0,63}")
# Rules of names that together describe a person.
ABOUT_ONE = frozenset({BIRTH, EMAIL, HEALTH, NAME, PHONE})
# Members of which one says what the other holds.
NAMING, VALUES = ("name", "key", "field", "header"), frozenset({"value", "values", "val", "input"})

_OF_VALUES = frozenset({"type", "unit", "value"})
_IS_RESULT = re.compile(
    r"\d{1,3}(?:[.,]\d{1,2})?\s?(?:%|/\s?\d{1,3}|points?|percent)?|[A-FU][+*-]?"
)
_UUID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SURELY_PEOPLE = frozenset(
    {
        "child", "customer", "device", "employee", "enduser", "father", "guardian", "learner", "mother", "parent", "patient",
        "person", "player", "pupil", "roblox", "staff", "student", "teacher", "user",
    }
)  # fmt: skip
# Below this a number under such a name is a count or a switch.
_LEAST = {PHONE: 10**6, NATIONAL: 10**5, BANK: 10**5, IP: 10**8, NAME: 10**30, HEALTH: 10**30, EMAIL: 10**30}  # fmt: skip


def is_harmless(name: str, rule: str, value: object) -> bool:
    """Say whether a value under a telling name tells nothing: a switch, a count, nothing, or what we put there."""
    if isinstance(value, str):
        if IS_PSEUDONYM.fullmatch(value) or is_ours(value) or value == UNKNOWN:
            return True
        if rule == SECRET:
            return not value or tells_nothing(name, value)
        return not is_plausible(rule, name, value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return tells_nothing(name, value) or abs(value) < _LEAST.get(rule, 0)
    return value is None or isinstance(value, bool) or (type(value) in {list, dict} and not value)


def is_a_things(name: str, value: object) -> bool:
    """Say whether an id in a UUID's form stands under a name that may well be a thing's."""
    if not isinstance(value, str) or not _UUID.fullmatch(value.strip("'\"")):
        return False
    words = words_of(name)
    is_somebodys = any(word.startswith(("userid", "studentid", "pupilid")) for word in words)
    is_somebodys |= words == ("client",)  # a plugin's session, in somebody's editor
    return not is_somebodys and _SURELY_PEOPLE.isdisjoint(words)


def is_like_key(text: str) -> bool:
    """Say whether what stands under `…key` is drawn by chance rather than a word, a path or a place."""
    has_both = any(map(str.isdigit, text)) and any(map(str.isalpha, text))
    is_one = not any(sign in text for sign in " :.") and "/" not in text[:8]
    return 16 <= len(text) <= 512 and has_both and is_one and text.count("-") < 3


def is_attribute(names: Collection[Any]) -> bool:
    """Say whether a mapping, or one with these names, is a value with its type, as logs and spans have them."""
    return "value" in names and len(names) <= 3 and _OF_VALUES.issuperset(names)


def told_name(members: Mapping[Any, Any]) -> str:
    """Return what one member says that another holds: a header, a field, a rejected input. Mostly nothing."""
    if VALUES.isdisjoint(members):
        return ""
    place = members.get("loc")
    names = [members.get(key) for key in NAMING]
    if isinstance(place, list | tuple) and place:
        names.append(place[-1])
    return next((name for name in names if isinstance(name, str) and IS_NAME.fullmatch(name)), "")


def texts_in(value: object) -> list[str]:
    """Return the texts and numbers in a value, however deep, at most ``MAX_TEXTS`` of them."""
    found: list[str] = []
    left = [value]
    while left and len(found) < MAX_TEXTS:
        one = left.pop()
        if isinstance(one, str):
            found.append(one)
        elif type(one) is int:
            found.append(str(one))
        elif isinstance(one, dict):
            left += list(one.values())[:MAX_TEXTS]
        elif isinstance(one, list | tuple):
            left += list(one[:MAX_TEXTS])
    return found


def parsed(text: str) -> object:
    """Return what a text holds as JSON, or ``None`` when it isn't an object, a list or a text in quotes."""
    text = text.strip()
    if not 1 < len(text) <= MAX_JSON_CHARS or text[0] not in '{["' or text[-1] not in '}]"':
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def name_of(key: object) -> str:
    """Return a member's name as text; of one that isn't text only its type."""
    return key if type(key) is str else f"<{type(key).__name__}>"


def is_about_one(names: Iterable[Any]) -> bool:
    """Say whether one of the ``names`` is a person's, so that all members together describe one."""
    return any(type(name) is str and rule_for(name) in ABOUT_ONE for name in names)


def rule_of_one(name: str, parent: str, value: object) -> str | None:
    """Return the rule for what stands beside or below what describes a person."""
    rule = OF_PEOPLE.get(name)
    if rule is None:
        is_grade = name == "grade" and isinstance(value, str) and value[:1] in set("ABCDEFU")
        return RESULT if is_grade and len(str(value)) < 3 else None
    if isinstance(value, dict | list) or (rule == ADDRESS and not isinstance(value, str)):
        return None
    if rule == RESULT and not _IS_RESULT.fullmatch(str(value)):
        return None
    return None if rule in {PERSON, ADDRESS} and not is_of_people(parent) else rule
