"""Attachments: what is text leaves as the gate lets it; pictures, sounds and other bytes stay here."""

from pathlib import Path

import orjson
from sentry_sdk.attachments import Attachment

from toolboxai.telemetry.counters import counters
from toolboxai.telemetry.privacy import MAX_ATTACHMENT_CHARS, Gate, Passed
from toolboxai.telemetry.transport.wire import OutgoingItem, to_json

MAX_ATTACHMENTS = 10  # of one event
# Looking through so much text takes the keeper up to 0.2 s.
MAX_ATTACHMENT_BYTES = MAX_ATTACHMENT_CHARS
_NO_TEXT = ("image/", "audio/", "video/", "font/")


def attached(attachments: list[Attachment]) -> list[OutgoingItem]:
    """Return what an application attached to an event; what can't be read or is too much is counted."""
    items = []
    for attachment in attachments[:MAX_ATTACHMENTS]:
        headers = {"filename": attachment.filename, "content_type": attachment.content_type}
        try:
            items.append(OutgoingItem("attachment", _content(attachment), headers))
        except OSError:
            counters.dropped("attachment_unreadable", "attachment")
    if beyond := len(attachments[MAX_ATTACHMENTS:]):
        counters.dropped("attachment_too_many", "attachment", beyond)
    return items


def _content(attachment: Attachment) -> bytes:
    """Return its bytes; of a file one more at most than may leave. Raises ``OSError``."""
    if attachment.bytes is None:
        with Path(str(attachment.path)).open("rb") as file:
            return file.read(MAX_ATTACHMENT_BYTES + 1)
    return attachment.bytes() if callable(attachment.bytes) else attachment.bytes


def through_gate(gate: Gate, item: OutgoingItem) -> tuple[OutgoingItem, Passed] | str:
    """Return what may leave of an attachment, and what was taken; a reason when nothing may."""
    if not isinstance(item.payload, bytes) or len(item.payload) > MAX_ATTACHMENT_BYTES:
        return "attachment_too_large"
    content_type = str(item.headers.get("content_type") or "text/plain")
    content = _read(item.payload, content_type)
    if content is None:
        return "attachment_unsupported"
    title = str(item.headers.get("filename") or "attachment")
    passed = gate.clean("attachment", {"title": title, "content": content})
    if passed is None or "content" not in passed.payload:
        return "attachment_gate_failed"
    left = passed.payload["content"]
    payload = left.encode("utf-8", "replace") if isinstance(left, str) else to_json(left)
    headers = {"filename": passed.payload["title"], "content_type": content_type}
    return item._replace(payload=payload, headers=headers), passed


def _read(payload: bytes, content_type: str) -> object:
    """Return what an attachment says, as JSON or as a text; ``None`` for what is neither."""
    if content_type.startswith(_NO_TEXT) or b"\0" in payload:
        return None
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return None
    try:
        return orjson.loads(text) if "json" in content_type else text
    except orjson.JSONDecodeError:
        return text
