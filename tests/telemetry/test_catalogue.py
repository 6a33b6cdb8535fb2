"""The catalogue names every rule that the gate knows, and no other."""

import pytest

from toolboxai.telemetry.privacy import Gate
from toolboxai.telemetry.privacy.catalogue import RULE_FOR_NAME, RULES, Group

DEEP: dict[str, object] = {"extra": {}}
for _ in range(200):
    DEEP = {"extra": DEEP}
EXAMPLES: dict[str, object] = {
    "secret": {"extra": {"password": "hunter2hunter2"}},
    "key-value": {"message": "password=hunter2hunter2"},
    "echo": {"extra": {"password": "hunter2hunter2"}, "message": "he typed hunter2hunter2"},
    "private-key": {"message": "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----"},
    "jwt": {"message": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"},
    "auth-header": {"message": "sent Bearer abcDEF123456"},
    "provider-token": {"message": "used ghp_0123456789abcdefghijABCDEFGHIJ012345"},
    "url-credentials": {"message": "at postgres://app:s3cr3tpw@db/x"},
    "person": {"extra": {"surname": "Lovelace"}},
    "email": {"message": "from a.pupil@example.org"},
    "bound-parameters": {"message": "failed [parameters: ('Ada', 7)]"},
    "input": {"message": "bad [type=int, input_value='Ada L', input_type=str]"},
    "pseudonym": {"user": {"id": "4711"}},
    "depth": DEEP,
    "budget": {"extra": {str(number): f"{number} word" * 1_000 for number in range(1_000)}},
}


@pytest.mark.parametrize("name", [rule.name for rule in RULES if rule.name != "gate-failed"])
def test_a_rule_of_the_catalogue_takes_what_it_is_for(name: str) -> None:
    passed = Gate(str.upper).clean("event", EXAMPLES[name])

    assert passed is not None
    assert name in passed.redactions
    assert passed.redactions.keys() <= RULE_FOR_NAME.keys()


def test_no_rule_for_secrets_and_no_promise_of_the_gate_can_be_switched_off() -> None:
    fixed = {rule.name for rule in RULES if not rule.may_be_switched_off}
    assert fixed >= {"secret", "key-value", "jwt", "pseudonym", "gate-failed"}
    assert all(rule.group in {Group.SECRET, Group.GATE} for rule in RULES if rule.name in fixed)
