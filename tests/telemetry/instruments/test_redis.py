"""redis-py, synchronous and asynchronous, against a real Redis."""

from typing import Any
from uuid import uuid4

import pytest
import redis
import redis.asyncio

from tests.telemetry.instruments.conftest import Bench
from toolboxai.telemetry.instruments.redis import command_pattern

pytestmark = pytest.mark.redis
SECRET = "hunter22-planted"


def key() -> str:
    return f"pupil:{uuid4().hex}:{SECRET}"


def test_a_command_becomes_a_span_without_key_and_value(bench: Bench, redis_url: str) -> None:
    name = key()

    def work() -> None:
        with redis.Redis.from_url(redis_url) as client:
            client.set(name, SECRET, ex=60)
            assert client.get(name) == SECRET.encode()
            client.delete(name)

    spans = bench.spans(work)

    assert [span["description"] for span in spans] == ["SET pupil:*", "GET pupil:*", "DEL pupil:*"]
    assert {(span["op"], span["origin"]) for span in spans} == {("db.redis", "auto.db.toolboxai")}
    assert spans[0]["data"].items() >= {"db.system": "redis", "db.operation": "SET"}.items()
    assert not bench.has_seen(SECRET)


def test_an_asynchronous_command_becomes_a_span(bench: Bench, redis_url: str) -> None:
    async def work() -> None:
        async with redis.asyncio.Redis.from_url(redis_url) as client:
            await client.set(key(), SECRET, ex=60)

    (span,) = bench.spans(work)

    assert span["description"] == "SET pupil:*"
    assert not bench.has_seen(SECRET)


def test_a_pipeline_is_one_span(bench: Bench, redis_url: str) -> None:
    def work() -> None:
        with redis.Redis.from_url(redis_url) as client, client.pipeline() as pipeline:
            pipeline.set(key(), SECRET, ex=60).set(key(), SECRET, ex=60).get(SECRET)
            pipeline.execute()
            pipeline.execute()

    (span,) = bench.spans(work)

    assert span["description"] == "PIPELINE of 3"
    assert span["data"]["db.operation.batch.size"] == 3
    assert not bench.has_seen(SECRET)


def test_an_asynchronous_pipeline_is_one_span(bench: Bench, redis_url: str) -> None:
    async def work() -> None:
        client: Any = redis.asyncio.Redis.from_url(redis_url)
        async with client, client.pipeline(transaction=True) as pipeline:
            pipeline.set(key(), SECRET, ex=60)
            pipeline.get(SECRET)
            await pipeline.execute()

    (span,) = bench.spans(work)

    assert span["description"] == "PIPELINE of 2"


def test_a_failed_command_says_so(bench: Bench, redis_url: str) -> None:
    def work() -> None:
        name = key()
        with redis.Redis.from_url(redis_url) as client:
            client.set(name, "text", ex=60)
            with pytest.raises(redis.ResponseError):
                client.lpush(name, SECRET)

    spans = bench.spans(work)

    assert (spans[1]["description"], spans[1]["status"]) == ("LPUSH pupil:*", "internal_error")


def test_commands_leave_breadcrumbs(unsampled_bench: Bench, redis_url: str) -> None:
    async def work() -> None:
        client: Any = redis.asyncio.Redis.from_url(redis_url)
        async with client:
            await client.set(key(), SECRET, ex=60)
            await client.ping()
            async with client.pipeline() as pipeline:
                pipeline.get(key())
                await pipeline.execute()

    crumbs = unsampled_bench.crumbs(work)

    assert crumbs == [
        ("redis", "info", "SET pupil:*"),
        ("redis", "info", "PING"),
        ("redis", "info", "PIPELINE of 1"),
    ]
    assert not unsampled_bench.has_seen(SECRET)


@pytest.mark.parametrize(
    ("words", "pattern"),
    [
        pytest.param(("get", b"user:7"), "GET user:*", id="bytes"),
        pytest.param(("GET", "counter"), "GET *", id="no prefix"),
        pytest.param(("GET", "4711:name"), "GET *", id="a number first"),
        pytest.param(("GET", 7), "GET *", id="no text"),
        pytest.param(("AUTH", "ada:hunter22"), "AUTH", id="password"),
        pytest.param(("EVAL", "x:return 1", 0), "EVAL", id="script"),
        pytest.param(("CONFIG SET", "requirepass", "x"), "CONFIG SET", id="two words"),
        pytest.param(("GET",), "GET", id="no key"),
        pytest.param((), "?", id="nothing"),
        pytest.param(("SET\r\nX",), "?", id="no command"),
    ],
)
def test_a_command_is_reduced(words: tuple[object, ...], pattern: str) -> None:
    assert command_pattern(words) == pattern
