"""How to look at what stands under a name, if the name alone says so; decided once for all mappings with the same names."""

from collections.abc import Mapping
from typing import Any

from toolboxai.telemetry.privacy import places
from toolboxai.telemetry.privacy.keys import OF_PEOPLE, is_of_people, rule_for, words_of
from toolboxai.telemetry.privacy.notes import Plan
from toolboxai.telemetry.privacy.policy import Policy
from toolboxai.telemetry.privacy.somebody import ABOUT_ONE
from toolboxai.telemetry.privacy.texts import ASK, FREE, SOURCE, STRUCTURE, VERSION
from toolboxai.telemetry.privacy.values import IS_PLAIN_NAME, VALUES, is_about_one, is_attribute

MAX_PLANNED = 64

TEMPLATE, PARAMETER = "sentry.message.template", "sentry.message.parameter.{}"
# Where else an id stands that says who somebody is, under a name that elsewhere says nothing.
IDENTITIES = frozenset({("plugin", "client")})
_VERSIONS = frozenset({"agent", "browser", "build", "runtime", "ver", "version", "versions"})
_READ_ONE_BY_ONE = frozenset({"_meta", "params", TEMPLATE})


def plan_of(members: Mapping[Any, Any], parent: str, policy: Policy) -> Plan:
    """Return how to look at each member of a mapping with these names; nothing if they have to be read one by one."""
    is_told = not VALUES.isdisjoint(members) and not is_attribute(members)
    is_alike = all(type(name) is str and IS_PLAIN_NAME.fullmatch(name) for name in members)
    if is_told or not is_alike or is_of_people(parent) or len(members) > MAX_PLANNED:
        return ()
    if is_about_one(members, ABOUT_ONE) or not _READ_ONE_BY_ONE.isdisjoint(members):
        return ()
    return tuple((name, _mode(name, parent, policy)) for name in members)


def _mode(name: str, parent: str, policy: Policy) -> int:
    """Return how to look at what stands under a name below ``parent``, if the name alone says so; else ``ASK``."""
    if name in places.STRUCTURE.get(parent, ()):
        return STRUCTURE
    is_told = rule_for(name) is not None or is_of_people(name) or name in OF_PEOPLE
    is_told |= (parent, name) in IDENTITIES
    is_own = name in policy.extra_secret_names or name in policy.extra_person_names
    if is_told or is_own or name.endswith("key") or places.is_decided_by_policy(name, parent):
        return ASK
    return mode_of(name)


def mode_of(name: str) -> int:
    """Return how to look at a text below ``name``."""
    if name in places.SOURCE:
        return SOURCE
    if name in places.PROGRAMS:
        return STRUCTURE
    return FREE if _VERSIONS.isdisjoint(words_of(name)) else VERSION
