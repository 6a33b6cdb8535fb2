"""What a deployment may decide for itself; and that a wrong file is refused with file, key and what to do."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sentry_sdk

from tests.telemetry.conftest import Start, arrived
from tests.telemetry.sink import RecordingSink
from toolboxai import telemetry
from toolboxai.telemetry.privacy import (
    Collect,
    Gate,
    Passed,
    Policy,
    PolicyFileError,
    policy_for,
    policy_of,
    read_policy_file,
)
from toolboxai.telemetry.privacy import policy_file as module

Write = Callable[[str], Path]

GOOD = r"""
secret_names = ["locker_code"]
person_names = ["tutor_group"]
allowed_names = ["house"]
allowed_texts = ["helpdesk@school.example"]
switched_off = ["bound-parameters"]

[patterns]
class-code = 'KL-\d{4}'

[collect.production.staff]
query = "scanned"
identity = "scanned"

[collect.production.pupil]
local_variables = "off"

[collect.staging.staff]
bodies = "off"
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "policy.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def policy_in(path: Path | None, environment: str = "production") -> Policy:
    return policy_of(telemetry.Options(environment=environment, privacy_policy=path))


def test_without_a_file_the_policy_is_the_environments() -> None:
    assert policy_in(None) == policy_for("production", send_pii=False)


def test_everything_a_file_says_is_in_the_policy(write: Write) -> None:
    policy = policy_in(write(GOOD))

    assert policy.extra_secret_names == {"locker_code"}
    assert policy.extra_person_names == {"tutor_group"}
    assert policy.allowed_names == {"house"}
    assert policy.allowed_texts == {"helpdesk@school.example"}
    assert policy.switched_off == {"bound-parameters"}
    assert [(name, found.pattern) for name, found in policy.patterns.items()] == [
        ("class-code", r"KL-\d{4}")
    ]
    assert policy.staff.query is policy.staff.identity is Collect.SCANNED
    assert policy.pupil.local_variables is Collect.OFF
    assert policy.pupil.query is Collect.SHAPE


def test_what_is_said_of_one_environment_changes_no_other(write: Write) -> None:
    path = write(GOOD)
    assert policy_in(path, "staging").staff.bodies is Collect.OFF
    assert policy_in(path, "staging").staff.query is Collect.SHAPE
    assert policy_in(path, "development").pupil == policy_for("development", send_pii=False).pupil


