"""The rules by name: what each takes, and whether a deployment may do without it. Plain values."""

from dataclasses import dataclass
from enum import StrEnum


class Group(StrEnum):
    """What a rule is for."""

    SECRET = "secret"  # noqa: S105 - the name of a group
    """What opens something. Applies always and everywhere."""
    PERSON = "person"
    """Who somebody is."""
    CONTENT = "content"
    """What was typed or stored: it may be anybody's."""
    GATE = "gate"
    """What the gate needs to keep its promises and its limits. Applies always."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Its name is in the marker, in ``/sentry/status`` and in a policy file."""

    name: str
    group: Group
    takes: str

    @property
    def may_be_switched_off(self) -> bool:
        """Whether a deployment may decide that it doesn't apply."""
        return self.group in {Group.PERSON, Group.CONTENT}


RULES = (
    Rule("secret", Group.SECRET, "what stands under a name such as password, token or cookie"),
    Rule("key-value", Group.SECRET, "what follows such a name in text: password=…, --token …"),
    Rule("echo", Group.SECRET, "what stood under such a name, wherever else it appears"),
    Rule("private-key", Group.SECRET, "private keys and messages in PEM form"),
    Rule("jwt", Group.SECRET, "JSON web tokens"),
    Rule("auth-header", Group.SECRET, "credentials after Bearer, Basic or Digest"),
    Rule("provider-token", Group.SECRET, "keys and tokens of well-known services, by their form"),
    Rule("url-credentials", Group.SECRET, "user and password in an address"),
    Rule("person", Group.PERSON, "what stands under a name such as email, surname or student_id"),
    Rule("email", Group.PERSON, "e-mail addresses in text"),
    Rule("bound-parameters", Group.CONTENT, "values that a database's error message repeats"),
    Rule("input", Group.CONTENT, "values that a validation error repeats"),
    Rule("pseudonym", Group.GATE, "a user's id; a pseudonym stands in its place"),
    Rule("depth", Group.GATE, "what is nested too deeply to be looked at"),
    Rule("budget", Group.GATE, "what is left when an item is too long to be looked at"),
    Rule("gate-failed", Group.GATE, "everything but types, frames and ids, when the gate fails"),
)
RULE_FOR_NAME = {rule.name: rule for rule in RULES}
