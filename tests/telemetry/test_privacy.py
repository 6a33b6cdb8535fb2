"""What the gate lets out, what it doesn't, and that it fails closed."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import thread_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.telemetry.conftest import AS_SLOW_AS
from toolboxai.telemetry.privacy import Gate, pseudonyms, secret_in
from toolboxai.telemetry.privacy.keys import EMAIL, IDENTITY, IP, NAME, SECRET, rule_for
from toolboxai.telemetry.privacy.pseudonyms import IS_PSEUDONYM
from toolboxai.telemetry.privacy.text import Scanner

PSEUDONYM = pseudonyms("a key for these tests")
SCANNER = Scanner()
SECRET_TOKEN = "ghp_" + "a1B2" * 9
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=20,
)


def clean(payload: dict[str, Any]) -> dict[str, Any]:
    passed = Gate(PSEUDONYM).clean("event", payload)
    assert passed is not None
    passed.payload.pop("_meta", None)  # what was taken where has tests of its own
    return passed.payload


def redacted(text: str) -> str:
    return SCANNER.look(text, lambda _rule: None)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("password", SECRET),
        ("dbPassword", SECRET),
        ("new_passwd", SECRET),
        ("X-Api-Key", SECRET),
        ("Authorization", SECRET),
        ("access_token", SECRET),
        ("sessionId", SECRET),
        ("set-cookie", SECRET),
        (".ROBLOSECURITY", SECRET),
        ("email", EMAIL),
        ("studentName", NAME),
        ("student_id", IDENTITY),
        ("ip_address", IP),
        ("accesstoken", SECRET),
        ("dbpassword", SECRET),
        ("db_pass", SECRET),
        ("signing_key", SECRET),
        ("password_used", SECRET),
        ("x" * 130 + "_password", SECRET),
        ("robloxId", IDENTITY),
        ("server.address", None),
        ("lesson", None),
        ("spinning", None),
        ("tokenizer", None),
        ("is_unauthorized", None),
        ("", None),
    ],
)
def test_a_name_tells_what_its_value_is(name: str, rule: str | None) -> None:
    assert rule_for(name) == rule


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param("Bearer abcdef123456", id="bearer"),
        pytest.param("Basic dXNlcjpwYXNzd29yZA==", id="basic"),
        pytest.param("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", id="JWT"),
        pytest.param("sk-proj-" + "a1" * 20, id="OpenAI"),
        pytest.param("sk-ant-api03-" + "b2" * 20, id="Anthropic"),
        pytest.param("AKIA" + "A1B2C3D4" * 2, id="AWS"),
        pytest.param("AIza" + "c" * 35, id="Google"),
        pytest.param("ghp_" + "d" * 36, id="GitHub"),
        pytest.param("glpat-" + "e" * 20, id="GitLab"),
        pytest.param("xoxb-" + "1234567890-abc", id="Slack"),
        pytest.param("sk_live_" + "f" * 24, id="Stripe"),
        pytest.param("npm_" + "g" * 36, id="npm"),
        pytest.param("_|WARNING:-DO-NOT-SHARE-THIS.--abc|_DEADBEEF", id="Roblox"),
        pytest.param("ada.lovelace+maths@school.example.org", id="e-mail"),
        pytest.param("ünal@schule.example", id="e-mail in unicode"),
        pytest.param(
            "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", id="key"
        ),
    ],
)
@pytest.mark.parametrize("around", ["{}", "it said: {}, twice", "<{}>", 'x = "{}"', "{}\n"])
def test_a_secret_is_found_in_any_text(secret: str, around: str) -> None:
    assert secret not in redacted(around.format(secret))


@pytest.mark.parametrize(
    "text",
    [
        "password=hunter22",
        "Login(password='hunter22', user=4)",
        '{"password": "hunter22"}',
        '{\\"password\\": \\"hunter22\\"}',
        "PASSWORD: hunter22",
        "api_key => hunter22;",
        "?token=hunter22&x=1",
        "postgresql://school:hunter22@db/main",
        "redis://:hunter22@cache/0",
        "amqp://u:with@hunter22@broker",
        "password=me@school.org#hunter22",
        "Authorization: Bearer abcdefgh1$hunter22",
        "password=[redacted:x]hunter22",
        "Authorization: Token hunter22",
        "Cookie: a=1; x=hunter22",
        "passphrase: correct horse hunter22",
        "password=a,hunter22",
        "password=('hunter22',)",
        'password="""hunter22"""',
        "password=rb'hunter22'",
        "password='it\\'s hunter22'",
        "otp=hunter22",
        "pin: hunter22",
        "credentials=hunter22",
        "private_key = hunter22",
        "password      = hunter22",
        "password%3Dhunter22",
        "user[password]=hunter22",
        "--password hunter22",
        'say \\\\\\"password\\\\\\": \\\\\\"hunter22\\\\\\"',
        "[SQL: INSERT INTO pupil VALUES (?)]\n[parameters: ('hunter22',)]",
        "1 validation error [type=int_parsing, input_value='hunter22', input_type=str]",
        "token=" + "x" * 3_000 + "hunter22",
        "eyJhbGciOiJIUzI1NiJ9." + "x" * 5_000 + "hunter22",
        "ghp_" + "a" * 300 + "hunter22",
        "-----BEGIN PGP MESSAGE-----\nhunter22",
        "assert user.password == 'hunter22'",
        "password := hunter22",
        "?token[]=hunter22&password[0]=hunter22",
        '{"tokens": ["aaa", "hunter22"]}',
        '{"password": {"old": "x1", "new": "hunter22"}}',
        '"{\\"password\\": \\"hun\\\\\\"hunter22 tail\\"}"',
        "[('x-api-key', 'hunter22')]",
        "[(b'cookie', b'prefs=aa; sess=hunter22')]",
        "[{'type': 'missing', 'loc': ('body', 'password'), 'msg': 'odd', 'input': 'hunter22'}]",
        "<password>hunter22</password>",
        "mfa_code=hunter22 cvv: hunter22",
        "curl -u admin:hunter22 host",
        "https://hooks.slack.com/services/T0/B0/hunter22",
    ],
)
def test_a_value_behind_a_telling_name_is_cut(text: str) -> None:
    assert "hunter22" not in redacted(text)


@pytest.mark.parametrize(
    "text",
    [
        "ZeroDivisionError: division by zero",
        "/api/v1/lessons/{lesson}",
        "0191e8a4-6e2c-7bd1-9f0e-1a2b3c4d5e6f",
        "4f6c0d2b9a8e7f6d5c4b3a29180706050403020a",
        "version 1.2.3.4-beta at 2026-11-23T12:00:00Z",
        "SELECT id FROM lesson WHERE grade = ?",
        "TOOLBOXAI_PSEUDONYM_KEY is not set",
        "grade 4, objective 4.NF.1, 12 tokens",
        "http://localhost:8008/health",
        "the password field is required",
        "basic arithmetic, digest of the week",
        "def sign_in(name, token_type): ...",
        "password=None",
        "{'password': None, 'token': True}",
        "SELECT id FROM session WHERE session_token = $1 AND token = ? AND secret = :secret",
        "def f(token: str, secret: int): ...",
        "/reset/{token:str}",
        "Unexpected token: '}'",
        "toolboxai@1.2.0",
    ],
)
def test_what_tells_nothing_stays(text: str) -> None:
    assert redacted(text) == text


def test_the_same_secret_is_removed_wherever_else_it_stands() -> None:
    cleaned = clean(
        {"extra": {"password": "correct horse"}, "message": "tried correct horse twice"}
    )

    assert cleaned == {
        "extra": {"password": "[redacted:secret]"},
        "message": "tried [redacted:echo] twice",
    }


def test_secrets_in_a_structure_under_a_telling_name_go_with_it() -> None:
    cleaned = clean(
        {"cookies": {"a": "chocolate", "b": ["oat-meal", 7]}, "message": "ate oat-meal"}
    )

    assert cleaned == {"cookies": "[redacted:secret]", "message": "ate [redacted:echo]"}


def test_counts_times_kinds_and_switches_stay() -> None:
    harmless = {
        "max_tokens": 256,
        "token_count": 12,
        "tokens_per_second": 8.5,
        "gen_ai.usage.input_tokens.cached": 3,
        "session_duration": 12,
        "secrets_found": 0,
        "gen_ai.usage.input_tokens": {"value": 12, "type": "integer"},
        "password_reset_at": "2026-11-23T12:00:00Z",
        "token_type": "bearer",
        "password": None,
        "secret": True,
        "token": "",
        "auth_enabled": False,
    }

    assert clean(harmless) == harmless
    assert clean({"pin": 1234, "password_reset_at": "hunter22!"}) == {
        "pin": "[redacted:secret]",
        "password_reset_at": "[redacted:secret]",
    }


@pytest.mark.parametrize(
    "payload",
    [
        {"vars": {"filename": SECRET_TOKEN}},
        {"tags": {"module": SECRET_TOKEN}},
        {"spans": [{"data": {"function": SECRET_TOKEN}}]},
        {"vars": {"release": "https://u:hunter22@host"}},
        {"headers": [["x-api-key", "hunter22"]]},
        {"headers": [{"name": "x-api-key", "value": "hunter22"}]},
        {"errors": [{"loc": ["body", "password"], "input": "hunter22"}]},
        {"argv": ["mysql", "--password", "hunter22", "school"]},
        {"raw": ["Accept", "x", "X-Api-Key", "hunter22"]},
        {"rows": [("password", "hunter22", "x")]},
        {"fields": [{"field": "password", "value": "hunter22"}]},
        {"vars": {"password": "hunter22", "function": "hunter22", "hunter22": 1}},
    ],
    ids=[
        "filename",
        "module",
        "function",
        "release",
        "pair",
        "name and value",
        "rejected input",
        "flag",
        "flat headers",
        "tuple",
        "field",
        "echo as a name",
    ],
)
def test_no_place_is_exempt(payload: dict[str, Any]) -> None:
    cleaned = str(clean(payload))

    assert SECRET_TOKEN not in cleaned
    assert "hunter22" not in cleaned


def test_an_echo_leaves_the_structure_of_an_event_alone() -> None:
    frame = {"function": "unlock", "module": "school", "vars": {"password": "unlock"}}
    event = {
        "level": "unlock",
        "transaction": "/unlock/{door}",
        "exception": {
            "values": [{"type": "unlock", "value": "unlock", "stacktrace": {"frames": [frame]}}]
        },
        "breadcrumbs": {"values": [{"message": "relocked and unlocked"}]},
    }

    cleaned = clean(event)

    (value,) = cleaned["exception"]["values"]
    assert (cleaned["level"], cleaned["transaction"]) == ("unlock", "/unlock/{door}")
    assert (value["type"], value["value"]) == ("unlock", "[redacted:echo]")
    assert value["stacktrace"]["frames"][0]["function"] == "unlock"
    assert cleaned["breadcrumbs"] == event["breadcrumbs"], "only whole words are echoes"


def test_what_merely_stands_near_a_secret_is_no_echo() -> None:
    payload = {"vars": {"session": {"role": "teacher", "tenant": "lesson"}}, "message": "a lesson"}

    assert clean(payload)["message"] == "a lesson"


class Hostile:
    def __eq__(self, other: object) -> bool:
        raise AssertionError

    __hash__ = None  # type: ignore[assignment]


def test_a_foreign_object_is_not_even_compared() -> None:
    assert clean({"message": "stays", "password": Hostile()}) == {
        "message": "stays",
        "password": "[redacted:secret]",
    }


def test_what_is_too_much_to_look_at_does_not_leave() -> None:
    cleaned = clean({"many": [f"{number:8000d}" for number in range(200)]})

    assert cleaned["many"][0].strip() == "0"
    assert cleaned["many"][-1] == "[redacted:budget]"


def test_source_lines_keep_their_names_and_lose_their_tokens() -> None:
    payload = {"context_line": 'login(password=password, key="ghp_' + "a" * 36 + '")'}

    assert clean(payload) == {
        "context_line": 'login(password=password, key="[redacted:provider-token]")'
    }


def test_a_line_of_source_that_was_clean_before_is_still_looked_through_for_echoes() -> None:
    gate, line = Gate(PSEUDONYM), "greeting = 'Xq7-violet' + suffix"
    shown = []
    for password in ("another-1", "Xq7-violet"):
        passed = gate.clean("event", {"password": password, "context_line": line})
        assert passed is not None
        shown.append(passed.payload["context_line"])

    assert shown == [line, "greeting = '[redacted:echo]' + suffix"]


def test_objects_become_the_name_of_their_type() -> None:
    class Opaque:
        def __repr__(self) -> str:
            return "password=hunter22"

    assert clean({"extra": {"it": Opaque(), 7: b"bytes"}}) == {
        "extra": {"it": "<Opaque>", "<int>": "<bytes>"}
    }


def test_long_strings_and_deep_structures_have_an_end() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5_000):
        deep = {"in": deep}

    cleaned = clean({"long": "x" * 100_000, "deep": deep, "many": list(range(100_000))})

    assert len(cleaned["long"]) == 8_193
    assert len(cleaned["many"]) == 10_000
    assert "[redacted:depth]" in str(cleaned["deep"])


@given(st.dictionaries(st.text(max_size=12), JSON, max_size=5))
def test_cleaning_twice_is_cleaning_once(payload: dict[str, Any]) -> None:
    once = Gate(PSEUDONYM).clean("event", payload)
    assert once is not None
    assert "gate-failed" not in once.redactions

    again = Gate(PSEUDONYM).clean("event", once.payload)
    assert again is not None
    assert repr(again.payload) == repr(once.payload)


@given(st.dictionaries(st.text(max_size=12), JSON, max_size=5))
def test_a_gate_that_has_seen_it_before_decides_the_same(payload: dict[str, Any]) -> None:
    gate = Gate(PSEUDONYM)
    first = gate.clean("event", payload)

    again = gate.clean("event", payload)

    assert repr(again) == repr(first)
    assert again is not None
    assert "gate-failed" not in again.redactions


@given(st.text(alphabet="hunter22-ABC", min_size=6, max_size=20), st.text(max_size=20))
def test_a_planted_password_never_gets_out(secret: str, around: str) -> None:
    cleaned = clean({"vars": {"password": secret}, "message": f"{around} {secret}"})

    assert secret not in str(cleaned["vars"])
    assert secret not in cleaned["message"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("open anna_weber_report.pdf failed", "open [redacted:name]_report.pdf failed"),
        ("/srv/reports/Anna Weber - marks.pdf", "/srv/reports/[redacted:name] - marks.pdf"),
        ("photo_Amy_Winters.jpg", "photo_[redacted:name].jpg"),
        ("cannot open anna@school.de.txt", "cannot open [redacted:email]"),
        ("/pupils/Amy%20Winters/grades", "/pupils/[redacted:person-id]/grades"),
        ("no student with number S-4417-2231", "no student with number [redacted:person-id]"),
        ("user.name = anna.weber", "user.name = [redacted:name]"),
        ("no quiz of pupil KAUR DHILLON Arjun yet", "no quiz of pupil [redacted:name] yet"),
        ("pupil OKONJO, Maria is absent", "pupil [redacted:name] is absent"),
        ("Workspace.amy2012.Humanoid is nil", "Workspace.[redacted:name].Humanoid is nil"),
    ],
)
def test_what_is_named_for_somebody_loses_the_name_and_keeps_the_rest(text: str, left: str) -> None:
    assert redacted(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "Marie Curie.pdf",
        "/lessons/Isaac Newton - laws.pdf",
        "icon@2x.min.js",
        "Workspace.Castle.Door:Open()",
        "amy.winters()",
        "/pupils/import failed",
    ],
)
def test_what_only_looks_named_for_somebody_stays(text: str) -> None:
    assert redacted(text) == text


@given(st.text(max_size=300))
def test_any_text_can_be_looked_through(text: str) -> None:
    assert isinstance(redacted(text), str)


@pytest.mark.parametrize(
    "hostile",
    [
        "@" * 8_000,
        "a@" * 4_000,
        "eyJ" * 2_700,
        "token=" * 1_300,
        "://" * 2_700,
        "\\" * 8_000,
        "bearer " * 1_100,
        "-----BEGIN " * 700,
        "token." * 1_365,
        "token-" * 1_365,
        "eyJ-" * 2_048,
        "a=" * 4_000,
        "password='" * 800,
        "sk-" * 2_700,
        "basic " * 1_300,
        "x@y." * 2_000,
        "--token " * 1_000,
        "://a:" * 1_600,
    ],
    ids=lambda text: text[:12].strip(),
)
def test_hostile_text_takes_linear_time(hostile: str) -> None:
    started = thread_time()
    redacted(hostile)

    assert thread_time() - started < 0.1 * AS_SLOW_AS


def test_an_error_inside_the_gate_gives_the_minimal_event(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object, **_keywords: object) -> str:
        msg = "a bug in a rule"
        raise RuntimeError(msg)

    monkeypatch.setattr(Scanner, "look", broken)
    payload = {
        "event_id": "a" * 32,
        "level": "error",
        "message": "password=hunter22",
        "exception": {
            "values": [
                "odd",
                {"type": "Odd", "stacktrace": {"frames": "odd"}},
                {
                    "type": "ValueError",
                    "value": "hunter22",
                    "stacktrace": {
                        "frames": [{"function": "f", "lineno": 3, "vars": {"p": "hunter22"}}]
                    },
                },
            ]
        },
    }

    passed = Gate(PSEUDONYM).clean("event", payload)

    assert passed is not None
    assert passed.redactions == {"gate-failed": 1}
    assert passed.payload == {
        "event_id": "a" * 32,
        "level": "error",
        "exception": {
            "values": [
                {"type": "Odd", "stacktrace": {"frames": []}},
                {"type": "ValueError", "stacktrace": {"frames": [{"function": "f", "lineno": 3}]}},
            ]
        },
    }


@pytest.mark.parametrize("item_type", ["replay_video", "replay_recording", "", "Event"])
def test_an_unknown_item_type_does_not_pass(item_type: str) -> None:
    assert Gate(PSEUDONYM).clean(item_type, {"harmless": 1}) is None


def test_bytes_do_not_pass() -> None:
    assert Gate(PSEUDONYM).clean("event", b"{}") is None


@given(st.text())
def test_a_pseudonym_has_one_form_and_depends_on_person_and_key(identity: str) -> None:
    pseudonym = PSEUDONYM(identity)

    assert IS_PSEUDONYM.fullmatch(pseudonym)
    assert pseudonym == PSEUDONYM(identity) != PSEUDONYM(f"{identity}x")
    assert pseudonym != pseudonyms("another key")(identity)


def test_of_a_user_only_pseudonym_and_role_leave() -> None:
    user = {"id": 4711, "role": "teacher", "name": "Ada", "ip_address": "203.0.113.7", "plan": "x"}

    assert clean({"user": user})["user"] == {"id": PSEUDONYM("4711"), "role": "teacher"}


def test_what_is_a_pseudonym_already_stays_wherever_it_is() -> None:
    own = PSEUDONYM("ada")

    cleaned = clean({"user": {"id": own}, "contexts": {"plugin": {"session": own}}})

    assert cleaned == {"user": {"id": own}, "contexts": {"plugin": {"session": own}}}


def test_the_user_of_a_log_record_is_a_pseudonym_too() -> None:
    attributes = {"user.id": {"value": "ada", "type": "string"}, "enduser.id": "ada"}

    cleaned = clean({"items": [{"attributes": attributes}]})["items"][0]["attributes"]

    assert cleaned["user.id"] == {"value": PSEUDONYM("ada"), "type": "string"}
    assert cleaned["enduser.id"] == PSEUDONYM("ada")


def test_all_workers_make_the_same_pseudonyms_with_a_key_that_only_they_can_read(
    tmp_path: Path,
) -> None:
    with ThreadPoolExecutor(8) as workers:
        secrets = set(workers.map(secret_in, [tmp_path / "spool"] * 8))

    assert len(secrets) == 1
    assert [path.name for path in (tmp_path / "spool").iterdir()] == ["pseudonym.key"]
    assert (tmp_path / "spool" / "pseudonym.key").stat().st_mode & 0o777 == 0o600


def test_a_redacted_attribute_of_a_log_record_is_still_an_attribute() -> None:
    attributes = {"password": {"value": "hunter2", "type": "string"}}

    cleaned = clean({"items": [{"body": "signed in", "attributes": attributes}]})

    assert cleaned["items"][0]["attributes"] == {
        "password": {"value": "[redacted:secret]", "type": "string"}
    }
