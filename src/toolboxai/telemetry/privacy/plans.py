"""What a name says, below its parent, of whatever stands there; decided once for all mappings with the same names."""

from collections.abc import Callable, Sequence
from operator import itemgetter, not_
from typing import Any

from toolboxai.telemetry.privacy import places
from toolboxai.telemetry.privacy.keys import (
    IDENTITY,
    OF_PEOPLE,
    PERSON,
    SECRET,
    is_of_people,
    rule_for,
    words_of,
)
from toolboxai.telemetry.privacy.modes import (
    FREE,
    SOURCE,
    STRUCTURE,
    VERSION,
    is_id,
    is_plain_id,
)
from toolboxai.telemetry.privacy.places import Place, place_of
from toolboxai.telemetry.privacy.policy import Collect, Collected, Policy
from toolboxai.telemetry.privacy.pseudonyms import IS_PSEUDONYM
from toolboxai.telemetry.privacy.seen import Known, Seen
from toolboxai.telemetry.privacy.values import (
    IS_PLAIN_NAME,
    NAMING,
    VALUES,
    is_about_one,
    is_attribute,
)

MAX_PLANS = 5_000
MAX_PLANNED = 64  # members of one mapping
MAX_NAMES = 5_000
MAX_ANSWERS = 64  # texts of one name

# The payload itself has no name, and no parent.
TOP = None
# Leads to values with their types.
ATTRIBUTES = "attributes"
TEMPLATE, PARAMETER = "sentry.message.template", "sentry.message.parameter.{}"
MAX_PARAMETERS = 32
PARAMETERS = tuple(PARAMETER.format(number) for number in range(MAX_PARAMETERS))

_AT_TOP = {"_meta": Place.META, "transaction": Place.TRANSACTION}
# Where else an id stands that says who somebody is, under a name that elsewhere says nothing.
_IDENTITIES = frozenset({("plugin", "client")})
# What a name stands for in its place: who wrote to us gave one that needs not look like a person's.
_STANDS_FOR = {("feedback", "name"): "username"}
# And what sounds like a person's and is a part of the event: which exception it was that another came of.
_THINGS = frozenset({("mechanism", "parent_id")})
# Of these one may say what `value` beside it holds.
_TELLING = frozenset({*NAMING, "loc"})
_VERSIONS = frozenset({"agent", "browser", "build", "runtime", "ver", "version", "versions"})


class Told:
    """What one name says: how to look at a text there, or that what stands there has to be asked for more."""

    __slots__ = ("asks", "asks_text", "is_one", "is_plain", "is_settled", "known", "look", "mode", "name", "parent", "place", "rule", "spoken")  # fmt: skip

    def __init__(
        self,
        name: str,
        parent: str | None,
        policy: Policy,
        collected: Collected,
        seen: Seen,
        *,
        is_one: bool = False,
        mode: int | None = None,
    ) -> None:
        self.name, self.parent, self.is_one = name, parent or "", is_one
        self.place = _place(name, parent, collected)
        self.spoken = _STANDS_FOR.get((self.parent, name), name)
        self.rule, self.is_settled = _rule_of_name(self.spoken, self.parent, policy)
        self.asks = self.place is not None or self.rule is not None or self._asks_by_value()
        is_structure = name in places.STRUCTURE.get(self.parent, ())
        self.asks_text = self.asks and not is_structure
        self.mode = mode or (STRUCTURE if is_structure else mode_of(name))
        # Texts of which nothing more has to be asked: those met before, and those that are ids, times or numbers.
        self.known: Known[str] = Known(MAX_ANSWERS) if self.asks_text else seen.plain[self.mode]
        self.is_plain = self._plain()
        # What a text is asked first, at hand: it is done with every member of every mapping.
        self.look: Look = (name, self.known, self.is_plain, self)

    def _asks_by_value(self) -> bool:
        if self.name in places.USERS:
            return True
        if self.is_settled:
            return False
        is_ones = self.is_one and (self.name in OF_PEOPLE or self.name == "grade")
        return (
            is_ones or self.name == "name" or self.name.endswith("key") or is_of_people(self.name)
        )

    def _plain(self) -> Callable[[str], object]:
        if not self.asks_text:
            return is_id if self.mode == STRUCTURE else is_plain_id
        if self.place is None:
            return IS_PSEUDONYM.fullmatch
        return not_ if self.place is Place.QUERY else _never


def _place(name: str, parent: str | None, collected: Collected) -> Place | None:
    """Return the place, if what stands there isn't left as it is, after the rules."""
    if parent is TOP and name in _AT_TOP:
        return _AT_TOP[name]
    place = place_of(name, parent or "")
    is_left = place is None or getattr(collected, places.DECIDED_BY[place]) is Collect.SCANNED
    return None if is_left else place


