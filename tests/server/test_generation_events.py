"""Following an order: events over real HTTP, from here and from other processes, for very many readers."""

import asyncio
import json
from collections.abc import Generator
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

import pytest
from httpx2 import Client

from tests.cli.processes import wait_until
from tests.server.ordering import rows
from tests.server.slow_servers import ORDERS, Servers, Slow, servers
from toolboxai.server.content.generations import stream as streaming
from toolboxai.server.content.generations.stream import stream
from toolboxai.server.jobs import Followed
from toolboxai.server.models import Generation, GenerationStatus, new_id, utc_now

ORDERED = {"grade": 4, "objective": "equivalent-fractions", "seed": 7}
READERS = 1_000
OPENED_AT_ONCE = 20
REQUESTS = 200
MAX_P95_SECONDS = 0.5


@pytest.fixture
def shared(tmp_path: Path, database_url: str) -> Generator[Servers]:
    with servers(tmp_path, database_url) as running:
        yield running


def order(client: Client) -> str:
    address: str = client.post(ORDERS, json=ORDERED).headers["location"]
    return address


def events(client: Client, address: str, **headers: str) -> list[tuple[int, dict[str, Any]]]:
    """Return ids and data of all events until the server ends the stream."""
    found: list[tuple[int, dict[str, Any]]] = []
    with client.stream("GET", f"{address}/events", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            fields[name] = value
            if not line and "data" in fields:
                found.append((int(fields["id"]), json.loads(fields["data"])))
                fields = {}
    return found


@pytest.mark.parametrize("workers", [2, 0], ids=["here", "in another process"])
def test_every_step_is_told_until_the_end(shared: Servers, workers: int) -> None:
    asked = shared.start(seconds_a_step=1.5, workers=workers)
    if not workers:
        shared.start(seconds_a_step=1.5)
    with shared.client(asked) as client:
        address = order(client)

        told = events(client, address)

        final = client.get(address).json()
    ids = [number for number, _ in told]
    states = [data["status"] for _, data in told]
    assert ids == sorted(set(ids))
    assert list(dict.fromkeys(states))[-2:] == ["running", "done"]
    assert len({data["progress"]["step"] for _, data in told} - {""}) >= 2
    assert told[-1][1] == final


def test_after_a_break_only_what_is_newer_is_told_and_after_the_end_nothing(
    shared: Servers,
) -> None:
    with shared.client(shared.start(seconds_a_step=0)) as client:
        address = order(client)
        last, final = events(client, address)[-1]

        again = events(client, address, **{"Last-Event-ID": str(last - 1)})
        over = client.get(f"{address}/events", headers={"Last-Event-ID": str(last)})

    assert again == [(last, final)]
    assert (over.status_code, over.content) == (204, b"")


def some_order(version: int = 1, status: str = GenerationStatus.QUEUED) -> Generation:
    return Generation(
        id=new_id(),
        status=status,
        version=version,
        kind="quiz",
        subject="mathematics",
        objective="times-tables",
        grade=3,
        seed=1,
        questions=5,
        step="",
        steps_done=0,
        steps=0,
        attempts=0,
        created_at=utc_now(),
    )


@pytest.mark.anyio
async def test_silence_is_filled_with_comments_and_has_an_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streaming, "HEARTBEAT_SECONDS", 0.02)
    monkeypatch.setattr(streaming, "MAX_STREAM_SECONDS", 0.1)

    parts = [part async for part in stream(Followed(some_order()), seen=1).body_iterator]

    assert parts[0] == b"retry: 2000\n\n"
    assert set(parts[1:]) == {b": still here\n\n"}


@pytest.mark.anyio
async def test_who_reads_slowly_gets_the_newest_and_nothing_piles_up() -> None:
    followed = Followed(some_order())
    parts = aiter(stream(followed, seen=1).body_iterator)
    await anext(parts)
    for version in range(2, 1_000):
        followed.show(some_order(version))
    followed.show(some_order(1_000, GenerationStatus.DONE))

    rest = [part async for part in parts]

    (told,) = rest
    assert isinstance(told, bytes)
    assert b"id: 1000\n" in told


def p95(client: Client, address: str) -> float:
    """Return the latency within which 95 % of some requests were answered."""
    seconds = []
    for _ in range(REQUESTS):
        began = perf_counter()
        assert client.get(address).status_code == 200
        seconds.append(perf_counter() - began)
    return quantiles(seconds, n=20)[-1]


@pytest.mark.alone
def test_a_thousand_readers_starve_nobody_and_all_hear_of_the_end(shared: Servers) -> None:
    server = shared.start(seconds_a_step=300, workers=1)
    with shared.client(server) as client:
        addresses = [order(client) for _ in range(10)]
        alone = p95(client, ORDERS)

        beside, heard = asyncio.run(_read_beside(shared, server, client, addresses))
        again, _ = asyncio.run(_read_beside(shared, server, client, addresses))

    print(f"p95 alone {alone * 1e3:.0f} ms, beside {READERS} readers {beside * 1e3:.0f} ms")
    assert beside < MAX_P95_SECONDS
    assert heard == READERS
    assert again < MAX_P95_SECONDS


async def _read_beside(
    shared: Servers, server: Slow, client: Client, addresses: list[str]
) -> tuple[float, int]:
    """Return how long requests take while all read, and how many readers heard of the end."""
    head = "".join(f"{name}: {value}\r\n" for name, value in shared.headers.items())
    door = asyncio.Semaphore(OPENED_AT_ONCE)
    open_streams = await asyncio.gather(
        *(
            _open(server.port, addresses[number % len(addresses)], head, door)
            for number in range(READERS)
        )
    )
    latency = await asyncio.to_thread(p95, client, ORDERS)
    for address in addresses:
        await asyncio.to_thread(client.delete, address)
    ends = await asyncio.gather(*(_end_of(reader) for reader, _ in open_streams))
    for _, writer in open_streams:
        writer.close()
    return latency, sum(b'"status":"cancelled"' in end for end in ends)


async def _open(
    port: int, address: str, head: str, door: asyncio.Semaphore
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    request = f"GET {address}/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{head}\r\n"
    async with door, asyncio.timeout(60):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request.encode())
        answer = await reader.readuntil(b"\n\n")
    assert answer.startswith(b"HTTP/1.1 200"), answer
    return reader, writer


async def _end_of(reader: asyncio.StreamReader) -> bytes:
    """Return what comes until the end of the answer."""
    async with asyncio.timeout(60):
        return await reader.readuntil(b"0\r\n\r\n")


def test_a_reader_who_leaves_is_forgotten(shared: Servers) -> None:
    server = shared.start(seconds_a_step=300, workers=1)
    with shared.client(server) as client:
        address = order(client)
        with client.stream("GET", f"{address}/events") as answer:
            next(answer.iter_lines())

        wait_until(lambda: [row.status for row in shared.read(rows)] == ["running"], "work")
        assert client.delete(address).json()["status"] == "cancelled"
        (told,) = events(client, address)

    assert told[1]["status"] == "cancelled"
