"""The catalogue names every rule that the gate knows, and no other."""

import re
from functools import cache

from benchmarks.privacy.corpus import corpus
from toolboxai.telemetry.privacy import Collect, Gate, Policy, policy_for, pseudonyms
from toolboxai.telemetry.privacy.catalogue import RULE_FOR_NAME, RULES, Group

# What the corpus doesn't bring about.
DEEP: dict[str, object] = {"extra": {}}
for _ in range(200):
    DEEP = {"extra": DEEP}
EXAMPLES: tuple[dict[str, object], ...] = (
    {"message": "curl -u canary:hunter2hunter2 https://example.org"},
    {"message": "failed\n[parameters: ('Ada', 7)]"},
    {"message": "bad [type=int, input_value='Ada L', input_type=str]"},
    {"extra": {str(number): f"{number} word" * 1_000 for number in range(1_000)}},
    DEEP,
)


def policies() -> tuple[Policy, ...]:
    """Return one policy as it is usually, and one by which nothing leaves of what can be held back."""
    usual = policy_for("production", send_pii=False)
    nothing = dict.fromkeys(type(usual.pupil).__dataclass_fields__, Collect.OFF)
    held_back = type(usual.pupil)(**nothing)
    return usual, Policy(environment="production", pupil=held_back, staff=held_back)


@cache
def rules_seen() -> frozenset[str]:
    """Return the names of all rules that take something out of the corpus, and of those that leave a mark."""
    seen: set[str] = {"gate-failed"}
    payloads = [case.payload for case in corpus()]
    held_back: dict[str, object] = {
        "request": {"data": "something", "cookies": {"a": "b"}},
        "contexts": {"trace": {"data": {"gen_ai.prompt": "hello", "db.params": [1]}}},
        "exception": {"values": [{"stacktrace": {"frames": [{"vars": {"a": "b"}}]}}]},
    }
    for policy in policies():
        gate = Gate(pseudonyms("a key for the tests"), policy=policy)
        for payload in [*payloads, *EXAMPLES, held_back]:
            passed = gate.clean(str(payload.get("type", "event")), payload)
            assert passed is not None
            seen |= passed.redactions.keys()
            seen |= {*re.findall(r"\[redacted:([\w-]+)", str(passed.payload))}
    return frozenset(seen)


def test_every_rule_of_the_gate_is_in_the_catalogue() -> None:
    assert sorted(rules_seen() - RULE_FOR_NAME.keys()) == []


def test_every_rule_of_the_catalogue_is_one_of_the_gates() -> None:
    assert sorted(RULE_FOR_NAME.keys() - rules_seen()) == []


def test_no_rule_for_secrets_and_no_promise_of_the_gate_can_be_switched_off() -> None:
    fixed = {rule.name for rule in RULES if not rule.may_be_switched_off}
    assert fixed >= {"secret", "key-value", "jwt", "pseudonym", "gate-failed"}
    assert all(rule.group in {Group.SECRET, Group.GATE} for rule in RULES if rule.name in fixed)