def _never(_text: str) -> bool:
    return False


def _rule_of_name(name: str, parent: str, policy: Policy) -> tuple[str | None, bool]:
    """Return the rule that a name alone gives, and whether no value can say anything else."""
    if name in policy.allowed_names or (parent, name) in _THINGS:
        return None, True
    if name in policy.extra_secret_names:
        return SECRET, True
    rule = PERSON if name in policy.extra_person_names else rule_for(name)
    if (parent, name) in _IDENTITIES:
        rule = IDENTITY
    return None if rule in policy.switched_off else rule, rule is not None


def mode_of(name: str) -> int:
    """Return how to look at a text below ``name``."""
    if name in places.SOURCE:
        return SOURCE
    if name in places.PROGRAMS:
        return STRUCTURE
    return FREE if _VERSIONS.isdisjoint(words_of(name)) else VERSION


# A member's name, the texts that are known there, what says that one is plain, and whatever else its name says.
Look = tuple[str, Known[str], Callable[[str], object], Told]


class Plan:
    """How to look at each member of a mapping with these names."""

    __slots__ = ("asked", "attributes", "has_cues", "joined", "looks", "size", "steps", "telling", "texts")  # fmt: skip

    def __init__(self, names: tuple[str, ...], steps: Sequence[Told]) -> None:
        self.steps, self.size, self.joined = tuple(steps), len(names), "\0".join(names)
        self.looks = tuple(step.look for step in steps)
        # Where an echo may stand.
        self.telling = tuple(step for step in steps if step.mode != STRUCTURE)
        told = [step.name for step in self.telling]
        self.texts = (
            itemgetter(*told, told[0]) if told else None
        )  # of two names at least it gives a tuple
        # Of attributes: those whose name asks for more, and the others with how to look at a text with its type.
        self.asked: tuple[Told, ...] = ()
        self.attributes: tuple[tuple[Told, Plan], ...] = ()
        # A message whose parameters stand beside it.
        is_template = TEMPLATE in names and not set(PARAMETERS).isdisjoint(names)
        self.has_cues = is_template or "params" in names


def _is_asked(told: Told, inner: Plan) -> bool:
    """Say whether an attribute's name, or what its value or type are called, asks for more than the text."""
    return told.asks or any(step.asks for step in inner.steps)


class Plans:
    """The plans of one policy, for those of whom it collects the same."""

    def __init__(self, policy: Policy, collected: Collected, seen: Seen) -> None:
        self.collected = collected
        self._policy, self._seen = policy, seen
        self.known: dict[tuple[str | None, tuple[Any, ...]], Plan] = {}
        self._told: dict[tuple[str, str | None, bool], Told] = {}

    def plan_of(self, key: tuple[str | None, tuple[Any, ...]]) -> Plan | None:
        """Return the plan for a mapping by what leads to it and its names; ``None`` if its members have to be read one by one."""
        parent, names = key
        if len(names) > MAX_PLANNED or not all(map(self._is_shown, names)):
            return None
        found = set(names)
        is_value = is_attribute(found)
        if not (is_value or VALUES.isdisjoint(found) or _TELLING.isdisjoint(found)):
            return None  # one member names another
        if len(self.known) >= MAX_PLANS:
            self.known.clear()
        plan = self.known[key] = self._plan(names, parent, is_value=is_value)
        return plan

    def _is_shown(self, name: object) -> bool:
        """Say whether a member's name is known to leave as it is."""
        return type(name) is str and (
            name in self._seen.scanned or IS_PLAIN_NAME.fullmatch(name) is not None
        )

    def _plan(self, names: tuple[str, ...], parent: str | None, *, is_value: bool) -> Plan:
        is_one = is_about_one(names) or is_of_people(parent or "")
        steps = [self.told(name, parent, is_one=is_one) for name in names]
        if is_value and mode_of(parent or "") == VERSION:
            version = Told("value", parent, self._policy, self.collected, self._seen, mode=VERSION)
            steps[names.index("value")] = version
        plan = Plan(names, steps)
        if parent == ATTRIBUTES:
            inner = [
                (step, self._plan(("value", "type"), step.name, is_value=True)) for step in steps
            ]
            plan.attributes = tuple(one for one in inner if not _is_asked(*one))
            plan.asked = tuple(step for step, own in inner if _is_asked(step, own))
        return plan

    def told(self, name: str, parent: str | None, *, is_one: bool) -> Told:
        """Return what ``name`` says below ``parent``, beside or below what describes a person if ``is_one``."""
        key = name, parent, is_one
        told = self._told.get(key)
        if told is None:
            if len(self._told) >= MAX_NAMES:
                self._told.clear()
            told = self._told[key] = Told(
                name, parent, self._policy, self.collected, self._seen, is_one=is_one
            )
        return told
