"""What an application attaches: text leaves cleaned, everything else stays and is counted."""

from pathlib import Path

import pytest
import sentry_sdk
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.telemetry.conftest import Start
from tests.telemetry.sink import RecordingSink, items_of
from toolboxai import telemetry
from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.privacy import Gate
from toolboxai.telemetry.transport.attachments import MAX_ATTACHMENT_BYTES, MAX_ATTACHMENTS
from toolboxai.telemetry.transport.regate import regated
from toolboxai.telemetry.transport.wire import OutgoingItem, record

GATE = Gate(str.upper)
KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n-----END PRIVATE KEY-----"


def sent(sink: RecordingSink) -> dict[str, bytes]:
    """Return the attachments of the one envelope that arrived, by file name."""
    (body,) = [body for body in sink.bodies if b'"type":"attachment"' in body]
    return {
        item.header["filename"]: item.payload
        for item in items_of(body)
        if item.header["type"] == "attachment"
    }


def test_text_files_and_json_leave_beside_their_event_cleaned(
    start: Start, sink: RecordingSink, tmp_path: Path
) -> None:
    (tmp_path / "server.log").write_text(
        f"started\nmail to anna.weber@school.example\n{KEY}\nended"
    )
    start()

    with sentry_sdk.new_scope() as scope:
        scope.add_attachment(path=str(tmp_path / "server.log"))
        scope.add_attachment(bytes=b'{"step": 3, "password": "hunter22"}', filename="state.json")
        scope.add_attachment(bytes=lambda: b"made when asked", filename="late.txt")
        sentry_sdk.capture_message("look at these")

    assert telemetry.flush(5)
    attachments = sent(sink)
    log = attachments["server.log"].decode()
    assert log.startswith("started\nmail to [redacted:email]\n")
    assert log.endswith("\nended")
    assert "MIIE" not in log
    assert attachments["state.json"] == b'{"step":3,"password":"[redacted:secret]"}'
    assert attachments["late.txt"] == b"made when asked"
    assert [event["message"] for event in sink.items("event")] == ["look at these"]


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"\x89PNG\r\n", "screen.png", "attachment_unsupported"),
        (b"\xff\xfe\x00", "notes.txt", "attachment_unsupported"),
        (b"x" * (MAX_ATTACHMENT_BYTES + 1), "long.txt", "attachment_too_large"),
    ],
)
def test_what_is_no_text_or_too_large_or_away_stays_and_its_event_leaves(
    start: Start, sink: RecordingSink, content: bytes, name: str, reason: str
) -> None:
    start()
    before = counters.snapshot()

    with sentry_sdk.new_scope() as scope:
        scope.add_attachment(bytes=content, filename=name)
        sentry_sdk.capture_message("look at this")

    assert telemetry.flush(5)
    assert [event["message"] for event in sink.items("event")] == ["look at this"]
    assert not [body for body in sink.bodies if b'"type":"attachment"' in body]
    after = counters.snapshot()
    assert [name for name in after if reason in name and after[name] > before.get(name, 0)]


def test_of_too_many_or_unreadable_files_the_rest_leaves_with_the_error_of_a_request(
    start: Start, sink: RecordingSink, tmp_path: Path
) -> None:
    start()
    app = FastAPI()
    telemetry.instrument(app)

    @app.get("/")
    async def fails() -> None:
        sentry_sdk.add_attachment(path=str(tmp_path / "not-there.txt"))
        for number in range(MAX_ATTACHMENTS + 1):
            sentry_sdk.add_attachment(bytes=b"page", filename=f"{number}.txt")
        msg = "no"
        raise RuntimeError(msg)

    TestClient(app, raise_server_exceptions=False).get("/")

    assert telemetry.flush(5)
    assert set(sent(sink)) == {f"{number}.txt" for number in range(MAX_ATTACHMENTS - 1)}
    counts = counters.snapshot()
    assert [counts[name] for name in counts if "attachment_unreadable" in name] == [1]
    assert [counts[name] for name in counts if "attachment_too_many" in name] == [2]


def test_a_name_of_a_file_is_looked_through_too(start: Start, sink: RecordingSink) -> None:
    start()

    with sentry_sdk.new_scope() as scope:
        scope.add_attachment(bytes=b"essay", filename="essay of Anna Weber.txt")
        sentry_sdk.capture_message("look at this")

    assert telemetry.flush(5)
    assert list(sent(sink)) == ["essay of [redacted:name].txt"]


def test_an_attachment_that_was_kept_is_cleaned_by_newer_rules_like_the_rest() -> None:
    headers = {"filename": "notes.txt", "content_type": "text/plain"}
    kept = record([OutgoingItem("attachment", b"password=hunter22", headers)], envelope_id="e" * 32)

    once = regated(kept, GATE)

    assert b"password=[redacted:key-value]" in once
    assert regated(once, GATE) == once
