"""`toolboxai privacy scrub`: a line in, a line out, by the gate and by nothing else."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.cli.scrubbing import arriving, run_scrub
from toolboxai.telemetry.privacy import Gate, pseudonyms

KEY = "a key for the tests, never another"


@pytest.fixture(autouse=True)
def _own_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLBOXAI_PSEUDONYM_KEY", KEY)


def scrub(text: str | bytes) -> tuple[int, list[Any], list[str]]:
    """Return exit code, what came out and the complaints."""
    source = io.BytesIO(text if isinstance(text, bytes) else text.encode())
    target, complaints = io.BytesIO(), list[str]()
    code = run_scrub(source, target, complaints.append, environment="production")
    lines = target.getvalue().splitlines()
    return code, [json.loads(line) for line in lines], complaints


PAYLOADS: list[dict[str, Any]] = [
    {"message": "it is late", "user": {"id": "4711", "email": "a.pupil@example.org"}},
    {"exception": {"values": [{"type": "ValueError", "value": "password=hunter2hunter2"}]}},
    {"type": "error", "extra": {"token": "tok-1234567"}},
    {"type": "transaction", "transaction": "/lessons/{id}", "spans": [{"op": "db"}]},
    {"type": "feedback", "contexts": {"feedback": {"message": "mail me: me@example.org"}}},
    {"type": "log", "version": 2, "items": [{"body": "from a.pupil@example.org"}]},
]


@pytest.mark.parametrize(
    "payload", PAYLOADS, ids=["message", "exception", "error", "transaction", "feedback", "log"]
)
def test_what_comes_out_is_what_the_gate_lets_leave(payload: dict[str, Any]) -> None:
    kind = payload.get("type", "event")
    expected = Gate(pseudonyms(KEY)).clean("event" if kind == "error" else kind, payload)

    code, out, complaints = scrub(json.dumps(payload))

    assert expected is not None
    assert (code, out, complaints) == (0, [expected.payload], [])


def test_each_line_has_its_answer_in_the_same_order() -> None:
    numbers = range(5_000)
    _, out, _ = scrub("\n".join(json.dumps({"extra": {"nth": number}}) for number in numbers))
    assert [line["extra"]["nth"] for line in out] == [*numbers]


@pytest.mark.parametrize("kind", ["replay_recording", "minidump", "unheard-of", 5, ["event"], {}])
def test_what_the_gate_does_not_know_is_null_and_no_mistake(kind: object) -> None:
    assert scrub(json.dumps({"type": kind, "message": "hello"})) == (0, [None], [])


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "isn't JSON"),
        ("not json", "isn't JSON"),
        ('{"message": "cut of', "isn't JSON"),
        ("[1, 2]", "no object: list"),
        ("null", "no object: NoneType"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_line_that_is_no_object_is_null_and_named(line: str, why: str) -> None:
    code, out, complaints = scrub(f'{{"extra": {{"a": 1}}}}\n{line}\n{{"extra": {{"b": 2}}}}\n')

    assert code == 1
    assert [out[0]["extra"], out[1], out[2]["extra"]] == [{"a": 1}, None, {"b": 2}]
    assert len(complaints) == 1
    assert complaints[0].startswith("line 2 ")
    assert why in complaints[0]


def test_a_complaint_does_not_repeat_what_it_complains_of() -> None:
    _, _, complaints = scrub('{"password": hunter2hunter2}')
    assert "hunter2" not in complaints[0]


def test_what_python_writes_and_json_does_not_know_is_scrubbed_like_the_rest() -> None:
    line = json.dumps(
        {"extra": {"mean": float("nan"), "half": "a\ud800b", "lineno": 12, "big": 9**99}}
    )

    code, [answer], complaints = scrub(line)

    assert (code, complaints) == (0, [])
    assert answer["extra"] == {"mean": None, "half": "a?b", "lineno": 12, "big": float(9**99)}


def test_bytes_that_are_no_text_do_not_break_it() -> None:
    code, [answer], _ = scrub(b'\xef\xbb\xbf{"message": "\xff\xed\xa0\x80"}')
    assert code == 0
    assert "\ufffd" in answer["message"]


def test_a_huge_line_is_a_line_like_any_other() -> None:
    huge = json.dumps({"extra": {"text": "word " * 2_000_000, "last": 1}})

    code, out, _ = scrub(f"{huge}\n{huge}")

    assert code == 0
    assert [line["extra"]["last"] for line in out] == [1, 1]


@given(st.binary(max_size=60), st.integers(min_value=1, max_value=9))
def test_lines_are_the_same_however_they_arrive(text: bytes, size: int) -> None:
    class Slow(io.BytesIO):
        def read1(self, _size: int | None = -1, /) -> bytes:
            return super().read1(size)

    lines = [line for some in arriving(Slow(text)) for line in some]

    assert lines == [*text.removesuffix(b"\n").split(b"\n")] if text else lines == []


def test_an_answer_comes_before_the_next_question(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "toolboxai", "privacy", "scrub"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=os.environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        for number in range(3):
            process.stdin.write(b'{"extra": {"nth": %d}}\n' % number)
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["extra"] == {"nth": number}
        process.stdin.close()
    assert process.returncode == 0


def test_the_deployments_own_rules_apply(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("patterns.class-code = 'KL-[0-9]{4}'")
    monkeypatch.setenv("SENTRY_PRIVACY_POLICY", str(tmp_path / "policy.toml"))

    _, [answer], _ = scrub('{"message": "the class KL-1234"}')

    assert answer["message"] == "the class [redacted:class-code]"


def test_the_environment_decides_what_leaves(tmp_path: Path) -> None:
    query = b'{"request": {"query_string": "colour=something"}}'
    answers = [
        subprocess.run(
            [sys.executable, "-m", "toolboxai", "privacy", "scrub", *arguments],
            cwd=tmp_path,
            input=query,
            capture_output=True,
            check=True,
        ).stdout
        for arguments in ((), ("--environment", "production"), ("--environment", "development"))
    ]

    assert answers[0] == answers[1] != answers[2]
    assert b"colour=something" in answers[2]


def test_without_a_folder_to_keep_a_key_in_it_scrubs_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("TOOLBOXAI_PSEUDONYM_KEY")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TOOLBOXAI_DATA_DIR", str(tmp_path / "file"))

    _, out, _ = scrub('{"user": {"id": "4711"}}\n{"user": {"id": "4711"}}')

    assert out[0] == out[1]
    assert out[0]["user"]["id"].startswith("p1_")
