"""The rules by name: what each takes, and whether a deployment may do without it. Plain values."""

from dataclasses import dataclass
from enum import StrEnum, auto


class Group(StrEnum):
    """What a rule is for."""

    SECRET = auto()
    """What opens something. Applies always and everywhere."""
    PERSON = auto()
    """Who somebody is."""
    CONTENT = auto()
    """What was typed or stored: it may be anybody's."""
    GATE = auto()
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
    Rule("secret", Group.SECRET, "what stands under a name such as password, token or session"),
    Rule("key-value", Group.SECRET, "what follows such a name in text: password=…, --token …"),
    Rule("echo", Group.SECRET, "what was taken somewhere, wherever else it appears"),
    Rule("private-key", Group.SECRET, "private keys and messages in PEM form"),
    Rule("jwt", Group.SECRET, "JSON web tokens"),
    Rule("auth-header", Group.SECRET, "credentials after Bearer, Basic, Digest and their like"),
    Rule("basic-auth", Group.SECRET, "user and password on a command line"),
    Rule("roblox-cookie", Group.SECRET, "the cookie by which Roblox knows who is signed in"),
    Rule("provider-token", Group.SECRET, "keys and tokens of well-known services, by their form"),
    Rule("random-key", Group.SECRET, "long texts that chance has drawn"),
    Rule("password-hash", Group.SECRET, "what passwords are kept as"),
    Rule("webhook", Group.SECRET, "addresses that let whoever knows them write there"),
    Rule("url-credentials", Group.SECRET, "user and password in an address"),
    Rule("azure-signature", Group.SECRET, "signatures that open a storage"),
    Rule(
        "person", Group.PERSON, "what else is told of somebody, and what stands under such a name"
    ),
    Rule("name", Group.PERSON, "names of people, and of accounts"),
    Rule("email", Group.PERSON, "e-mail addresses"),
    Rule("phone", Group.PERSON, "phone numbers"),
    Rule("address", Group.PERSON, "postal addresses"),
    Rule("location", Group.PERSON, "coordinates"),
    Rule("birth-date", Group.PERSON, "dates of birth"),
    Rule("person-id", Group.PERSON, "numbers and ids that a school or a platform gives people"),
    Rule("national-id", Group.PERSON, "numbers that a state gives people"),
    Rule("health", Group.PERSON, "health and special needs"),
    Rule("result", Group.PERSON, "marks and results of somebody"),
    Rule("ip", Group.PERSON, "IP addresses"),
    Rule("device-id", Group.PERSON, "numbers of devices"),
    Rule("card", Group.PERSON, "card numbers"),
    Rule("iban", Group.PERSON, "international account numbers"),
    Rule("bank", Group.PERSON, "what stands under the name of an account or card"),
    Rule("sql", Group.CONTENT, "values in questions to a database, and in its error messages"),
    Rule("bound-parameters", Group.CONTENT, "values that a database's error message repeats"),
    Rule("input", Group.CONTENT, "values that a validation error repeats"),
    Rule("parameter", Group.CONTENT, "a value of a log line that its words say is a person's"),
    Rule("encoded", Group.GATE, "what is wrapped and holds what another rule takes"),
    Rule("pseudonym", Group.GATE, "a user's id; a pseudonym stands in its place"),
    Rule("policy", Group.GATE, "what this policy reduces to its kind and length, or leaves out"),
    Rule("cookies", Group.GATE, "cookies"),
    Rule("body", Group.GATE, "bodies, where they may not leave"),
    Rule("prompts", Group.GATE, "prompts and answers, where they may not leave"),
    Rule("variables", Group.GATE, "local variables, where they may not leave"),
    Rule("sql-parameters", Group.GATE, "parameters of questions to a database"),
    Rule("depth", Group.GATE, "what is nested too deeply to be looked at"),
    Rule("budget", Group.GATE, "what is left when an item is too long to be looked at"),
    Rule("gate-failed", Group.GATE, "everything but types, frames and ids, when the gate fails"),
)
RULE_FOR_NAME = {rule.name: rule for rule in RULES}
