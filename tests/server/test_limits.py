"""A body above the limit is refused, whatever its headers claim."""

import pytest
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from tests.server.people import FullSchool
from toolboxai.server.limits import MAX_BODY_BYTES, BodyLimit

JSON = {"content-type": "application/json"}


def test_a_body_that_announces_too_much_is_refused(client: TestClient) -> None:
    body = b"x" * (MAX_BODY_BYTES + 1)

    answer = client.post("/generate_content", content=body, headers=JSON)

    assert answer.status_code == 413
    assert "262,144 bytes at most" in answer.json()["detail"]


async def _read(*chunks: bytes, max_bytes: int) -> bytes:
    """Send ``chunks`` one by one, with no length announced, to an application that reads all."""
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    arrived: list[bytes] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def read_all(_scope: Scope, receive: Receive, _send: Send) -> None:
        while messages:
            arrived.append((await receive())["body"])

    async def send(_message: Message) -> None:
        pytest.fail("nothing is to be sent")

    await BodyLimit(read_all, max_bytes)({"type": "http", "headers": []}, receive, send)
    return b"".join(arrived)


@pytest.mark.anyio
async def test_a_body_without_a_length_is_refused_as_soon_as_it_is_too_long() -> None:
    with pytest.raises(HTTPException, match="10 bytes at most"):
        await _read(b"12345", b"67890", b"1", b"never read", max_bytes=10)


@pytest.mark.anyio
async def test_a_body_in_pieces_is_read_up_to_the_limit() -> None:
    assert await _read(b"12345", b"67890", max_bytes=10) == b"1234567890"


@pytest.mark.parametrize("length", ["9" * 5000, "262145"])
def test_an_announcement_alone_is_enough(client: TestClient, length: str) -> None:
    answer = client.post(
        "/generate_content", content=b"{}", headers={**JSON, "content-length": length}
    )

    assert answer.status_code == 413


def test_a_body_at_the_limit_is_read(school: FullSchool) -> None:
    answer = school.teacher.post("/generate_content", content=b"x" * MAX_BODY_BYTES, headers=JSON)

    assert answer.status_code == 422
