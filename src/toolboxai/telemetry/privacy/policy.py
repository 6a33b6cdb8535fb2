"""What may be collected of whom. Plain values: who reads a policy decides nothing, the gate does."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from zlib import crc32

# Who works at a school or for it. Everybody else, and whoever's role isn't known, counts as a pupil.
STAFF_ROLES = frozenset({"admin", "operator", "staff", "teacher"})


class Collect(StrEnum):
    """How much of something may leave."""

    OFF = "off"
    """Nothing."""
    SHAPE = "shape"
    """Its kind and length, not its value."""
    SCANNED = "scanned"
    """As it is, after the rules took what they know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What may leave of one request, for one kind of person.

    ``identity`` is the signed-in person's name, e-mail and IP address; the pseudonym, the role and the grade band
    always stay.
    """

    query: Collect
    bodies: Collect
    cookies: Collect
    headers: Collect
    local_variables: Collect
    sql_parameters: Collect
    prompts: Collect
    identity: Collect


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What may leave, in one environment, and by which rules beyond the built-in ones.

    ``patterns`` are the deployment's own rules, by name. ``allowed_names`` are members whose value stays,
    ``allowed_texts`` whole values that stay. ``switched_off`` names rules that don't apply; a rule for secrets
    can't be among them.
    """

    environment: str
    pupil: Collected
    staff: Collected
    extra_secret_names: frozenset[str] = frozenset()
    extra_person_names: frozenset[str] = frozenset()
    patterns: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    allowed_names: frozenset[str] = frozenset()
    allowed_texts: frozenset[str] = frozenset()
    switched_off: frozenset[str] = frozenset()

    @property
    def fingerprint(self) -> int:
        """A number of 32 bits that the same policy has in every process, and hardly ever another one."""
        own = (self.extra_secret_names, self.extra_person_names, self.allowed_names, self.allowed_texts, self.switched_off)  # fmt: skip
        patterns = sorted((name, form.pattern, form.flags) for name, form in self.patterns.items())
        told = (
            self.environment,
            self.pupil,
            self.staff,
            [sorted(names) for names in own],
            patterns,
        )
        return crc32(repr(told).encode(errors="backslashreplace"))

    def collected_of(self, role: str | None) -> Collected:
        """Return what may be collected of somebody with ``role``; who isn't known to be staff is a pupil."""
        return self.staff if role in STAFF_ROLES else self.pupil


_DEVELOPMENT = Collected(
    query=Collect.SCANNED,
    bodies=Collect.SCANNED,
    cookies=Collect.SHAPE,
    headers=Collect.SCANNED,
    local_variables=Collect.SCANNED,
    sql_parameters=Collect.SHAPE,
    prompts=Collect.SCANNED,
    identity=Collect.OFF,
)
_ELSEWHERE = Collected(
    query=Collect.SHAPE,
    bodies=Collect.SHAPE,
    cookies=Collect.OFF,
    headers=Collect.SHAPE,
    local_variables=Collect.SCANNED,
    sql_parameters=Collect.OFF,
    prompts=Collect.SHAPE,
    identity=Collect.OFF,
)


def policy_for(environment: str, *, send_pii: bool) -> Policy:
    """Return the policy of ``environment``: generous on a developer's own machine, discreet everywhere else.

    With ``send_pii`` staff may be told by name, and what they sent be seen; a pupil never.
    """
    usual = _DEVELOPMENT if environment == "development" else _ELSEWHERE
    told = replace(
        usual,
        query=Collect.SCANNED,
        bodies=Collect.SCANNED,
        headers=Collect.SCANNED,
        prompts=Collect.SCANNED,
        identity=Collect.SCANNED,
    )
    return Policy(environment=environment, pupil=usual, staff=told if send_pii else usual)
