"""A deployment's own rules, in TOML: read once at start, and refused as a whole when anything in it is wrong."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, NoReturn

from toolboxai.telemetry.options import Options, OptionsError
from toolboxai.telemetry.privacy.catalogue import RULE_FOR_NAME, RULES, Group
from toolboxai.telemetry.privacy.gate import Gate
from toolboxai.telemetry.privacy.patterns import UnsafePatternError, checked
from toolboxai.telemetry.privacy.policy import Collect, Collected, Policy, policy_for

MAX_FILE_BYTES = 256 * 1024
MAX_PATTERNS = 100
MAX_ENTRIES = 1_000
MAX_ENTRY_CHARS = 200

_LISTS = ("secret_names", "person_names", "allowed_names", "allowed_texts", "switched_off")
_PEOPLE = ("pupil", "staff")
_KINDS = tuple(kind.name for kind in fields(Collected))
_RULE_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_ORDER = tuple(Collect)
_SECRET_RULES = frozenset(rule.name for rule in RULES if rule.group is Group.SECRET)
_PROBE = "Zx7Qw9-probe-4Tk2"


class PolicyFileError(OptionsError):
    """The policy file can't be used; says the file, the key and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFile:
    """What a policy file says. ``collect`` has environment, then kind of person, then what of theirs."""

    secret_names: frozenset[str] = frozenset()
    person_names: frozenset[str] = frozenset()
    allowed_names: frozenset[str] = frozenset()
    allowed_texts: frozenset[str] = frozenset()
    switched_off: frozenset[str] = frozenset()
    patterns: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    collect: Mapping[str, Mapping[str, Mapping[str, Collect]]] = field(default_factory=dict)

    def applied_to(self, policy: Policy) -> Policy:
        """Return ``policy`` as this file changes it."""
        chosen = self.collect.get(policy.environment, {})
        return replace(
            policy,
            pupil=replace(policy.pupil, **chosen.get("pupil", {})),
            staff=replace(policy.staff, **chosen.get("staff", {})),
            extra_secret_names=self.secret_names,
            extra_person_names=self.person_names,
            patterns=self.patterns,
            allowed_names=self.allowed_names,
            allowed_texts=self.allowed_texts,
            switched_off=self.switched_off,
        )


def policy_of(options: Options) -> Policy:
    """Return the policy that ``options`` describe. Raises ``PolicyFileError``."""
    policy = policy_for(options.environment, send_pii=options.send_default_pii)
    if options.privacy_policy is None:
        return policy
    return read_policy_file(Path(options.privacy_policy)).applied_to(policy)


def read_policy_file(path: Path) -> PolicyFile:
    """Read and check a policy file. Raises ``PolicyFileError`` with the first thing that is wrong."""
    return _Reader(path).read()


