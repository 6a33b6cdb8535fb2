"""Compressed bodies: read like others, and no door for what others may not."""

import gzip
import zlib
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from tests.server.people import FullSchool
from toolboxai.server.inflating import MAX_INFLATED_BYTES, InflatedBodies
from toolboxai.server.limits import MAX_BODY_BYTES

pytestmark = pytest.mark.anyio
GZIP = {"content-type": "application/json", "content-encoding": "gzip"}


def _post(client: TestClient, body: bytes, encoding: str = "gzip") -> tuple[int, str]:
    headers = {**GZIP, "content-encoding": encoding}
    answer = client.post("/generate_content", content=body, headers=headers)
    return answer.status_code, answer.json().get("detail", "")


async def _read(body: bytes, *, encoding: bytes = b"gzip", cut_at: int = 0) -> bytes:
    """Send ``body`` in two pieces to an application that reads all of it."""
    messages: list[Message] = [
        {"type": "http.request", "body": body[:cut_at], "more_body": True},
        {"type": "http.request", "body": body[cut_at:], "more_body": False},
    ]
    arrived: list[bytes] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def read_all(_scope: Scope, receive: Receive, _send: Send) -> None:
        is_more = True
        while is_more:
            message = await receive()
            arrived.append(message["body"])
            is_more = message["more_body"]

    async def send(_message: Message) -> None:
        pytest.fail("nothing is to be sent")

    scope = {"type": "http", "headers": [(b"content-encoding", encoding)]}
    await InflatedBodies(read_all)(scope, receive, send)
    return b"".join(arrived)


@given(body=st.binary(max_size=4_000), cut=st.floats(0, 1))
async def test_what_was_compressed_arrives_whole_wherever_it_was_cut(
    body: bytes, cut: float
) -> None:
    packed = gzip.compress(body)

    assert await _read(packed, cut_at=int(cut * len(packed))) == body


@given(body=st.binary(max_size=400), cut=st.integers(0, 400))
async def test_any_bytes_are_inflated_or_refused(body: bytes, cut: int) -> None:
    status = 200
    try:
        await _read(body, cut_at=cut)
    except HTTPException as refused:
        status = refused.status_code

    assert status in {200, 400}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(gzip.compress(b"{}")[:-1], id="cut off"),
        pytest.param(gzip.compress(b"{}") + b"x", id="with more behind"),
        pytest.param(zlib.compress(b"{}"), id="zlib"),
        pytest.param(b"{}", id="not compressed"),
    ],
)
def test_a_damaged_body_is_the_callers_fault(client: TestClient, body: bytes) -> None:
    assert _post(client, body) == (
        400,
        "The body isn't the one whole gzip member that its Content-Encoding promises.",
    )


def test_a_bomb_is_refused(client: TestClient) -> None:
    bomb = gzip.compress(b" " * (100 * MAX_INFLATED_BYTES))

    assert len(bomb) < MAX_BODY_BYTES
    assert _post(client, bomb) == (413, "Inflated, the body may have 1,048,576 bytes at most.")


def test_a_body_is_read_up_to_the_limit(school: FullSchool) -> None:
    asked = b'{"grade": 4, "objective": "equivalent-fractions", "seed": 7}'

    status, _ = _post(school.teacher, gzip.compress(asked.ljust(MAX_INFLATED_BYTES)))

    assert status == 201


def test_compressed_it_may_be_no_larger_than_others(client: TestClient) -> None:
    noise = Random(1).randbytes(MAX_BODY_BYTES)

    assert _post(client, gzip.compress(noise)) == (413, "The body may have 262,144 bytes at most.")


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd"])
def test_another_encoding_is_refused_and_the_right_one_named(
    client: TestClient, encoding: str
) -> None:
    headers = {**GZIP, "content-encoding": encoding}

    answer = client.post("/generate_content", content=b"{}", headers=headers)

    assert answer.status_code == 415
    assert answer.headers["accept-encoding"] == "gzip"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_a_request_without_a_body_needs_no_encoding(client: TestClient, encoding: str) -> None:
    assert client.get("/objectives", headers={"content-encoding": encoding}).status_code == 200


@pytest.mark.parametrize("encoding", ["", "identity", "X-GZIP"])
def test_names_of_encodings_are_read_as_http_has_them(school: FullSchool, encoding: str) -> None:
    body = b"{}" if encoding.lower() != "x-gzip" else gzip.compress(b"{}")

    assert _post(school.teacher, body, encoding)[0] == 422