@pytest.mark.parametrize(
    ("text", "key", "what_to_do"),
    [
        ("secret_names = [", "", "toml.io"),
        ('secret_name = ["a"]', "secret_name: ", "choose from: secret_names, "),
        ('secret_names = "locker"', "secret_names: ", 'write ["one", "two"]'),
        ("secret_names = [1]", "secret_names: ", 'write ["one", "two"]'),
        ('secret_names = [" "]', "secret_names: ' '", "1 to 200 characters"),
        (f'allowed_texts = ["{"x" * 201}"]', "allowed_texts: ", "1 to 200 characters"),
        ('switched_off = ["jwt"]', "switched_off: 'jwt' always applies", "switched off: person"),
        ('switched_off = ["pseudonym"]', "'pseudonym' always applies", "switched off: person"),
        ('switched_off = ["e-mail"]', "'e-mail' is no rule", "switched off: person"),
        ('allowed_names = ["password"]', "allowed_names: 'password' is a secret", "take it out"),
        ('allowed_names = ["DB-Passwd"]', "allowed_names: 'DB-Passwd'", "take it out"),
        ('allowed_texts = ["Bearer abc123DEF456"]', "allowed_texts: ", "take it out"),
        ("patterns = 5", "patterns: ", "write [patterns]"),
        ("patterns.class = 5", "patterns.class: ", "in single quotes"),
        ("patterns.Class = 'x'", "patterns.Class: ", "a letter first"),
        ("patterns.email = 'x'", "patterns.email: ", "choose another"),
        ("patterns.code = '('", "patterns.code: ", "Python's re module"),
        (r"patterns.code = '\w+'", "patterns.code: ", "say how often at most"),
        ("collect = 1", "collect: ", "write [collect]"),
        ("collect.production = 1", "collect.production: ", "write [collect.production]"),
        ("collect.production.parent.query = 'off'", "collect.production.parent: ", "pupil, staff"),
        ("collect.production.staff.body = 'off'", "collect.production.staff.body: ", "bodies, "),
        ("collect.production.staff.query = 'all'", "staff.query: ", "off, shape, scanned"),
        ("collect.production.staff.query = []", "staff.query: ", "off, shape, scanned"),
        ("collect.x.staff.cookies = 'scanned'", "collect.x.staff.cookies: ", "off or shape"),
        ("collect.x.pupil.identity = 'shape'", "collect.x.pupil.identity: ", "allowed_names"),
        ("collect.development.pupil.identity = 'scanned'", "pupil.identity: ", "which is off"),
    ],
)
def test_a_wrong_file_is_refused_with_file_key_and_what_to_do(
    write: Write, text: str, key: str, what_to_do: str
) -> None:
    path = write(text)

    with pytest.raises(PolicyFileError) as refused:
        read_policy_file(path)

    assert str(refused.value).startswith(f"{path}: ")
    assert key in str(refused.value)
    assert what_to_do in str(refused.value)


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError, match="name a TOML file that is there"):
        read_policy_file(tmp_path / "missing.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(PolicyFileError, match="is no TOML"):
        read_policy_file(tmp_path / "binary.toml")


def test_whatever_can_grow_in_a_file_has_a_limit(write: Write) -> None:
    many = ", ".join(f'"n{number}"' for number in range(module.MAX_ENTRIES + 1))
    with pytest.raises(PolicyFileError, match="secret_names: has 1,001 entries; at most 1,000"):
        read_policy_file(write(f"secret_names = [{many}]"))
    patterns = "\n".join(f"p{number} = 'x{number}'" for number in range(module.MAX_PATTERNS + 1))
    with pytest.raises(PolicyFileError, match="patterns: has 101; at most 100"):
        read_policy_file(write(f"[patterns]\n{patterns}"))
    with pytest.raises(PolicyFileError, match="more than 262,144 bytes"):
        read_policy_file(write("#" * (module.MAX_FILE_BYTES + 1)))


def test_what_is_reported_goes_by_the_file(write: Write, start: Start, sink: RecordingSink) -> None:
    start(environment="production", privacy_policy=write(GOOD))
    sentry_sdk.capture_message("the class KL-1234 has none of KLM-1234")

    (event,) = arrived(sink)

    assert event["message"] == "the class [redacted:class-code] has none of KLM-1234"


def test_a_start_with_a_wrong_file_is_refused(write: Write) -> None:
    with pytest.raises(telemetry.OptionsError, match="switched_off: 'jwt' always applies"):
        telemetry.init(telemetry.Options(privacy_policy=write('switched_off = ["jwt"]')))


def test_a_start_without_the_file_it_names_is_refused(tmp_path: Path) -> None:
    with pytest.raises(telemetry.OptionsError, match="privacy_policy must name a file"):
        telemetry.Options(privacy_policy=tmp_path / "missing.toml")


@pytest.mark.parametrize(
    "text",
    [
        "refused locker_code=true for it",
        'the body was {"locker_code": "true"}',
        "locker_code: true, house: red",
        "('locker_code', 'true') came twice",
    ],
)
def test_a_name_of_ones_own_tells_in_texts_too(write: Write, text: str) -> None:
    gate = Gate(str, policy=policy_in(write('secret_names = ["locker_code"]')))
    bare = Gate(str, policy=policy_in(None))
    event = {"logentry": {"message": text}}

    passed = gate.clean("event", event)

    assert passed is not None
    assert "true" not in passed.payload["logentry"]["message"]
    assert "[redacted:key-value]" in passed.payload["logentry"]["message"]
    assert gate.clean("event", passed.payload) == Passed(passed.payload, {})
    assert (untouched := bare.clean("event", event)) is not None
    assert untouched.payload["logentry"]["message"] == text