class _Reader:
    """Reads one file; knows its name, for the errors."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> PolicyFile:
        said = self._parsed()
        self._know(said, (*_LISTS, "patterns", "collect"), "")
        lists = {name: self._list(said.get(name, []), name) for name in _LISTS}
        self._check_switches(lists["switched_off"])
        self._check_allowed(
            "allowed_names", {name: {"extra": {name: _PROBE}} for name in lists["allowed_names"]}
        )
        self._check_allowed(
            "allowed_texts", {text: {"message": text} for text in lists["allowed_texts"]}
        )
        return PolicyFile(
            **lists,
            patterns=self._patterns(self._table(said.get("patterns", {}), "patterns")),
            collect=self._collect(self._table(said.get("collect", {}), "collect")),
        )

    def _refuse(self, key: str, reason: str) -> NoReturn:
        msg = f"{self._path}: {key + ': ' if key else ''}{reason}"
        raise PolicyFileError(msg)

    def _parsed(self) -> dict[str, Any]:
        try:
            with self._path.open("rb") as file:
                text = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            self._refuse("", f"can't be read ({error.strerror}); name a TOML file that is there")
        if len(text) > MAX_FILE_BYTES:
            self._refuse("", f"has more than {MAX_FILE_BYTES:,} bytes; shorten it")
        try:
            return tomllib.loads(text.decode())
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            self._refuse("", f"is no TOML: {error}; https://toml.io says what it looks like")

    def _know(self, said: Mapping[str, object], known: tuple[str, ...], place: str) -> None:
        for name in said:
            if name not in known:
                self._refuse(f"{place}{name}", f"isn't known; choose from: {', '.join(known)}")

    def _table(self, value: object, key: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._refuse(key, f"must be a table; write [{key}] on a line of its own")
        return value

    def _list(self, value: object, key: str) -> frozenset[str]:
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            self._refuse(key, 'must be a list of texts; write ["one", "two"]')
        if len(value) > MAX_ENTRIES:
            self._refuse(key, f"has {len(value):,} entries; at most {MAX_ENTRIES:,} are taken")
        for entry in value:
            if not entry.strip() or len(entry) > MAX_ENTRY_CHARS:
                self._refuse(key, f"{entry[:40]!r} must have 1 to {MAX_ENTRY_CHARS} characters")
        return frozenset(value)

    def _check_switches(self, names: frozenset[str]) -> None:
        for name in sorted(names):
            rule = RULE_FOR_NAME.get(name)
            if rule is None or not rule.may_be_switched_off:
                possible = ", ".join(known.name for known in RULES if known.may_be_switched_off)
                why = "is no rule" if rule is None else f"always applies: it takes {rule.takes}"
                self._refuse(
                    "switched_off", f"{name!r} {why}; these can be switched off: {possible}"
                )

    def _check_allowed(self, key: str, examples: Mapping[str, Mapping[str, object]]) -> None:
        """Refuse what would let a secret out: what a rule for secrets takes, nobody can allow."""
        gate = Gate(str)
        for allowed, example in sorted(examples.items()):
            passed = gate.clean("event", example)
            if passed is None or _SECRET_RULES.intersection(passed.redactions):
                self._refuse(
                    key,
                    f"{allowed!r} is a secret by the built-in rules, and those never leave; take it out",
                )

    def _patterns(self, said: Mapping[str, Any]) -> dict[str, re.Pattern[str]]:
        if len(said) > MAX_PATTERNS:
            self._refuse("patterns", f"has {len(said):,}; at most {MAX_PATTERNS} are taken")
        return {name: self._pattern(name, text) for name, text in said.items()}

    def _pattern(self, name: str, text: object) -> re.Pattern[str]:
        key = f"patterns.{name}"
        if not _RULE_NAME.fullmatch(name):
            self._refuse(key, "must be named in at most 32 of a-z, 0-9 and -, a letter first")
        if name in RULE_FOR_NAME:
            self._refuse(key, "is the name of a built-in rule; choose another")
        if not isinstance(text, str):
            self._refuse(key, "must be a regular expression in single quotes")
        try:
            return checked(text)
        except UnsafePatternError as error:
            self._refuse(key, str(error))

    def _collect(self, said: Mapping[str, Any]) -> dict[str, dict[str, dict[str, Collect]]]:
        chosen: dict[str, dict[str, dict[str, Collect]]] = {}
        for environment in said:
            people = self._table(said[environment], f"collect.{environment}")
            self._know(people, _PEOPLE, f"collect.{environment}.")
            chosen[environment] = {
                person: self._kinds(environment, person, people[person]) for person in people
            }
        return chosen

    def _kinds(self, environment: str, person: str, value: object) -> dict[str, Collect]:
        place = f"collect.{environment}.{person}"
        said = self._table(value, place)
        self._know(said, _KINDS, f"{place}.")
        return {kind: self._how(environment, person, kind, said[kind]) for kind in said}

    def _how(self, environment: str, person: str, kind: str, value: object) -> Collect:
        key = f"collect.{environment}.{person}.{kind}"
        if not isinstance(value, str) or value not in _ORDER:
            self._refuse(key, f"must be one of: {', '.join(Collect)}")
        how = Collect(value)
        if kind == "cookies" and how is Collect.SCANNED:
            self._refuse(key, "a cookie is a secret and never leaves as it is; write off or shape")
        usual: Collect = getattr(policy_for(environment, send_pii=False).pupil, kind)
        if person == "pupil" and _ORDER.index(how) > _ORDER.index(usual):
            self._refuse(
                key,
                f"of pupils no more than the default may leave, which is {usual};"
                " allow single names in allowed_names instead",
            )
        return how
