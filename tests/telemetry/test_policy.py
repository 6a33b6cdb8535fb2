import subprocess
import sys
from dataclasses import asdict, replace

import pytest

from toolboxai.telemetry.privacy.policy import STAFF_ROLES, Collect, policy_for

ENVIRONMENTS = ["development", "staging", "production", "of-our-own"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_asking_for_personal_data_changes_nothing_for_pupils(environment: str) -> None:
    assert (
        policy_for(environment, send_pii=True).pupil
        == policy_for(environment, send_pii=False).pupil
    )


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nobody_is_told_by_name_unless_it_was_asked_for(environment: str) -> None:
    policy = policy_for(environment, send_pii=False)
    assert {policy.pupil.identity, policy.staff.identity} == {Collect.OFF}
    assert policy_for(environment, send_pii=True).staff.identity is Collect.SCANNED


@pytest.mark.parametrize("role", [None, "", "student", "parent", "Teacher", "teacher ", "unknown"])
def test_whoever_is_not_known_to_be_staff_counts_as_a_pupil(role: str | None) -> None:
    policy = policy_for("production", send_pii=True)
    assert policy.collected_of(role) is policy.pupil


@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_staff_has_a_policy_of_its_own(role: str) -> None:
    policy = policy_for("production", send_pii=True)
    assert policy.collected_of(role) is policy.staff


def test_an_environment_nobody_has_heard_of_is_as_discreet_as_production() -> None:
    strange = asdict(policy_for("prod-eu-2", send_pii=False))
    assert strange == asdict(policy_for("production", send_pii=False)) | {
        "environment": "prod-eu-2"
    }


def test_in_production_only_local_variables_leave_as_they_are() -> None:
    collected = asdict(policy_for("production", send_pii=False).pupil)
    assert [name for name, how in collected.items() if how is Collect.SCANNED] == [
        "local_variables"
    ]


def test_a_policy_has_one_fingerprint_in_every_process_and_another_one_after_a_change() -> None:
    policy = policy_for("production", send_pii=False)
    own = replace(policy, extra_secret_names=frozenset({"locker", "pin-board", "shelf"}))
    code = (
        "from dataclasses import replace; from toolboxai.telemetry.privacy.policy import policy_for;"
        "own = frozenset({'shelf', 'locker', 'pin-board'});"
        "print(replace(policy_for('production', send_pii=False), extra_secret_names=own).fingerprint)"
    )

    elsewhere = [
        int(subprocess.check_output([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}))
        for seed in ("1", "2")
    ]

    assert elsewhere == [own.fingerprint] * 2
    assert policy.fingerprint != own.fingerprint
