"""The policy as a document for whoever answers for a school's data: from the values that the gate goes by. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from ipaddress import ip_address
from urllib.parse import urlsplit

from toolboxai.telemetry.options import LOOPBACK, Options
from toolboxai.telemetry.privacy.catalogue import RULES, Group, Rule
from toolboxai.telemetry.privacy.gate import RULES_VERSION
from toolboxai.telemetry.privacy.policy import STAFF_ROLES, Collect, Collected, Policy

KINDS = {
    "query": "values in the query of an address",
    "bodies": "what is sent to the server and answered",
    "cookies": "cookies",
    "headers": "headers of a request, but for a few that say what a program can do",
    "local_variables": "short values that the program worked with when it failed",
    "sql_parameters": "values in questions to a database",
    "prompts": "what is said to a language model, and what it says",
    "identity": "name, e-mail and IP address of who is signed in",
}
HOW = {
    Collect.OFF: "nothing",
    Collect.SHAPE: "kind and length",
    Collect.SCANNED: "as it is, after the rules",
}
OF_EVERYBODY = (
    "a pseudonym in the place of the id, made with a key that stays here; without it nobody can say whose it is",
    "the role and the grade band",
    "where in the program what went wrong, and what the program says of it, after the rules",
    "which address was asked for by its pattern (never as typed), when, how long it took, how it ended",
)


NEVER = (
    "recordings of what somebody saw and typed on a page (session replays): a rule can't read a picture, so they stay whole",
    "what the server doesn't understand; and when the rules fail, everything but kinds, places and ids",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who gets what leaves."""

    host: str
    is_this_machine: bool
    answers_for_it: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What may leave, of whom, to whom, and for how long it waits. Holds no key and no pattern's text."""

    environment: str
    rules_version: int
    recipients: tuple[Recipient, ...]
    of_everybody: tuple[str, ...]
    collected: Mapping[str, Collected]
    never: tuple[str, ...]
    staff_roles: tuple[str, ...]
    rules: tuple[Rule, ...]
    own_rules: tuple[str, ...]
    switched_off: tuple[str, ...]
    secret_names: tuple[str, ...]
    person_names: tuple[str, ...]
    allowed_names: tuple[str, ...]
    allowed_texts: int
    undelivered_max_hours: float

    def as_json(self) -> dict[str, object]:
        """Return the document as plain JSON values."""
        told = asdict(self)
        told["rules"] = [
            asdict(rule) | {"applies": rule.name not in self.switched_off} for rule in self.rules
        ]
        return told


def document_of(options: Options, policy: Policy) -> Document:
    """Return what ``policy`` says, and where what leaves goes by ``options``."""
    return Document(
        environment=policy.environment,
        rules_version=RULES_VERSION,
        recipients=tuple(_recipients(options)),
        of_everybody=OF_EVERYBODY,
        collected={"pupil": policy.pupil, "staff": policy.staff},
        never=NEVER,
        staff_roles=tuple(sorted(STAFF_ROLES)),
        rules=RULES,
        own_rules=tuple(sorted(policy.patterns)),
        switched_off=tuple(sorted(policy.switched_off)),
        secret_names=tuple(sorted(policy.extra_secret_names)),
        person_names=tuple(sorted(policy.extra_person_names)),
        allowed_names=tuple(sorted(policy.allowed_names)),
        allowed_texts=len(policy.allowed_texts),
        undelivered_max_hours=options.spool_max_age_hours,
    )


def _recipients(options: Options) -> Iterator[Recipient]:
    host = urlsplit(options.dsn or "").hostname
    if host is not None:
        here = _is_this_machine(host)
        who = "who runs this server" if here else "who runs this server, by setting its address"
        yield Recipient(host=host, is_this_machine=here, answers_for_it=who)


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in LOOPBACK


def as_markdown(document: Document) -> str:
    """Return the document to read."""
    parts = (
        _head(document),
        _of_whom(document),
        _never(document),
        _rules(document),
        _own_choices(document),
        _retention(document),
    )
    return "\n".join(line for part in parts for line in part)


def _head(document: Document) -> Iterator[str]:
    yield "# What leaves this server in reports of errors, traces and logs"
    yield f"\nEnvironment: {_plain(document.environment)}. Rules: version {document.rules_version}.\n"
    yield "## Who receives it\n"
    for one in document.recipients:
        where = "this machine itself" if one.is_this_machine else "a disclosure to another machine"
        yield f"- {_plain(one.host)} ({where}). For it answers {one.answers_for_it}."
    if not document.recipients:
        yield "- Nobody: no recipient is set, so nothing leaves."


def _of_whom(document: Document) -> Iterator[str]:
    yield "\n## What may leave, of whom\n"
    yield from (f"- Of everybody: {what}." for what in document.of_everybody)
    yield "\nBeyond that at most:\n"
    yield "| what | of pupils | of staff |"
    yield "| --- | --- | --- |"
    for name, what in KINDS.items():
        hows = (HOW[getattr(of, name)] for of in document.collected.values())
        yield f"| {what} | {' | '.join(hows)} |"
    roles = ", ".join(document.staff_roles)
    yield f"\nStaff are the roles {roles}. Everybody else counts as a pupil, and whoever isn't known."


def _never(document: Document) -> Iterator[str]:
    yield "\n## What never leaves, of anybody\n"
    for rule in document.rules:
        if rule.group is Group.SECRET:
            yield f"- {rule.takes} (`{rule.name}`)"
    for kind in fields(Collected):
        if all(getattr(of, kind.name) is Collect.OFF for of in document.collected.values()):
            yield f"- {KINDS[kind.name]}"
    yield from (f"- {what}" for what in document.never)


def _rules(document: Document) -> Iterator[str]:
    yield "\n## The rules\n"
    yield "What a rule takes is replaced by the rule's name, never by a hint of what it was. No rule finds"
    yield "everything: what somebody types in a form that none of them knows may leave in a message.\n"
    yield "| rule | takes | applies |"
    yield "| --- | --- | --- |"
    for rule in document.rules:
        applies = "no: switched off here" if rule.name in document.switched_off else "yes"
        yield f"| `{rule.name}` | {rule.takes} | {'always' if not rule.may_be_switched_off else applies} |"
    for name in document.own_rules:
        yield f"| `{name}` | what this deployment's own pattern of that name finds | yes |"


def _own_choices(document: Document) -> Iterator[str]:
    yield "\n## What this deployment decided itself\n"
    for what, names in (
        ("Also secret is what stands under", document.secret_names),
        ("Also a person's is what stands under", document.person_names),
        ("May stay: what stands under", document.allowed_names),
    ):
        yield f"- {what}: {', '.join(map(_plain, names)) or 'nothing more'}"
    yield f"- Whole texts that may stay: {document.allowed_texts:,}"


def _retention(document: Document) -> Iterator[str]:
    yield "\n## For how long\n"
    hours = f"{document.undelivered_max_hours:g}"
    yield f"- On this server, after the rules: until it is delivered, {hours} hours at most."
    yield "- At the recipient: as is decided there; it has to be asked for its own policy."
    yield ""


def _plain(text: str) -> str:
    return f"`{''.join(sign for sign in text if sign.isprintable() and sign not in '`|')}`"
